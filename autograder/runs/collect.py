"""Run the cells of a submission in boxes, and take what comes out of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import ValidationError

from ..assignment import Assignment
from ..datasets import data, decoy
from ..notebooks.terminal import printable
from ..sandbox import run as sandbox_run
from ..sandbox import tiers
from ..sandbox.box import CannotIsolate, Limits
from ..sandbox.mounts import View, view
from ..sandbox.server import SERVERS
from .cells import Cell
from .evidence import SHOWN, CellRecord, Evidence, Found, Record, clean_outputs, shortened
from .frames import Malformed, parse_frame
from .options import Options, determinism, versions
from .plan import Plan

if TYPE_CHECKING:
    from torch import Tensor

GIB = 1 << 30
REPORT = "the report of"
START_SECONDS = 120.0
PROBE_SECONDS = 300.0
GRACE_SECONDS = 10.0
ATTEMPTS = 4  # how often a box is started again without the cell that ended it


class Stopped(Exception):
    """A run was called off from outside; it has no evidence."""


@dataclass
class Collector:
    """Takes frames from a box into a record, and knows until when the cell now running may take."""

    record: Record
    tensors: dict[str, Tensor]
    limits: dict[str, float]
    probe_seconds: float
    trusted: bool = False
    running: str = ""
    ready: bool = False
    ended: bool = False
    stalled: bool = False
    left: int = SHOWN  # characters of outputs that are kept of further cells
    told: set[tuple[str, str]] = field(default_factory=set)
    until: float = field(default_factory=lambda: time.monotonic() + START_SECONDS)

    def take(self, text: bytes, blob: bytes) -> None:
        """Take one frame as it came out of the box."""
        self.note(*parse_frame(text, blob))

    def note(self, document: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Take what a frame holds."""
        event, cell, now = document.get("event"), str(document.get("cell", "")), time.monotonic()
        if event == "ready":
            self.ready = True
        elif event == "started" and cell in self.limits:
            self._require_first("the start of", cell)
            self.running, self.until = cell, now + self.limits[cell] + GRACE_SECONDS
        elif event == "finished" and cell in self.limits:
            self._require_first(REPORT, cell)
            outputs = clean_outputs(document.get("outputs"), self.trusted)
            document["outputs"], self.left = (outputs, 0) if self.trusted else shortened(outputs, self.left)
            try:
                self.record.cells[cell] = CellRecord.model_validate(document)
            except ValidationError as error:
                raise Malformed(f"a cell report that is none: {error.error_count()} errors") from error
            self.until = now + self.probe_seconds
        elif event == "evidence" and isinstance(document.get("document"), dict):
            name = str(document.get("name"))
            self._require_first("evidence of", name)
            if self.running and (REPORT, self.running) not in self.told:
                raise Malformed("evidence from within a cell")
            self.record.found[name] = Found(document=document["document"], cell=self.running, tensors=sorted(tensors))
            stale = [key for key in self.tensors if key.startswith(f"{name}/")]
            for key in stale:
                del self.tensors[key]
            self.tensors |= {f"{name}/{key}": value for key, value in tensors.items()}
        elif event == "end":
            self.ended = True
        elif event == "stalled":
            self.stalled = True

    def _require_first(self, kind: str, name: str) -> None:
        """Refuse what was told before in this run: one of the two was written by student code."""
        if (kind, name) in self.told:
            raise Malformed(f"{kind} {name[:40]!r} twice")
        self.told.add((kind, name))


def matplotlib_cache() -> Path:
    """A folder with matplotlib's list of fonts, so that no box has to search for them; made once."""
    folder = data.cache_folder() / "matplotlib"
    if not any(folder.glob("fontlist-*.json")):
        folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "MPLCONFIGDIR": str(folder), "MPLBACKEND": "agg"}
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env=environment,
            check=False,
            timeout=120,
        )
    return folder


def data_folder(dataset: data.DatasetName | Literal["none"], everything: bool = False) -> Path | None:
    """The data that boxes see, made at its first use; None where an assignment has no dataset.

    Raises:
        DataMissing: the dataset was not fetched.
    """
    if dataset == "none":
        return None
    # Only the instructor's own notebook, run for solutions/, sees the real test images.
    return data.dataset_folder(dataset).parents[1] if everything else decoy.sandbox_folder(dataset)


def seen_in_box(assignment: Assignment, options: Options) -> View:
    """What the boxes of an assignment see.

    Raises:
        CannotIsolate: the hidden tests lie in the Python environment, which every box sees.
        DataMissing: see :func:`data_folder`.
    """
    root = data_folder(assignment.settings.dataset, options.everything)
    found = view(assignment.probes, root, matplotlib_cache(), assignment.files)
    hidden = assignment.folder.resolve()
    for folder in found.binds:
        if hidden.is_relative_to(folder) and not any(hidden.is_relative_to(cover) for cover in found.covers):
            raise CannotIsolate(f"{hidden} lies in {folder}, which student code can read; move the course elsewhere")
    return found


def job_of(cells: Sequence[Cell], plan: Plan) -> dict[str, Any]:
    """What a box is told to do with these cells of a plan."""
    assignment, options = plan.assignment, plan.options
    return {
        "cells": [vars(cell) for cell in cells],
        "seed": plan.seed,
        "threads": options.threads,
        "device": options.device,
        "data": None if assignment.settings.dataset == "none" else "data",
        "test_images": assignment.profile(options.profile).test_images,
        "slices": options.speedups,
        "probes": True,
    }


@dataclass
class Boxes:
    """The boxes of one submission, which run one after another: what each is to do, and what has come out of them.

    A cell that ends the box (by exiting, by its time, its memory) is left out and the rest runs again in a new box, so
    that one such cell costs its own items only; one to which cells of the student's own belong runs without these first.
    A training that changes nothing is run again with few images (:mod:`autograder.inside.stalled`): what rests on it is
    lost either way, and nobody waits for it.

    No box is started here, see :func:`run`. They run in ``tier``.
    """

    plan: Plan
    tier: str

    def __post_init__(self) -> None:
        options = self.plan.options
        self._cells = self.plan.cells
        known = versions() | determinism(options.device)
        self.record = Record(seed=self.plan.seed, profile=options.profile, isolation=self.tier, versions=known)
        self.tensors: dict[str, Tensor] = {}
        self._left = ATTEMPTS

    @property
    def evidence(self) -> Evidence:
        """What has come out of all of them."""
        return Evidence(self.record, self.tensors)

    def next(self) -> Job:
        """What the next box is to do."""
        self._left -= 1
        self._running = [cell for cell in self._cells if cell.id not in self.record.stopped]
        self._may_stall = bool(self.plan.few) and not self.record.shortened
        limits = {cell.id: cell.seconds for cell in self._running}
        self._collector = Collector(self.record, self.tensors, limits, PROBE_SECONDS, self.plan.options.everything)
        job = job_of(self._running, self.plan) | {"stop_if_stalled": self._may_stall}
        return Job(json.dumps(job).encode(), sum(limits.values()))

    def take(self, text: bytes, blob: bytes) -> float:
        """Take one frame of it; until when, on the monotonic clock, the next must have come.

        Raises:
            Malformed: the box's own code sends no such frame.
        """
        self._collector.take(text, blob)
        return self._collector.until

    def ended(self, problem: str, seconds: float, peak: int) -> bool:
        """Take note of how it ended; whether there is to be another.

        Raises:
            CannotIsolate: it did not start.
        """
        record, collector = self.record, self._collector
        record.seconds += seconds
        record.peak_memory = max(record.peak_memory, peak)
        if collector.ended:
            return False
        if collector.stalled and self._may_stall:
            self._left += 1
            record.shortened = self.plan.assignment.shortened(self.plan.options.profile)
            record.cells.clear()
            record.found.clear()
            self.tensors.clear()
            self._cells = self.plan.few
            return True
        if not collector.ready:
            raise CannotIsolate(f"the box did not start: {problem or 'it ended at once'}")
        stopped = next((cell for cell in self._running if cell.id == collector.running), None)
        if stopped is not None and stopped.below:  # the answer itself may be good
            self._cells = tuple(replace(cell, below=()) if cell is stopped else cell for cell in self._cells)
            record.stopped[stopped.with_below] = problem
        else:
            record.stopped[collector.running] = problem
        record.cells.pop(collector.running, None)
        return self._left > 0


@dataclass(frozen=True)
class Job:
    """What one box is to do, as it is told, and the seconds that its cells may take."""

    text: bytes
    seconds: float


class Taker(Protocol):
    """:class:`Boxes`, here or in a child."""

    def next(self) -> Job:
        """See there."""

    def take(self, text: bytes, blob: bytes) -> float:
        """See there."""

    def ended(self, problem: str, seconds: float, peak: int) -> bool:
        """See there."""


def run(boxes: Taker, assignment: Assignment, options: Options, tier: str, stop: Callable[[], bool] = lambda: False) -> None:
    """Start one box after another, as long as there is one to start, and hand on what comes out without looking at it.

    They run in ``tier``. ``stop`` is asked again and again; once it is true, the box is ended.

    Raises:
        CannotIsolate: no box could be started on this machine.
        Stopped: ``stop`` said so.
    """
    seen, again = seen_in_box(assignment, options), True
    while again:
        job = boxes.next()
        limits = Limits(
            memory=int(assignment.settings.memory_gib * GIB),
            address_space=None if options.device == "cuda" else Limits.address_space,
            seconds=START_SECONDS + job.seconds + 600.0,
        )
        begun = time.monotonic()
        until = [begun + START_SECONDS]

        def deliver(text: bytes, blob: bytes, until: list[float] = until) -> None:
            until[0] = boxes.take(text, blob)

        try:
            ending = sandbox_run.run(
                job.text,
                seen,
                limits,
                threads=options.threads,
                device=options.device,
                deliver=deliver,
                deadline=lambda until=until: 0.0 if stop() else until[0],  # type: ignore[misc]
                servers=SERVERS if options.speedups and not options.everything else None,
                isolation=tier,
            )
            seconds, peak, problem = ending.seconds, ending.peak_memory, problem_of(ending)
        except Malformed as error:
            seconds, peak = time.monotonic() - begun, 0
            problem = f"it sent {error}, which the grader's own code never does"
        if stop():
            raise Stopped
        again = boxes.ended(problem, seconds, peak)


def collect(plan: Plan, stop: Callable[[], bool] = lambda: False) -> Evidence:
    """Run a plan in boxes and read in this process what comes out: for the course's own code.

    Raises:
        CannotIsolate, Stopped: see :func:`run`.
    """
    tier = tiers.chosen(plan.options.isolation)
    boxes = Boxes(plan, tier)
    run(boxes, plan.assignment, plan.options, tier, stop)
    return boxes.evidence


def problem_of(ending: sandbox_run.Ending) -> str:
    """Why a box ended before its job did."""
    if ending.cause == "closed":
        last = ending.stderr.strip().rpartition("\n")[2][:200]
        # It is shown in a terminal, which obeys control characters.
        said = printable(last) or "no message"
        return f"the Python process ended before its time (os._exit, or a crash; last message: {said})"
    return ending.detail
