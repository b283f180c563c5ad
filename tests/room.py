"""A course of its own in a folder, and the grading command run on it: what several tests of whole runs share."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from conftest import ROOT, link_hidden_tests
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.cli import app
from autograder.notebooks import notebook
from autograder.outcomes import ClassOutcomes

NAME = "pa4_convnet"
OPTIONS = ["--profile", "proof", "--enter-trial-grades", "--device", "cpu", "--jobs", "2"]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}


@dataclass(frozen=True)
class Room:
    """A course of its own, with submissions, outcomes and gradebook."""

    root: Path

    @property
    def out(self) -> Path:
        return self.root / "graded" / NAME

    @property
    def db(self) -> Path:
        return self.root / "gradebook.db"

    def path(self, student: str) -> Path:
        return self.root / "submitted" / student / NAME / f"{NAME}.ipynb"

    def command(self, *more: object) -> list[str]:
        return [sys.executable, "-m", "autograder", "grade", NAME, *OPTIONS, *map(str, more)]

    def start(self, *more: object, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*more), cwd=self.root, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            **options,
        )  # fmt: skip

    def grade(self, *more: object) -> tuple[int, str]:
        """Exit status, and all that was printed, of a run in this process."""
        with contextlib.chdir(self.root):
            done = CliRunner().invoke(app, ["grade", NAME, *OPTIONS, *map(str, more)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def outcomes(self, out: Path | None = None) -> dict[str, Any]:
        """What outcomes.json says, but for seconds and the name of the folder."""
        found = ClassOutcomes.read((out or self.out) / "outcomes.json").model_dump()["submissions"]
        for outcome in found.values():
            outcome["seconds"], outcome["reason"] = 0, str(outcome["reason"]).replace(str(self.root), "")
        return found

    def scores(self, db: Path | None = None) -> dict[str, dict[str, float | None]]:
        """Automatic scores by student and item, after a check that the gradebook is whole."""
        path = db or self.db
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        with Gradebook(f"sqlite:///{path}") as gradebook:
            return {
                found.student_id: {grade.name: grade.auto_score for book in found.notebooks for grade in book.grades}
                for found in gradebook.assignment_submissions(NAME)
            }

    def copy(self, root: Path) -> "Room":
        shutil.copytree(self.root, root, symlinks=True, ignore=shutil.ignore_patterns(".autograder"))
        (root / ".autograder").symlink_to(self.root / ".autograder")
        return Room(root)


def new_room(root: Path) -> Room:
    """An empty course with the assignments of this repository."""
    root.mkdir()
    for name in ("nbgrader_config.py", "source", "release"):
        (root / name).symlink_to(ROOT / name)
    link_hidden_tests(root)
    return Room(root)


def answered(*answers: str) -> NotebookNode:
    """The release with some answers of the solution."""
    made = notebook.read(ROOT / "release" / NAME / f"{NAME}.ipynb")
    solved = notebook.cells_by_grade_id(notebook.read(ROOT / "source" / NAME / f"{NAME}.ipynb"))
    for name in answers:
        notebook.cells_by_grade_id(made)[name].source = notebook.without_region_marks(solved[name].source)
    return made


def hand_in(room: Room, student: str, answers: tuple[str, ...]) -> None:
    """Some answers of the solution, and a line of the student's own."""
    made = answered(*answers)
    made.cells.append(nbformat.v4.new_code_cell(f"print({student!r})", id=f"own-{student}"))
    notebook.write(made, room.path(student))
