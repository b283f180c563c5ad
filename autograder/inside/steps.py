"""Count, for each pass of a training cell over a loader, the optimizers' steps after the batches that it gave.

A loop may do with small batches all that is asked for, and end its passes over large data early: a ``break`` that was left
from trying it out, a step for large losses only.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data.dataloader import _BaseDataLoaderIter

from .reports import MOST_PASSES


@dataclass
class _Pass:
    """A pass over a loader of ``batches`` batches, and how many steps were taken while one of them was the latest."""

    batches: int
    steps: int = 0


class Steps:
    """Counts while :meth:`counting`; there is one for a process."""

    def __init__(self) -> None:
        self._passes: list[_Pass] = []
        # Held weakly: when a pass ends, with its worker processes, is the student's affair.
        self._latest: weakref.WeakKeyDictionary[Any, _Pass] = weakref.WeakKeyDictionary()
        self._now: _Pass | None = None
        self._counting = False
        advance = _BaseDataLoaderIter.__next__

        def advance_and_note(given: Any) -> Any:
            batch = advance(given)
            if self._counting:
                with contextlib.suppress(Exception):  # counting must not disturb what it counts
                    self._note(given)
            return batch

        def step(*_: Any) -> None:
            if self._counting and self._now is not None:
                self._now.steps += 1

        _BaseDataLoaderIter.__next__ = advance_and_note  # type: ignore[assignment,method-assign]
        register_optimizer_step_post_hook(step)

    def _note(self, given: Any) -> None:
        """``given`` has handed out a batch. With workers that are kept, one object makes all passes over a loader."""
        if given._num_yielded == 1:
            self._latest[given] = new = _Pass(len(given))
            if len(self._passes) < MOST_PASSES:
                self._passes.append(new)
        self._now = self._latest.get(given)

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """While a training cell runs."""
        self._passes, self._now, self._counting = [], None, True
        try:
            yield
        finally:
            self._counting, self._now = False, None

    def found(self) -> list[list[int]]:
        """``[batches of the loader, steps]`` of each pass of the last cell with a step, in order; forgets them."""
        passes, self._passes = self._passes, []
        return [[one.batches, one.steps] for one in passes if one.steps]
