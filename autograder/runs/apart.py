"""Gather the evidence of a student's submission, all of which is read in a child; here are a folder and a few figures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..assignment import Assignment, load
from ..child import Plain
from ..limited import Budget, Children, Lease
from ..notebooks.notebook import as_notebook
from ..sandbox import tiers
from ..sandbox.box import CannotIsolate
from . import store
from .collect import Boxes, Job, run
from .evidence import Evidence
from .frames import Malformed
from .options import Options, choose_device
from .plan import Plan, planned

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
        tier = tiers.chosen(options.isolation)
        lease.ask(_start, tier=tier)
        run(Apart(lease), assignment, options, tier, stop)
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
    """A submission for a child, which makes a plan of it."""
    return {"notebook": notebook, "assignment": str(assignment.folder), "options": options.as_plain()}


@lru_cache(maxsize=2)
def assignment_of(folder: str) -> Assignment:
    """The assignment of a folder, read once in this process."""
    return load(Path(folder))


@dataclass
class Apart:
    """The boxes that a child holds, see :func:`hold`."""

    lease: Lease

    def next(self) -> Job:
        """See :class:`.collect.Boxes`, also for the others."""
        return Job(**self.lease.ask(_next))

    def take(self, text: bytes, blob: bytes) -> float:
        """See there."""
        return float(self.lease.ask(_take, Malformed, text=text, blob=blob)["until"])

    def ended(self, problem: str, seconds: float, peak: int) -> bool:
        """See there."""
        return bool(self.lease.ask(_ended, CannotIsolate, problem=problem, seconds=seconds, peak=peak)["again"])


# In a child.


def _device() -> Plain:
    return {"device": choose_device("auto")}


# What it knows of the submission that it has now:


def planned_here(notebook: bytes, assignment: str, options: Plain) -> Plan:
    """The plan of what :func:`described` says."""
    return planned(as_notebook(json.loads(notebook)), assignment_of(assignment), Options.of_plain(options))


def kept_here(plan: Plan, found: Evidence, scratch: str) -> Plain:
    """Keep evidence in the store, or in a scratch folder what does not belong there; the fields of :class:`Kept`."""
    folder = store.keep(plan, found)
    if folder is None or plan.options.fresh:  # the next fresh run of the same code replaces it
        found.save(folder := Path(scratch) / "evidence")
    return {"folder": str(folder), "crowded": found.out_of_gpu_memory}


_plan: Plan
_boxes: Boxes


def _begin(**submission: Any) -> Plain:
    global _plan
    _plan = planned_here(**submission)
    return {"kept": str(store.known(_plan) or "")}


def _start(tier: str) -> Plain:
    hold(Boxes(_plan, tier))
    return {}


def hold(boxes: Boxes) -> None:
    """The boxes whose frames this child takes from now on."""
    global _boxes
    _boxes = boxes


def held() -> Evidence:
    """The evidence that has come out of them."""
    return _boxes.evidence


def _next() -> Plain:
    job = _boxes.next()
    return {"text": job.text, "seconds": job.seconds}


def _take(text: bytes, blob: bytes) -> Plain:
    return {"until": _boxes.take(text, blob)}


def _ended(problem: str, seconds: float, peak: int) -> Plain:
    return {"again": _boxes.ended(problem, seconds, peak)}


def _keep(scratch: str) -> Plain:
    return kept_here(_plan, held(), scratch)
