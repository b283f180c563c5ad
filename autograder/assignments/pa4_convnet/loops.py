"""The runs of a student's ``Trainer``, followed: as it is, and with what other items judge mended."""

from __future__ import annotations

from torch.nn.functional import cross_entropy

from autograder.inside import draws, given
from autograder.inside.given import EPOCHS, LOSS_FACTOR, MOMENTUM, RATE
from autograder.judging.effects import CROSS_ENTROPY, Loss, Training, followed
from autograder.judging.optimizers import Momentum
from autograder.runs.evidence import Evidence

__all__ = ["EPOCHS"]
SGD = f"SGD with learning rate {RATE} and momentum {MOMENTUM}, as it was given"
GIVEN = "the given loss function"


def _times(loss: Loss) -> Loss:
    return lambda logits, labels: LOSS_FACTOR * loss(logits, labels)


_, *OTHERS = CROSS_ENTROPY
LOSSES: dict[str, Loss] = {
    GIVEN: _times(cross_entropy),
    "cross-entropy in place of the given loss function": cross_entropy,
    **{name: _times(CROSS_ENTROPY[name]) for name in OTHERS},
}


def images(seed: int) -> int:
    """How many images there are to train on."""
    return len(draws.lesson(seed)[1]["train"][1])


def _run(evidence: Evidence, *names: str) -> Training:
    """The last of these runs that there is."""
    ran = evidence.document("trainer", "trainer")["runs"]
    return followed(
        evidence,
        "trainer",
        "trainer",
        network="network",
        data=lambda seed: draws.lesson(seed)[1],
        optimizer=lambda: Momentum(RATE, MOMENTUM),
        told=SGD,
        losses=LOSSES,
        run=[name for name in names if name in ran][-1],
    )


def as_it_is(evidence: Evidence) -> Training:
    """The trainer's own loop."""
    return _run(evidence, given.OWN)


def with_forward(evidence: Evidence) -> Training:
    """With a forward pass of the trainer's network, where it had none with gradients."""
    return _run(evidence, given.OWN, given.FORWARD)


def with_backward(evidence: Evidence) -> Training:
    """With a backward pass of the given loss, too, where there was none."""
    return _run(evidence, given.OWN, given.FORWARD, given.BACKWARD)


def with_clearing(evidence: Evidence) -> Training:
    """With gradients that are there at the step, where they were not."""
    return _run(evidence, given.OWN, given.FORWARD, given.BACKWARD, given.CLEARED)
