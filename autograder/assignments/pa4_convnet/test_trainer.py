"""Hidden tests of the training loop, ACT11 to ACT15, by what it does to a network on a few images."""

import pytest

from autograder.assignment import Profile
from autograder.judging.given import GivenLoop
from autograder.judging.loops import require_whole_passes
from autograder.runs.evidence import Evidence

from . import reference


@pytest.fixture(scope="session")
def loop(evidence: Evidence) -> GivenLoop:
    return GivenLoop(evidence, "trainer", "trainer", "network")


@pytest.mark.item("act11")
@pytest.mark.needs("act12", "act13", "act14")
def test_gradients_are_cleared(loop: GivenLoop) -> None:
    """Each batch starts with cleared gradients, and they are still there when the optimizer steps."""
    loop.require_gradients_cleared()


@pytest.mark.item("act12")
def test_forward(loop: GivenLoop) -> None:
    """The trainer's own network sees each batch once in each epoch."""
    loop.require_forward("self.net(images)")


@pytest.mark.item("act13")
@pytest.mark.needs("act12")
def test_own_loss(loop: GivenLoop) -> None:
    """The loss of each batch's logits and labels is computed by the loss function that the trainer was given."""
    loop.require_loss("the notebook's global loss_function is used in place of self.loss_function")


@pytest.mark.item("act14")
@pytest.mark.needs("act12", "act13")
def test_backward(loop: GivenLoop) -> None:
    """Each batch has one backward pass, of the loss, that reaches the network's parameters."""
    loop.require_backward("backward is missing, or the loss does not depend on self.net")


@pytest.mark.item("act15")
@pytest.mark.needs("act12", "act13", "act14")
def test_step(loop: GivenLoop, evidence: Evidence, profile: Profile) -> None:
    """The optimizer that the trainer was given takes one step a batch, after the backward pass, and nothing else does."""
    loop.require_step("self.optim.step() is missing, stands outside of the loop, or something else changes the parameters")
    require_whole_passes(evidence, ["learning_rate"], profile.number("num_epochs", reference.EPOCHS))
