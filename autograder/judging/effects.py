"""Judge a training by its effects: compute its steps again from the first parameters, and find where they part.

The network, its optimizer and its loop are real (:mod:`autograder.inside.effects`); what the box says of gradients and
parameters counts only where it is what comes out here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, one_hot, softmax

from ..inside import effects, trace
from ..networks.comparison import Complaint, require
from ..networks.replay import NotReplayable, NotSupported, Program
from ..runs.evidence import Evidence, Spent
from .optimizers import Factory, Optimizer, other_optimizer

SAME_GRADIENT = 2e-3  # of its largest entry: sums in another order differ by less
AFTER_STEPS = 2e-2  # the same after steps, in which rounding decides where a gradient is nearly 0
DIVERGED = 20.0  # times the first loss: from there on rounding decides what comes out
SAME_STEP = 0.02  # of the mean entry of a step
MOST_WAITING = 24  # batches that were asked for and may yet be learnt
EPSILON = 2**-23  # of single precision
SAME_STATE = 0.1  # of the way since the last pass

MOST = 1_000  # events, names, batches of one size: many times what an honest run sends
NOISE = ("bernoulli", "dropout", "rand", "normal", "uniform")  # in the names of operations that make some

Weights = dict[str, Tensor]
Data = Callable[[int], dict[str, tuple[Tensor, Tensor]]]
Loss = Callable[[Tensor, Tensor], Tensor]
CROSS_ENTROPY: dict[str, Loss] = {
    "cross-entropy": cross_entropy,
    "a softmax before cross-entropy, which applies one itself": lambda z, y: cross_entropy(softmax(z, 1), y),
    "a softmax over the batch": lambda z, y: cross_entropy(softmax(z, 0), y),
    "the sum over the batch in place of its mean": lambda z, y: cross_entropy(z, y, reduction="sum"),
    "nll_loss of logits, which expects logarithms of probabilities": lambda z, y: -z.gather(1, y[:, None]).mean(),
    "the sign of the loss": lambda z, y: -cross_entropy(z, y),
    "squared errors in place of cross-entropy": lambda z, y: mse_loss(z, one_hot(y, z.shape[1]).float()),
    "the labels of other images": lambda z, y: cross_entropy(z, y.roll(1)),
}
"""Losses of logits (N, C) and labels (N,): what is asked for, then what students take in its place, named as a cause."""


class _Event(BaseModel):
    event: str = Field(max_length=20)
    loader: Literal["train", "test", "val"] = "train"
    images: list[Annotated[int, Field(ge=0)]] = Field(default=[], max_length=MOST)
    gradients: bool = False
    training: bool = False


class _Document(BaseModel):
    """What :meth:`autograder.inside.effects.Watch.evidence` sends, and how the cell ended."""

    model_config = ConfigDict(strict=True)

    events: list[_Event] = Field(max_length=MOST)
    programs: dict[str, dict[str, Any]] = Field(max_length=4)
    names: list[str] = Field(max_length=MOST)
    frozen: list[str] = Field(max_length=MOST)
    shape: list[int] = Field(max_length=8)
    outputs: int = 1
    plain: bool
    problem: str | None
    returned: Any = None


def breach() -> Complaint:
    """What to say of evidence that the grader's own code does not send."""
    return Complaint(
        "a report of this cell that the grader's own code does not write",
        "the report of a run that nothing has interfered with",
        "code in the notebook changes the grader's modules; a person should look",
    )


@dataclass(eq=False)
class Batch:
    """Images that were asked for at once, and what became of them.

    ``forward``: the network gave its logits with gradients; ``given``: the given loss function got these and the labels.
    ``backward`` and ``used`` say how often gradients of it were computed, and how many steps were taken with them. ``loss``
    is its loss at the parameters that it met, of the kind that was minimised; nan where it could not be computed.
    """

    loader: str
    images: list[int]
    backward: int = 0
    used: int = 0
    forward: bool = False
    given: bool = False
    loss: float = math.nan


@dataclass
class Training:
    """A training as far as it could be followed, in which the loss called ``asked`` should be minimised.

    ``faults`` are the first of each kind: ``loss``, ``backward``, ``cleared``, ``order``, ``optimizer``. ``loss`` names the
    one that was minimised, None where no gradient showed it or it is of no known kind. ``unknown``: from some step on, after
    ``until`` batches, nothing could be computed; ``diverged``, since the loss grew beyond all bounds. ``gradients`` counts
    those that came out here, too, ``steps`` those of optimizers, ``calls`` those of a given loss function, of which
    ``argument`` says what was wrong; ``looks`` counts forward passes without gradients. ``states`` are the parameters by the
    number of batches of the training loader that had been asked for when they changed, empty where they are unknown;
    ``network`` gives the logits of images at such a state. ``modes``: of the network (True: training) while it learnt.
    """

    asked: str
    problem: str | None = None
    returned: Any = None
    batches: list[Batch] = field(default_factory=list)
    faults: dict[str, Complaint] = field(default_factory=dict)
    loss: str | None = None
    unknown: bool = False
    diverged: bool = False
    until: int = 0
    gradients: int = 0
    steps: int = 0
    calls: int = 0
    looks: int = 0
    argument: str = ""
    states: dict[int, Weights] = field(default_factory=dict)
    network: Callable[[Weights, Tensor], Tensor] | None = None
    modes: set[bool] = field(default_factory=set)

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
        found = _passes(self.batches)
        learning = [each for each in found if any(batch.used or batch.backward for batch in each)]
        return learning or [each for each in found if each[0].loader == "train"]

    def fault(self, kind: str, observed: str, expected: str, cause: str) -> None:
        """Note the first fault of a kind."""
        self.faults.setdefault(kind, Complaint(observed, expected, cause))

    def require(self, kind: str) -> None:
        """Complain of a fault of that kind."""
        if kind in self.faults:
            raise self.faults[kind]

    def require_passes(self, images: int, epochs: Iterable[int], call: str) -> None:
        """Each of the ``images`` of the training set is learnt once in each epoch, in another order each time."""
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
        whole = [each for each in passes if sorted(index for batch in each for index in batch.images) == list(range(images))]
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
            bool(self.gradients) or not any(batch.backward or batch.used for batch in self.batches),
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
            if any(same_number(value, one) for one in (wanted, plain)[: 1 + of_batches]):
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
            known = (why for why, other in causes.items() if same_number(value, other))
            cause = next(known, "a different mean, or different losses")
            raise Complaint(
                f"{value:.4f} for epoch {epoch} of a small training", f"{wanted:.4f}, the mean of its losses", cause
            )


class _Follower:
    """Computes a training again, event by event."""

    def __init__(
        self, document: _Document, tensors: Mapping[str, Tensor], data: dict[str, tuple[Tensor, Tensor]],
        losses: Mapping[str, Loss], optimizer: Factory, told: str, seed: int, spent: Spent,
    ) -> None:  # fmt: skip
        self._losses, self._asked = losses, next(iter(losses))
        self._events, self._data, self._make, self._told = document.events, data, optimizer, told
        names, frozen = list(document.names), set(document.frozen)
        self._weights = {name: tensors[f"start.{name}"].clone().requires_grad_(name not in frozen) for name in names}
        self._learning = [name for name in names if name not in frozen]
        self._buffers = {
            key.removeprefix("buffer."): value.clone() for key, value in tensors.items() if key.startswith("buffer.")
        }
        self._programs = {int(size): Program(one, {}, spent) for size, one in document.programs.items()}
        self._constants = {size: _below(tensors, f"const.{size}.", "const.") for size in self._programs}
        self._places = effects.places({name: self._weights[name].numel() for name in names}, seed)
        self._rows, self._gradients, self._has = (tensors[key] for key in ("parameters", "gradients", "has"))
        shape = (len(self._events), sum(map(len, self._places.values())))
        if self._rows.shape != shape or self._gradients.shape != shape or self._has.shape != (shape[0], len(names)):
            raise NotReplayable("rows of another size than the network's")
        if not close(self._rows[0], self._entries({name: value.detach() for name, value in self._weights.items()}), 1e-6):
            raise NotReplayable("a first row that is not that of the first parameters")
        self._optimizer: Optimizer = optimizer()
        self._history: list[Tensor] = []  # entries of the gradients of each step
        self._about = {key: value for key, value in tensors.items() if key.startswith("about.")}
        self._computed_logits: dict[Batch, tuple[Tensor, Tensor]] = {}  # at the present parameters
        self._left: Weights = {}  # the gradients that are at the parameters
        self._fresh: Batch | None = None  # whose gradients were computed since the last step
        self._was_put_back = False
        self._slack = SAME_GRADIENT  # of a gradient at the present parameters
        self._sent = {row: _below(tensors, f"state.{row}.", "") for row in range(len(self._events))}
        self._compared = {name: value.detach().clone() for name, value in self._weights.items()}
        self._lost = False  # whether nobody knows the parameters
        self._known: list[tuple[int, Weights]] = []  # the parameters since each row in which they changed
        self.found = Training(self._asked, network=self._outputs)
        self._keep(0)

    def _entries(self, values: Weights) -> Tensor:
        parts = [
            values[name].reshape(-1)[place] if name in values else torch.zeros(len(place))
            for name, place in self._places.items()
        ]
        return torch.cat(parts)

    def follow(self) -> Training:
        """The whole training."""
        for row, event in enumerate(self._events):
            moved = row > 0 and not _equal(self._rows[row], self._rows[row - 1])
            if moved and event.event != "step" and self._put_back(row):
                moved = False
            if event.event == "step":
                self._step(row, moved)
            elif moved:
                self._step(row, moved, by_hand=True)
                self.found.modes.add(event.training)
            if moved:
                self._lost = self.found.unknown
                self._keep(row)
            if self._sent[row]:
                self._compare(row, self._sent[row])
            if event.event == "backward":
                self._backward(row)
                self.found.modes.add(event.training)
            elif event.event in ("forward", "loss"):
                self._called(row, event)
            elif event.event == "batch":
                self._look()
                self.found.batches.append(Batch(event.loader, event.images))
        self._look()
        return self.found

    def _look(self) -> None:
        """Of a batch from which nothing was learnt: its loss at the parameters that it met."""
        batch = self.found.batches[-1] if self.found.batches else None
        if batch is not None and batch.loader == "train" and not (batch.backward or batch.used or self.found.unknown):
            with torch.no_grad():
                batch.loss = float(self._losses[self._asked](*self._logits(batch)))

    def _diverge(self) -> None:
        """From here on rounding decides what comes out, or there are no numbers any more."""
        if not self.found.unknown:
            self.found.diverged = True
            self._lose()
        self._lost = True

    def _lose(self) -> None:
        """Nothing can be computed from here on."""
        self.found.unknown = True
        self.found.until = max(1, len([batch for batch in self.found.batches if batch.backward or batch.used]))

    def _keep(self, row: int) -> None:
        """The parameters since that row, after the batches asked for so far; none where nobody knows them."""
        own = {} if self._lost else self._weights
        state = {name: value.detach().clone() for name, value in own.items()}
        self._known.append((row, state))
        self.found.states[sum(batch.loader == "train" for batch in self.found.batches)] = state

    def _compare(self, row: int, state: Weights) -> None:
        """Go on with parameters as the box has them, where steps lead to them or nobody knows where they lead.

        Differences of rounding would grow: where a gradient is nearly 0, Adam makes a whole step of its sign.
        """
        if {name: value.shape for name, value in state.items()} != {name: one.shape for name, one in self._weights.items()}:
            raise NotReplayable("parameters of other sizes on the way")
        if not all(bool(value.isfinite().all()) for value in state.values()):
            self._diverge()
            return
        if not close(self._rows[row], self._entries(state), 1e-6):
            raise NotReplayable("a row that is not that of the parameters")
        away, moved, size = (
            sum(
                float((value - of[name]).detach().abs().sum()) if of else float(value.abs().sum())
                for name, value in state.items()
            )
            for of in (self._weights, self._compared, None)
        )
        if not self._lost and away > SAME_STATE * moved + 1e-5 * size:
            self.found.fault(
                "optimizer", "parameters to which these steps do not lead", f"those to which steps of {self._told} lead",
                "something else changes the parameters",
            )  # fmt: skip
            self._lose()
        self._put(state)
        self._lost, self._compared, self._slack = False, state, SAME_GRADIENT
        self._keep(row)

    def _put_back(self, row: int) -> bool:
        """Whether the parameters are again those of an earlier row, as the best ones may be after the last epoch."""
        same = next((one for one in range(row) if _equal(self._rows[one], self._rows[row])), None)
        if same is None:
            return False
        state = next(weights for since, weights in reversed(self._known) if since <= same)
        self._known.append((row, state))
        self._lost = not state
        self._put(state)
        self._was_put_back = True
        return True

    def _put(self, state: Weights) -> None:
        self._computed_logits.clear()
        with torch.no_grad():
            for name, value in state.items():
                self._weights[name].copy_(value)

    def _outputs(self, weights: Weights, images: Tensor) -> Tensor:
        """Outputs (N, C) of the recorded network with these parameters."""
        program = self._programs.get(len(images))
        if program is None:
            raise NotReplayable(f"no recording of {len(images)} images")
        own = {f"param.{name}": value for name, value in (weights | self._buffers).items()}
        logits = program.learning(images, own | self._constants[len(images)])
        if logits.ndim != 2 or len(logits) != len(images):
            raise NotReplayable(f"outputs of shape {tuple(logits.shape)}")
        return logits

    def _logits(self, batch: Batch) -> tuple[Tensor, Tensor]:
        if batch not in self._computed_logits:
            images, labels = (part[batch.images] for part in self._data[batch.loader])
            self._computed_logits[batch] = self._outputs(self._weights, images), labels
        return self._computed_logits[batch]

    def _called(self, row: int, event: _Event) -> None:
        """The network, or the given loss function, was called: with what it should be, as far as that can be computed."""
        outputs, labels = (self._about.get(f"about.{row}.{name}") for name in ("outputs", "labels"))
        is_loss = event.event == "loss"
        self.found.calls += is_loss
        if not is_loss and not event.gradients:
            self.found.looks += 1
            return
        if self.found.unknown or outputs is None:
            return
        for batch in self._candidates():
            logits, right = self._logits(batch)
            argument = self._argument(outputs.float(), logits.detach()) if outputs.shape == logits.shape else None
            if not is_loss:
                batch.forward |= argument == ""
            elif argument is not None and labels is not None and _same_labels(labels, right):
                batch.given = argument == ""
                self.found.argument = self.found.argument or argument
            if argument is not None:
                return

    @staticmethod
    def _argument(outputs: Tensor, logits: Tensor) -> str | None:
        """What logits were taken through before; empty for nothing, None where they are others."""
        kinds = {"": logits, "a softmax before the loss, which applies one itself": softmax(logits, 1)}
        kinds |= {"a softmax over the batch": softmax(logits, 0), "a ReLU of the logits": logits.relu()}
        return next((kind for kind, one in kinds.items() if close(outputs, one, AFTER_STEPS)), None)

    def _own(self, batch: Batch, kinds: Iterable[str]) -> Iterable[tuple[str, float, Weights]]:
        """For each kind of loss its value for a batch, and its gradients."""
        logits, labels = self._logits(batch)
        for kind in kinds:
            value = self._losses[kind](logits, labels)
            wanted = [self._weights[name] for name in self._learning]
            found = torch.autograd.grad(value, wanted, retain_graph=True, allow_unused=True)
            yield (
                kind,
                float(value.detach()),
                {name: g for name, g in zip(self._learning, found, strict=True) if g is not None},
            )

    def _candidates(self) -> list[Batch]:
        """Which batch a gradient may be of, the likeliest first.

        The last one asked for; those of the latest passes not learnt yet, where several were asked for; the last again.
        """
        batches = self.found.batches
        latest = [batch for each in reversed(_passes(batches)) for batch in each]
        waiting = [batch for batch in latest if not batch.backward and not batch.used][:MOST_WAITING]
        return list(dict.fromkeys([*(batch for batch in batches[-1:] if batch in waiting), *waiting, *batches[-1:]]))

    def _backward(self, row: int) -> None:
        batches = self._candidates()
        if self.found.unknown or not batches:
            for batch in batches[:1]:
                batch.backward += 1
                self._fresh = batch
            return
        seen = self._gradients[row]
        known = [self.found.loss or self._asked]
        for kinds in (known, [kind for kind in self._losses if kind not in known]):
            for batch in batches:
                for kind, value, own in self._own(batch, kinds):
                    both = {name: self._left.get(name, 0) + gradient for name, gradient in own.items()}
                    for total in (own, self._left | both):
                        if same_gradient(seen, self._entries(total), self._slack):
                            self._computed(batch, kind, value, total, again=total is not own)
                            return
        if self._is_with_penalty(batches[0], seen):
            self.found.gradients += 1
            self.found.fault(
                "loss", f"after {_batch(batches[0], self.found)} the gradient is that of a larger loss",
                f"that of {self._asked} alone", "squares of the parameters are added to it",
            )  # fmt: skip
        elif batches[0].given:
            self.found.fault(
                "backward", "the gradient of something else: backward does not lead through the given loss function",
                f"that of {self._asked}, computed from the batch's logits and labels",
                "backward is called of another tensor than the loss",
            )  # fmt: skip
        else:
            self.found.fault(
                "loss", f"after {_batch(batches[0], self.found)} the gradient is another one",
                f"that of {self._asked} of the batch's logits and labels",
                "another loss, a softmax before it, or the labels of other images",
            )  # fmt: skip
        self._lose()
        batches[0].backward += 1
        self._fresh = batches[0]

    def _is_with_penalty(self, batch: Batch, seen: Tensor) -> bool:
        """Whether a gradient is that of the loss and a multiple of the parameters."""
        ((_, _, own),) = self._own(batch, [self._asked])
        left = seen - self._entries(own)
        weights = self._entries({name: value.detach() for name, value in self._weights.items()})
        factor = float(left @ weights) / max(float(weights @ weights), 1e-12)
        return abs(factor) > 1e-6 and close(left, factor * weights, 0.02)

    def _computed(self, batch: Batch, kind: str, value: float, total: Weights, again: bool) -> None:
        if self.found.loss is None:
            self.found.loss = kind
        if kind != self._asked:
            what = "backward" if batch.given else "loss"
            observed = f"after {_batch(batch, self.found)} the gradient is another one"
            self.found.fault(what, observed, f"that of {self._asked}", kind)
        # A second backward pass for one batch adds to the first's gradients: that mistake is one of backward.
        if again and self._left and self._fresh is not batch:
            self.found.fault(
                "cleared",
                f"after {_batch(batch, self.found)} the gradient is not that batch's own: earlier ones are in it",
                "zero_grad() once for each batch, before backward",
                "zero_grad() is missing or written without (), stands outside of the loop, or belongs to another network's "
                "optimizer",
            )
        self.found.gradients += 1
        batch.backward += 1
        batch.forward, batch.loss = True, value
        self._left, self._fresh = total, batch
        first = next(one.loss for one in self.found.batches if one.backward)
        if not abs(value) <= DIVERGED * (1 + abs(first)):
            self._diverge()

    def _step(self, row: int, moved: bool, by_hand: bool = False) -> None:
        found, seen = self.found, self._gradients[row]
        if (
            self._fresh is None
            and seen.any()
            and not found.unknown
            and not same_gradient(seen, self._entries(self._left), self._slack)
        ):
            self._backward(row)  # gradients that were asked for and put there by hand
        fresh, change = self._fresh, self._rows[row] - self._rows[row - 1]
        nothing = not seen.any() and not same_gradient(seen, self._entries(self._left), self._slack)
        if not by_hand:
            found.steps += 1
            if fresh is None:
                found.fault(
                    "order", "a step without a backward pass before it", "backward, then step",
                    "step and backward are in the wrong order",
                )  # fmt: skip
            elif nothing and fresh is not found.batches[-1]:
                found.fault(
                    "order", "a step before the backward pass of its batch", "backward, then step",
                    "step and backward are in the wrong order",
                )  # fmt: skip
            elif nothing:
                found.fault(
                    "cleared", "the gradients are cleared between backward and step, so that the step has nothing to use",
                    "zero_grad() before backward", "zero_grad() in the wrong place",
                )  # fmt: skip
        self._fresh = None
        if not moved:
            if not by_hand and seen.any() and not found.unknown:
                found.fault("optimizer", "parameters that do not move", f"steps of {self._told}", "a learning rate of 0")
            return
        batch = fresh or next(iter(self._candidates()), None)
        if batch is None:
            self._lose()  # before any image
            return
        batch.used += 1
        if self._was_put_back:
            found.fault(
                "optimizer", "the parameters are put back to earlier ones, and trained on",
                "steps that go on from the last one", "load_state_dict, or a copy of the parameters, within the loop",
            )  # fmt: skip
        if found.unknown:
            return
        gradient = self._used(batch, seen, by_hand=fresh is None and by_hand)
        if gradient is None:
            found.fault(
                "cleared", "the gradients are changed between backward and step",
                "a step with the gradients that backward computed", "something else writes into the gradients",
            )  # fmt: skip
            self._lose()
            return
        self._history.append(self._entries(gradient))
        steps = self._optimizer.steps(gradient)
        error = EPSILON * float(self._rows[row].abs().mean())
        if not same_step(change, self._entries(steps), error, SAME_STEP * (5 if self._slack == AFTER_STEPS else 1)):
            factor = self._other(change, self._entries(steps))
            if factor is None:
                return
            steps = {name: step * factor for name, step in steps.items()}
        found.gradients += 1  # also of who computes them without a backward pass: the step shows them
        self._computed_logits.clear()
        self._slack = AFTER_STEPS
        with torch.no_grad():
            for name, step in steps.items():
                self._weights[name] += step
        if not all(bool(value.isfinite().all()) for value in self._weights.values()):
            self._diverge()

    def _used(self, batch: Batch, seen: Tensor, by_hand: bool) -> Weights | None:
        """The gradients of a step; clipping makes those of the batch shorter. None where they are others."""
        if by_hand:
            kind, value, own = next(iter(self._own(batch, [self.found.loss or self._asked])))
            batch.loss = value
            self.found.loss = self.found.loss or kind
            return own
        left = self._entries(self._left)
        if same_gradient(seen, left):
            return self._left
        if not seen.any():
            return self._left if not left.any() else {name: torch.zeros_like(value) for name, value in self._left.items()}
        length = float(left @ left)
        factor = float(seen @ left) / length if length else 0.0
        if factor <= 0 or not same_gradient(seen, left * factor, self._slack):
            return None
        return {name: value * factor for name, value in self._left.items()}

    def _other(self, change: Tensor, wanted: Tensor) -> float | None:
        """Note that a step is another one; how many times as long it is, if nothing else."""
        number = len(self._history)
        observed = f"step {number} moves the parameters by {float(change.norm()):.2g}, {_away(change, wanted)}"
        expected = f"{float(wanted.norm()):.2g}, as step {number} of {self._told} does"
        length = float(wanted @ wanted)
        factor = float(change @ wanted) / length if length else 0.0
        if factor > 0 and same_step(change, wanted * factor):
            rate = self._optimizer.rate * factor
            cause = f"learning rate {rate:.2g}" if number == 1 else "the learning rate is changed on the way (a scheduler)"
            self.found.fault("optimizer", observed, expected, cause)
            self._optimizer.rate = rate
            return factor
        other = other_optimizer(self._history, change, same_step) if number == 1 else None
        cause = "another optimizer, or other settings (weight_decay, betas)"
        if number > 1:
            cause = "another optimizer, other settings (weight_decay, betas), or one made anew for each batch or epoch"
        self.found.fault("optimizer", observed, expected, f"{other} in its place" if other else cause)
        self._lose()
        return None


def _is_of_the_class(document: _Document, network: dict[str, Any]) -> bool:
    """Whether a trained network has the layers of its class, or a plain one took its place with reason."""
    described = network.get("training") or {}
    if document.plain and document.outputs != network.get("outputs"):
        return True
    if document.plain:
        noise = any(word in str(node["op"]) for node in described.get("nodes", []) for word in NOISE)
        shape = described.get("output_shape") or []
        return bool(described.get("problem") or described.get("unlearned") or noise or shape[1:] != document.shape)
    programs = [_layers(program) for program in document.programs.values()]
    return all(program == _layers(described) for program in programs)


def _layers(recorded: dict[str, Any]) -> list[str]:
    """The operations of a recording that have weights."""
    return [str(node["op"]) for node in recorded.get("nodes", []) if str(node["op"]) in trace.WEIGHTED]


def _numbers(returned: Any) -> list[float | None] | None:
    """A list of numbers, None for each entry that is no finite one; None for anything else."""
    if not isinstance(returned, list):
        return None
    return [one if isinstance(one, (int, float)) and math.isfinite(one) else None for one in returned]


def _below(tensors: Mapping[str, Tensor], prefix: str, instead: str) -> Weights:
    return {instead + key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _batch(batch: Batch, found: Training) -> str:
    number = found.batches.index(batch) + 1
    return "the first batch" if number == 1 else f"batch {number}"


def _same_labels(found: Tensor, right: Tensor) -> bool:
    """Whether labels are right: numbers of classes (N,), or a probability of each class (N, C), all on one."""
    if found.ndim == 2 and len(found) == len(right) and not (found.sum(1) != 1).any():
        found = found.argmax(1)
    return found.shape == right.shape and torch.equal(found.long(), right)


def _passes(batches: list[Batch]) -> list[list[Batch]]:
    """Batches by passes over one loader, in which no image comes twice."""
    found: list[list[Batch]] = []
    seen: set[int] = set()
    for batch in batches:
        if not found or found[-1][-1].loader != batch.loader or seen & set(batch.images):
            found.append([])
            seen = set()
        seen |= set(batch.images)
        found[-1].append(batch)
    return found


def _mean(batches: list[Batch], *, of_batches: bool = False) -> float:
    """The mean loss over the images of batches, or over the batches."""
    sizes = [1 if of_batches else len(batch.images) for batch in batches]
    return sum(batch.loss * size for batch, size in zip(batches, sizes, strict=True)) / sum(sizes)


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether two rows are the same, also where a training that diverged has left no numbers."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def close(found: Tensor, wanted: Tensor, slack: float, least: float = 1e-12) -> bool:
    """Whether entries differ by at most ``slack`` of the largest, or of ``least``."""
    scale = float(wanted.abs().max()) if wanted.numel() else 0.0
    return found.shape == wanted.shape and bool(((found - wanted).abs() <= slack * max(scale, least)).all())


def same_number(found: float, wanted: float) -> bool:
    """Whether both are finite and equal within a thousandth."""
    return math.isfinite(found) and abs(found - wanted) <= 1e-3 * max(1.0, abs(wanted))


def same_gradient(found: Tensor, wanted: Tensor, slack: float = SAME_GRADIENT) -> bool:
    """Whether entries are those of one gradient: the error of single precision, where nearly nothing is left to learn."""
    return close(found, wanted, slack, least=1e-4)


def same_step(found: Tensor, wanted: Tensor, error: float = 1e-12, slack: float = SAME_STEP) -> bool:
    """Whether entries are those of one step, to an ``error`` of rounding.

    On average, since Adam makes a whole step of a gradient of nearly nothing.
    """
    size = float(wanted.abs().mean())
    return float((found - wanted).abs().mean()) <= slack * size + error


def _away(found: Tensor, wanted: Tensor) -> str:
    return f"{float((found - wanted).abs().mean() / wanted.abs().mean().clamp(min=1e-12)):.0%} of a step away"


def followed(
    evidence: Evidence,
    probe: str,
    cell: str,
    *,
    network: str,
    data: Data,
    optimizer: Factory,
    told: str,
    losses: Mapping[str, Loss] = CROSS_ENTROPY,
    run: str = "",
) -> Training:
    """The training that ``probe`` watched after ``cell``, followed once for all hidden tests.

    Args:
        network: the probe that described the class; what is trained must be of its layers.
        data: images (N, C, H, W) and labels (N,) by loader, of the grading's seed, as the box drew them.
        optimizer: makes what is asked for, in the ``told`` words.
        losses: what may be minimised; the first is what is asked for.
        run: which one, of a probe that watched several.

    Raises:
        NotShown: the cell did not run, or stopped before it asked for a batch.
        Complaint: what it trained cannot be computed here.
    """
    key = ("followed", probe, run)
    if key not in evidence.judged:
        evidence.judged[key] = _followed(evidence, probe, cell, run, network, data, losses, optimizer, told)
    found = evidence.judged[key]
    if isinstance(found, AssertionError):
        raise found
    training: Training = found
    return training


def _followed(
    evidence: Evidence, probe: str, cell: str, run: str, network: str, data: Data, losses: Mapping[str, Loss],
    optimizer: Factory, told: str,
) -> Training | AssertionError:  # fmt: skip
    try:
        sent = evidence.document(probe, cell)
        tensors = evidence.tensors_of(probe)
        if run:
            sent, tensors = sent["runs"][run], _below(tensors, f"{run}.", "")
        document = _Document.model_validate(sent)
    except (ValidationError, KeyError, TypeError):
        return breach()
    except AssertionError as error:
        return error
    if document.problem and all(event.event != "batch" for event in document.events):
        return evidence.not_shown(cell, document.problem)
    if not document.events:
        return Training(next(iter(losses)))
    seed = evidence.record.seed
    described = evidence.record.found.get(network)
    if described is not None and not _is_of_the_class(document, described.document):
        return Complaint(
            "a network with other layers is trained", "the network of the class", "another network is built in this cell"
        )
    try:
        follower = _Follower(document, tensors, data(seed), losses, optimizer, told, seed, evidence.spent)
        training = follower.follow()
    except (KeyError, IndexError, ValueError):
        return breach()
    except NotSupported:
        raise
    except NotReplayable as error:
        return Complaint(f"a training that cannot be computed again: {error}", "that of the class's network", "")
    training.problem, training.returned = document.problem, _numbers(document.returned)
    return training
