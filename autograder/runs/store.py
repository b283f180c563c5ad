"""Keep evidence by the content it depends on, so that nothing is run twice."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from ..assignment import Assignment
from .collect import collect
from .evidence import Evidence
from .keys import Keys, of_evidence, seed_of
from .notes import NAME as NOTES
from .plan import Options, cells_to_run


@dataclass(frozen=True)
class Place:
    """Where the evidence of one submission is kept; nowhere if there is no ``store``. See :class:`.plan.Options`."""

    store: Path | None
    keys: Keys
    fresh: bool = False

    @property
    def known(self) -> Path | None:
        """The folder of the evidence that is kept, of this text or else of this code."""
        if self.store is None or self.fresh:
            return None
        for folder in (self.store / self.keys.by_text, self.store / self.keys.by_code):
            if Evidence.load(folder) is not None:
                with contextlib.suppress(OSError):
                    os.utime(folder)  # when it was last of use, for prune
                return folder
        return None

    def keep(self, found: Evidence) -> Path | None:
        """Keep evidence from a box, unless another submission of the same content was faster; where it is, if anywhere."""
        if self.store is None or found.out_of_gpu_memory:  # with more room it may go well
            return None
        folder = self.store / (self.keys.by_text if found.tells_of_text else self.keys.by_code)
        if self.fresh:  # what is known of the text comes before what is known of the code
            shutil.rmtree(self.store / self.keys.by_text, ignore_errors=True)
        if self.fresh or Evidence.load(folder) is None:
            found.save(folder)
            found.notes.path = folder / NOTES
        return folder


def look_up(notebook: NotebookNode, assignment: Assignment, options: Options) -> Place:
    """The place of a submission in the store that ``options`` name."""
    cells = cells_to_run(notebook, assignment.profile(options.profile), options.everything)
    return Place(options.store, of_evidence(cells, assignment, options), options.fresh)


def gather(
    notebook: NotebookNode,
    assignment: Assignment,
    options: Options,
    stop: Callable[[], bool] = lambda: False,
) -> Evidence:
    """Evidence from the store if it is there, else from a box.

    Raises:
        CannotIsolate: no box could be started on this machine.
        Stopped: ``stop`` said so while the box ran.
    """
    place = look_up(notebook, assignment, options)
    if (folder := place.known) is not None and (kept := Evidence.load(folder)) is not None:
        return kept
    cells = cells_to_run(notebook, assignment.profile(options.profile), options.everything)
    found = collect(notebook, assignment, options, seed=seed_of(cells, assignment, options), stop=stop)
    place.keep(found)
    return found
