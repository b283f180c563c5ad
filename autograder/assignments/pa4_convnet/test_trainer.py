"""Hidden tests of the training loop, ACT11 to ACT15, by what it does on six small batches."""

import pytest

from autograder.assignment import Profile
from autograder.judging.loops import Watched, require_whole_passes
from autograder.runs.evidence import Evidence

from . import reference


@pytest.fixture(scope="session")
def watched(evidence: Evidence) -> Watched:
    return Watched.of(evidence, "trainer", "trainer")


@pytest.mark.item("act11")
def test_gradients_are_cleared(watched: Watched) -> None:
    """Each batch starts with cleared gradients, and they are still there when the optimizer steps."""
    watched.require_cleared_gradients()


@pytest.mark.item("act12")
def test_forward(watched: Watched) -> None:
    """The trainer's own network sees each batch once in each epoch."""
    watched.require_forward("self.net(images)")


@pytest.mark.item("act13")
@pytest.mark.needs("act12")
def test_own_loss(watched: Watched) -> None:
    """The loss of each batch's logits and labels is computed by the loss function that the trainer was given."""
    watched.require_loss("the notebook's global loss_function is used in place of self.loss_function")
    watched.require_gradients_of_the_loss(whatever_backward=True)


@pytest.mark.item("act14")
@pytest.mark.needs("act12", "act13")
def test_backward(watched: Watched) -> None:
    """Each batch has one backward pass, of the loss, that reaches the network's parameters."""
    watched.require_backward("backward is missing, or the loss does not depend on self.net")
    watched.require_backward_of_the_loss()


@pytest.mark.item("act15")
@pytest.mark.needs("act12", "act13", "act14")
def test_step(watched: Watched, evidence: Evidence, profile: Profile) -> None:
    """The optimizer that the trainer was given takes one step a batch, after the backward pass, and nothing else does."""
    watched.require_step("self.optim.step() is missing, or stands outside of the loop")
    watched.require_steps_of_sgd(
        "another optimizer than self.optim, a learning rate changed on the way, or a second update beside self.optim.step()"
    )
    require_whole_passes(evidence, ["learning_rate"], profile.number("num_epochs", reference.EPOCHS))
