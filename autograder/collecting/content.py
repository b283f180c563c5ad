"""Tell by its content what a file is: a notebook of this assignment, of another one, or no notebook."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal

from nbformat import NotebookNode

from ..child import Plain
from ..course import Course, CourseError
from ..limited import Budget, Children, Ended
from ..notebooks import notebook
from ..notebooks.notebook import role
from ..notebooks.recognise import StudentCell, chosen, identify, worked
from ..notebooks.submission import Unreadable, foreign_cells, read_cells

Kind = Literal["taken", "another", "unreadable", "no notebook"]
_KINDS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "an archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"<!DO": "a web page",
}
_ENDINGS = {
    ".py": "a Python file",
    ".html": "a web page",
    ".htm": "a web page",
    ".docx": "a Word document",
    ".txt": "a text",
    ".md": "a text",
    ".zip": "an archive",
    ".pdf": "a PDF",
    ".csv": "a table",
}


@dataclass(frozen=True)
class Look:
    """What a file is. ``answers`` counts the answers that somebody worked on; ``why`` says what else it is."""

    kind: Kind
    answers: int = 0
    why: str = ""


BUDGET = Budget("to read", seconds=20.0, wall=300.0, memory=1 << 30)
"""For one file, of whichever assignment it is."""


class Recogniser:
    """Tells files by the released notebooks of a course, in a child: what students hand in is parsed there."""

    def __init__(self, course: Course, assignment: str) -> None:
        """Raises CourseError if the assignment does not exist or has no release."""
        self.assignment = assignment
        self._releases = {assignment: str(course.release_notebook(assignment))}
        for other in course.assignments():
            with contextlib.suppress(CourseError):
                self._releases.setdefault(other, str(course.release_notebook(other)))
        self._children = Children(__name__)

    @property
    def others(self) -> set[str]:
        """The names of the course's other assignments."""
        return self._releases.keys() - {self.assignment}

    def look(self, name: str, content: bytes) -> Look:
        """What a file of this name and content is."""
        if not _may_be_notebook(name, content):
            return Look("no notebook", why=what_is(name, content))
        known = {"assignment": self.assignment, "releases": self._releases}
        try:
            return Look(**self._children.ask(_look, BUDGET, name=name, content=content, **known))
        except Ended as error:
            return Look("unreadable", why=f"{error}; look at it by hand")


def _look(name: str, content: bytes, assignment: str, releases: dict[str, str]) -> Plain:
    """The fields of a :class:`Look`."""
    try:
        cells = read_cells(Path(name), content)
    except Unreadable as error:
        return {"kind": "unreadable", "why": error.reason.removeprefix(f"{name}: ")}
    released = {other: read for other, path in releases.items() if (read := _released(path)) is not None}
    release = released.pop(assignment)
    places, answers = _known(cells, release.cells)
    if 2 * places < len(release.cells) and (other := _other(cells, places, released)):
        return {"kind": "another", "why": f"of {other}"}
    asked = [cell for cell in release.cells if role(cell) in ("answer", "manual")]
    nothing = not places or (not answers and places < max(1, len(release.cells) // 10) and asked)
    if nothing or foreign_cells(cells, release):
        return {"kind": "another", "why": "of none that is known here"}
    return {"kind": "taken", "answers": answers}


@cache
def _released(path: str) -> NotebookNode | None:
    """A released notebook, read once in this process; None where there is none that can be read."""
    try:
        return notebook.read(Path(path))
    except (ValueError, OSError):
        return None


def _known(cells: list[StudentCell], released: list[NotebookNode]) -> tuple[int, int]:
    """How many of the released cells are in a notebook, and how many of their answers were worked on."""
    copies, answers = identify(cells, released).copies, 0
    for place, found in copies.items():
        if role(released[place]) in ("answer", "manual"):
            pick = chosen(cells, released[place], found)
            answers += pick is not None and worked(cells[pick], released[place])
    return len(copies), answers


def _other(cells: list[StudentCell], places: int, others: dict[str, NotebookNode]) -> str:
    """The assignment of which a notebook has more cells than of this one, and half of them; empty if there is none."""
    most = {name: _known(cells, release.cells)[0] for name, release in others.items()}
    likely = max(most, key=lambda name: most[name], default="")
    return likely if likely and most[likely] > places and 2 * most[likely] >= len(others[likely].cells) else ""


def what_is(name: str, content: bytes) -> str:
    """A word for a file that is no notebook."""
    ending = PurePosixPath(name).suffix.casefold()
    kind = next((kind for magic, kind in _KINDS.items() if content.startswith(magic)), "")
    return _ENDINGS.get(ending) or kind or ("empty" if not content else "no notebook")


def _may_be_notebook(name: str, content: bytes) -> bool:
    if ".ipynb" in name.casefold():
        return not content.startswith(b"%PDF")
    return content.lstrip()[:1] == b"{" and (b'"cells"' in content or b'"worksheets"' in content)
