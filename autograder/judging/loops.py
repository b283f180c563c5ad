"""Judge a training loop by what it did on a small problem: which events happened, with which gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..inside import loop
from ..networks.comparison import Complaint, close, require
from ..runs.evidence import Evidence


@dataclass
class Watched:
    """The events of a student's loop on ``loop.problem`` of the grading's seed, and what they should have been."""

    events: list[str]
    tensors: dict[str, Tensor]
    problem: str | None
    returned: Any
    batches: list[tuple[Tensor, Tensor]]
    epochs: int

    @classmethod
    def of(cls, evidence: Evidence, probe: str, cell: str, epochs: int = loop.EPOCHS) -> Watched:
        """What ``probe`` saw after ``cell``.

        Raises:
            NotShown: the cell did not run, or the loop stopped before its first batch.
        """
        document = evidence.document(probe, cell)
        events = [str(event["event"]) for event in document["events"]]
        problem = document["problem"]
        if problem and not events:
            raise evidence.not_shown(cell, problem)
        batches = loop.problem(evidence.record.seed)[2]
        return cls(events, evidence.tensors_of(probe), problem, document.get("returned"), batches, epochs)

    @property
    def expected(self) -> int:
        """How often each step must happen: once a batch, or once for each batch begun before an error."""
        return max(1, self.count("forward")) if self.problem else self.epochs * len(self.batches)

    def count(self, event: str) -> int:
        """How often ``event`` happened."""
        return self.events.count(event)

    def where(self, event: str) -> list[int]:
        """The places of ``event`` among all events."""
        return [number for number, name in enumerate(self.events) if name == event]

    def _stopped(self) -> str:
        return f" (the loop stopped with {self.problem})" if self.problem else ""

    def _require_each_batch(self, event: str, what: str, cause: str) -> None:
        """As often as asked for; after the forward passes, as often as these: how many they are is told there."""
        each = {self.expected} if event == "forward" else {self.expected, self.count("forward") or self.expected}
        require(
            self.count(event) in each,
            f"{what} {self.count(event)} times{self._stopped()}",
            f"{self.epochs * len(self.batches)} times for {self.epochs} epochs of {len(self.batches)} batches",
            cause,
        )

    def _gradients_of_one_batch(self, forward: int, batch: int) -> list[Tensor]:
        """Gradients (3, 6) of one batch alone at that forward pass's weights, for the watched loss and the plain one."""
        weight = self.tensors[f"{forward}.weight"].clone().requires_grad_()
        images, labels = self.batches[batch % len(self.batches)]
        outputs = images.flatten(1) @ weight.t() + self.tensors[f"{forward}.bias"]
        (plain,) = torch.autograd.grad(torch.nn.functional.cross_entropy(outputs, labels), [weight])
        return [loop.LOSS_FACTOR * plain, plain]

    def losses(self) -> list[list[float]] | None:
        """The loss of each batch at the parameters it met, a list for each epoch: the watched loss, or the plain one.

        None where another loss was minimised.

        Raises:
            Complaint: the network did not see each batch once in each epoch.
        """
        self.require_forward()
        forwards, backwards = self.where("forward"), self.where("backward")
        factor = loop.LOSS_FACTOR if self.count("loss") else 1.0
        if backwards:
            gradient = self.tensors[f"{backwards[0]}.grad"]
            factors = zip((loop.LOSS_FACTOR, 1.0), self._gradients_of_one_batch(forwards[0], 0), strict=True)
            minimised = [one for one, wanted in factors if close(gradient, wanted)]
            if not minimised:
                return None
            factor = minimised[0]
        values = []
        for number, place in enumerate(forwards):
            logits, labels = self._logits_and_labels(place, number)
            values.append(factor * float(torch.nn.functional.cross_entropy(logits, labels)))
        return [values[start : start + len(self.batches)] for start in range(0, len(values), len(self.batches))]

    def require_mean_losses(self, *, of_batches: bool = False) -> None:
        """What was returned is the mean loss over the images of each epoch; ``of_batches``: or over its batches.

        Only what :meth:`losses` can tell is judged.
        """
        losses, found = self.losses(), self.returned
        if losses is None:
            return
        require(
            found is not None,
            "no list of numbers",
            f"{self.epochs} numbers",
            "return is missing, or something else than a list of numbers is returned",
        )
        require(
            len(found) == self.epochs,
            f"{len(found)} numbers for {self.epochs} epochs",
            f"{self.epochs}, one for each epoch",
            "appended for each batch",
        )
        sizes = [len(labels) for _, labels in self.batches]
        for epoch, (value, own) in enumerate(zip(found, losses, strict=True), start=1):
            wanted = sum(loss * size for loss, size in zip(own, sizes, strict=True)) / sum(sizes)
            plain = sum(own) / len(own)
            if any(same_number(value, one) for one in (wanted, plain)[: 1 + of_batches]):
                continue
            causes = {
                "batches are averaged, not images: the short last batch counts too much": plain,
                "the short last batch counts as if it were whole": sum(own) * max(sizes) / sum(sizes),
                "the mean losses of the batches are added without their numbers of images": sum(own) / sum(sizes),
                "the sum over the images, not divided by their number": wanted * sum(sizes),
                "the sum over the batches": sum(own),
                "the loss of the last batch": own[-1],
            }
            known = (why for why, other in causes.items() if same_number(value, other))
            cause = next(known, "another mean, or of other losses")
            raise Complaint(
                f"{value:.4f} for epoch {epoch} of a small training", f"{wanted:.4f}, the mean of its losses", cause
            )

    def require_fresh_gradients(self, how: str = "zero_grad") -> None:
        """Each step uses the gradient of the cross-entropy of its own batch, and nothing else."""
        self.require_gradients_of_the_loss()
        self.require_cleared_gradients(how)

    def _own_gradient(self, backward: int) -> Tensor | None:
        """What that backward pass computed, before it was added to what was there."""
        return self.tensors.get(f"{backward}.own")

    def _logits_and_labels(self, forward: int, batch: int) -> tuple[Tensor, Tensor]:
        """What the network gave for a batch at the parameters of that forward pass, (N, 10), and what is right, (N,)."""
        images, labels = self.batches[batch % len(self.batches)]
        return images.flatten(1) @ self.tensors[f"{forward}.weight"].t() + self.tensors[f"{forward}.bias"], labels

    def _backward_passes(self) -> Iterator[tuple[int, int, int, Tensor]]:
        """Place, forward pass before it, number of its batch, and own gradient of each backward pass that has them."""
        forwards = self.where("forward")
        for backward in self.where("backward"):
            before = [place for place in forwards if place < backward]
            gradient = self._own_gradient(backward)
            if before and gradient is not None:
                yield backward, before[-1], len(before) - 1, gradient

    def _is_of_something_else(self, backward: int, forward: int, batch: int) -> bool:
        """Whether a backward pass passes the given loss function by, which got its batch's logits and labels."""
        since = self.events[forward:backward]
        calls = [forward + number for number, event in enumerate(since) if event == "loss"]
        if not calls or "from_loss" in since:
            return False
        logits, labels = self._logits_and_labels(forward, batch)
        got = [self.tensors.get(f"{calls[-1]}.{name}") for name in ("outputs", "labels")]
        pairs = zip(got, (logits, labels.float()), strict=True)
        return all(one is not None and one.shape == wanted.shape and close(one.float(), wanted) for one, wanted in pairs)

    def require_gradients_of_the_loss(self, *, whatever_backward: bool = False) -> None:
        """Each backward pass computes the gradient of the cross-entropy of its batch's logits and labels.

        ``whatever_backward``: of what it is called is judged elsewhere, by :meth:`require_backward_of_the_loss`.
        """
        backwards = self.where("backward")
        for backward, forward, batch, gradient in self._backward_passes():
            if whatever_backward and self._is_of_something_else(backward, forward, batch):
                continue
            number = backwards.index(backward) + 1
            wanted = self._gradients_of_one_batch(forward, batch)
            wanted += [-one for one in wanted] if whatever_backward else []
            if not any(close(gradient, one) for one in wanted):
                raise Complaint(
                    f"after {'the first batch' if number == 1 else f'batch {number}'} the gradient is another one",
                    "that of the cross-entropy of the batch's logits and labels",
                    "another loss, a softmax before it, or the labels of other images",
                )

    def require_backward_of_the_loss(self) -> None:
        """No backward pass is one of something else than the loss, or of the loss with its sign reversed."""
        for backward, forward, batch, gradient in self._backward_passes():
            wanted = self._gradients_of_one_batch(forward, batch)
            # A loop that has diverged into certainty has gradients of nearly 0, whose sign says nothing.
            if any(close(gradient, -one) for one in wanted) and not any(close(gradient, one) for one in wanted):
                raise Complaint(
                    "the gradient of the loss with its sign reversed",
                    "that of the loss",
                    "backward of -loss: the loss grows",
                )
            require(
                not self._is_of_something_else(backward, forward, batch),
                "the gradient of something else: the backward pass does not lead through the given loss function",
                "that of the loss, which the loss function computed from the batch's logits and labels",
                "backward is called of another tensor than the loss",
            )

    def require_cleared_gradients(self, how: str = "zero_grad") -> None:
        """Each batch starts with cleared gradients, whatever its loss; its own are still there when the optimizer steps."""
        backwards, forwards = self.where("backward"), self.where("forward")
        if not backwards or not forwards:
            require(
                self.count("zero_grad") >= self.expected,
                f"{self.count('zero_grad')} times zero_grad{self._stopped()}",
                "once for each batch",
                "zero_grad is not called in the loop over batches",
            )
            return
        computed: dict[int, Tensor] = {}  # after each forward pass, by all of its backward passes so far
        for backward in backwards:
            before = [place for place in forwards if place < backward]
            gradient, own = self.tensors.get(f"{backward}.grad"), self._own_gradient(backward)
            if gradient is None or own is None:
                continue
            # A second backward pass for one forward pass adds to the first's gradient: that mistake is one of backward.
            computed[len(before)] = computed[len(before)] + own if len(before) in computed else own
            require(
                close(gradient, computed[len(before)]),
                f"after batch {len(before)} the gradient is not that batch's own: gradients of earlier batches are in it",
                f"{how} once for each batch, before backward",
                f"{how} is missing, or stands outside of the loop",
            )
        for step in self.where("step"):
            # Only a backward pass of the same batch: a step before its backward pass is a mistake of the step.
            begun = max((place for place in forwards if place < step), default=step)
            before = [place for place in backwards if begun < place < step]
            gradient = self.tensors.get(f"{step}.grad")
            if before and (gradient is None or not gradient.any()):
                raise Complaint(
                    "the gradients are cleared between backward and step, so that the step has nothing to use",
                    f"{how} before backward",
                    f"{how} in the wrong place",
                )
            # Clipping shortens the gradient of the batch; it stays that gradient.
            if before and gradient is not None and not _parallel(gradient, self.tensors[f"{before[-1]}.grad"]):
                raise Complaint(
                    "the gradients are changed between backward and step",
                    "a step with the gradients that backward computed",
                    "something else writes into the gradients",
                )

    def require_forward(self, call: str = "self.net(images)") -> None:
        """The network sees each batch once in each epoch, whole and in order."""
        if self.count("look") and not self.count("forward"):
            raise Complaint(
                f"the network was called {self.count('look')} times, without gradients each time{self._stopped()}",
                f"{call} with gradients, once for each batch",
                "the forward pass stands in a block of torch.no_grad(), so that nothing can be learnt from it",
            )
        whole, rest = divmod(self.count("forward"), len(self.batches))
        cause = f"another network than in {call} is called, or a step stands outside of the loop"
        cause = f"{whole} epochs in place of {self.epochs}" if whole and not rest and not self.problem else cause
        self._require_each_batch("forward", "the network was called", cause)
        for number, place in enumerate(self.where("forward")):
            images, _ = self.batches[number % len(self.batches)]
            seen = self.tensors[f"{place}.images"]
            require(
                seen.numel() == images.numel() and close(seen.reshape(images.shape), images),
                f"call {number + 1} did not get the images of its batch",
                call,
                "wrong argument",
            )

    def require_loss(self, cause: str) -> None:
        """The watched loss function is called once a batch."""
        self._require_each_batch("loss", "the given loss function was called", cause)

    def require_backward(self, cause: str = "backward is missing, or the loss does not depend on the network") -> None:
        """Each batch has one backward pass that reaches the network's parameters."""
        self._require_each_batch("backward", "gradients were computed", cause)

    def require_step(self, cause: str = "the optimizer's step() is missing, or stands outside of the loop") -> None:
        """The optimizer takes one step a batch, after the backward pass."""
        self._require_each_batch("step", "the optimizer stepped", cause)
        backwards, previous = self.where("backward"), -1
        for step in self.where("step") if backwards else []:
            require(
                any(previous < place < step for place in backwards),
                "a step without a backward pass before it",
                "backward, then step",
                "step and backward are in the wrong order",
            )
            previous = step

    def require_steps_of_sgd(self, cause: str, rate: float = loop.RATE, momentum: float = loop.MOMENTUM) -> None:
        """Stochastic gradient descent leads from the first weights, with the gradients at its steps, to the last.

        How many steps there are, and whether they have gradients, is judged by :meth:`require_step` and
        :meth:`require_cleared_gradients`.
        """
        forwards = self.where("forward")
        if not forwards:
            return
        start, found = self.tensors[f"{forwards[0]}.weight"], self.tensors["final.weight"]
        # Written out, since torch's own optimizers import its compiler, which takes longer than all the rest.
        wanted, velocity = start.clone(), torch.zeros_like(start)
        for place in self.where("step"):
            if f"{place}.grad" in self.tensors:
                velocity = momentum * velocity + self.tensors[f"{place}.grad"]
                wanted -= rate * velocity
        told = f"those of SGD with learning rate {rate}" + (f" and momentum {momentum}" if momentum else "")
        require(close(found, wanted, 1e-5), how_far(start, found, wanted), told, cause)


def require_whole_passes(evidence: Evidence, cells: Iterable[str], epochs: int) -> None:
    """In the real run too, each batch has its step: a loop may act otherwise once there are many, or their losses small.

    ``epochs`` whole passes are enough, whatever else was tried beside them. A tenth of the steps may be missing: a gradient
    scaler leaves some out. Loops that step without an optimizer, or over something else than a loader, are not seen here;
    nor is a run that an error ended, which has lines of its own.
    """
    for cell in cells:
        ran = evidence.record.cells.get(cell)
        passes = ran.passes if ran is not None and ran.error is None else []
        short = [(batches, steps) for batches, steps in passes if steps < 0.9 * batches]
        if short and len(passes) - len(short) < epochs:
            batches, steps = short[-1]
            raise Complaint(
                f"in the real training, the optimizer stepped {steps} times in a pass over {batches} batches",
                "one step for each batch there too",
                "a break that was left in the loop, or a step that depends on the batch",
            )


def same_number(found: float, wanted: float) -> bool:
    """Whether both are finite and equal within a thousandth."""
    return math.isfinite(found) and abs(found - wanted) <= 1e-3 * max(1.0, abs(wanted))


def _parallel(found: Tensor, wanted: Tensor) -> bool:
    """Whether one is the other times a positive number."""
    sizes = [float(one.abs().max()) for one in (found, wanted)]
    return 0.0 not in sizes and close(found / sizes[0], wanted / sizes[1])


def how_far(start: Tensor, found: Tensor, wanted: Tensor) -> str:
    """How steps that led from ``start`` to ``found`` compare with those that lead to ``wanted``, in words."""
    moved, right = (found - start).flatten(), (wanted - start).flatten()
    if not moved.any():
        return "parameters that do not move"
    alike = float(torch.nn.functional.cosine_similarity(moved, right, dim=0)) > 0.99
    times = float(moved.norm() / right.norm())
    return f"steps that lead {times:.2g} times as far" if alike and not 0.95 < times < 1.05 else "other steps"
