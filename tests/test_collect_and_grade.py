"""From a platform's zip to grades and back: collected, graded in a real box, the same whichever way a submission came."""

import contextlib
import sqlite3
from pathlib import Path

import nbformat
import pytest
from collected_class import NAME, as_zip, zipped
from conftest import ROOT
from nbgrader.api import Gradebook
from room import OPTIONS, new_room
from typer.testing import CliRunner

from autograder.cli import app
from autograder.notebooks import notebook
from autograder.outcomes import ClassOutcomes


def solved(*left_out: str) -> bytes:
    """The release with the solution's answers, but for some."""
    made = notebook.read(ROOT / "release" / NAME / f"{NAME}.ipynb")
    known = notebook.cells_by_grade_id(notebook.read(ROOT / "source" / NAME / f"{NAME}.ipynb"))
    for cell in made.cells:
        name = notebook.grade_id(cell)
        if notebook.role(cell) == "answer" and name not in left_out:
            cell.source = notebook.without_region_marks(known[name].source)
    return nbformat.writes(made).encode()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_moodles_zip_is_collected_and_graded(tmp_path: Path) -> None:
    room = new_room(tmp_path / "course")
    first = next(name for cell in notebook.read(ROOT / "release" / NAME / f"{NAME}.ipynb").cells
                 if notebook.role(cell) == "answer" and (name := notebook.grade_id(cell)))  # fmt: skip
    tree = {
        "Ada Lovelace_101_assignsubmission_file_/final version (3).ipynb": solved(),
        "Bob Jones_102_assignsubmission_file_/work.zip": zipped(("my folder/lab.ipynb", solved(first))),
        "Team 7_9_assignsubmission_file/x.ipynb": solved(first),
    }
    (room.root / "students.csv").write_text(
        "id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,,\nbob,Bob,Jones,,\ncy,Cy,Young,,\ndee,Dee,Day,,\n"
    )
    (room.root / "groups.csv").write_text("group,student\nTeam 7,cy\nTeam 7,dee\n")
    source = as_zip(tree, room.root / "CS101-Week 3-4711.zip")
    with contextlib.chdir(room.root):
        done = CliRunner().invoke(app, ["collect", NAME, str(source), "--groups", "groups.csv"])
        assert done.exit_code == 0, done.output
        done = CliRunner().invoke(app, ["grade", NAME, *OPTIONS])
        assert done.exit_code == 0, done.output
    found = ClassOutcomes.read(room.root / "graded" / NAME / "outcomes.json").submissions
    assert {student: outcome.status for student, outcome in found.items()} == dict.fromkeys(
        ("ada", "bob", "cy", "dee"), "graded"
    )
    assert found["ada"].points > found["bob"].points == found["cy"].points == found["dee"].points
    with Gradebook(f"sqlite:///{room.root / 'gradebook.db'}") as gradebook:
        scores = {one.student_id: one.score for one in gradebook.assignment_submissions(NAME)}
    assert scores == {student: outcome.points for student, outcome in found.items()}
    with contextlib.closing(sqlite3.connect(room.root / "gradebook.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
