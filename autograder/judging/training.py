"""Say of a training that was followed what is asked for and what is not: batches, losses, gradients, steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..inside.effects import Pass
from ..networks.comparison import Complaint, require
from .diagnosis import alike, diagnose

Weights = dict[str, Tensor]


@dataclass(eq=False)
class Batch:
    """Images that were asked for at once, and what became of them.

    ``forward``: the network gave its logits with gradients; ``given``: the given loss function got these and the labels.
    ``backward`` and ``used`` say how often gradients of it were computed, and how many steps were taken with them. ``loss``
    is its loss at the parameters that it met, of the kind that was minimised; nan where it could not be computed.
    ``training``: whether the network was in training mode when they were asked for.
    """

    loader: str
    images: list[int]
    training: bool = True
    backward: int = 0
    used: int = 0
    forward: bool = False
    given: bool = False
    loss: float = math.nan


@dataclass
class Training:
    """A training as far as it could be followed: the loss called ``asked`` of so many ``images`` should be minimised.

    ``faults`` are the first of each kind: ``loss``, ``backward``, ``cleared``, ``order``, ``optimizer``. ``loss`` names the
    one that was minimised, None where no gradient showed it or it is of no known kind. ``unknown``: from some step on, after
    ``until`` batches, nothing could be computed; ``diverged``, since the loss grew beyond all bounds. ``confirmed``: at
    least one gradient came out here, too. ``calls`` counts those of a given loss function, of which ``argument`` says what
    was wrong, ``looks`` forward passes without gradients. ``states`` are the parameters by the number of batches of the
    training loader that had been asked for when they changed, empty where they are unknown; ``network`` gives the logits of
    images at such a state. ``modes``: of the network (True: training) while it learnt. ``is_other``: it is not the network
    that is handed in, to which nothing was done.
    """

    asked: str
    images: int
    problem: str | None = None
    returned: Any = None
    batches: list[Batch] = field(default_factory=list)
    faults: dict[str, Complaint] = field(default_factory=dict)
    loss: str | None = None
    unknown: bool = False
    diverged: bool = False
    until: int = 0
    confirmed: bool = False
    calls: int = 0
    looks: int = 0
    argument: str = ""
    states: dict[int, Weights] = field(default_factory=dict)
    network: Callable[[Weights, Tensor], Tensor] | None = None
    modes: set[bool] = field(default_factory=set)
    is_other: bool = False

    @property
    def stopped(self) -> str:
        """The error in which the loop ended, as an addition to a text."""
        return f" (the loop stopped with {self.problem})" if self.problem else ""

    @property
    def learnt(self) -> list[Batch]:
        """The batches that had a gradient or changed the parameters, in order; if none did, those of ``train_loader``."""
        found = [batch for batch in self.batches if batch.used or batch.backward]
        return found or [batch for batch in self.batches if batch.loader == "train"]

    def known(self) -> list[Batch]:
        """Those of :attr:`learnt` at whose parameters something could be computed."""
        return self.learnt[: self.until] if self.unknown else self.learnt

    def passes(self) -> list[list[Batch]]:
        """The passes over a loader in which something was learnt; all passes over ``train_loader``, if nothing was."""
        found = passes_of(self.batches)
        learning = [each for each in found if any(batch.used or batch.backward for batch in each)]
        return learning or [each for each in found if each[0].loader == "train"]

    def fault(self, kind: str, observed: str, expected: str, cause: str) -> None:
        """Note the first fault of a kind."""
        self.faults.setdefault(kind, Complaint(observed, expected, cause))

    def require(self, kind: str) -> None:
        """Complain of a fault of that kind."""
        if kind in self.faults:
            raise self.faults[kind]

    def require_passes(self, epochs: Iterable[int], call: str) -> None:
        """Each image of the training set is learnt once in each epoch, in another order each time."""
        require(
            not self.is_other,
            "the network that is handed in never changes; a different one learns",
            call,
            "the network that is trained has a different name than the one that is asked for",
        )
        passes, allowed = self.passes(), list(epochs)
        learnt = self.learnt
        other = next((batch for batch in learnt if batch.loader != "train"), None)
        loader = other.loader if other else ""
        require(other is None, f"images of {loader}_loader are learnt", "those of train_loader", "the wrong loader")
        shown = [batch for batch in learnt if batch.used or batch.backward]
        require(
            bool(passes),
            f"no batch of train_loader was asked for{self.stopped}",
            call,
            "the loop is open, or has another loader",
        )
        whole = [
            each for each in passes if sorted(index for batch in each for index in batch.images) == list(range(self.images))
        ]
        if not self.problem:  # what an error cut short has a line of its own
            require(
                len(whole) == len(passes),
                f"{len(passes) - len(whole)} of {len(passes)} passes over train_loader end early, or leave images out",
                "all images of train_loader in each epoch",
                "the loop over batches ends early (break), or has other images",
            )
            require(
                len(passes) in allowed,
                f"{len(passes)} passes over train_loader",
                f"{allowed[0]}, one for each epoch",
                "the number of epochs",
            )
        orders = [[index for batch in each for index in batch.images] for each in whole]
        in_order = len(passes[0]) > 1 and len(orders) > 1 and all(order == sorted(order) for order in orders)
        require(
            not in_order, "images in the order of train_data", "the batches of train_loader, shuffled anew in each epoch",
            "a loader of your own that does not shuffle: each epoch then has the same batches",
        )  # fmt: skip
        require(
            bool(shown) or any(batch.forward for batch in learnt) or self.losses_shown() or bool(self.problem),
            "nothing that the network computed of them: no gradient, and no loss of theirs",
            call,
            "another network is called",
        )

    def losses_shown(self) -> bool:
        """Whether the first number that was kept is the loss of the first batch, or a mean loss of the first pass."""
        kept = (self.returned or [None])[0]
        first = self.passes()[0] if self.learnt else []
        means = [_mean(first), _mean(first, of_batches=True), *(batch.loss for batch in first[:1])] if first else []
        return kept is not None and any(math.isclose(kept, mean, rel_tol=0.01) for mean in means)

    def require_loss(self) -> None:
        """What is minimised is the loss that was asked for."""
        self.require("loss")
        if self.loss == self.asked:
            return
        kept = (self.returned or [None])[0]
        observed = f"no gradient, and {'no loss' if kept is None else f'a first loss of {kept:.4f}'}{self.stopped}"
        cause = "backward is missing, or the loss does not depend on the network"
        if self.problem:
            cause = "the loop stops before it: see the error, and the order of the loss function's arguments"
        require(self.losses_shown(), observed, f"a gradient of {self.asked}", cause)

    def require_cleared(self, how: str) -> None:
        """Each step uses the gradients of its own batch alone."""
        self.require("cleared")
        self._require_gradients()
        require(
            any(batch.backward or batch.used for batch in self.batches),
            f"no gradient{self.stopped}",
            f"those of each batch alone: {how} before backward",
            "backward is missing, so that nothing shows whether gradients are cleared",
        )

    def _require_gradients(self) -> None:
        """Gradients that are those of nothing known may be words, so they show nothing else."""
        require(
            self.confirmed or not any(batch.backward or batch.used for batch in self.batches),
            f"gradients of no loss that could be computed again{self.stopped}",
            f"those of {self.asked}",
            "another loss is minimised: correct that first",
        )

    def require_backward(self, cause: str) -> None:
        """Each batch has one backward pass that reaches the network's parameters."""
        self.require("backward")
        self._require_gradients()
        learnt = self.learnt
        found = sum(batch.backward or batch.used for batch in learnt)
        wanted = len(learnt)
        require(
            bool(learnt) and all((batch.backward or batch.used) == 1 for batch in learnt),
            f"gradients were computed {found} times for {wanted} batches{self.stopped}",
            "once for each batch",
            cause if found <= wanted else "backward is called more than once for a batch",
        )

    def require_step(self, cause: str) -> None:
        """The parameters change once a batch, after the backward pass."""
        self.require("order")
        # What no numbers are left of cannot be seen to change.
        learnt = (self.known()[:-1] or self.known()) if self.diverged else self.learnt
        found = sum(batch.used for batch in learnt)
        # A batch that an error stopped has a line of its own.
        wanted = len(learnt) - bool(self.problem and learnt and not learnt[-1].used and len(learnt) > 1)
        require(
            bool(learnt) and found == wanted and all(batch.used <= 1 for batch in learnt),
            f"the parameters changed {found} times for {wanted} batches{self.stopped}",
            "one step of the optimizer for each batch",
            cause,
        )

    def require_optimizer(self, told: str, least: int) -> None:
        """The steps are those of the optimizer that was asked for.

        There are at least ``least`` of them, or one before the training broke off or diverged.
        """
        self.require("optimizer")
        used = sum(batch.used for batch in self.batches)
        require(
            used >= (1 if self.problem or self.diverged else least),
            f"{used} step{'s' * (used != 1)} that change{'s' * (used == 1)} the parameters{self.stopped}",
            f"steps of {told}, one for each batch",
            "forward, backward or step is missing",
        )

    def require_forward(self, call: str) -> None:
        """The network computed the logits of each batch, with gradients, as a loop that is given its network shows."""
        known = self.known()
        passed = sum(batch.forward for batch in known)
        if self.looks and not passed:
            raise Complaint(
                f"the network was called {self.looks} times, without gradients each time{self.stopped}",
                f"{call} with gradients, once for each batch",
                "the forward pass stands in a block of torch.no_grad(), so that nothing can be learnt from it",
            )
        wanted = len(known)
        require(
            bool(wanted) and passed == wanted,
            f"the network was called with the images of {passed} of {wanted} batches{self.stopped}",
            f"{call}, once for each batch",
            f"another network than in {call} is called, or with other images",
        )

    def require_given_loss(self, cause: str) -> None:
        """The given loss function is called with the logits and labels of each batch."""
        known = self.known()
        wanted, found = len(known), sum(batch.given for batch in known)
        if not self.calls:
            raise Complaint(f"the given loss function was called 0 times{self.stopped}", "once for each batch", cause)
        self.require("loss")
        require(
            bool(wanted) and found == wanted,
            f"the given loss function got the logits and labels of {found} of {wanted} batches{self.stopped}",
            "output and labels of each batch, in this order",
            self.argument or "another argument than the network's logits and the labels of the batch",
        )

    def losses(self) -> list[float]:
        """The loss of each batch from which something was learnt."""
        return [batch.loss for batch in self.learnt]

    def state(self, batches: int) -> Weights:
        """The parameters after so many batches of the training loader; empty where they are unknown."""
        return self.states[max(count for count in self.states if count <= batches)]

    def require_training_mode(self, call: str) -> None:
        """The network was in training mode whenever it learnt; ``call`` puts it there."""
        require(
            self.modes == {True},
            f"evaluation mode{' for some of the batches' * (True in self.modes)}" if self.modes else "nothing was learnt",
            "training mode for each batch",
            f"something in the loop calls eval(): {call} belongs at the start of each epoch"
            if True in self.modes
            else f"{call} is missing",
        )

    def require_mean_losses(self, *, of_batches: bool = False) -> None:
        """What was returned is the mean loss over the images of each pass; ``of_batches``: or over its batches.

        Of a loop that minimises another loss, which has a line of its own, only their number is judged.
        """
        found, passes = self.returned, self.passes()
        require(
            found is not None,
            f"no list of numbers{self.stopped}",
            f"{len(passes)} numbers",
            "return is missing, or something else than a list of numbers is returned",
        )
        assert isinstance(found, list)
        require(
            bool(found) and len(found) == len(passes),
            f"{len(found)} numbers for {len(passes)} epochs",
            f"{len(passes)}, one for each epoch",
            "appended for each batch",
        )
        for epoch, (value, batches) in enumerate(zip(found, passes, strict=True), start=1):
            wanted, plain = _mean(batches), _mean(batches, of_batches=True)
            if "loss" in self.faults or (math.isnan(wanted) and self.unknown):
                continue
            require(value is not None, f"no finite number for epoch {epoch}", f"{wanted:.4f}", "something else is kept")
            if any(alike(value, one) for one in (wanted, plain)[: 1 + of_batches]):
                continue
            sizes, losses = [len(batch.images) for batch in batches], [batch.loss for batch in batches]
            causes = {
                "batches are averaged, not images: the short last batch counts too much": plain,
                "the short last batch counts as if it were whole": sum(losses) * max(sizes) / sum(sizes),
                "the mean losses of the batches are added without their numbers of images": sum(losses) / sum(sizes),
                "the sum over the images, not divided by their number": wanted * sum(sizes),
                "the sum over the batches": sum(losses),
                "the loss of the last batch": losses[-1],
            }
            raise Complaint(
                f"{value:.4f} for epoch {epoch} of a small training",
                f"{wanted:.4f}, the mean of its losses",
                diagnose(value, causes, "a different mean, or different losses"),
            )


def passes_of(batches: list[Batch]) -> list[list[Batch]]:
    """Batches by passes over one loader, in which no image comes twice."""
    found: list[list[Batch]] = []
    now = Pass()
    for batch in batches:
        if now.begins(batch.loader, batch.images):
            found.append([])
        found[-1].append(batch)
    return found


def _mean(batches: list[Batch], *, of_batches: bool = False) -> float:
    """The mean loss over the images of batches, or over the batches."""
    sizes = [1 if of_batches else len(batch.images) for batch in batches]
    return sum(batch.loss * size for batch, size in zip(batches, sizes, strict=True)) / sum(sizes)
