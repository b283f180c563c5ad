"""Hidden tests of the training loop, ACT11 to ACT15, by what it does on six small batches."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from autograder.comparison import Complaint, close, require
from autograder.evidence import Evidence
from autograder.inside import loop

EPOCHS = 2


@dataclass
class Watched:
    """The events of the student's loop, and what they should have been."""

    events: list[str]
    tensors: dict[str, torch.Tensor]
    problem: str | None
    batches: list[tuple[torch.Tensor, torch.Tensor]]

    @property
    def expected(self) -> int:
        """How often each step must happen: once a batch, or once for each batch begun before an error."""
        return max(1, self.count("forward")) if self.problem else EPOCHS * len(self.batches)

    def count(self, event: str) -> int:
        return self.events.count(event)

    def where(self, event: str) -> list[int]:
        return [number for number, name in enumerate(self.events) if name == event]

    def require_each_batch(self, event: str, what: str, cause: str) -> None:
        stopped = f" (the loop stopped with {self.problem})" if self.problem else ""
        require(
            self.count(event) == self.expected,
            f"{what} {self.count(event)} times{stopped}",
            f"{EPOCHS * len(self.batches)} times for {EPOCHS} epochs of {len(self.batches)} batches",
            cause,
        )

    def fresh_gradients(self, forward: int, batch: int) -> list[torch.Tensor]:
        """Gradients (3, 6) of one batch alone at that forward pass's weights, for the trainer's loss and the plain one."""
        weight = self.tensors[f"{forward}.weight"].clone().requires_grad_()
        images, labels = self.batches[batch % len(self.batches)]
        outputs = images.flatten(1) @ weight.t() + self.tensors[f"{forward}.bias"]
        (plain,) = torch.autograd.grad(torch.nn.functional.cross_entropy(outputs, labels), [weight])
        return [loop.LOSS_FACTOR * plain, plain]


@pytest.fixture
def watched(evidence: Evidence) -> Watched:
    document: dict[str, Any] = evidence.document("trainer", "trainer")
    events = [str(event["event"]) for event in document["events"]]
    if document["problem"] and not events:
        why = evidence.why_missing("trainer", document["problem"])
        raise Complaint(why, "a Trainer that trains", "an error in the class, before the first batch")
    _, _, batches = loop.problem(evidence.record.seed)
    return Watched(events, evidence.tensors_of("trainer"), document["problem"], batches)


@pytest.mark.item("act11")
def test_gradients_are_cleared(watched: Watched) -> None:
    """Each batch starts with cleared gradients, and they are still there when the optimizer steps."""
    backwards, forwards = watched.where("backward"), watched.where("forward")
    if not backwards or not forwards:
        require(
            watched.count("zero_grad") >= watched.expected,
            f"{watched.count('zero_grad')} times zero_grad",
            "once for each batch",
            "zero_grad is not called in the loop over batches",
        )
        return
    for number, backward in enumerate(backwards):
        before = [place for place in forwards if place < backward]
        gradient = watched.tensors.get(f"{backward}.grad")
        if not before or gradient is None:
            continue
        if not any(close(gradient, wanted) for wanted in watched.fresh_gradients(before[-1], len(before) - 1)):
            raise Complaint(
                f"after batch {number + 1} the gradient is not that batch's own: gradients of earlier batches are in it",
                "zero_grad once for each batch, before backward",
                "zero_grad is missing, or stands outside of the loop",
            )
    for step in watched.where("step"):
        # Only a backward pass of the same batch: a step before its backward pass is ACT15's mistake.
        begun = max((place for place in forwards if place < step), default=step)
        before = [place for place in backwards if begun < place < step]
        gradient = watched.tensors.get(f"{step}.grad")
        if before and (gradient is None or not close(gradient, watched.tensors[f"{before[-1]}.grad"])):
            raise Complaint(
                "the gradients are cleared between backward and step, so that the step has nothing to use",
                "zero_grad before backward",
                "zero_grad in the wrong place",
            )


@pytest.mark.item("act12")
def test_forward(watched: Watched) -> None:
    """The trainer's own network sees each batch once in each epoch."""
    watched.require_each_batch(
        "forward",
        "the network was called",
        "another network than self.net is called, or a step stands outside of the loop",
    )
    for number, place in enumerate(watched.where("forward")):
        images, _ = watched.batches[number % len(watched.batches)]
        seen = watched.tensors[f"{place}.images"]
        require(
            seen.numel() == images.numel() and close(seen.reshape(images.shape), images),
            f"call {number + 1} did not get the images of its batch",
            "self.net(images)",
            "wrong argument",
        )


@pytest.mark.item("act13")
def test_own_loss(watched: Watched) -> None:
    """The loss is computed once a batch by the loss function that the trainer was given."""
    watched.require_each_batch(
        "loss",
        "the trainer's own loss function was called",
        "the notebook's global loss_function is used in place of self.loss_function",
    )


@pytest.mark.item("act14")
def test_backward(watched: Watched) -> None:
    """Each batch has one backward pass that reaches the network's parameters."""
    watched.require_each_batch(
        "backward", "gradients were computed", "backward is missing, or the loss does not depend on self.net"
    )


@pytest.mark.item("act15")
def test_step(watched: Watched) -> None:
    """The optimizer takes one step a batch, after the backward pass."""
    watched.require_each_batch(
        "step", "the optimizer stepped", "self.optim.step() is missing, or stands outside of the loop"
    )
    steps, backwards = watched.where("step"), watched.where("backward")
    if backwards:
        previous = -1
        for step in steps:
            require(
                any(previous < place < step for place in backwards),
                "a step without a backward pass before it",
                "backward, then step",
                "step and backward are in the wrong order",
            )
            previous = step
