"""What students hand in, through both doors in a fresh copy of the course: who is graded and who is told what."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT, link_hidden_tests
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from room import ENVIRONMENT, NAME, Room, answered
from test_doors import BIN
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import Course
from autograder.notebooks import notebook
from autograder.notebooks.converter import course_config

pytestmark = [pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
SOLVED = ("convnet", "network_graph")
GRADED = ["added_import", "copy_of", "expected", "untouched_beside"]
FLAGS = {
    "copy_of": [f"Copy of {NAME}.ipynb is graded: there is no {NAME}.ipynb."],
    "untouched_beside": [
        f"{NAME} (1).ipynb is graded in place of {NAME}.ipynb.",
        f"{NAME}.ipynb is not graded: nothing is answered in it.",
    ],
}
REASONS = {
    "too_high": f"too_high/{NAME}.ipynb lies one folder too high; move it to",
    "only_zip": f"there is only {NAME}/{NAME}.zip; unpack {NAME}.zip and put {NAME}.ipynb there",
    "loose_pdf": f"there is only homework.pdf; ask the student for {NAME}.ipynb",
}


def solved() -> NotebookNode:
    return answered(*SOLVED)


def with_import() -> NotebookNode:
    """The answer uses a name that the student imported in the release's cell of imports."""
    made = solved()
    cells = notebook.cells_by_grade_id(made)
    cells["imports"].source += "\nfrom torch.nn import Conv2d"
    assert "nn.Conv2d" in cells["convnet"].source
    cells["convnet"].source = cells["convnet"].source.replace("nn.Conv2d", "Conv2d")
    return made


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A clone with submissions and no gradebook, and an assignment of nbgrader's own kind."""
    root = tmp_path_factory.mktemp("fresh") / "course"
    for name in ("source", "release"):
        shutil.copytree(ROOT / name / NAME, root / name / NAME)
    shutil.copyfile(ROOT / "nbgrader_config.py", root / "nbgrader_config.py")
    link_hidden_tests(root)
    files: dict[str, NotebookNode] = {
        f"expected/{NAME}/{NAME}.ipynb": solved(),
        f"copy_of/{NAME}/Copy of {NAME}.ipynb": solved(),
        f"untouched_beside/{NAME}/{NAME}.ipynb": answered(),
        f"untouched_beside/{NAME}/{NAME} (1).ipynb": solved(),
        f"added_import/{NAME}/{NAME}.ipynb": with_import(),
        f"too_high/{NAME}.ipynb": solved(),
    }
    for name, made in files.items():
        notebook.write(made, root / "submitted" / name)
    for name in (f"only_zip/{NAME}/{NAME}.zip", "loose_pdf/homework.pdf", "elsewhere/other_assignment/notes.txt"):
        path = root / "submitted" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"PK\x03\x04")
    return Course(root)


def nbgrader(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = ENVIRONMENT | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(
        [str(BIN / "nbgrader"), *arguments], cwd=course.root, env=environment, capture_output=True, text=True, timeout=600
    )  # fmt: skip


@pytest.fixture(scope="module")
def graded(course: Course) -> Room:
    """What ``autograder grade`` makes of the class."""
    room = Room(course.root)
    status, said = room.grade("--jobs", "1", "--gradebook", course.root / "mine" / "gradebook.db")
    assert status == 1, said
    return room


def test_nobody_is_missing_from_the_table(graded: Room) -> None:
    found = graded.outcomes()
    assert sorted(found) == sorted([*GRADED, *REASONS])
    for student, outcome in found.items():
        assert outcome["status"] == ("graded" if student in GRADED else "could_not_grade")
        assert outcome["flags"] == FLAGS.get(student, [])
        assert REASONS.get(student, "None") in outcome["reason"]


def test_the_name_of_a_file_and_an_added_import_cost_no_points(graded: Room) -> None:
    found = graded.outcomes()
    assert {found[student]["points"] for student in GRADED} == {found["expected"]["points"]}
    assert found["expected"]["points"] > 20
    kept = "imports: imports that were added to this locked cell are kept (from torch.nn import Conv2d)."
    assert found["added_import"]["repairs"] == [kept]


def scores(db: Path) -> dict[str, dict[str, float | None]]:
    with Gradebook(f"sqlite:///{db}") as gradebook:
        return {
            found.student_id: {grade.name: grade.auto_score for book in found.notebooks for grade in book.grades}
            for found in gradebook.assignment_submissions(NAME)
        }


@contextlib.contextmanager
def api(course: Course) -> Iterator[NbGraderAPI]:
    """What formgrader's button calls, in the course's folder."""
    config: Any = course_config(course)
    config.GradeInSandbox.profile, config.GradeInSandbox.device = "quick", "cpu"
    with contextlib.chdir(course.root):
        yield NbGraderAPI(CourseDirectory(config=config), config=config)


def test_nbgraders_own_command_grades_a_fresh_clone(course: Course, graded: Room) -> None:
    options = ("--GradeInSandbox.profile=quick", "--GradeInSandbox.device=cpu")
    assert not course.gradebook.exists()
    shutil.rmtree(course.submitted / "added_import")  # it takes a box of its own, as above
    done = nbgrader(course, "autograde", NAME, *options)
    assert done.returncode == 1, "some cannot be graded"
    found = scores(course.gradebook)
    assert sorted(found) == GRADED[1:]
    assert all(scores_of == found["expected"] for scores_of in found.values())
    assert found["expected"]["act01"]
    for line in [*REASONS.values(), *(flag for flags in FLAGS.values() for flag in flags)]:
        assert line in done.stderr
    assert "Traceback" not in done.stderr

    course.gradebook.unlink()
    shutil.rmtree(course.root / "autograded")
    done = nbgrader(course, "autograde", NAME, *options, "--create", "--student", "copy_of")
    assert done.returncode == 0, done.stderr
    assert scores(course.gradebook) == {"copy_of": found["copy_of"]}

    course.gradebook.unlink()
    shutil.rmtree(course.root / "autograded")
    with api(course) as button:
        result = button.autograde(NAME, "untouched_beside")
        assert result["success"], result
        assert scores(course.gradebook) == {"untouched_beside": found["expected"]}
        refused = button.autograde(NAME, "only_zip")
        assert not refused["success"]
        assert REASONS["only_zip"] in refused["log"]
        nobody = button.autograde(NAME, "nobody")
        assert "No notebooks were matched" in nobody["log"]


@pytest.fixture
def plain(course: Course, tmp_path: Path) -> Course:
    """An assignment that nbgrader alone can grade, handed in."""
    shutil.copyfile(course.root / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    answer = nbformat.v4.new_code_cell("x = 2", metadata={"nbgrader": _meta("answer", solution=True)})
    check = nbformat.v4.new_code_cell("assert x == 2", metadata={"nbgrader": _meta("check", grade=True, points=3)})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = nbformat.v4.new_notebook(cells=[answer, check], metadata=kernel)
    for folder in ("source", "submitted/ada"):
        (tmp_path / folder / "ps1").mkdir(parents=True)
        nbformat.write(made, tmp_path / folder / "ps1" / "ps1.ipynb")
    return Course(tmp_path)


def _meta(name: str, **more: Any) -> dict[str, Any]:
    whole = {"grade_id": name, "grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return whole | {"locked": "grade" in more} | more


def test_an_assignment_of_nbgraders_own_kind_needs_leave_to_run_without_a_sandbox(plain: Course) -> None:
    with api(plain) as button:
        refused = button.autograde("ps1", "ada")
    assert not refused["success"]
    assert "ps1 has no hidden tests here. nbgrader can grade it" in refused["log"]
    assert "set c.GradeInSandbox.without_sandbox = ['ps1'] in nbgrader_config.py" in refused["log"]
    assert not (plain.root / "autograded").exists()

    with (plain.root / "nbgrader_config.py").open("a") as file:
        file.write("c.GradeInSandbox.without_sandbox = ['ps1']\n")
    with api(plain) as button:
        assert button.generate_assignment("ps1")["success"]
        result = button.autograde("ps1", "ada")
    assert result["success"], result
    assert "nbgrader runs it, without a sandbox" in result["log"]
    with Gradebook(f"sqlite:///{plain.gradebook}") as gradebook:
        assert gradebook.find_submission("ps1", "ada").score == 3

    with api(plain) as button:
        result = button.generate_feedback("ps1", "ada")
    assert result["success"], result
    page = (plain.root / "feedback" / "ada" / "ps1" / "ps1.html").read_text(encoding="utf-8")
    assert "(Score: 3.0 / 3.0)" in page
    with contextlib.chdir(plain.root):
        done = CliRunner().invoke(app, ["grade", "ps1"])
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1)
    assert "ps1 has no hidden tests here" in done.output
    assert "grade it with nbgrader's own command, `nbgrader autograde ps1`" in done.output


def test_a_mistyped_name_is_one_line_of_nbgrader(plain: Course) -> None:
    with api(plain) as button:
        result = button.autograde("ps2", "ada")
    assert not result["success"]
    assert "no assignment 'ps2'" in result["log"]
    assert "did you mean ps1?" in result["log"]
