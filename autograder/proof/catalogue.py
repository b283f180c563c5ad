"""Build whole submissions from an assignment's catalogue of right and wrong, unfinished, damaged and hostile answers.

The catalogue (``answers/`` in the assignment's folder) says what each submission changes and which verdicts it must get, so
it measures the hidden tests. ``examples/`` holds some of them as notebooks.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..course import Course, CourseError
from ..notebooks.notebook import cells_by_grade_id, read, role, to_text, without_region_marks, write_text
from . import percent
from .answer import Answer

CUT_OFF = 20_000  # characters that are left of a file


def folder_of(assignment: Path) -> Path:
    """Where the catalogue of an assignment lies, from the assignment's folder."""
    return assignment / "answers"


def answers(assignment: Path) -> list[Answer]:
    """The catalogue of an assignment, from its folder, in the order of its files.

    Raises:
        CourseError: a file of the catalogue has a mistake; the message names file and line.
    """
    return [answer for path in sorted(folder_of(assignment).rglob("*.py")) for answer in percent.read(path)]


def answer(assignment: Path, name: str) -> Answer:
    """The answer of that name.

    Raises:
        CourseError: there is none.
    """
    for listed in answers(assignment):
        if listed.name == name:
            return listed
    raise CourseError(f"{folder_of(assignment)}: no answer is called {name}")


def build(answer: Answer, source: NotebookNode, release: NotebookNode) -> NotebookNode:
    """The notebook that a student with this answer would hand in, before any damage to the file.

    Raises:
        ValueError: an edit does not fit the reference solution any more, or there is no such cell.
    """
    notebook = copy.deepcopy(release)
    solved = cells_by_grade_id(source)
    named = {*answer.cells, *(place for place, _, _ in answer.edits)}
    if unknown := sorted(named - {name for name, cell in solved.items() if role(cell) in ("answer", "manual")}):
        raise ValueError(f"{answer.name}: no answer cell {', '.join(unknown)}")
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if role(cell) not in ("answer", "manual") or name in answer.blank:
            continue
        if role(cell) == "manual":
            if name in answer.cells or "manual" not in answer.blank:
                cell.source = answer.cells.get(name, "An answer in my own words.")
            continue
        cell.source = answer.cells.get(name, without_region_marks(solved[name].source))
        for place, old, new in answer.edits:
            if place == name:
                try:
                    cell.source = _edited(cell.source, old, new)
                except ValueError as error:
                    raise ValueError(f"{answer.name}: {error} in the cell {name}") from None
    for number, (place, text) in reversed(list(enumerate(answer.added))):
        position = next((i for i, cell in enumerate(notebook.cells) if cell.get("id") == place), None)
        if position is None:
            raise ValueError(f"{answer.name}: no cell {place}")
        notebook.cells.insert(position + 1, nbformat.v4.new_code_cell(text, id=f"own-{number}"))  # type: ignore[no-untyped-call]
    return notebook


def _edited(source: str, old: str, new: str) -> str:
    """``source`` with ``new`` for ``old``, both indented as the line in which ``old`` stands.

    Raises:
        ValueError: ``old`` does not stand there exactly once.
    """
    places = []
    for match in re.finditer(re.escape(old.partition("\n")[0]), source):
        before = source[: match.start()].rpartition("\n")[2]
        indent = before[: len(before) - len(before.lstrip())]
        here, there = (re.sub(r"\n(?=[^\n])", f"\n{indent}", text) for text in (old, new))
        if not source.startswith(here, match.start()):
            continue
        first, last = source[: match.start()], source[match.start() + len(here) :]
        if not new and before == indent and last[:1] in ("", "\n"):  # whole lines, of which nothing is left
            first, last = first.removesuffix(indent), last[1:]
        places.append(first + there + last)
    if len(places) != 1:
        raise ValueError(f"{old!r} is {len(places)} times")
    return places[0]


def handed_in(answer: Answer, source: NotebookNode, release: NotebookNode) -> str:
    """The text of the file that a student with this answer would hand in.

    Raises:
        ValueError: as :func:`build`.
    """
    notebook = build(answer, source, release)
    if answer.damage == "metadata_lost":
        for cell in notebook.cells:
            cell.metadata = NotebookNode()  # type: ignore[no-untyped-call]
            cell.pop("id", None)
    text = to_text(notebook)
    return text[:CUT_OFF] if answer.damage == "cut_off" else text


def shown(assignment: Path, everything: bool = False) -> dict[str, str]:
    """The examples that `autograder demo` grades, by name and in its order, with what each of them is."""
    told = [answer for answer in answers(assignment) if answer.example and (everything or not answer.slow)]
    return {answer.name: answer.about for answer in sorted(told, key=lambda answer: answer.name)}


def write_examples(course: Course, assignment: str, folder: Path) -> list[Path]:
    """Write the catalogue's examples below ``folder`` as nbgrader lays submissions out."""
    source, release = read(course.source_notebook(assignment)), read(course.release_notebook(assignment))
    written = []
    for answer in answers(course.hidden_tests(assignment)):
        if answer.example:
            written.append(folder / answer.name / assignment / f"{assignment}.ipynb")
            write_text(written[-1], handed_in(answer, source, release))
    return written


if __name__ == "__main__":
    found = Course.find()
    for name in found.assignments():
        for path in write_examples(found, name, found.root / "examples"):
            print(path.relative_to(found.root))  # noqa: T201
