"""Notice that a notebook's only training changes nothing, so that nobody waits for the rest of it.

A loop without a backward pass, without a step of its optimizer, or with a learning rate of 0 goes over its images for hours
and leaves every weight as it was. Two whole passes over one loader are taken for the proof of that where gradients were
computed; without gradients, a pass may have been a look at the data, so three are.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader

WITH_GRADIENTS, WITHOUT = 2, 3
SHORT = 4  # batches; a training of fewer is over before anybody has looked


@dataclass
class _Pass:
    """A pass over a loader: the state of all weights when it began, and how many whole passes before it left them so."""

    batches: Any
    state: bytes | None
    unchanged: int = 0

    @property
    def whole(self) -> bool:
        given: int = getattr(self.batches, "_num_yielded", 0)
        return given >= len(self.batches)


class Passes:
    """Counts the passes of training cells over loaders in which no weight of any network changed.

    ``stalled`` is called when there were enough of them.
    """

    def __init__(self, stalled: Callable[[], None]) -> None:
        self._stalled = stalled
        self._watching = False
        self._last: weakref.WeakKeyDictionary[Any, _Pass] = weakref.WeakKeyDictionary()
        begin = DataLoader.__iter__

        def begin_and_look(loader: Any) -> Any:
            batches = begin(loader)
            if self._watching:
                with contextlib.suppress(Exception):  # a look must not disturb what it looks at
                    self._look(loader, batches)
            return batches

        DataLoader.__iter__ = begin_and_look  # type: ignore[method-assign]

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """While a training cell runs."""
        self._watching = True
        try:
            yield
        finally:
            self._watching = False
            self._last.clear()

    def _look(self, loader: Any, batches: Any) -> None:
        if loader.num_workers or len(loader) < SHORT:
            return
        before = self._last.get(loader)
        if before is not None and before.state is None:
            return
        weights = _weights()
        now = self._last[loader] = _Pass(batches, _state(weights))
        if before is None or not before.whole:
            return
        if not weights or now.state != before.state:
            now.state = None  # it learns
            return
        now.unchanged = before.unchanged + 1
        gradients = any(weight.grad is not None for weight in weights)
        if now.unchanged >= (WITH_GRADIENTS if gradients else WITHOUT):
            self._watching = False
            self._stalled()


def _weights() -> list[torch.Tensor]:
    """All tensors of this process that gradients are computed for, in an order that no collection of garbage changes."""
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]
    return sorted((tensor for tensor in found if tensor.is_leaf and tensor.requires_grad), key=id)


def _state(weights: list[torch.Tensor]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    with torch.no_grad():
        for weight in weights:
            digest.update(weight.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy().tobytes())
    return digest.digest()
