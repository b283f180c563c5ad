"""Grade one submission: box, evidence, hidden tests, outcome. A class of them is :mod:`autograder.batch`."""

from __future__ import annotations

import copy
import hashlib
import importlib.metadata
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from nbformat import NotebookNode
from pydantic import ValidationError

from . import data, decoy, evidence
from .assignment import Assignment, Profile, load
from .attempts import not_attempted
from .course import Course
from .evidence import CellRecord, Evidence, Found, Malformed, Record
from .judge import JudgeError, judge
from .notebook import grade_id, items, new_output, read, role, tags, write_text
from .outcomes import SubmissionOutcome
from .sandbox import run as sandbox_run
from .sandbox.box import CannotIsolate, Limits
from .sandbox.mounts import PACKAGE, view

ISOLATION = "bubblewrap"
GIB = 1 << 30
START_SECONDS = 120.0
GRACE_SECONDS = 10.0
TRAINING = "training"  # the probe that runs after the training cell
ATTEMPTS = 4  # how often a box is started again without the cell that ended it


@dataclass(frozen=True)
class Options:
    """How to run a submission.

    ``everything`` is for the instructor's own notebook: it also runs visible checks and cells that grading skips, and
    keeps HTML and SVG outputs. ``store`` is a folder that keeps evidence, so that nothing is run twice.
    """

    profile: str = "full"
    device: str = "cpu"
    threads: int = 1
    everything: bool = False
    store: Path | None = None


def versions() -> dict[str, str]:
    """Versions that results depend on."""
    names = ("autograder", "torch", "torchvision", "numpy", "ipython", "nbgrader", "matplotlib")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def choose_device(wanted: str) -> str:
    """``auto`` becomes ``cuda`` where a GPU answers, else ``cpu``."""
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


@dataclass
class _Cell:
    id: str
    source: str
    seconds: float
    training: bool = False


def _key(cell: NotebookNode, number: int) -> str:
    return grade_id(cell) or f"extra_{number}"


def default_threads(jobs: int) -> int:
    """Processor threads for each of ``jobs`` boxes that run at once."""
    return max(1, (os.cpu_count() or 1) // max(1, jobs))


def _override(profile: Profile) -> str:
    return "\n".join(f"{name} = {value!r}" for name, value in profile.parameters.items())


def cells_to_run(notebook: NotebookNode, profile: Profile, everything: bool) -> list[_Cell]:
    """The code cells to run, in order, with the profile's parameters after the cell tagged ``parameters``."""
    chosen = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if not everything and (role(cell) == "item" or "not-graded" in tags(cell)):
            continue
        seconds = profile.training_seconds if "training" in tags(cell) else profile.cell_seconds
        chosen.append(_Cell(_key(cell, number), cell.source, seconds, "training" in tags(cell)))
        if "parameters" in tags(cell) and profile.parameters:
            chosen.append(_Cell("injected_parameters", _override(profile), profile.cell_seconds))
    return chosen


@dataclass
class _Collector:
    """Takes frames from a box into a record, and knows until when the cell now running may take."""

    record: Record
    tensors: dict[str, torch.Tensor]
    limits: dict[str, float]
    probe_seconds: float
    trusted: bool = False
    running: str = ""
    ready: bool = False
    ended: bool = False
    until: float = field(default_factory=lambda: time.monotonic() + START_SECONDS)

    def take(self, text: bytes, blob: bytes) -> None:
        document, tensors = evidence.parse_frame(text, blob)
        event, cell, now = document.get("event"), str(document.get("cell", "")), time.monotonic()
        if event == "ready":
            self.ready = True
        elif event == "started" and cell in self.limits:
            self.running, self.until = cell, now + self.limits[cell] + GRACE_SECONDS
        elif event == "finished" and cell in self.limits:
            document["outputs"] = evidence.clean_outputs(document.get("outputs"), self.trusted)
            try:
                self.record.cells[cell] = CellRecord.model_validate(document)
            except ValidationError as error:
                raise Malformed(f"a cell report that is none: {error.error_count()} errors") from error
            self.until = now + self.probe_seconds
        elif event == "evidence" and isinstance(document.get("document"), dict):
            name = str(document.get("name"))
            self.record.found[name] = Found(document=document["document"], tensors=sorted(tensors))
            stale = [key for key in self.tensors if key.startswith(f"{name}/")]
            for key in stale:
                del self.tensors[key]
            self.tensors |= {f"{name}/{key}": value for key, value in tensors.items()}
        elif event == "end":
            self.ended = True


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


def collect(
    notebook: NotebookNode,
    assignment: Assignment,
    options: Options,
    *,
    seed: int,
    slot: int = 0,
    checkpoint: Checkpoint | None = None,
) -> Evidence:
    """Run a restored notebook in a box and return its evidence.

    A cell that ends the box (by exiting, by its time, its memory) is left out and the rest runs again in a new box, so
    that one such cell costs its own items only.

    Raises:
        CannotIsolate: no box could be started on this machine.
    """
    profile = assignment.profile(options.profile)
    cells = cells_to_run(notebook, profile, options.everything)
    seen = view(assignment.probes, decoy.sandbox_folder(assignment.settings.dataset), matplotlib_cache())
    if checkpoint is not None:
        seen.binds[str(checkpoint.tensors)] = "/box/checkpoint.safetensors"
    limits = Limits(
        memory=int(assignment.settings.memory_gib * GIB),
        address_space=None if options.device == "cuda" else Limits.address_space,
        seconds=START_SECONDS + sum(cell.seconds for cell in cells) + 600.0,
    )
    record = Record(seed=seed, profile=options.profile, isolation=ISOLATION, versions=versions())
    tensors: dict[str, torch.Tensor] = {}
    for _ in range(ATTEMPTS):
        running = [cell for cell in cells if cell.id not in record.stopped]
        collector = _Collector(record, tensors, {cell.id: cell.seconds for cell in running}, 300.0, options.everything)
        job = {
            "cells": [vars(cell) for cell in running],
            "seed": seed,
            "threads": options.threads,
            "device": options.device,
            "data": "/box/data",
            "probes": True,
            "checkpoint": {"cell": checkpoint.cell, "document": checkpoint.document} if checkpoint else None,
        }
        problem = ""

        def deliver(text: bytes, blob: bytes, collector: _Collector = collector) -> None:
            collector.take(text, blob)

        begun = time.monotonic()
        try:
            ending = sandbox_run.run(
                json.dumps(job).encode(),
                seen,
                limits,
                threads=options.threads,
                device=options.device,
                slot=slot,
                deliver=deliver,
                deadline=lambda collector=collector: collector.until,  # type: ignore[misc]
            )
            record.seconds += ending.seconds
            record.peak_memory = max(record.peak_memory, ending.peak_memory)
            problem = _problem(ending)
        except Malformed as error:
            record.seconds += time.monotonic() - begun
            problem = f"it sent {error}, which the grader's own code never does"
        if collector.ended:
            break
        if not collector.ready:
            detail = problem or "it ended at once"
            raise CannotIsolate(f"the box did not start: {detail}")
        record.stopped[collector.running] = problem
        record.cells.pop(collector.running, None)
    if checkpoint is not None and checkpoint.cell in record.cells:
        record.cells[checkpoint.cell] = checkpoint.shown
    return Evidence(record, tensors)


def _problem(ending: sandbox_run.Ending) -> str:
    if ending.cause == "closed":
        last = ending.stderr.strip().splitlines()[-1:] or ["no message"]
        return f"the Python process ended before its time (os._exit, or a crash; last message: {last[0][:200]})"
    return ending.detail


def _hash(cells: list[_Cell], assignment: Assignment, options: Options) -> str:
    """Content hash of everything that evidence depends on: code that runs, probes, box code, data, versions, profile."""
    digest = hashlib.sha256()
    parts = [[vars(cell) for cell in cells], options.profile, options.device, versions(), decoy.VERSION]
    digest.update(json.dumps(parts, sort_keys=True).encode())
    for path in [assignment.probes, *sorted((PACKAGE / "inside").glob("*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Checkpoint:
    """What an earlier run of the same cells showed after its training: the latest safe point to go on from.

    ``tensors`` is a safetensors file, ``shown`` what the training cell displayed.
    """

    cell: str
    document: dict[str, Any]
    tensors: Path
    shown: CellRecord

    @classmethod
    def load(cls, folder: Path) -> Checkpoint | None:
        """The checkpoint that :meth:`save` wrote, or None where there is none or it is damaged."""
        try:
            kept = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
            shown = CellRecord.model_validate(kept["shown"])
            tensors = folder / "checkpoint.safetensors"
            return cls(kept["cell"], kept["document"], tensors, shown) if tensors.is_file() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @staticmethod
    def save(folder: Path, cell: str, found: Evidence) -> None:
        """Keep the training of a run that went to its end; otherwise keep nothing."""
        shown, training = found.record.cells.get(cell), found.record.found.get(TRAINING)
        if found.record.stopped or shown is None or shown.error or training is None or not training.document.get("losses"):
            return
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".checkpoint.{os.getpid()}.{threading.get_ident()}"
        safetensors.torch.save_file(found.tensors_of(TRAINING), partial)
        partial.chmod(0o644)
        partial.replace(folder / "checkpoint.safetensors")
        kept = {"cell": cell, "document": training.document, "shown": shown.model_dump()}
        write_text(folder / "checkpoint.json", json.dumps(kept))


def gather(notebook: NotebookNode, assignment: Assignment, options: Options, slot: int = 0) -> Evidence:
    """Evidence from the store if it is there, else from a box, which trains only what it has not trained before."""
    seed = secrets.randbelow(2**31)
    if options.store is None:
        return collect(notebook, assignment, options, seed=seed, slot=slot)
    cells = cells_to_run(notebook, assignment.profile(options.profile), options.everything)
    folder = options.store / _hash(cells, assignment, options)
    if (kept := Evidence.load(folder)) is not None:
        return kept
    training = next((number for number, cell in enumerate(cells) if cell.training), None)
    point = None
    if training is not None:
        point = options.store / f"trained-{_hash(cells[: training + 1], assignment, options)}"
    known = Checkpoint.load(point) if point is not None else None
    found = collect(notebook, assignment, options, seed=seed, slot=slot, checkpoint=known)
    found.save(folder)
    if point is not None and training is not None and known is None:
        Checkpoint.save(point, cells[training].id, found)
    return found


def decide(notebook: NotebookNode, release: NotebookNode, assignment: Assignment, found: Evidence) -> SubmissionOutcome:
    """Judge evidence: the outcome of each item and the sum."""
    try:
        judged = judge(assignment, found, items(release), not_attempted(notebook, release))
    except JudgeError as error:
        return SubmissionOutcome(status="could_not_grade", reason=str(error), seconds=found.record.seconds)
    return SubmissionOutcome(
        status="graded",
        points=round(sum(outcome.points for outcome in judged.values()), 2),
        max_points=sum(outcome.max_points for outcome in judged.values()),
        seconds=round(found.record.seconds, 2),
        flags=[f"the cell `{cell}` was stopped: {why}" for cell, why in found.record.stopped.items()],
        items=judged,
    )


def executed(notebook: NotebookNode, found: Evidence) -> NotebookNode:
    """A copy of the notebook with the outputs of the run."""
    shown = copy.deepcopy(notebook)
    count = 0
    for number, cell in enumerate(shown.cells):
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        record = found.record.cells.get(_key(cell, number))
        if record is None:
            continue
        count += 1
        cell.execution_count = count
        for output in record.outputs:
            fields = {key: value for key, value in output.items() if key != "output_type"}
            if output["output_type"] == "execute_result":
                fields["execution_count"] = count
            cell.outputs.append(new_output(output["output_type"], **fields))
    return shown


def grade_notebook(
    notebook: NotebookNode,
    *,
    assignment: str,
    student: str,
    course: Course,
    profile: str = "full",
    device: str = "auto",
    threads: int = 0,
) -> tuple[SubmissionOutcome, NotebookNode]:
    """Grade one restored notebook: its outcome, and the notebook with the outputs of the run. Never raises for a submission.

    ``student`` names the submission in messages only; ``threads`` 0 means all cores.
    """
    release = read(course.release_notebook(assignment))
    options = Options(
        profile=profile,
        device=choose_device(device),
        threads=threads or default_threads(1),
        store=course.evidence_store,
    )
    try:
        loaded = load(assignment)
        found = gather(notebook, loaded, options)
        return decide(notebook, release, loaded, found), executed(notebook, found)
    except (CannotIsolate, FileNotFoundError, data.DataMissing) as error:
        reason = f"{student}: not graded, this machine cannot: {error}"
        return SubmissionOutcome(status="could_not_grade", reason=reason), notebook
