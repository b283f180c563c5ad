"""Keep evidence by the content it depends on, so that nothing is run twice."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from ..assignment import Assignment
from ..datasets import decoy
from ..sandbox.mounts import PACKAGE
from ..sandbox.tiers import UNISOLATED
from .collect import collect
from .evidence import Evidence
from .notes import NAME as NOTES
from .plan import Cell, Options, cells_to_run, versions

SEEDS = 2**31


def _hash(cells: list[Cell], assignment: Assignment, options: Options) -> str:
    """Content hash of everything that evidence depends on: code that runs, probes, box code, data, versions, profile."""
    digest = hashlib.sha256()
    images = assignment.profile(options.profile).test_images
    parts = [[vars(cell) for cell in cells], options.profile, images, options.device, versions(), decoy.VERSION]
    parts += [assignment.settings.dataset, *(f"{path.name} {_content(path)}" for path in assignment.files)]
    parts += ["everything"] if options.everything else []
    parts += [] if options.speedups else ["no speed-ups"]
    # Of the tiers one is as good as another; what ran in none of them must never be taken for it.
    parts += [UNISOLATED] if options.unisolated else []
    digest.update(json.dumps(parts, sort_keys=True).encode())
    digest.update(assignment.probes.read_bytes() + _box_code())
    return digest.hexdigest()


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _box_code() -> bytes:
    return b"".join(path.read_bytes() for path in sorted((PACKAGE / "inside").glob("*.py")))


@dataclass(frozen=True)
class Place:
    """Where the evidence of one submission belongs, and what is there; ``folder`` is None where nothing is kept."""

    folder: Path | None = None
    kept: Evidence | None = None

    def keep(self, found: Evidence) -> None:
        """Keep evidence from a box, unless another submission of the same content was faster."""
        if self.folder is not None and Evidence.load(self.folder) is None:
            found.save(self.folder)
            found.notes.path = self.folder / NOTES


def look_up(notebook: NotebookNode, assignment: Assignment, options: Options) -> Place:
    """The place of a submission in the store that ``options`` name."""
    if options.store is None:
        return Place()
    cells = cells_to_run(notebook, assignment.profile(options.profile), options.everything)
    folder = options.store / _hash(cells, assignment, options)
    if (kept := Evidence.load(folder)) is not None:
        with contextlib.suppress(OSError):
            os.utime(folder)  # when it was last of use, for prune
    return Place(folder, kept)


def seed_of(notebook: NotebookNode, assignment: Assignment, options: Options) -> int:
    """A seed that no submission can know; what probes draw follows from it.

    It is the same whenever the same is run with the same secret, in whatever company; any other answer has another one.
    """
    if not options.secret:
        return secrets.randbelow(SEEDS)
    cells = cells_to_run(notebook, assignment.profile(options.profile), options.everything)
    content = _hash(cells, assignment, replace(options, speedups=True))  # speed-ups change no outcome
    return int.from_bytes(hmac.digest(options.secret, content.encode(), "sha256")) % SEEDS


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
    if place.kept is not None:
        return place.kept
    seed = seed_of(notebook, assignment, options)
    found = collect(notebook, assignment, options, seed=seed, stop=stop)
    if not found.out_of_gpu_memory:  # with more room it may go well
        place.keep(found)
    return found
