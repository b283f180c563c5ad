"""Generate the students' version of an assignment with nbgrader, and search it for leaked answers."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode

from ..course import Course
from .converter import convert
from .notebook import grade_id, read, role

_BEGIN = re.compile(r"BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_END = re.compile(r"END (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_MIN_CODE, _MIN_PROSE = 8, 20  # characters without white space; shorter ones are everybody's


@dataclass(frozen=True)
class Leak:
    """Something in ``release/`` that only the instructor may see: its kind, the file and cell, the text."""

    kind: Literal["solution", "rubric", "hidden test", "marker", "output"]
    where: str
    text: str


def generate(course: Course, assignment: str, gradebook: Path | None = None, header: dict[str, str] | None = None) -> Path:
    """Write ``release/<assignment>/`` anew, byte for byte as ``nbgrader generate_assignment`` does.

    Args:
        gradebook: the gradebook that learns the assignment's cells and points; none if None.
        header: settings of :class:`.header.FillHeader` in place of the course's.

    Returns:
        The path of the released notebook.

    Raises:
        CourseError: no such assignment, or nbgrader refuses it; an earlier release is then left as it was.
    """
    course.source_notebook(assignment)
    course.release.mkdir(exist_ok=True)
    # In two steps, because nbgrader empties the folder first and leaves nothing behind when it fails.
    with tempfile.TemporaryDirectory(dir=course.release, prefix=".new-") as scratch:
        register(course, assignment, gradebook or Path(scratch) / "gradebook.db", Path(scratch), header)
        shutil.rmtree(course.release / assignment, ignore_errors=True)
        (Path(scratch) / assignment).rename(course.release / assignment)
    return course.release_notebook(assignment)


def register(course: Course, assignment: str, gradebook: Path, folder: Path, header: dict[str, str] | None = None) -> None:
    """Make the assignment known to a gradebook, with the release written below ``folder``.

    Raises:
        CourseError: nbgrader refuses, for example because cells changed after submissions were graded.
    """
    from nbgrader.converters import GenerateAssignment

    overrides = {"FillHeader": header or {}}
    convert(GenerateAssignment, course, assignment, db=gradebook, folders={"release_directory": folder}, overrides=overrides)


def leaks(course: Course, assignment: str) -> list[Leak]:
    """What of the solution, the rubrics and the hidden tests can be read in the release.

    Lines are compared without white space, anywhere inside a released line, so that an answer quoted in a
    hint is found too. Not searched for: short lines, comments, imports, and lines that the source itself
    gives away. Of the hidden tests every ``.py`` is secret, also those of the catalogue; in a test file an assertion, or
    a long line, counts even where the source itself gives it away.
    """
    secrets = dict(_secrets(course, assignment))
    found = []
    for where, text in _released(course.release / assignment):
        squeezed = [(line, _squeeze(line)) for line in text.splitlines()]
        whole = _squeeze(text)
        if _BEGIN.search(text):
            found.append(Leak("marker", where, next(line for line in text.splitlines() if _BEGIN.search(line))))
        for secret, kind in secrets.items():
            if secret in whole:
                line = next((line for line, tight in squeezed if secret in tight), secret)
                found.append(Leak(kind, where, line.strip()[:200]))
    for cell in read(course.release_notebook(assignment)).cells:
        if cell.get("outputs") or cell.get("execution_count"):
            found.append(Leak("output", f"{assignment}.ipynb, cell {cell.get('id', '?')}", "a cell output"))
    return found


def _secrets(course: Course, assignment: str) -> Iterator[tuple[str, Literal["solution", "rubric", "hidden test"]]]:
    given: list[str] = []
    regions: list[tuple[Literal["solution", "rubric", "hidden test"], str]] = []
    for cell in read(course.source_notebook(assignment)).cells:
        outside, inside = _split(cell)
        given.append(_squeeze(outside))
        kind = role(cell)
        regions.append(
            (
                "hidden test" if kind == "item" else "rubric" if cell.cell_type != "code" else "solution",
                inside,
            )
        )
    public = "\n".join(given)
    for name, text in regions:
        for line in re.split(r"\n|(?<=[.;:!?])\s", text) if name == "rubric" else text.splitlines():
            secret = _squeeze(line.lstrip("-*#>| ") if name == "rubric" else line)
            enough = len(secret) >= (_MIN_PROSE if name == "rubric" else _MIN_CODE)
            if enough and secret not in public and (name == "rubric" or not _ordinary(line)):
                yield secret, name
    folder = course.hidden_tests(assignment)
    for path in sorted(folder.rglob("*.py")):
        test = path.parent == folder and path.name.startswith("test_")
        for line in path.read_text(encoding="utf-8").splitlines():
            secret = _squeeze(line)
            strict = test and (secret.startswith("assert") or len(secret) >= 2 * _MIN_PROSE)
            if len(secret) >= _MIN_PROSE and not _ordinary(line) and (strict or secret not in public):
                yield secret, "hidden test"


def _split(cell: NotebookNode) -> tuple[str, str]:
    """The text of a source cell outside and inside its regions; an answer without regions is all inside."""
    outside: list[str] = []
    inside: list[str] = []
    within = False
    for line in cell.source.splitlines():
        if _BEGIN.search(line):
            within = True
        elif _END.search(line):
            within = False
        else:
            (inside if within else outside).append(line)
    if not inside and role(cell) in ("answer", "manual"):
        return "", cell.source
    return "\n".join(outside), "\n".join(inside)


def _released(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        if path.suffix != ".ipynb":
            yield path.name, path.read_bytes().decode("utf-8", errors="replace")
            continue
        for cell in read(path).cells:
            name = grade_id(cell) or cell.get("id", "?")
            yield (
                f"{path.name}, cell {name}",
                f"{cell.source}\n{cell.get('outputs') or ''}\n{dict(cell.metadata)}",
            )


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _ordinary(line: str) -> bool:
    """Whether a line of code tells nothing: a comment, an import, or punctuation and keywords alone."""
    line = line.strip()
    return line.startswith(("#", "import ", "from ", '"""')) or not re.search(r"\w{2,}\W+\w", line)
