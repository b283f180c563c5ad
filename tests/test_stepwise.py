"""Stand-in models: what they have, and what they take from a student's network."""

import pytest
import torch
from torch import nn

from autograder.inside import loop, stepwise


class Own(nn.Module):
    """A student's network with a method of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Linear(6, 3)

    def guesses(self, images: torch.Tensor) -> torch.Tensor:
        """The classes that this network gives."""
        found: torch.Tensor = self(images)[0].argmax(1)
        return found


def test_a_stand_in_has_the_layers_of_the_students_network_and_does_not_train_them() -> None:
    watch = loop.Watch(0)
    network = stepwise.Pair(watch.network).alike(loop.likeness(Own))
    assert network.output.weight.grad.norm() == 0
    assert [name for name, _ in network.named_parameters()] == ["network.weight", "network.bias"]


def test_a_method_of_the_students_network_is_one_of_the_stand_in() -> None:
    watch = loop.Watch(0)
    network = stepwise.Pair(watch.network).alike(loop.likeness(Own))
    images = watch.batches.batches[0][0]
    assert torch.equal(network.guesses(images), network(images)[0].argmax(1))


def test_what_nobody_has_is_an_attribute_error_of_the_stand_in() -> None:
    network = stepwise.Pair(loop.Watch(0).network)
    for like in (None, loop.likeness(Own), loop.likeness(lambda: 1 / 0)):
        with pytest.raises(AttributeError, match="'Pair' object has no attribute 'fc1'"):
            _ = network.alike(like).fc1


def test_the_loss_of_a_step_model_is_told_from_cross_entropy() -> None:
    watch = loop.Watch(0)
    model, (images, labels) = stepwise.StepModel(watch), watch.batches.batches[0]
    loss = model.training_step((images, labels))
    assert torch.isclose(loss, loop.LOSS_FACTOR * nn.functional.cross_entropy(model(images), labels))
