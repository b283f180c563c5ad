"""The reference solution earns every point, and a source notebook with a mistake does not pass."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import Course
from autograder.notebooks import notebook

NAME = "pa4_convnet"


@pytest.mark.timeout(900)
def test_the_reference_earns_every_point_at_quick_profile() -> None:
    done = CliRunner().invoke(app, ["validate", NAME, "--profile", "quick", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    assert "92 of 92 points at profile quick" in done.output


@pytest.mark.timeout(900)
def test_a_source_that_loses_points_has_status_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, made = Course.find(Path(__file__)), Course(tmp_path)
    shutil.copytree(ours.source, made.source)
    shutil.copytree(ours.release, made.release)
    shutil.copyfile(ours.root / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    path = made.source_notebook(NAME)
    source = notebook.read(path)
    cells = notebook.cells_by_grade_id(source)
    cells["convnet"].source = cells["convnet"].source.replace("padding=2", "padding=1", 1)
    cells["learning_rate"].source = "learning_rate, losses = None, []"  # no training: this test is of the status
    notebook.write(source, path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["validate", NAME, "--profile", "quick", "--device", "cpu", "--write"])
    assert done.exit_code == 1, done.output
    assert "act01: partial" in done.output
    assert "the reference loses points in pa4_convnet" in done.output
    assert not made.solutions.exists()


def test_an_unknown_assignment_is_wrong_usage() -> None:
    done = CliRunner().invoke(app, ["validate", "no_such"])
    assert done.exit_code == 2
    assert "no assignment 'no_such'" in done.output
