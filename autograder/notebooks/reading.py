"""Read submissions in children: what holds up or exhausts the one who reads a file costs its own submission alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..child import Plain
from ..limited import Breach, Budget, Children
from . import folder
from .folder import Look
from .notebook import to_text
from .submission import Unreadable

BUDGET = Budget("to read", seconds=5.0, wall=300.0, memory=1 << 30)
"""For all notebooks in one student's folder; an ordinary one takes a hundredth of a second, 40,000 lines of code a tenth."""
DO = "look at it by hand, or ask the student for the notebook without what a program wrote into it"
SENTENCES, SENTENCE = 200, 1_000  # of repairs and of flags; characters of each


@dataclass(frozen=True)
class Submission:
    """A student, and where the notebook that they handed in is expected; see :func:`.folder.take`."""

    student: str
    path: Path


@dataclass(frozen=True)
class Read:
    """A submission as it is graded, see :class:`.restore.Restored`; ``notebook`` is JSON, which nobody parses here."""

    notebook: bytes
    repairs: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


def read(children: Children, path: Path, release: bytes, assignment: str) -> Read:
    """What :func:`.folder.take` makes of a student's folder; ``release`` is the text of the released notebook.

    Raises:
        Unreadable: as there, or reading took more than :data:`BUDGET`.
        Failed, Ended: the grader's fault, or the machine's.
    """
    try:
        found = children.ask(_read, BUDGET, Unreadable, path=str(path), release=release, assignment=assignment)
    except Breach as error:
        raise Unreadable(f"{path}: {error}; {DO}") from error
    return Read(found["notebook"], found["repairs"], found["flags"])


def looking(children: Children, release: bytes, assignment: str) -> Look:
    """What tells of a file what :func:`.folder.is_of` does; of one that takes too long it cannot tell."""

    def look(file: Path) -> bool | None:
        try:
            told = children.ask(_is_of, BUDGET, path=str(file), release=release, assignment=assignment)
        except Breach:
            return None
        found: bool | None = told["is_of"]
        return found

    return look


@lru_cache(maxsize=4)
def parsed(release: bytes) -> NotebookNode:
    """A trusted notebook from its text. Nobody may change it."""
    made: NotebookNode = nbformat.reads(release.decode(), as_version=4)  # type: ignore[no-untyped-call]
    return made


def _read(path: str, release: bytes, assignment: str) -> Plain:
    found = folder.take(Path(path), parsed(release), assignment)
    notebook = to_text(found.notebook).encode("utf-8", "surrogatepass")
    return {"notebook": notebook, "repairs": _few(found.repairs), "flags": _few(found.flags)}


def _is_of(path: str, release: bytes, assignment: str) -> Plain:
    return {"is_of": folder.is_of(Path(path), parsed(release), assignment)}


def _few(sentences: list[str]) -> list[str]:
    left = [f"... and {len(sentences) - SENTENCES} more of the kind"] if len(sentences) > SENTENCES else []
    return [one if len(one) <= SENTENCE else f"{one[:SENTENCE]} ..." for one in sentences[:SENTENCES]] + left
