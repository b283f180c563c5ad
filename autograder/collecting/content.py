"""Tell by its content what a file is: a notebook of this assignment, of another one, or no notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from nbformat import NotebookNode

from ..course import Course, CourseError
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


class Recogniser:
    """Knows the released notebooks of a course."""

    def __init__(self, course: Course, assignment: str) -> None:
        """Raises CourseError if the assignment does not exist or has no release."""
        self.assignment = assignment
        self._releases = {assignment: notebook.read(course.release_notebook(assignment))}
        for other in course.assignments():
            try:
                self._releases.setdefault(other, notebook.read(course.release_notebook(other)))
            except (CourseError, ValueError, OSError):
                continue

    @property
    def others(self) -> set[str]:
        """The names of the course's other assignments."""
        return self._releases.keys() - {self.assignment}

    def look(self, name: str, content: bytes) -> Look:
        """What a file of this name and content is."""
        if not _may_be_notebook(name, content):
            return Look("no notebook", why=what_is(name, content))
        try:
            cells = read_cells(Path(name), content)
        except Unreadable as error:
            return Look("unreadable", why=error.reason.removeprefix(f"{name}: "))
        places, answers = self._known(cells, self.assignment)
        release = self._releases[self.assignment]
        if 2 * places < len(release.cells) and (other := self._other(cells, places)):
            return Look("another", why=f"of {other}")
        if foreign_cells(cells, release):
            return Look("another", why="of none that is known here")
        asked = [cell for cell in release.cells if role(cell) in ("answer", "manual")]
        if not places or (not answers and places < max(1, len(release.cells) // 10) and asked):
            return Look("another", why="of none that is known here")
        return Look("taken", answers)

    def _known(self, cells: list[StudentCell], assignment: str) -> tuple[int, int]:
        """How many of the released cells are in a notebook, and how many of their answers were worked on."""
        released: list[NotebookNode] = self._releases[assignment].cells
        copies, answers = identify(cells, released).copies, 0
        for place, found in copies.items():
            if role(released[place]) in ("answer", "manual"):
                pick = chosen(cells, released[place], found)
                answers += pick is not None and worked(cells[pick], released[place])
        return len(copies), answers

    def _other(self, cells: list[StudentCell], places: int) -> str:
        """The assignment of which a notebook has more cells than of this one, and half of them; empty if there is none."""
        most = {name: self._known(cells, name)[0] for name in self.others}
        likely = max(most, key=lambda name: most[name], default="")
        return likely if likely and most[likely] > places and 2 * most[likely] >= len(self._releases[likely].cells) else ""


def what_is(name: str, content: bytes) -> str:
    """A word for a file that is no notebook."""
    ending = PurePosixPath(name).suffix.casefold()
    kind = next((kind for magic, kind in _KINDS.items() if content.startswith(magic)), "")
    return _ENDINGS.get(ending) or kind or ("empty" if not content else "no notebook")


def _may_be_notebook(name: str, content: bytes) -> bool:
    if ".ipynb" in name.casefold():
        return not content.startswith(b"%PDF")
    return content.lstrip()[:1] == b"{" and (b'"cells"' in content or b'"worksheets"' in content)
