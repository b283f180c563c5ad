"""Watch what a training does to real networks of the student's class: at each request for data, each gradient, each step.

The networks, the loss, the optimizer and the loop are the student's own; only the data are the grader's. What is noted are
entries of the parameters and of their gradients, which can be computed again outside from the data and the first parameters.
"""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data import DataLoader, TensorDataset

from . import draws, trace
from .loop import Alike, likeness, plainly
from .recorder import MAX_CONSTANT, Trace
from .replacing import each_new, same
from .reports import MOST_EVENTS

ENTRIES = 64  # of each parameter
MOST_NETWORKS = 8
MOST_NUMBERS, MOST_TENSORS = 4_000_000, 1_000  # of whole parameters of one network on the way


def places(sizes: dict[str, int], seed: int) -> dict[str, Tensor]:
    """Which entries of each parameter are noted: numbers (at most ``ENTRIES``,) of elements."""
    found = {}
    for number, (name, size) in enumerate(sizes.items()):
        generator = torch.Generator().manual_seed(seed * 1_000 + number)
        found[name] = torch.randperm(size, generator=generator)[:ENTRIES]
    return found


class Pass:
    """The pass over a loader that goes on now; it ends where an image is asked for again, or another loader is used."""

    def __init__(self) -> None:
        self._loader, self._seen = "", set[int]()

    def begins(self, loader: str, images: list[int]) -> bool:
        """Whether another one begins with this request, which belongs to it or to the one that goes on."""
        new = loader != self._loader or not self._seen.isdisjoint(images)
        self._loader, self._seen = loader, set(images) if new else self._seen | set(images)
        return new


class WatchedData(TensorDataset):
    """Images (N, C, H, W) and labels (N,) that note each request for some of them; also by the names of MNIST's parts."""

    def __init__(self, images: Tensor, labels: Tensor, note: Callable[[list[int]], None]) -> None:
        super().__init__(images, labels)
        self.data, self.targets = images[:, 0], labels
        self._note = note

    def __getitem__(self, index: Any) -> Any:
        self._note([int(index)])
        return tuple(part[index].clone() for part in self.tensors)

    def __getitems__(self, indices: list[int]) -> list[Any]:
        self._note([int(index) for index in indices])
        return [tuple(part[index].clone() for part in self.tensors) for index in indices]

    def __deepcopy__(self, _: Any) -> WatchedData:
        return self  # a copy of the loader asks for the same data


class _Tracked:
    """One network: the state in which it was first seen, and a row of entries for each event since."""

    def __init__(self, network: nn.Module, seed: int) -> None:
        self.network, self._seed = network, seed
        self.events: list[dict[str, Any]] = []
        self.parameters: list[Tensor] = []
        self.gradients: list[Tensor] = []
        self.has: list[Tensor] = []
        self.about: dict[str, Tensor] = {}
        self.start: dict[str, Tensor] = {}
        self.states: dict[int, dict[str, Tensor]] = {}
        self.buffers: dict[str, Tensor] = {}
        self.frozen: list[str] = []
        self._places: dict[str, Tensor] = {}
        self._hooks: list[Any] = []
        self._last: dict[str, Any] | None = None
        self._pass = Pass()
        self._in_backward = False
        self._thread, self._lock = threading.get_ident(), threading.RLock()

    def __deepcopy__(self, _: Any) -> _Tracked:
        return self

    def asked(self, event: dict[str, Any]) -> None:
        """A request for data."""
        self._last = event
        self.note(event)

    def note(
        self, event: dict[str, Any], tensors: dict[str, Tensor] | None = None, network: nn.Module | None = None
    ) -> None:
        """A row for an event, with what it was about; of another network with the same parameters, where one is given."""
        with self._lock:
            about = {f"about.{len(self.events)}.{name}": value.detach().clone() for name, value in (tensors or {}).items()}
            self.about |= about
            self._note(event | {"training": (network or self.network).training}, network)

    def _note(self, event: dict[str, Any], network: nn.Module | None) -> None:
        if len(self.events) >= MOST_EVENTS:
            if event["event"] == "batch":
                raise RuntimeError(f"more than {MOST_EVENTS} requests, gradients and steps in a training on a few images")
            return
        if not (self._places or self._begin(event)):
            return
        if threading.get_ident() != self._thread and self.events:
            # A thread that loads ahead asks at any moment of a step; the parameters then are those of the last event.
            for rows in (self.parameters, self.gradients, self.has):
                rows.append(rows[-1])
            self.events.append(event)
            return
        own = dict((network or self.network).named_parameters())
        if not self._places.keys() <= own.keys():
            return
        rows = [own[name].detach().reshape(-1) for name in self._places]
        grads = [own[name].grad for name in self._places]
        if any(row.numel() != self.start[name].numel() for row, name in zip(rows, self._places, strict=True)):
            return
        states = len(self.states) + 1
        fits = states * sum(row.numel() for row in rows) <= MOST_NUMBERS and states * len(rows) <= MOST_TENSORS
        begins = event["event"] == "batch" and self._pass.begins(event["loader"], event["images"])
        if begins and self.events and fits:
            self.states[len(self.events)] = {name: own[name].detach().cpu().float().clone() for name in self._places}
        self.events.append(event)
        places = list(self._places.values())
        self.parameters.append(torch.cat([row[place].float() for row, place in zip(rows, places, strict=True)]))
        taken = [
            torch.zeros(len(place)) if grad is None else grad.detach().reshape(-1)[place].float()
            for grad, place in zip(grads, places, strict=True)
        ]
        self.gradients.append(torch.cat(taken))
        self.has.append(torch.tensor([grad is not None for grad in grads]))

    def _begin(self, event: dict[str, Any]) -> bool:
        named = dict(self.network.named_parameters())
        if not named or any(nn.parameter.is_lazy(value) for value in self.network.parameters()):
            return False
        self._places = places({name: value.numel() for name, value in named.items()}, self._seed)
        for name, value in named.items():
            self.start[name] = value.detach().cpu().float().clone()
            if value.requires_grad:
                hook = value.register_post_accumulate_grad_hook(self._accumulated)  # type: ignore[no-untyped-call]
                self._hooks.append(hook)
            else:
                self.frozen.append(name)
        self.buffers = {name: value.detach().cpu().clone() for name, value in self.network.named_buffers()}
        if event["event"] != "batch" and self._last is not None:
            self.note(self._last)  # a lazy network has its parameters since it met these images
        return True

    def _accumulated(self, _: Tensor) -> None:
        if not self._in_backward:
            self._in_backward = True
            torch.autograd.Variable._execution_engine.queue_callback(self._backward)

    def _backward(self) -> None:
        self._in_backward = False
        self.note({"event": "backward"})

    def stepped(self, optimizer: Any) -> None:
        """An optimizer has stepped."""
        held = {id(value) for group in optimizer.param_groups for value in group["params"]}
        if any(id(value) in held for value in self.network.parameters()):
            self.note({"event": "step"})

    def leave(self) -> None:
        """Watch no longer."""
        for hook in self._hooks:
            hook.remove()

    @property
    def learnt(self) -> bool:
        """Whether any of its parameters changed, and has had a gradient."""
        return self._had_gradient and self._changed

    @property
    def moved(self) -> bool:
        """Whether any of its parameters changed, or has had a gradient."""
        return self._had_gradient or self._changed

    @property
    def _had_gradient(self) -> bool:
        return any(bool(has.any()) for has in self.has)

    @property
    def _changed(self) -> bool:
        return any(not torch.equal(self.parameters[0], row) for row in self.parameters[1:])


class Watch:
    """Loaders of the grader's data, and all networks of a class that are made while it is entered.

    Args:
        seed: of the entries that are noted.
        data: images (N, C, H, W) float32 and labels (N,) by the loader's name; ``train`` is shuffled.
        batch_size: of each loader.
    """

    def __init__(self, seed: int, data: dict[str, tuple[Tensor, Tensor]], batch_size: int) -> None:
        self._seed = seed
        self._tracked: list[_Tracked] = []
        self._shape = data["train"][0].shape[1:]
        self._leave = contextlib.ExitStack()
        self.labels: Tensor | None = None  # (N,), of the images that were asked for last
        self.data = {name: WatchedData(*parts, partial(self._request, name)) for name, parts in data.items()}
        self.loaders = {name: DataLoader(asked, batch_size, shuffle=name == "train") for name, asked in self.data.items()}

    def _request(self, loader: str, indices: list[int]) -> None:
        self.labels = self.data[loader].targets[indices]
        for tracked in self._tracked:
            tracked.asked({"event": "batch", "loader": loader, "images": indices})

    def note(self, event: dict[str, Any], **tensors: Tensor) -> None:
        """An event that concerns all networks."""
        for tracked in self._tracked:
            tracked.note(event, tensors)

    def track(self, network: nn.Module) -> None:
        """Follow a network from now on."""
        if len(self._tracked) >= MOST_NETWORKS:
            idle = next((one for one in self._tracked if not one.moved), self._tracked[0])
            idle.leave()
            self._tracked.remove(idle)
        self._tracked.append(_Tracked(network, self._seed))

    def __enter__(self) -> Watch:
        with contextlib.ExitStack() as watching:
            watching.enter_context(plainly())
            watching.enter_context(_without_dropout())

            def stepped(optimizer: Any, *_: Any) -> None:
                for tracked in self._tracked:
                    tracked.stepped(optimizer)

            watching.callback(register_optimizer_step_post_hook(stepped).remove)
            self._leave = watching.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for tracked in self._tracked:
            tracked.leave()
        self._leave.close()

    def evidence(self, model: Any = None) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What was done to the network that is ``model`` in the end, bare or wrapped or as a copy; else to the last trained.

        Where nothing was done to that one and another one has learnt, it is about the other one. ``is_other``, if the
        parameters of that one are not the other's either.

        Returns:
            document: ``events`` in order, each a ``batch`` (``loader``, numbers of its ``images``), ``backward``, ``step``,
            at last ``end``, or what else was noted, and whether the network was in ``training`` mode; ``programs``, the
            operations of a training pass, by size of a batch; ``names`` of the parameters in the order of the rows,
            ``frozen`` those without gradients;
            tensors: a row for each event: entries of the ``parameters`` and ``gradients`` (events, E), and which
            parameters have one, ``has`` (events, P); ``about.<number of the event>.<name>``; whole ``start.<name>`` and
            ``buffer.<name>`` at the first event, and ``state.<event>.<name>`` where a pass over a loader begins; the
            programs' ``const.<size>.<number>``.
        """
        parts = list(model.modules()) if isinstance(model, nn.Module) else []
        known = [one for one in self._tracked if any(same(one.network, part) for part in parts)]
        copies = [(one, part) for one in self._tracked for part in parts if type(part) is type(one.network)]
        final: nn.Module | None = None
        if not known and copies:
            moved = [pair for pair in copies if pair[0].moved] or copies
            known, final = [moved[-1][0]], moved[-1][1]
        chosen = known or [one for one in self._tracked if one.moved] or self._tracked
        if not chosen:
            return {"events": [], "programs": {}, "names": [], "frozen": []}, {}
        tracked = chosen[-1]
        learning = [one for one in self._tracked if one.learnt]
        is_other = False
        if learning and not tracked.moved:
            is_other = not _equal(final or tracked.network, learning[-1].network)
            tracked, final = learning[-1], None
        tracked.note({"event": "end"}, network=final)
        document: dict[str, Any] = {
            "events": tracked.events,
            "names": list(tracked.start),
            "frozen": tracked.frozen,
            "is_other": is_other,
        }
        if not tracked.events:
            return document | {"programs": {}}, {}
        tensors = {
            "parameters": torch.stack(tracked.parameters),
            "gradients": torch.stack(tracked.gradients),
            "has": torch.stack(tracked.has),
        }
        tensors |= tracked.about
        tensors |= {f"start.{name}": value for name, value in tracked.start.items()}
        tensors |= {f"buffer.{name}": value for name, value in tracked.buffers.items()}
        for event, state in tracked.states.items():
            tensors |= {f"state.{event}.{name}": value for name, value in state.items()}
        tracked.leave()
        document["programs"] = {}
        sizes = {len(event["images"]) for event in tracked.events if event["event"] == "batch"}
        for size in sorted(sizes)[-4:]:
            recorded = _program(tracked, size, self._shape, self._seed)
            document["programs"][str(size)] = recorded.document()
            small = ((number, one) for number, one in enumerate(recorded.constants) if one.numel() <= MAX_CONSTANT)
            tensors |= {f"const.{size}.{number}": value for number, value in small}
        return document, tensors


def _equal(one: nn.Module, other: nn.Module) -> bool:
    """Whether two networks have the same parameters, as one has that the other's were loaded into."""
    pairs = list(zip(one.parameters(), other.parameters(), strict=False))
    return bool(pairs) and all(torch.equal(*pair) for pair in pairs)


def _program(tracked: _Tracked, size: int, shape: torch.Size, seed: int) -> Trace:
    own = copy.deepcopy(tracked.network).to("cpu").float().train(True)
    with _without_dropout():
        return trace.record(own, trace.drawn_images(seed, (size, *shape)))


@contextlib.contextmanager
def _without_dropout() -> Iterator[None]:
    """Without noise, which nobody could compute again."""

    def as_it_is(images: Tensor, *_: Any, **__: Any) -> Tensor:
        return images

    with contextlib.ExitStack() as patched:
        for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"):
            patched.enter_context(mock.patch.object(nn.functional, name, as_it_is))
        yield


@contextlib.contextmanager
def tracking(watch: Watch, made: Any) -> Iterator[Any]:
    """Track each network that the class or function ``made`` makes meanwhile; gives what is to be called in its place."""

    def track(network: Any) -> None:
        if isinstance(network, nn.Module):
            watch.track(network)

    def make(*args: Any, **named: Any) -> Any:
        network = made(*args, **named)
        track(network)
        return network

    if not isinstance(made, type):
        yield make
        return
    with each_new(made, track):
        yield made


@contextlib.contextmanager
def lesson(made: Any, seed: int, outputs: int = 1) -> Iterator[tuple[Watch, Any, dict[str, Any]]]:
    """A watch with the data of :func:`.draws.lesson`, and what makes networks of the class ``made`` that it tracks.

    They are plain ones where the class does not work; the third part says which, for the document of a probe. Of two
    ``outputs`` of a network the logits are the first.
    """
    batch_size, data = draws.lesson(seed)
    own = usable(made, (batch_size, 1, 28, 28), draws.CLASSES, outputs)
    with Watch(seed, data, batch_size) as watch, tracking(watch, made if own else plain(made, outputs)) as make:
        yield watch, make, {"plain": not own, "shape": [draws.CLASSES], "outputs": outputs}


def plain(made: Any, outputs: int = 1) -> type[nn.Module]:
    """A linear class with the name of ``made``, whose networks have what else those of ``made`` have, to be looked at.

    They give logits (N, 10); of two ``outputs``, the flattened images (N, 784) are the second.
    """
    like = likeness(made)

    def init(self: Any, *_: Any, **__: Any) -> None:
        nn.Module.__init__(self)
        self.alike(like)
        self.weight, self.bias = nn.Parameter(torch.empty(10, 784)), nn.Parameter(torch.zeros(10))
        nn.init.normal_(self.weight, std=0.01)

    def forward(self: Any, images: Tensor, *_: Any, **__: Any) -> Any:
        features = images.flatten(1)
        logits = features @ self.weight.t() + self.bias
        return logits if outputs == 1 else (logits, features)

    return type(getattr(made, "__name__", "Network"), (Alike,), {"__init__": init, "forward": forward})


def usable(made: Any, shape: tuple[int, ...], classes: int, outputs: int = 1) -> bool:
    """Whether networks of ``made`` can be followed: they give logits (N, classes), the same each time.

    Gradients reach all weights that they use: those under ``torch.no_grad()`` would differ from what is computed again.
    Of two ``outputs``, the logits are the first of a pair.
    """
    images = trace.drawn_images(0, shape)
    try:
        network = made().to("cpu").train(True)
        with _without_dropout():
            recorded = trace.record(network, images.clone())
            found = [recorded.returned, network(images.clone())]
    except Exception:
        return False
    if recorded.unlearned:
        return False
    if outputs > 1:
        if not all(isinstance(one, (tuple, list)) and len(one) == outputs for one in found):
            return False
        found = [one[0] for one in found]
    first = found[0]
    return (
        isinstance(first, Tensor)
        and first.shape == (shape[0], classes)
        and first.is_floating_point()
        and first.requires_grad
        and torch.allclose(found[0], found[1], atol=1e-4, equal_nan=True)
    )
