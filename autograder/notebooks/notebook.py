"""Read and write notebooks, and tell the role of each cell: answer, item, manual or given.

Roles and points live in nbgrader's own cell metadata (``metadata.nbgrader``), which is their only home.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode

Role = Literal["answer", "item", "manual", "given", "extra"]


def role(cell: NotebookNode) -> Role:
    """What a cell is for.

    ``answer``: nbgrader solution cell, ungraded; ``item``: autograded; ``manual``: graded by a person;
    ``given``: locked text or code; ``extra``: not the assignment's.
    """
    meta = cell.get("metadata", {}).get("nbgrader")
    if not isinstance(meta, dict):
        return "extra"
    if meta.get("grade"):
        return "manual" if meta.get("solution") else "item"
    if meta.get("solution"):
        return "answer"
    return "given" if meta.get("grade_id") else "extra"


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's ``grade_id``, or an empty string."""
    meta = cell.get("metadata", {}).get("nbgrader")
    return str(meta.get("grade_id", "")) if isinstance(meta, dict) else ""


def tags(cell: NotebookNode) -> list[str]:
    """The cell's tags, for example ``parameters`` or ``training``."""
    found = cell.get("metadata", {}).get("tags", [])
    return [str(tag) for tag in found] if isinstance(found, list) else []


@dataclass(frozen=True)
class Item:
    """One graded item: its id, its points, the answer cell that it judges and whether a person marks it."""

    id: str
    max_points: float
    answer: str
    manual: bool


def items(notebook: NotebookNode) -> Iterator[Item]:
    """Graded items in the order of the notebook; an item judges the nearest answer cell above it."""
    answer = ""
    for cell in notebook.cells:
        kind = role(cell)
        if kind == "answer":
            answer = grade_id(cell)
        elif kind == "item":
            yield Item(grade_id(cell), float(cell.metadata.nbgrader.points), answer, manual=False)
        elif kind == "manual":
            yield Item(grade_id(cell), float(cell.metadata.nbgrader.points), grade_id(cell), manual=True)


def cells_by_grade_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that nbgrader knows, by ``grade_id``."""
    return {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}


_REGION = re.compile(r"^[ \t]*#+ (BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)


def without_region_marks(source: str) -> str:
    """A solution as its author reads it: nbgrader's ``BEGIN SOLUTION`` and ``END SOLUTION`` lines are gone."""
    return _REGION.sub("", source)


def read(path: Path) -> NotebookNode:
    """A trusted notebook (source, release). Submissions are read by :mod:`autograder.notebooks.submission` instead."""
    found: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return found


def as_notebook(document: dict[str, Any]) -> NotebookNode:
    """A notebook, or a part of one, that was JSON."""
    made: NotebookNode = nbformat.from_dict(document)  # type: ignore[no-untyped-call]
    return made


def to_text(notebook: NotebookNode) -> str:
    """The one text form this project writes: sorted keys, one-space indent, final newline."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(notebook: NotebookNode, path: Path) -> None:
    """Write atomically: a reader sees the old file or the new one, never a part."""
    write_text(path, to_text(notebook))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write atomically through a temporary file beside ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not its whole name, which may be as long as a name can be.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:20]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def new_output(kind: str, **fields: Any) -> NotebookNode:
    """A cell output of nbformat 4, for example ``new_output("stream", name="stdout", text="...")``, with all its fields.

    Not checked against the schema, which takes longer than all else that is done with most outputs.
    """
    return as_notebook({"output_type": kind, **fields})
