"""The table of tasks is read as it is written, and each disagreement with the graded cells is one line."""

import shutil
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, link_hidden_tests
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import Course
from autograder.notebooks.notebook import NotebookNode, cells_by_grade_id, read, write
from autograder.notebooks.tasks import Task, differences, tasks

HEAD = "| id | task | points | minutes | graded |\n| --- | --- | ---: | ---: | --- |\n"
ROWS = (
    "| `first` | `fit` and **more**, a \\| b | 5 | 8 | hidden tests |",
    "| `second` | second block | 2.5 | 3 | hidden tests |",
    "| `why` | say why | 4 | 10 | by a person |",
    "| `extra` | your own | optional | | not graded |",
    "| | **total** | **11.5** | **21** | |",
)


def meta(name: str, points: float | None, solution: bool) -> dict[str, object]:
    graded = {"points": points} if points is not None else {}
    return {"nbgrader": {"grade": points is not None, "grade_id": name, "solution": solution, **graded}}


def notebook(*rows: str, before: str = "") -> NotebookNode:
    made = nbformat.v4.new_notebook()
    made.cells = [
        nbformat.v4.new_markdown_cell(f"## Tasks\n\n{before}{HEAD}" + "\n".join(rows) + "\n\nText."),
        nbformat.v4.new_code_cell("...", metadata=meta("code", None, True)),
        nbformat.v4.new_code_cell("...", metadata=meta("first", 5, False)),
        nbformat.v4.new_code_cell("...", metadata=meta("second", 2.5, False)),
        nbformat.v4.new_markdown_cell("...", metadata=meta("why", 4, True)),
        nbformat.v4.new_code_cell("...", metadata=meta("extra", None, True)),
    ]
    return made


def test_the_rows_are_read_by_id() -> None:
    found = tasks(notebook(*ROWS))
    assert list(found) == ["first", "second", "why", "extra"]
    assert found["first"] == Task("first", "`fit` and **more**, a | b", "5", "8", "hidden tests")


def test_a_table_that_agrees_has_no_difference() -> None:
    assert differences(notebook(*ROWS)) == []
    assert differences(notebook(*ROWS, before="| a | b |\n| --- | --- |\n| 1 | 2 |\n\n")) == []
    assert differences(notebook(*(row.replace("| 5 |", "| 5.0 |") for row in ROWS))) == []


def test_a_notebook_without_the_table_has_nothing_to_compare() -> None:
    made = notebook()
    made.cells[0].source = "## Tasks"
    assert (tasks(made), differences(made)) == ({}, [])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| 5 | 8 |", "| 6 | 8 |", "row `first`: 6 points in the table, 5 in the cell first"),
        ("| 5 | 8 |", "| | 8 |", "row `first`: no points in the table, 5 in the cell first"),
        ("| 5 | 8 |", "| five | 8 |", "row `first`: five points in the table, 5 in the cell first"),
        ("`second`", "`secnd`", "row `secnd`: the notebook has no graded cell secnd"),
        ("`second`", "`secnd`", "cell second: 2.5 points, and the table has no row `second`"),
        ("`second`", "`first`", "row `first`: it is there 2 times"),
        ("10 | by a person", "10 | hidden tests", "`why`: graded 'hidden tests' in the table, 'by a person' in the cell"),
        ("8 | hidden tests", "8 | by a person", "`first`: graded 'by a person' in the table, 'hidden tests' in the cell"),
        ("8 | hidden tests", "8 | not graded", "`first`: graded 'not graded' in the table, 'hidden tests' in the cell"),
        ("8 | hidden tests", "8 | later", "`first`: graded is 'later'; write one of hidden tests, by a person, not graded"),
        ("optional", "3", "row `extra`: the notebook has no graded cell extra"),
        ("**11.5**", "**12**", "row of totals: 12 points in the table, 11.5 in the cells"),
        ("**21**", "**20**", "row of totals: 20 minutes, 21 in the rows above"),
    ],
)  # fmt: skip
def test_each_disagreement_is_one_line(old: str, new: str, said: str) -> None:
    found = differences(notebook(*(row.replace(old, new, 1) for row in ROWS)))
    assert any(said in line for line in found), found
    assert all("\n" not in line for line in found)


def test_generate_names_rows_and_cells_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "mnist_cnn"
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    link_hidden_tests(tmp_path)
    course = Course(tmp_path)
    source = read(ROOT / "source" / name / f"{name}.ipynb")
    cells_by_grade_id(source)["forward"].metadata.nbgrader.points = 11
    write(source, course.source / name / f"{name}.ipynb")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["generate", name])
    assert done.exit_code == 1
    first, second, last = done.output.splitlines()
    assert first == "table of tasks: row `forward`: 10 points in the table, 11 in the cell forward"
    assert second == "table of tasks: row of totals: 100 points in the table, 101 in the cells"
    assert "nothing was generated" in last
    assert not (course.release / name).exists()


@pytest.mark.parametrize("name", Course.find(ROOT).assignments())
def test_the_assignments_agree(name: str) -> None:
    source = read(Course.find(ROOT).source_notebook(name))
    assert tasks(source)
    assert differences(source) == []
