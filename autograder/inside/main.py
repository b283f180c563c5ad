"""Entry point in the box: read the job, run the cells in order, run each cell's probes, send everything out.

The job comes on standard input as JSON::

    {"cells": [{"id", "source", "seconds"}], "seed": int, "threads": int, "device": "cpu" | "cuda",
     "data": folder or null, "probes": bool, "checkpoint": {"cell": id, "document": {...}} or null}

A checkpoint is what an earlier run of the same cells showed after its training: the training cell then takes its result
from there (its tensors are in ``/box/checkpoint.safetensors``) instead of training again.

Events that go out: ``ready``, ``started``, ``finished`` (with outputs), ``evidence``, ``end``.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .probing import Student
    from .shell import CellRun

JOB_BYTES = 64_000_000
CHECKPOINT = Path("/box/checkpoint.safetensors")


def _refuse_input(prompt: object = "") -> str:
    raise RuntimeError("input() is not available when grading")


def _prepare(job: dict[str, Any]) -> None:
    """Set up torch, the plotting library and the data before any student code runs."""
    import torch

    torch.set_num_threads(int(job["threads"]))
    cache = Path("/box/matplotlib")
    if cache.is_dir():
        shutil.copytree(cache, os.environ["MPLCONFIGDIR"], dirs_exist_ok=True)
    if job.get("data"):
        from . import datasets

        datasets.use(job["data"])
    builtins.input = _refuse_input


def _resume(student: Student, cell: str, seconds: float, document: dict[str, Any]) -> CellRun | None:
    """Run the training cell with the result of its earlier run; None if that did not lead to the same state."""
    from safetensors.torch import load_file

    try:
        resume = importlib.import_module("probes").resume
        replaced, same = resume(student, document, load_file(CHECKPOINT))
        run = student.run_with(cell, seconds, **replaced)
        return run if run.error is None and same() else None
    except Exception:  # no such function, or a damaged checkpoint: train, as if there were none
        return None


def main(evidence_descriptor: int) -> None:
    """Run one job to its end."""
    job = json.loads(sys.stdin.buffer.read(JOB_BYTES))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _prepare(job)
    from . import figures
    from .channel import Channel
    from .probing import Student, collect, probes_after
    from .shell import CellRunner

    channel = Channel(evidence_descriptor)
    runner = CellRunner(figures.describe)
    if job.get("probes"):
        importlib.import_module("probes")
    student = Student(runner, {cell["id"]: cell["source"] for cell in job["cells"]}, int(job["seed"]))
    checkpoint = job.get("checkpoint")
    channel.send({"event": "ready"})
    for cell in job["cells"]:
        channel.send({"event": "started", "cell": cell["id"]})
        seconds = float(cell["seconds"])
        run = None
        if checkpoint and checkpoint["cell"] == cell["id"]:
            run = _resume(student, cell["id"], seconds, checkpoint["document"])
        run = run or runner.run(cell["source"], seconds)
        channel.send(
            {
                "event": "finished",
                "cell": cell["id"],
                "seconds": run.seconds,
                "error": run.error,
                "outputs": run.outputs,
            }
        )
        for name, function in probes_after(cell["id"]):
            found = collect(student, function, runner)
            channel.send({"event": "evidence", "name": name, "document": found.document}, found.tensors)
    channel.send({"event": "end"})
    # Threads or exit handlers that student code left behind must not keep the box open.
    os._exit(0)
