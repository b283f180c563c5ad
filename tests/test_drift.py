"""A release that is behind its source is told of in one line, and graded by what students were given."""

import copy
from pathlib import Path

import pytest
from conftest import ROOT
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.course import Course
from autograder.grading.drift import behind
from autograder.grading.gradebook import ensure_assignment, open_gradebook
from autograder.notebooks.notebook import cells_by_grade_id, items, read, write

NAME = "mnist_cnn"
COURSE = Course(ROOT)
SOURCE, RELEASE = read(COURSE.source_notebook(NAME)), read(COURSE.release_notebook(NAME))
ITEMS = list(items(SOURCE))


@pytest.mark.parametrize("name", COURSE.assignments())
def test_what_was_generated_is_not_behind(name: str) -> None:
    assert behind(read(COURSE.source_notebook(name)), read(COURSE.release_notebook(name))) == []


def changed() -> NotebookNode:
    source = copy.deepcopy(SOURCE)
    cells = cells_by_grade_id(source)
    cells[ITEMS[0].id].metadata.nbgrader.points += 1
    graded = {"grade": True, "solution": False, "locked": True, "points": 2, "grade_id": "extra_item", "schema_version": 3}
    source.cells.append(new_code_cell("check()", metadata={"nbgrader": graded | {"task": False, "cell_type": "code"}}))
    return source


def test_points_items_and_given_code() -> None:
    source = changed()
    cells = cells_by_grade_id(source)
    given = next(name for name, cell in cells.items() if cell.cell_type == "code" and cell.metadata.nbgrader.locked)
    cells[given].source += "\n# another line"
    first = ITEMS[0]
    assert behind(source, RELEASE) == [
        f"{first.id} has {first.max_points + 1:g} points in source/ and {first.max_points:g} in release/",
        "extra_item is new in source/",
        f"the given code of {given} has changed in source/",
    ]
    source.cells = [cell for cell in source.cells if cell is not cells[first.id]]
    assert f"{first.id} is gone from source/" in behind(source, RELEASE)


def test_a_new_gradebook_learns_the_points_of_the_release(tmp_path: Path) -> None:
    course = Course(tmp_path)
    write(changed(), tmp_path / "source" / NAME / f"{NAME}.ipynb")
    write(RELEASE, tmp_path / "release" / NAME / f"{NAME}.ipynb")
    (tmp_path / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    ensure_assignment(course, NAME, course.gradebook)
    with open_gradebook(course, course.gradebook) as gradebook:
        known = {cell.name: cell.max_score for cell in gradebook.find_notebook(NAME, NAME).grade_cells}
    assert known == {item.id: item.max_points for item in items(RELEASE)}
