"""The same grade by two doors: ``nbgrader autograde`` and ``autograder grade``, each in its own course folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HIDDEN, link_hidden_tests
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.notebooks import notebook
from autograder.outcomes import ClassOutcomes
from autograder.proof import catalogue

ASSIGNMENT = "pa4_convnet"
STUDENTS = ("mistake_errors_counted_in_batches", "exit_in_graph", "untouched_release")
BIN = Path(sys.executable).parent


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=900, check=False)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of the course with three submissions, and one that is no notebook."""
    ours, root = Course.find(Path(__file__)), tmp_path_factory.mktemp("course")
    shutil.copytree(ours.source, root / "source")
    shutil.copytree(ours.release, root / "release")
    shutil.copyfile(ours.root / "nbgrader_config.py", root / "nbgrader_config.py")
    link_hidden_tests(root)
    made = Course(root)
    source = notebook.read(made.source_notebook(ASSIGNMENT))
    release = notebook.read(made.release_notebook(ASSIGNMENT))
    for answer in catalogue.answers(HIDDEN / ASSIGNMENT):
        if answer.name in STUDENTS:
            path = made.submitted / answer.name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
            notebook.write(catalogue.build(answer, source, release), path)
    # What lies beside a notebook: links to hidden tests and solutions, a page with a script, a pipe as time stamp.
    beside = made.submitted / STUDENTS[0] / ASSIGNMENT
    (beside / "notes.html").symlink_to(ours.root / "autograder" / "assignments" / ASSIGNMENT / "test_results.py")
    (beside / "solution.txt").symlink_to(made.source_notebook(ASSIGNMENT))
    (beside / "page.html").write_text("<script>alert(1)</script>")
    (beside / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC")
    os.mkfifo(made.submitted / STUDENTS[2] / ASSIGNMENT / "timestamp.txt")
    broken = made.submitted / "broken" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"cells": [')
    return made


def scores(db: Path) -> dict[tuple[str, str], tuple[float | None, bool]]:
    with Gradebook(f"sqlite:///{db}") as gradebook:
        return {
            (submission.student.id, grade.name): (grade.auto_score, bool(grade.needs_manual_grade))
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
            for found in submission.notebooks
            for grade in found.grades
        }


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(1800)
def test_both_doors_give_the_same_scores(course: Course) -> None:
    done = run(course.root, str(BIN / "nbgrader"), "generate_assignment", ASSIGNMENT)
    assert done.returncode == 0, done.stderr
    run(course.root, str(BIN / "nbgrader"), "autograde", ASSIGNMENT, "--GradeInSandbox.profile=proof")
    by_nbgrader = scores(course.gradebook)
    assert {student for student, _ in by_nbgrader} == set(STUDENTS)

    run(course.root, str(BIN / "nbgrader"), "generate_feedback", ASSIGNMENT)
    for stage, kind in (("autograded", "ipynb"), ("feedback", "html")):
        folder = course.root / stage / STUDENTS[0] / ASSIGNMENT
        assert {path.name for path in folder.iterdir()} == {f"{ASSIGNMENT}.{kind}", "timestamp.txt"}

    second = course.root / "second"
    done = run(
        course.root, str(BIN / "autograder"), "grade", ASSIGNMENT, "--profile", "proof", "--device", "cpu",
        "--gradebook", str(second / "gradebook.db"), "--out", str(second), "--feedback",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr  # one submission is no notebook
    assert scores(second / "gradebook.db") == by_nbgrader

    outcomes = ClassOutcomes.read(second / "outcomes.json")
    assert outcomes.submissions["broken"].status == "could_not_grade"
    for student in STUDENTS:
        items = outcomes.submissions[student].items
        assert sum(item.points for item in items.values()) == outcomes.submissions[student].points
        for name, item in items.items():
            assert by_nbgrader[student, name] == (item.points, False)
        for name in ("act20", "act21_text", "act22", "act24"):
            # Written answers wait for a person; an untouched one is 0 by nbgrader's own rule.
            assert by_nbgrader[student, name] == ((0.0, False) if student == "untouched_release" else (None, True))

    page = (second / "feedback" / STUDENTS[0] / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert "batches are counted, not images" in page
    assert "Fix this first" in page
    assert "act19, errors and accuracy: partly right, 4 of 8 points" in page
    hidden = Path(__file__).parents[1] / "autograder" / "assignments" / ASSIGNMENT / "test_results.py"
    for line in hidden.read_text(encoding="utf-8").splitlines():
        if line.strip().startswith(("require(", "assert ", "def test_")):
            assert line.strip() not in page
