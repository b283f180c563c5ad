"""A stand-in network and loader, to see what an evaluation in student code counts, in which mode, and on what device."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from . import draws, loop, replacing


class _Seen:
    """How a network and its copies were used: values of ``training``, whether gradients were on, how often it was called."""

    def __init__(self) -> None:
        self.modes: set[bool] = set()
        self.grads: set[bool] = set()
        self.calls = 0

    def __deepcopy__(self, _: Any) -> _Seen:
        # Who evaluates a copy, so as to leave the network's mode as it is, evaluates the network.
        return self


class StandIn(loop.Alike):
    """A linear network that answers another class while it is in training mode, and notes how it was used."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self._seen = _Seen()

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of images (N, 1, 28, 28)."""
        self._seen.modes.add(self.training)
        self._seen.grads.add(torch.is_grad_enabled())
        self._seen.calls += 1
        if images.is_floating_point():
            images = images.to(self.weight.dtype)  # float64 is no mistake
        return draws.answers(self.weight, images, self.training)

    def document(self) -> dict[str, Any]:
        """How it was used."""
        return {
            "used_in_training_mode": True in self._seen.modes,
            "used_in_evaluation_mode": False in self._seen.modes,
            "used_with_gradients": True in self._seen.grads,
            "calls": self._seen.calls,
        }


class WatchedBatches(loop.Batches):
    """A loader that remembers the tensors it hands out: images at even places, labels at odd ones."""

    def __init__(self, batches: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__(batches)
        self.handed: list[Tensor] = []

    def __iter__(self) -> Any:
        for pair in super().__iter__():
            self.handed += pair
            yield pair


TAKES_BOTH = {"__getitem__", "__setitem__", "copy_", "type_as"}  # operations that join the processor's and a device's


class NoteMoves(torch.overrides.TorchFunctionMode):
    """Notes which of the loader's tensors are sent to a device, and whether what came back is used, whatever the device is.

    Without a GPU, ``images.to(device)`` gives the same tensor, so that it makes no difference whether the result is kept.
    Here it gives a copy, and operations are followed as if the copy, the network and what is computed of them were on a
    device and all else was not.
    """

    def __init__(self, loader: WatchedBatches, network: nn.Module) -> None:
        super().__init__()
        self._loader = loader
        self._taken = 0
        # By id: the tensor, held so that its id stays its own, and the places of the handed tensors it was computed of.
        self._left: dict[int, tuple[Tensor, set[int]]] = {}
        self._there: dict[int, tuple[Tensor, set[int]]] = {id(one): (one, set()) for one in network.parameters()}
        self._copies: dict[int, Tensor] = {}
        self._used: set[int] = set()
        self._mixed: set[int] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        for place in range(self._taken, len(self._loader.handed)):
            self._left[id(self._loader.handed[place])] = (self._loader.handed[place], {place})
        self._taken = len(self._loader.handed)
        name, result = getattr(func, "__name__", ""), func(*args, **kwargs)
        met = _tensors([args, kwargs])
        there = [self._there[id(one)][1] for one in met if id(one) in self._there]
        left = [self._left[id(one)][1] for one in met if id(one) in self._left]
        self._used |= set().union(*there)
        if _changes_device(name, args, kwargs) and (there or left):
            return self._moved(args[0], result, name)
        if there and name not in TAKES_BOTH:
            # A single number may stay where it is.
            self._mixed |= set().union(*(self._left[id(one)][1] for one in met if id(one) in self._left and one.ndim))
        places = set().union(*there, *left)
        for one in _tensors(result) if there or left else []:
            (self._there if there else self._left)[id(one)] = (one, places)
        return result

    def _moved(self, given: Tensor, result: Tensor, name: str) -> Tensor:
        """The result of a move as a tensor of its own; what comes back from a device is followed no further."""
        if isinstance(given, nn.Parameter) or (name == "cpu" and id(given) in self._left):
            return result
        result = result.clone() if result is given else result
        if id(given) in self._left:
            places = self._left[id(given)][1]
            self._there[id(result)] = (result, places)
            self._copies |= dict.fromkeys(places, result)
        return result

    def sent(self) -> list[int]:
        """Places of the tensors for which a move was called."""
        return sorted(self._copies)

    def moved(self, values: Iterable[Any], stopped: bool) -> list[int]:
        """Places of those whose moved copies are used in place of them.

        What is not used may be kept in one of the cell's ``values``, or would have been used had the cell not ``stopped``.
        """
        shown = [one for value in values for one in (value if isinstance(value, (list, tuple)) else [value])]
        kept = {place % 2 for place, copy in self._copies.items() if any(copy is one for one in shown)}
        return [
            place
            for place in self.sent()
            if place not in self._mixed and (stopped or place in self._used or place % 2 in kept)
        ]


CONVERT = ("as_tensor", "asarray", "tensor")  # functions of a tensor, among others, with a keyword for the device


def _changes_device(name: str, args: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a tensor is asked for on another device, not only for another type of numbers."""
    if name in CONVERT:
        return isinstance(next(iter(args), None), Tensor) and kwargs.get("device") is not None
    wanted = [*args[1:2], kwargs.get("device"), kwargs.get("other")]
    return name in ("cuda", "cpu") or (
        name == "to" and any(isinstance(one, (torch.device, str, int, Tensor)) for one in wanted)
    )


def _tensors(value: Any) -> list[Tensor]:
    """The tensors in a value, in lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return [tensor for one in inner for tensor in _tensors(one)]


@contextlib.contextmanager
def loaded(stand_in: nn.Module, network: Any) -> Iterator[None]:
    """Let whoever loads the weights of ``network`` from a file, into it or into a new one of its class, have the stand-in.

    The file was written before, so it does not know the stand-in's weights.
    """
    kind, load = type(network), nn.Module.load_state_dict
    known = [set(one.state_dict()) for one in (network, stand_in) if isinstance(one, nn.Module)]

    def load_or_become(module: Any, state: Any, *args: Any, **named: Any) -> Any:
        of_it = isinstance(network, nn.Module) and (module is stand_in or type(module) in (kind, type(stand_in)))
        if not of_it or not isinstance(state, Mapping) or set(state) not in known:
            return load(module, state, *args, **named)
        if not replacing.same(module, stand_in):
            replacing.becomes(undo, module, stand_in)
        return load(module, {}, strict=False)

    with contextlib.ExitStack() as undo, mock.patch.object(nn.Module, "load_state_dict", load_or_become):
        yield


def mode(network: Any) -> bool:
    """The mode that a stand-in for ``network`` begins in: training, unless the student's code left that one in another."""
    return bool(getattr(network, "training", True))


def stand_ins(seed: int, batch: int | None = None) -> tuple[StandIn, WatchedBatches]:
    """A network in training mode and a loader, about a third of whose images it gets wrong (:func:`.draws.classified`)."""
    weight, images, labels = draws.classified(seed, batch)
    return StandIn(weight).train(True), WatchedBatches(list(zip(images, labels, strict=True)))
