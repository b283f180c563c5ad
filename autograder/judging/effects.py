"""Judge a training by its effects: compute its steps again from the first parameters, and find where they part.

The network, its optimizer and its loop are real (:mod:`autograder.inside.effects`); what the box says of gradients and
parameters counts only where it is what comes out here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, one_hot, softmax

from ..inside import draws, effects, trace
from ..networks.comparison import Complaint
from ..networks.replay import NotReplayable, NotSupported, Program
from ..runs.evidence import Evidence, Spent
from .optimizers import Factory, Optimizer, other_optimizer
from .training import Batch, Training, Weights, passes_of


class _Slack(NamedTuple):
    """How far what was sent may be from what comes out here: of a gradient's largest entry, of a step's mean entry."""

    gradient: float
    step: float


EXACTLY = _Slack(2e-3, 0.02)  # where the parameters are known: sums in another order differ by less
ABOUT = _Slack(2e-2, 0.1)  # after steps, in which rounding decides where a gradient is nearly 0
DIVERGED = 20.0  # times the first loss: from there on rounding decides what comes out
MOST_WAITING = 24  # batches that were asked for and may yet be learnt
EPSILON = 2**-23  # of single precision
LEAST_DECAY = 1e-6  # of a parameter, in a step; AdamW as it comes takes 1e-5 at learning rate 0.001
ROUNDING = 1e-5  # of the largest gradient; a bias before a batch normalisation has no other one
SAME_STATE = 0.1  # of the way since the last pass

MOST = 1_000  # events, names, batches of one size: many times what an honest run sends
NOISE = ("bernoulli", "dropout", "rand", "normal", "uniform")  # in the names of operations that make some

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


def multiplied(factor: float, asked: str, plain: str) -> dict[str, Loss]:
    """:data:`CROSS_ENTROPY`, each loss so many times as large: by its name ``asked`` the first, ``plain`` as it was."""

    def times(loss: Loss) -> Loss:
        return lambda logits, labels: factor * loss(logits, labels)

    first, *others = CROSS_ENTROPY
    names = {asked: first} | {name: name for name in others}
    found = {name: times(CROSS_ENTROPY[kind]) for name, kind in names.items()}
    return {asked: found.pop(asked), plain: CROSS_ENTROPY[first], **found}


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
    is_other: bool = False
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


class _Follower:
    """Computes a training again, event by event."""

    def __init__(
        self, document: _Document, tensors: Mapping[str, Tensor], data: dict[str, tuple[Tensor, Tensor]],
        losses: Mapping[str, Loss], optimizer: Factory, told: str, seed: int, spent: Spent,
    ) -> None:  # fmt: skip
        self._losses, self._asked = losses, next(iter(losses))
        self._events, self._data, self._told = document.events, data, told
        names, frozen = list(document.names), set(document.frozen)
        self._weights = {name: tensors[f"start.{name}"].clone().requires_grad_(name not in frozen) for name in names}
        self._learning = [name for name in names if name not in frozen]
        self._buffers = {name: value.clone() for name, value in _below(tensors, "buffer.", "").items()}
        self._programs = {int(size): Program(one, {}, spent) for size, one in document.programs.items()}
        self._constants = {size: _below(tensors, f"const.{size}.", "const.") for size in self._programs}
        self._places = effects.places({name: self._weights[name].numel() for name in names}, seed)
        self._rows, self._gradients, has = (tensors[key] for key in ("parameters", "gradients", "has"))
        shape = (len(self._events), sum(map(len, self._places.values())))
        if self._rows.shape != shape or self._gradients.shape != shape or has.shape != (shape[0], len(names)):
            raise NotReplayable("rows of another size than the network's")
        if not close(self._rows[0], self._entries({name: value.detach() for name, value in self._weights.items()}), 1e-6):
            raise NotReplayable("a first row that is not that of the first parameters")
        self._optimizer: Optimizer = optimizer()
        self._history: list[Tensor] = []  # entries of the gradients of each step
        self._about = _below(tensors, "about.", "")
        self._computed_logits: dict[Batch, tuple[Tensor, Tensor]] = {}  # at the present parameters
        self._left: Weights = {}  # the gradients that are at the parameters
        self._fresh: Batch | None = None  # whose gradients were computed since the last step
        self._was_put_back = False
        self._slack = EXACTLY  # at the present parameters
        self._sent: dict[int, Weights] = {}  # whole parameters, by row
        for key in tensors:
            if key.startswith("state."):
                _, row, name = key.split(".", 2)
                self._sent.setdefault(int(row), {})[name] = tensors[key]
        self._compared = {name: value.detach().clone() for name, value in self._weights.items()}
        self._lost = False  # whether nobody knows the parameters
        self._known: list[tuple[int, Weights]] = []  # the parameters since each row in which they changed
        self.found = Training(self._asked, len(data["train"][1]), network=self._outputs)
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
            if row in self._sent:
                self._compare(row, self._sent[row])
            if event.event == "backward":
                self._backward(row)
                self.found.modes.add(event.training)
            elif event.event in ("forward", "loss"):
                self._called(row, event)
            elif event.event == "batch":
                self._look()
                self.found.batches.append(Batch(event.loader, event.images, event.training))
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
        self._lost, self._compared, self._slack = False, state, EXACTLY
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
        outputs, labels = (self._about.get(f"{row}.{name}") for name in ("outputs", "labels"))
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
        return next((kind for kind, one in kinds.items() if close(outputs, one, ABOUT.gradient)), None)

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
        latest = [batch for each in reversed(passes_of(batches)) for batch in each]
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
                        if same_gradient(seen, self._entries(total), self._slack.gradient):
                            self._computed(batch, kind, value, total, again=total is not own)
                            return
        if self._is_with_penalty(batches[0], seen):
            self.found.confirmed = True
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
        self.found.confirmed = True
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
            and not same_gradient(seen, self._entries(self._left), self._slack.gradient)
        ):
            self._backward(row)  # gradients that were asked for and put there by hand
        fresh, change = self._fresh, self._rows[row] - self._rows[row - 1]
        nothing = not seen.any() and not same_gradient(seen, self._entries(self._left), self._slack.gradient)
        if not by_hand:
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
        tells = self._telling()
        change, wanted = change[tells], self._entries(steps)[tells]
        if not same_step(change, wanted, error, self._slack.step):
            factor = self._other(change, wanted, [each[tells] for each in self._history])
            if factor is None:
                return
            steps = {name: step * factor for name, step in steps.items()}
        elif len(self._history) == 1 and not by_hand:
            self._look_for_decay(change - wanted, self._rows[row - 1][tells])
        found.confirmed = True  # also of who computes them without a backward pass: the step shows them
        self._computed_logits.clear()
        self._slack = ABOUT
        with torch.no_grad():
            for name, step in steps.items():
                self._weights[name] += step
        if not all(bool(value.isfinite().all()) for value in self._weights.values()):
            self._diverge()

    def _telling(self) -> Tensor:
        """Which entries (E,) have had a gradient that is more than rounding: of rounding, Adam makes whole steps too."""
        largest = torch.stack(self._history).abs().amax(0)
        return (largest >= ROUNDING * largest.max()) | (largest == 0)

    def _look_for_decay(self, left: Tensor, weights: Tensor) -> None:
        """Note a first step that makes the parameters smaller besides, as AdamW does: too little to show in its length.

        ``left`` is what remains of it without the step that was asked for, mostly rounding.
        """
        share = float(left @ weights) / max(float(weights @ weights), 1e-12)
        explained = 1 - float((left - share * weights).square().sum()) / max(float(left.square().sum()), 1e-24)
        if -share > LEAST_DECAY and explained > 0.5:
            self.found.fault(
                "optimizer", f"step 1 also takes {-share:.1g} of each parameter from it", f"steps of {self._told} alone",
                "weight decay: AdamW in place of Adam, or the argument weight_decay",
            )  # fmt: skip

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
        if factor <= 0 or not same_gradient(seen, left * factor, self._slack.gradient):
            return None
        return {name: value * factor for name, value in self._left.items()}

    def _other(self, change: Tensor, wanted: Tensor, gradients: list[Tensor]) -> float | None:
        """Note that a step is another one; how many times as long it is, if nothing else."""
        number = len(gradients)
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
        other = other_optimizer(gradients, change, same_step) if number == 1 else None
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
        # One that takes batches of one size alone does not work with the last one.
        broken = described.get("problem") or described.get("unlearned") or network.get("single_problem")
        return bool(broken or noise or shape[1:] != document.shape)
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


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether two rows are the same, also where a training that diverged has left no numbers."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def close(found: Tensor, wanted: Tensor, slack: float, least: float = 1e-12) -> bool:
    """Whether entries differ by at most ``slack`` of the largest, or of ``least``."""
    scale = float(wanted.abs().max()) if wanted.numel() else 0.0
    return found.shape == wanted.shape and bool(((found - wanted).abs() <= slack * max(scale, least)).all())


def same_gradient(found: Tensor, wanted: Tensor, slack: float = EXACTLY.gradient) -> bool:
    """Whether entries are those of one gradient: the error of single precision, where nearly nothing is left to learn."""
    return close(found, wanted, slack, least=1e-4)


def same_step(found: Tensor, wanted: Tensor, error: float = 1e-12, slack: float = EXACTLY.step) -> bool:
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
    optimizer: Factory,
    told: str,
    losses: Mapping[str, Loss] = CROSS_ENTROPY,
    run: str = "",
) -> Training:
    """The training that ``probe`` watched after ``cell``, followed once for all hidden tests.

    Args:
        network: the probe that described the class; what is trained must be of its layers.
        optimizer: makes what is asked for, in the ``told`` words.
        losses: what may be minimised; the first is what is asked for.
        run: which one, of a probe that watched several.

    Raises:
        NotShown: the cell did not run, or stopped before it asked for a batch.
        Complaint: what it trained cannot be computed here.
    """
    key = ("followed", probe, run)
    if key not in evidence.judged:
        evidence.judged[key] = _followed(evidence, probe, cell, run, network, losses, optimizer, told)
    found = evidence.judged[key]
    if isinstance(found, AssertionError):
        raise found
    training: Training = found
    return training


def _followed(
    evidence: Evidence, probe: str, cell: str, run: str, network: str, losses: Mapping[str, Loss], optimizer: Factory,
    told: str,
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
    seed = evidence.record.seed
    data = draws.lesson(seed)[1]  # as the box drew them
    if document.problem and all(event.event != "batch" for event in document.events):
        return evidence.not_shown(cell, document.problem)
    if not document.events:
        return Training(next(iter(losses)), len(data["train"][1]))
    described = evidence.record.found.get(network)
    if described is not None and not _is_of_the_class(document, described.document):
        return Complaint(
            "a network with other layers is trained", "the network of the class", "another network is built in this cell"
        )
    try:
        follower = _Follower(document, tensors, data, losses, optimizer, told, seed, evidence.spent)
        training = follower.follow()
    except (KeyError, IndexError, ValueError):
        return breach()
    except NotSupported:
        raise
    except NotReplayable as error:
        return Complaint(f"a training that cannot be computed again: {error}", "that of the class's network", "")
    training.problem, training.returned = document.problem, _numbers(document.returned)
    training.is_other = document.is_other
    return training
