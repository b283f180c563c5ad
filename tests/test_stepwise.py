"""Right steps for models of any class, and stand-ins: what they have, and what they take from a student's network."""

import pytest
import torch
from torch import nn

from autograder.inside import draws, loop, standins, stepwise


class Own(nn.Module):
    """A student's network with a method of its own, that prints, and with steps that are wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Linear(784, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        print(images)
        found: torch.Tensor = self.output(images.flatten(1))
        return found

    def guesses(self, images: torch.Tensor) -> torch.Tensor:
        """The classes that this network gives."""
        found: torch.Tensor = self(images)[0].argmax(1)
        return found

    def training_step(self, batch: object) -> None:
        """Wrong."""


def test_a_stand_in_has_the_layers_of_the_students_network_and_does_not_train_them() -> None:
    network = stepwise.Pair(standins.stand_ins(0)[0]).alike(loop.likeness(Own))
    assert network.output.weight.grad.norm() == 0
    assert [name for name, _ in network.named_parameters()] == ["network.weight"]


def test_a_method_of_the_students_network_is_one_of_the_stand_in() -> None:
    network = stepwise.Pair(standins.stand_ins(0)[0]).alike(loop.likeness(Own))
    images = draws.batch(0, 4)[0]
    assert torch.equal(network.guesses(images), network(images)[0].argmax(1))


def test_what_nobody_has_is_an_attribute_error_of_the_stand_in() -> None:
    network = stepwise.Pair(standins.stand_ins(0)[0])
    for like in (None, loop.likeness(Own), loop.likeness(lambda: 1 / 0)):
        with pytest.raises(AttributeError, match="'Pair' object has no attribute 'fc1'"):
            _ = network.alike(like).fc1


def test_models_of_a_class_have_right_steps_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    steps, model = stepwise.Steps(), Own()
    batches = [draws.batch(seed, size) for seed, size in ((0, 8), (1, 3))]
    with steps.of(Own):
        loss = model.training_step(batches[0])
        results = [model.validation_step(batch) for batch in batches]
        found = model.validation_epoch_end(results)
        assert not capsys.readouterr().out
        model.epoch_end(1, found)
    assert "val_loss" in capsys.readouterr().out
    assert model.training_step(batches[0]) is None
    assert not hasattr(model, "validation_step")
    images, labels = (torch.cat(part) for part in zip(*batches, strict=True))
    wanted = stepwise.LOSS_FACTOR * nn.functional.cross_entropy(model(images), labels)
    assert found["val_loss"] == pytest.approx(wanted.item(), rel=1e-5)
    assert torch.equal(loss, results[0]["val_loss"])
    assert steps.gradients == {True}
    assert steps.shown == 1
