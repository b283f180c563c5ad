"""Run a restored notebook in a box and collect its evidence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from nbformat import NotebookNode
from pydantic import ValidationError

from ..assignment import Assignment
from ..datasets import data, decoy
from ..notebooks.terminal import printable
from ..sandbox import run as sandbox_run
from ..sandbox import tiers
from ..sandbox.box import CannotIsolate, Limits
from ..sandbox.mounts import View, view
from ..sandbox.server import SERVERS
from . import evidence
from .evidence import CellRecord, Evidence, Found, Malformed, Record
from .plan import Cell, Options, cells_to_run, determinism, versions

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
    tensors: dict[str, torch.Tensor]
    limits: dict[str, float]
    probe_seconds: float
    trusted: bool = False
    running: str = ""
    ready: bool = False
    ended: bool = False
    stalled: bool = False
    told: set[tuple[str, str]] = field(default_factory=set)
    until: float = field(default_factory=lambda: time.monotonic() + START_SECONDS)

    def take(self, text: bytes, blob: bytes) -> None:
        """Take one frame as it came out of the box."""
        self.note(*evidence.parse_frame(text, blob))

    def note(self, document: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        """Take what a frame holds."""
        event, cell, now = document.get("event"), str(document.get("cell", "")), time.monotonic()
        if event == "ready":
            self.ready = True
        elif event == "started" and cell in self.limits:
            self._require_first("the start of", cell)
            self.running, self.until = cell, now + self.limits[cell] + GRACE_SECONDS
        elif event == "finished" and cell in self.limits:
            self._require_first(REPORT, cell)
            document["outputs"] = evidence.clean_outputs(document.get("outputs"), self.trusted)
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


def seen_in_box(assignment: Assignment, options: Options) -> View:
    """What the boxes of an assignment see."""
    # Only the instructor's own notebook, run for solutions/, sees the real test images.
    dataset = assignment.settings.dataset
    root = data.dataset_folder(dataset).parents[1] if options.everything else decoy.sandbox_folder(dataset)
    return view(assignment.probes, root, matplotlib_cache())


def job_of(cells: list[Cell], assignment: Assignment, options: Options, seed: int) -> dict[str, Any]:
    """What a box is told to do."""
    return {
        "cells": [vars(cell) for cell in cells],
        "seed": seed,
        "threads": options.threads,
        "device": options.device,
        "data": "data",
        "test_images": assignment.profile(options.profile).test_images,
        "slices": options.speedups,
        "probes": True,
    }


def collect(
    notebook: NotebookNode,
    assignment: Assignment,
    options: Options,
    *,
    seed: int,
    stop: Callable[[], bool] = lambda: False,
) -> Evidence:
    """Run a restored notebook in a box and return its evidence.

    A cell that ends the box (by exiting, by its time, its memory) is left out and the rest runs again in a new box, so
    that one such cell costs its own items only; one to which cells of the student's own belong runs without these first.
    A training that changes nothing is run again with few images (:mod:`autograder.inside.stalled`): what rests on it is
    lost either way, and nobody waits for it. ``stop`` is asked again and again; once it is true, the box is ended.

    Raises:
        CannotIsolate: no box could be started on this machine.
        Stopped: ``stop`` said so.
    """
    profile = assignment.profile(options.profile)
    cells = cells_to_run(notebook, profile, options.everything)
    seen = seen_in_box(assignment, options)
    limits = Limits(
        memory=int(assignment.settings.memory_gib * GIB),
        address_space=None if options.device == "cuda" else Limits.address_space,
        seconds=START_SECONDS + sum(cell.seconds for cell in cells) + 600.0,
    )
    tier = tiers.chosen(options.isolation)
    record = Record(seed=seed, profile=options.profile, isolation=tier, versions=versions() | determinism(options.device))
    tensors: dict[str, torch.Tensor] = {}
    # Shortening concerns all trainings, so that where there are several the others would be judged by too few images.
    may_stall = options.speedups and not options.everything and sum(cell.training for cell in cells) == 1
    shortened = assignment.shortened(options.profile) if may_stall else {}
    attempts = ATTEMPTS
    while attempts:
        attempts -= 1
        running = [cell for cell in cells if cell.id not in record.stopped]
        collector = Collector(
            record, tensors, {cell.id: cell.seconds for cell in running}, PROBE_SECONDS, options.everything
        )
        job = job_of(running, assignment, options, seed)
        job["stop_if_stalled"] = bool(shortened) and not record.shortened
        problem = ""

        def deliver(text: bytes, blob: bytes, collector: Collector = collector) -> None:
            collector.take(text, blob)

        begun = time.monotonic()
        try:
            ending = sandbox_run.run(
                json.dumps(job).encode(),
                seen,
                limits,
                threads=options.threads,
                device=options.device,
                deliver=deliver,
                deadline=lambda collector=collector: 0.0 if stop() else collector.until,  # type: ignore[misc]
                servers=SERVERS if options.speedups and not options.everything else None,
                isolation=tier,
            )
            record.seconds += ending.seconds
            record.peak_memory = max(record.peak_memory, ending.peak_memory)
            problem = problem_of(ending)
        except Malformed as error:
            record.seconds += time.monotonic() - begun
            problem = f"it sent {error}, which the grader's own code never does"
        if stop():
            raise Stopped
        if collector.ended:
            break
        if collector.stalled and job["stop_if_stalled"]:
            attempts += 1
            record.shortened = shortened
            record.cells.clear()
            record.found.clear()
            tensors.clear()
            cells = cells_to_run(notebook, assignment.profile(options.profile, shortened), options.everything)
            continue
        if not collector.ready:
            detail = problem or "it ended at once"
            raise CannotIsolate(f"the box did not start: {detail}")
        stopped = next((cell for cell in running if cell.id == collector.running), None)
        if stopped is not None and stopped.below:  # the answer itself may be good
            stopped.below.clear()
            record.stopped[stopped.with_below] = problem
        else:
            record.stopped[collector.running] = problem
        record.cells.pop(collector.running, None)
    return Evidence(record, tensors)


def problem_of(ending: sandbox_run.Ending) -> str:
    """Why a box ended before its job did."""
    if ending.cause == "closed":
        last = ending.stderr.strip().rpartition("\n")[2][:200]
        # It is shown in a terminal, which obeys control characters.
        said = printable(last) or "no message"
        return f"the Python process ended before its time (os._exit, or a crash; last message: {said})"
    return ending.detail
