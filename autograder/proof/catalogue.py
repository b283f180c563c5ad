"""Build whole submissions from an assignment's list of right answers, known mistakes and hostile or unfinished work.

The list (``answers.py`` in the assignment's folder) says what each submission changes and which verdicts it must get, so
it measures the hidden tests. ``examples/`` holds some of them as notebooks.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode

from .. import own_files
from ..course import Course
from ..notebooks.notebook import cells_by_grade_id, read, role, to_text, without_region_marks, write, write_text
from ..outcomes import Verdict

Kind = Literal["right", "mistake", "mutant", "unfinished", "hostile"]


@dataclass(frozen=True)
class Answer:
    """A submission, told as its difference from the reference solution.

    Args:
        cells: new sources of answer cells by ``grade_id``.
        edits: (``grade_id``, old text, new text), each old text exactly once in the cell.
        blank: answer cells left as they were handed out.
        added: (``grade_id`` of the cell before, source) of code cells of the student's own.
        verdicts: the items that do not pass; every other autograded item must.
        fails: the items at which a mistake or a mutant is wrong; items that rest on these may fail too.
        close: wrong, but trained to figures that come near to right ones; `autograder calibrate` shows them beside.
        equivalent: why a wrong answer computes what the reference computes, and so earns every autograded point.
        slow: an example that `autograder demo` leaves out, because it takes a while and shows little that the others do not.
        whole: also graded as a file at profile ``quick``, with exactly these ``verdicts``; so is every example, and every
            unfinished or hostile submission.
    """

    name: str
    kind: Kind
    about: str
    cells: dict[str, str] = field(default_factory=dict)
    edits: tuple[tuple[str, str, str], ...] = ()
    blank: tuple[str, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    fails: tuple[str, ...] = ()
    equivalent: str = ""
    close: bool = False
    example: bool = False
    slow: bool = False
    whole: bool = False

    @property
    def graded_as_a_file(self) -> bool:
        """Whether ``verdicts`` are exact, and checked from file to outcome."""
        return self.whole or self.example or self.kind in ("unfinished", "hostile")


def answers(assignment: Path) -> list[Answer]:
    """The catalogue of an assignment, from its folder."""
    listed: list[Answer] = own_files.module(assignment / "answers.py").ANSWERS
    return listed


def close_to_right(listed: list[Answer], *names: str) -> list[Answer]:
    """The same answers, of which the named ones are marked as close to right.

    Raises:
        ValueError: no answer has such a name.
    """
    if unknown := set(names) - {answer.name for answer in listed}:
        raise ValueError(f"no answer is called {', '.join(sorted(unknown))}")
    return [replace(answer, close=answer.close or answer.name in names) for answer in listed]


def build(answer: Answer, source: NotebookNode, release: NotebookNode) -> NotebookNode:
    """The notebook that a student with this answer would hand in.

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
            if "manual" not in answer.blank:
                cell.source = "An answer in my own words."
            continue
        cell.source = answer.cells.get(name, without_region_marks(solved[name].source))
        for place, old, new in answer.edits:
            if place == name:
                if cell.source.count(old) != 1:
                    raise ValueError(f"{answer.name}: {old!r} is {cell.source.count(old)} times in the cell {name}")
                cell.source = cell.source.replace(old, new)
    for place, text in answer.cells.items():
        if role(solved[place]) == "manual":
            cells_by_grade_id(notebook)[place].source = text
    for number, (place, text) in enumerate(answer.added):
        position = next((i for i, cell in enumerate(notebook.cells) if cell.get("id") == place), None)
        if position is None:
            raise ValueError(f"{answer.name}: no cell {place}")
        notebook.cells.insert(position + 1, nbformat.v4.new_code_cell(text, id=f"own-{number}"))  # type: ignore[no-untyped-call]
    return notebook


def shown(assignment: Path, everything: bool = False) -> dict[str, str]:
    """The examples that `autograder demo` grades, by name and in its order, with what each of them is."""
    told = {
        answer.name: answer.about for answer in answers(assignment) if answer.example and (everything or not answer.slow)
    }
    told["damaged_file_cut_off"] = "The file ends in the middle."
    if everything:
        told["damaged_metadata_lost"] = "The reference solution without the cells' metadata."
    return dict(sorted(told.items()))


def write_examples(course: Course, assignment: str, folder: Path) -> list[Path]:
    """Write the catalogue's examples below ``folder`` as nbgrader lays submissions out, and two damaged files."""
    source, release = read(course.source_notebook(assignment)), read(course.release_notebook(assignment))
    listed = answers(course.hidden_tests(assignment))
    written = []
    for answer in listed:
        if answer.example:
            path = folder / answer.name / assignment / f"{assignment}.ipynb"
            write(build(answer, source, release), path)
            written.append(path)
    lost = build(listed[0], source, release)
    for cell in lost.cells:
        cell.metadata = NotebookNode()  # type: ignore[no-untyped-call]
        cell.pop("id", None)
    damaged = folder / "damaged_metadata_lost" / assignment / f"{assignment}.ipynb"
    write(lost, damaged)
    cut = folder / "damaged_file_cut_off" / assignment / f"{assignment}.ipynb"
    write_text(cut, to_text(lost)[:20_000])
    return [*written, damaged, cut]


if __name__ == "__main__":
    found = Course.find()
    for name in found.assignments():
        for path in write_examples(found, name, found.root / "examples"):
            print(path.relative_to(found.root))  # noqa: T201
