"""In a child of the grader: pack a submission for a worker of a cluster, and unpack what came back from there."""

from __future__ import annotations

import json
from typing import Any

from ..child import Plain
from ..notebooks.notebook import as_notebook
from ..runs import store
from ..runs.apart import kept_here, planned_here
from .wire import Job, bare, pack_job, unpack_evidence, unpack_job


def to_send(**submission: Any) -> Plain:
    """The ``job`` for a worker, or the folder of the evidence that is ``kept`` already.

    Args:
        submission: as :func:`autograder.runs.apart.described` has it; so in :func:`come_back`.
    """
    plan, notebook = planned_here(**submission), as_notebook(json.loads(submission["notebook"]))
    if kept := store.known(plan):
        return {"kept": str(kept), "job": b""}
    assignment, options = plan.assignment, plan.options
    job = Job(
        assignment.name,
        assignment.settings.model_dump(mode="json"),
        assignment.probes.read_bytes(),
        tuple(path.read_bytes() for path in assignment.files),
        options.profile,
        options.device,
        plan.seed,
        bare(notebook, plan.cells),
        options.isolation,
    )
    return {"kept": "", "job": pack_job(job)}


def come_back(job: bytes, reply: bytes, scratch: str, **submission: Any) -> Plain:
    """Keep the evidence in a reply to a job; the fields of :class:`autograder.runs.apart.Kept`.

    Raises:
        Refused, Breach, Malformed: there is none.
    """
    plan = planned_here(**submission)
    return kept_here(plan, unpack_evidence(reply, unpack_job(job), plan.cells), scratch)
