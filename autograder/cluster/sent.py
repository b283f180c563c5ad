"""In a child of the grader: pack a submission for a worker of a cluster, and unpack what came back from there."""

from __future__ import annotations

from ..child import Plain
from ..runs.apart import Asked
from ..runs.plan import cells_to_run
from .wire import Job, bare, pack_job, unpack_evidence, unpack_job


def to_send(**submission: object) -> Plain:
    """The ``job`` for a worker, or the folder of the evidence that is ``kept`` already.

    Args:
        submission: as :func:`autograder.runs.apart.described` has it; so in :func:`come_back`.
    """
    asked = Asked(**submission)  # type: ignore[arg-type]
    if asked.kept:
        return {"kept": asked.kept, "job": b""}
    profile = asked.assignment.profile(asked.options.profile)
    job = Job(
        asked.assignment.name,
        asked.assignment.settings.model_dump(mode="json"),
        asked.assignment.probes.read_bytes(),
        tuple(path.read_bytes() for path in asked.assignment.files),
        asked.options.profile,
        asked.options.device,
        asked.seed,
        bare(asked.notebook, cells_to_run(asked.notebook, profile, everything=False)),
        asked.options.isolation,
    )
    return {"kept": "", "job": pack_job(job)}


def come_back(job: bytes, reply: bytes, scratch: str, **submission: object) -> Plain:
    """Keep the evidence in a reply to a job; the fields of :class:`autograder.runs.apart.Kept`.

    Raises:
        Refused, Malformed: there is none.
    """
    asked = Asked(**submission)  # type: ignore[arg-type]
    cells = cells_to_run(asked.notebook, asked.assignment.profile(asked.options.profile), everything=False)
    return asked.keep(unpack_evidence(reply, unpack_job(job), cells), scratch)
