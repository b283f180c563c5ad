"""Entry point in the box: read the job, run the cells in order, run each cell's probes, send everything out.

The job comes on standard input as JSON::

    {"cells": [{"id", "source", "seconds", "training", "below"}], "seed": int, "threads": int, "device": "cpu" | "cuda",
     "data": folder below that of the box, or null, "test_images": int or null, "slices": bool, "probes": bool,
     "stop_if_stalled": bool, "variants": [{"name", "shared", "cells"}], "jobs": int, "pictures": bool}

``below`` are the sources of cells of the student's own that belong to an answer: they run right after it and with it.
``variants`` are other notebooks that share their first cells with this one (:mod:`.variants`), ``jobs`` of them run at once.

Events that go out: ``ready``, ``started``, ``finished`` (with outputs), ``evidence``, ``end``; or ``stalled`` instead of all
that would follow, where a training changes nothing (:mod:`.stalled`).
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .shell import CellRunner

JOB_BYTES = 64_000_000
BOX = Path(__file__).resolve().parents[1]  # where this code, the probes, the data and the assignment's files are in the box


def _refuse_input(prompt: object = "") -> str:
    raise RuntimeError("input() is not available when grading")


def _refuse_gpu() -> None:
    raise RuntimeError(
        "this asks for a GPU, and there is none where it is graded; use the notebook's `device`, or "
        'torch.device("cuda" if torch.cuda.is_available() else "cpu")'
    )


def prepare_process() -> None:
    """Set up what every job needs alike: the plotting library's fonts, and no keyboard."""
    cache = BOX / "matplotlib"
    if cache.is_dir():
        shutil.copytree(cache, os.environ["MPLCONFIGDIR"], dirs_exist_ok=True)
    builtins.input = _refuse_input


def _prepare(job: dict[str, Any]) -> None:
    """Set up torch and the data before any student code runs."""
    import torch

    from . import workers

    torch.set_num_threads(int(job["threads"]))
    workers.use()
    if job["device"] == "cuda":
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = False
    else:
        # All that asks for a GPU comes through here; torch's own words are of drivers, or of forks, which are the grader's.
        torch.cuda._lazy_init = _refuse_gpu
    for path in (BOX / "files").glob("*"):
        with contextlib.suppress(FileExistsError):
            Path(path.name).symlink_to(path)
    if job.get("data"):
        from . import datasets

        datasets.use(str(BOX / job["data"]), job.get("test_images"), job.get("slices", True))


def _sources(cell: dict[str, Any]) -> list[str]:
    return [cell["source"], *cell.get("below", ())]


def main(evidence_descriptor: int, *, runner: CellRunner | None = None) -> None:
    """Run one job to its end; it comes on standard input. A process that was forked has a ``runner``, and is prepared."""
    with open(0, "rb", closefd=False) as file:
        job = json.loads(file.read(JOB_BYTES))
    with contextlib.suppress(OSError):  # a pipe has nothing left
        os.ftruncate(0, 0)  # the first process of the box has it open too, and student code could read it there
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if runner is None:
        prepare_process()
    _prepare(job)
    # As in Jupyter a cell can import what it wrote; last, so that it takes the place of no library.
    sys.path.append("")
    from . import figures, variants
    from .channel import Channel
    from .probing import Student, collect, probes_after
    from .shell import CellRunner
    from .stalled import Passes
    from .steps import Steps

    channel = Channel(evidence_descriptor)
    runner = runner or CellRunner(figures.describe)
    runner.pictures = bool(job.get("pictures", True))
    if job.get("probes"):
        importlib.import_module("probes")

    def stalled() -> None:
        channel.send({"event": "stalled"})
        os._exit(0)

    passes, steps = Passes(stalled) if job.get("stop_if_stalled") else None, Steps()

    def perform(cell: dict[str, Any], notebook: list[dict[str, Any]], own: Channel) -> None:
        student = Student(runner, {each["id"]: _sources(each) for each in notebook}, int(job["seed"]))
        own.send({"event": "started", "cell": cell["id"]})
        with contextlib.ExitStack() as training:
            if cell.get("training"):
                training.enter_context(steps.counting())
                if passes:
                    training.enter_context(passes.training())
            run = runner.run(_sources(cell), float(cell["seconds"]))
        own.send(
            {
                "event": "finished",
                "cell": cell["id"],
                "seconds": run.seconds,
                "error": run.error,
                "outputs": run.outputs,
                "passes": steps.found(),
            }
        )
        for name, function in probes_after(cell["id"]):
            found = collect(student, function, runner)
            own.send({"event": "evidence", "name": name, "document": found.document}, found.tensors)

    channel.send({"event": "ready"})
    if job.get("variants"):
        variants.run(job["cells"], job["variants"], int(job["jobs"]), channel, perform)
    else:
        for cell in job["cells"]:
            perform(cell, job["cells"], channel)
    channel.send({"event": "end"})
    # Threads or exit handlers that student code left behind must not keep the box open.
    os._exit(0)
