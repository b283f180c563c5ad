"""Hidden tests of the training loop, ACT11 to ACT15, by what it does to a network on a few images."""

from collections.abc import Callable

import pytest

from autograder.assignment import Profile
from autograder.judging.given import GivenLoop
from autograder.judging.loops import require_whole_passes
from autograder.judging.table import table
from autograder.runs.evidence import Evidence

from . import reference

NO_STEP = "self.optim.step() is missing, stands outside of the loop, or something else changes the parameters"


@pytest.fixture(scope="session")
def loop(evidence: Evidence) -> GivenLoop:
    return GivenLoop(evidence, "trainer", "trainer", "network")


@table(
    ("act11", 1, "Each batch starts with cleared gradients, and they are still there when the optimizer steps.",
     GivenLoop.require_gradients_cleared),
    ("act12", 1, "The trainer's own network sees each batch once in each epoch.",
     lambda loop: loop.require_forward("self.net(images)")),
    ("act13", 1, "The loss of each batch's logits and labels is computed by the loss function that the trainer was given.",
     lambda loop: loop.require_loss("the notebook's global loss_function is used in place of self.loss_function")),
    ("act14", 1, "Each batch has one backward pass, of the loss, that reaches the network's parameters.",
     lambda loop: loop.require_backward("backward is missing, or the loss does not depend on self.net")),
    needs={"act11": ["act12", "act13", "act14"], "act13": ["act12"], "act14": ["act12", "act13"]},
)  # fmt: skip
def test_lines(loop: GivenLoop, required: Callable[[GivenLoop], None]) -> None:
    required(loop)


@pytest.mark.item("act15")
@pytest.mark.needs("act12", "act13", "act14")
def test_step(loop: GivenLoop, evidence: Evidence, profile: Profile) -> None:
    """The optimizer that the trainer was given takes one step a batch, after the backward pass, and nothing else does."""
    loop.require_step(NO_STEP)
    require_whole_passes(evidence, ["learning_rate"], profile.number("num_epochs", reference.EPOCHS))
