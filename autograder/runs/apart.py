"""Gather the evidence of a student's submission, all of which is read in a child; here are a folder and a few figures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode

from ..assignment import Assignment, load
from ..child import Plain
from ..limited import Budget, Children, Lease
from ..notebooks.notebook import as_notebook
from ..sandbox import tiers
from ..sandbox.box import CannotIsolate
from .collect import Boxes, Job, run
from .evidence import Evidence
from .frames import Malformed
from .keys import seed_of
from .plan import Options, cells_to_run, choose_device
from .store import Place, look_up

BUDGET = Budget("to read", seconds=60.0, wall=600.0, memory=2 << 30)
"""For all that the boxes of one submission send, 256 MiB at most."""
LOOKING = Budget("to look for a GPU", seconds=60.0, wall=120.0, memory=16 << 30)
"""A driver may map much memory."""


@dataclass
class Kept:
    """Evidence in a ``folder``, which is removed with this object if it is no store's.

    ``crowded`` says that a cell or a probe found no memory on the GPU.
    """

    folder: Path
    crowded: bool = False
    scratch: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for evidence that no store keeps."""
    return tempfile.TemporaryDirectory(prefix="autograder-evidence-")


def gather(
    children: Children,
    notebook: bytes,
    assignment: Assignment,
    options: Options,
    stop: Callable[[], bool] = lambda: False,
) -> Kept:
    """Evidence of a restored notebook, given as JSON: from the store if it is there, else from boxes.

    Raises:
        CannotIsolate: no box could be started on this machine.
        Stopped: ``stop`` said so while the box ran.
        Breach: what the boxes sent took more than :data:`BUDGET`. Ended, Failed: as for any child.
    """
    with children.lease(BUDGET) as lease:
        if kept := lease.ask(_begin, **described(notebook, assignment, options))["kept"]:
            return Kept(Path(kept))
        options = replace(options, isolation=tiers.chosen(options.isolation))
        lease.ask(_start, isolation=options.isolation)
        run(_Apart(lease), assignment, options, stop)
        own = scratch()
        kept = lease.ask(_keep, scratch=own.name)
        return Kept(Path(kept["folder"]), kept["crowded"], own)


def is_known(children: Children, notebook: bytes, assignment: Assignment, options: Options) -> bool:
    """Whether the store has the evidence of a restored notebook, given as JSON."""
    return bool(children.ask(_begin, BUDGET, **described(notebook, assignment, options))["kept"])


def device_here(children: Children, wanted: str) -> str:
    """See :func:`.plan.choose_device`; only a child imports torch to find out."""
    return wanted if wanted != "auto" else str(children.ask(_device, LOOKING)["device"])


def described(notebook: bytes, assignment: Assignment, options: Options) -> Plain:
    """A submission for a child, which makes of it what :class:`Asked` holds."""
    return {"notebook": notebook, "assignment": str(assignment.folder), "options": options.as_plain()}


@lru_cache(maxsize=2)
def assignment_of(folder: str) -> Assignment:
    """The assignment of a folder, read once in this process."""
    return load(Path(folder))


@dataclass
class _Apart:
    """Boxes whose state is in a child."""

    lease: Lease

    def next(self) -> Job:
        return Job(**self.lease.ask(_next))

    def take(self, text: bytes, blob: bytes) -> float:
        return float(self.lease.ask(_take, Malformed, text=text, blob=blob)["until"])

    def ended(self, problem: str, seconds: float, peak: int) -> bool:
        return bool(self.lease.ask(_ended, CannotIsolate, problem=problem, seconds=seconds, peak=peak)["again"])


# In a child.


def _device() -> Plain:
    return {"device": choose_device("auto")}


# What it knows of the submission that it has now:


class Asked:
    """A submission in a child: what :func:`described` says, and its place in the store."""

    def __init__(self, notebook: bytes, assignment: str, options: Plain) -> None:
        self.notebook: NotebookNode = as_notebook(json.loads(notebook))
        self.assignment = assignment_of(assignment)
        self.options = Options.of_plain(options)
        self.place: Place = look_up(self.notebook, self.assignment, self.options)

    @property
    def kept(self) -> str:
        """The folder of its evidence; empty if there is none."""
        return str(self.place.known or "")

    @property
    def seed(self) -> int:
        """See :func:`.keys.seed_of`."""
        profile = self.assignment.profile(self.options.profile)
        return seed_of(cells_to_run(self.notebook, profile, self.options.everything), self.assignment, self.options)

    def keep(self, found: Evidence, scratch: str) -> Plain:
        """Keep evidence in the store, or in a scratch folder what does not belong there; the fields of :class:`Kept`."""
        folder = self.place.keep(found)
        if folder is None or self.options.fresh:  # the next fresh run of the same code replaces it
            found.save(folder := Path(scratch) / "evidence")
        return {"folder": str(folder), "crowded": found.out_of_gpu_memory}


_now: tuple[Asked, Boxes | None] | None = None


def _begin(**submission: object) -> Plain:
    global _now
    asked = Asked(**submission)  # type: ignore[arg-type]
    _now = asked, None
    return {"kept": asked.kept}


def _start(isolation: str) -> Plain:
    global _now
    asked, _ = _at_work()
    _now = asked, Boxes(asked.notebook, asked.assignment, replace(asked.options, isolation=isolation), asked.seed)
    return {}


def _at_work() -> tuple[Asked, Boxes]:
    assert _now is not None
    return _now  # type: ignore[return-value]


def _next() -> Plain:
    job = _at_work()[1].next()
    return {"text": job.text, "seconds": job.seconds}


def _take(text: bytes, blob: bytes) -> Plain:
    return {"until": _at_work()[1].take(text, blob)}


def _ended(problem: str, seconds: float, peak: int) -> Plain:
    return {"again": _at_work()[1].ended(problem, seconds, peak)}


def _keep(scratch: str) -> Plain:
    asked, boxes = _at_work()
    return asked.keep(boxes.evidence, scratch)
