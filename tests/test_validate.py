"""The reference solution earns every point, and a source notebook with a mistake does not pass."""

import re
import shutil
from pathlib import Path

import pytest
from conftest import link_hidden_tests
from nbformat.v4 import new_notebook
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import Course
from autograder.grading.validate import Validation, broken
from autograder.notebooks import notebook
from autograder.outcomes import SubmissionOutcome
from autograder.runs.evidence import CellError, CellRecord, Record

NAME = "pa4_convnet"


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(900)
def test_the_reference_earns_every_point_at_quick_profile() -> None:
    done = CliRunner().invoke(app, ["validate", NAME, "--profile", "quick", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    assert "92 of 92 points at profile quick" in done.output


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(900)
def test_a_source_that_loses_points_has_status_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, made = Course.find(Path(__file__)), Course(tmp_path)
    shutil.copytree(ours.source, made.source)
    shutil.copytree(ours.release, made.release)
    shutil.copyfile(ours.root / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    link_hidden_tests(tmp_path)
    path = made.source_notebook(NAME)
    source = notebook.read(path)
    cells = notebook.cells_by_grade_id(source)
    cells["convnet"].source = cells["convnet"].source.replace("padding=2", "padding=1", 1)
    cells["learning_rate"].source = "learning_rate, losses = None, []"  # no training: this test is of the status
    given = next(cell for cell in source.cells if cell.cell_type == "code" and notebook.role(cell) == "given")
    given.source += '\nimport numpy as np\nnp.genfromtxt("houses.csv")'
    notebook.write(source, path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["validate", NAME, "--profile", "quick", "--device", "cpu", "--write"])
    assert done.exit_code == 1, done.output
    assert "act01: partly" in done.output
    assert "the reference loses points in pa4_convnet; a cell ends in an error in pa4_convnet" in done.output
    name = notebook.grade_id(given)
    assert re.search(
        rf"pa4_convnet: the cell `{name}`, line \d+ ended in an error: FileNotFoundError: houses.csv", done.output
    )
    assert "pa4_convnet: the cell `act01`" in done.output, "a visible check"
    assert not made.solutions.exists()


def test_an_error_of_any_cell_is_enough() -> None:
    graded = SubmissionOutcome(status="graded", points=2, max_points=2)
    record = Record(seed=1, profile="quick", isolation="bubblewrap", versions={}, cells={"fine": CellRecord(seconds=1)})
    assert list(broken(record)) == []
    record.cells["plot"] = CellRecord(seconds=1, error=CellError(ename="KeyError", evalue="'x'\nand more", line=3))
    record.stopped["loop"] = "no end in the time allowed"
    lines = list(broken(record))
    assert lines == [
        "the cell `plot`, line 3 ended in an error: KeyError: 'x'", "the cell `loop` was stopped: no end in the time allowed"
    ]  # fmt: skip
    assert Validation(graded, new_notebook(), 1.0, []).perfect
    assert not Validation(graded, new_notebook(), 1.0, lines).perfect


def test_an_unknown_assignment_is_wrong_usage() -> None:
    done = CliRunner().invoke(app, ["validate", "no_such"])
    assert done.exit_code == 2
    assert "no assignment 'no_such'" in done.output
