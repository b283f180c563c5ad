"""Put a submission's cells into bytes for another machine, and its evidence into bytes for the way back.

Both are frames as the box sends them: two lengths, JSON, safetensors. What comes back is read as strictly as what comes
out of a box, by the same code: it was written on a machine that also ran student code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict, ValidationError

from ..limited import Breach
from ..notebooks.notebook import as_notebook, tags
from ..notebooks.split import PART
from ..runs.cells import Cell, key
from ..runs.collect import ATTEMPTS, Collector
from ..runs.evidence import Evidence, Record
from ..runs.frames import Malformed, parse_frame
from ..runs.options import determinism, versions
from ..sandbox.box import Limits
from ..sandbox.run import HEADER
from ..sandbox.tiers import AUTO, accepted

if TYPE_CHECKING:
    from torch import Tensor

MOST_BYTES = ATTEMPTS * Limits.evidence  # what a box may send, as often as one may be started


class Refused(Exception):
    """The other side did not run the job; the message says why. It is about the machine, not about the submission."""


@dataclass(frozen=True)
class Job:
    """One submission to run: ``notebook`` has only the cells that are run.

    ``settings`` are those of ``assignment.toml`` as JSON values, ``probes`` and ``files`` the contents of ``probes.py`` and
    of the declared files: a worker needs no course.
    """

    assignment: str
    settings: dict[str, Any]
    probes: bytes
    files: tuple[bytes, ...]
    profile: str
    device: str
    seed: int
    notebook: NotebookNode
    isolation: str = AUTO


class _Header(BaseModel):
    """The first frame of a reply."""

    model_config = ConfigDict(extra="forbid", strict=True)

    event: Literal["run"]
    isolation: str
    seconds: float
    peak_memory: int
    stopped: dict[str, str]
    shortened: dict[str, int | float | str]


def bare(notebook: NotebookNode, run: Sequence[Cell]) -> NotebookNode:
    """A notebook with the cells of ``run`` at their places and nothing in the others: no text, pictures, checks, outputs."""
    wanted = {cell.id for cell in run}
    cells = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and (key(cell, number) in wanted or PART in tags(cell)):
            kept = {name: cell.metadata[name] for name in ("nbgrader", "tags") if name in cell.metadata}
            cells.append({"cell_type": "code", "source": cell.source, "metadata": kept})
        else:
            cells.append({"cell_type": "raw", "source": "", "metadata": {}})
    return as_notebook({"cells": cells})


def pack_job(job: Job) -> bytes:
    """The bytes of a job."""
    document = {name: value for name, value in vars(job).items() if name not in ("probes", "files")}
    return b"".join([_frame(document, job.probes), *(_frame({}, content) for content in job.files)])


def unpack_job(packed: bytes) -> Job:
    """The job of :func:`pack_job`, from the grader's own client.

    Raises:
        Malformed: these are not the bytes of a job.
    """
    try:
        (text, probes), *files = _frames(packed)
        document = json.loads(text)
        notebook = as_notebook(document.pop("notebook"))
        return Job(notebook=notebook, probes=probes, files=tuple(content for _, content in files), **document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"no job: {type(error).__name__}: {error}") from error


def pack_evidence(found: Evidence) -> bytes:
    """The bytes of evidence: a header, then a frame for each cell that ran and each probe."""
    record = found.record
    header = {
        "event": "run",
        "isolation": record.isolation,
        "seconds": record.seconds,
        "peak_memory": record.peak_memory,
        "stopped": record.stopped,
        "shortened": record.shortened,
    }
    frames = [_frame(header)]
    for cell, ran in record.cells.items():
        frames.append(_frame({"event": "finished", "cell": cell} | ran.model_dump()))
    for name, shown in record.found.items():
        document = {"event": "evidence", "name": name, "document": shown.document}
        sent = {tensor: found.tensors[f"{name}/{tensor}"] for tensor in shown.tensors if f"{name}/{tensor}" in found.tensors}
        frames.append(_frame(document, _blob(sent)))
    return b"".join(frames)


def pack_refusal(reason: str) -> bytes:
    """The bytes that say why a job was not run."""
    return _frame({"event": "refused", "reason": reason})


def pack_breach(reason: str) -> bytes:
    """The bytes that say what a submission took more of than it may."""
    return _frame({"event": "breach", "reason": reason})


def unpack_evidence(reply: bytes, job: Job, run: Sequence[Cell]) -> Evidence:
    """The evidence in a reply to ``job``, of the cells ``run``.

    Raises:
        Refused: the reply says why the job was not run.
        Breach: what its boxes sent took more than it may there.
        Malformed: it is neither, or has parts that no box can send.
    """
    if len(reply) > MOST_BYTES:
        raise Malformed(f"more than {MOST_BYTES >> 20} MiB of evidence")
    frames = _frames(reply)
    first, _ = parse_frame(*next(frames, (b"null", b"")))
    if first.get("event") == "refused":
        raise Refused(str(first.get("reason"))[:1000])
    if first.get("event") == "breach":
        raise Breach(str(first.get("reason"))[:1000])
    try:
        header = _Header.model_validate(first)
    except ValidationError as error:
        raise Malformed("a reply without its header") from error
    allowed = accepted(job.isolation)
    if header.isolation not in allowed:
        raise Refused(f"it isolates by {header.isolation[:40]}, not by {' or '.join(allowed)}")
    names = [name for cell in run for name in (cell.id, cell.with_below)]
    record = Record(
        seed=job.seed,
        profile=job.profile,
        isolation=header.isolation,
        versions=versions() | determinism(job.device),
        shortened=header.shortened,
        seconds=header.seconds,
        peak_memory=header.peak_memory,
        stopped={name: header.stopped[name][:1000] for name in names if name in header.stopped},
    )
    tensors: dict[str, Tensor] = {}
    collector = Collector(record, tensors, {cell.id: cell.seconds for cell in run}, 0.0)
    for text, blob in frames:
        collector.take(text, blob)
    return Evidence(record, tensors)


def _blob(tensors: dict[str, Tensor]) -> bytes:
    from safetensors.torch import save  # and torch, which the client's own process does without

    return save({name: value.clone().contiguous() for name, value in tensors.items()}) if tensors else b""


def _frame(document: dict[str, Any], blob: bytes = b"") -> bytes:
    text = json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    return b"".join((HEADER.pack(len(text), len(blob)), text, blob))


def _frames(packed: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Raises :class:`Malformed` where the lengths do not fit the bytes."""
    position = 0
    while position < len(packed):
        if len(packed) - position < HEADER.size:
            raise Malformed("a frame that was cut off")
        text, blob = HEADER.unpack_from(packed, position)
        position += HEADER.size
        if text + blob > min(MOST_BYTES, len(packed) - position):
            raise Malformed("a frame that was cut off or is too large")
        yield packed[position : position + text], packed[position + text : position + text + blob]
        position += text + blob
