"""In a child of a worker: unpack a job, hold its boxes, and pack the evidence that has come out of them."""

from __future__ import annotations

import json
from pathlib import Path

from ..assignment import Assignment, Settings
from ..child import Plain
from ..course import Course
from ..runs.apart import held, hold
from ..runs.collect import Boxes
from ..runs.options import Options
from ..runs.plan import planned
from .wire import Job, pack_evidence, unpack_job

_job: Job


def lay_out(job: bytes, folder: str) -> Plain:
    """Put what boxes need of a job's assignment into a folder that a box of another user can read.

    Returns:
        What the worker has to know: the name and settings of the assignment, profile, device and isolation.

    Raises:
        Malformed: this is no job.
    """
    global _job
    _job = unpack_job(job)
    Path(folder).chmod(0o755)
    assignment = laid_out(folder, _job.assignment, _job.settings)
    for path, content in zip([assignment.probes, *assignment.files], [_job.probes, *_job.files], strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    told = ("assignment", "settings", "profile", "device", "isolation")
    return {name: getattr(_job, name) for name in told}


def laid_out(folder: str, name: str, settings: Plain) -> Assignment:
    """The assignment of :func:`lay_out`."""
    hidden = Course(Path(folder)).hidden_tests(name)
    return Assignment(name, hidden, Settings.model_validate_json(json.dumps(settings)))


def start(folder: str, options: Plain, tier: str) -> Plain:
    """Hold the boxes of the job, which run in ``tier``."""
    assignment = laid_out(folder, _job.assignment, _job.settings)
    hold(Boxes(planned(_job.notebook, assignment, Options.of_plain(options), _job.seed), tier))
    return {}


def packed() -> Plain:
    """The ``evidence`` that has come out of them."""
    return {"evidence": pack_evidence(held())}
