"""What the release fills in: a Colab badge that leads somewhere or none, and the libraries that grading really has."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, link_hidden_tests
from packaging.requirements import Requirement
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import Course, CourseError
from autograder.notebooks import header
from autograder.notebooks.converter import course_config
from autograder.notebooks.notebook import read
from autograder.notebooks.release import generate

NAME, PATH = "mnist_cnn", "release/mnist_cnn/mnist_cnn.ipynb"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course with a small assignment in place of mnist_cnn, whose text has both places."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    link_hidden_tests(tmp_path)
    text = "# Title\n\n<!-- colab badge -->\n\nYou build.\n\n<!-- libraries -->\n\n**Help.**"
    locked = {"grade": False, "grade_id": "header", "locked": True, "schema_version": 3, "solution": False, "task": False}
    cell = nbformat.v4.new_markdown_cell(text, id="header", metadata={"nbgrader": locked})
    (tmp_path / "source" / NAME).mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "source" / NAME / f"{NAME}.ipynb")
    monkeypatch.chdir(tmp_path)
    return Course(tmp_path)


def configure(course: Course, line: str) -> None:
    path = course.root / "nbgrader_config.py"
    path.write_text(f"{path.read_text()}\n{line}\n")


def released(course: Course) -> str:
    return str(read(course.release_notebook(NAME)).cells[0].source)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["generate", NAME, *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def by_nbgrader(course: Course) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "nbgrader"), "generate_assignment", NAME]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True, timeout=120)


def test_without_a_repository_there_is_no_badge_and_no_gap(course: Course) -> None:
    assert run()[0] == 0
    assert released(course) == f"# Title\n\nYou build.\n\n{header.libraries()}\n\n**Help.**"


@pytest.mark.parametrize("name", Course.find(ROOT).assignments())
def test_the_committed_releases_have_no_dead_badge(name: str) -> None:
    text = Course.find(ROOT).release_notebook(name).read_text(encoding="utf-8")
    assert "OWNER" not in text
    assert "<!--" not in text
    assert "**Libraries.**" in text


def test_the_flag_fills_the_badge(course: Course) -> None:
    status, text = run("--repo", "ada/conv.nets", "--branch", "spring/2 (a)")
    assert status == 2, "a branch has no spaces"
    assert run("--repo", "ada/conv.nets", "--branch", "spring/(a)#1")[0] == 0
    address = f"https://colab.research.google.com/github/ada/conv.nets/blob/spring/%28a%29%231/{PATH}"
    assert f"({address})\n" in released(course)
    assert text.count("\n") == 1


def test_the_courses_setting_fills_it_for_both_commands_alike(course: Course) -> None:
    configure(course, 'c.FillHeader.repository = "ada/convnets"')
    generate(course, NAME)
    ours = course.release_notebook(NAME).read_bytes()
    done = by_nbgrader(course)
    assert done.returncode == 0, done.stderr
    assert "not recognized" not in done.stderr
    assert course.release_notebook(NAME).read_bytes() == ours
    assert "/github/ada/convnets/blob/main/release/mnist_cnn/mnist_cnn.ipynb" in released(course)
    status, text = run("--branch", "autumn")
    assert (status, "/ada/convnets/blob/autumn/" in released(course)) == (0, True)
    assert "Colab badge of ada/convnets, branch autumn" in text


def test_a_bad_setting_is_one_line_from_both_commands(course: Course) -> None:
    configure(course, 'c.FillHeader.repository = "https://github.com/ada/convnets"')
    done = by_nbgrader(course)
    assert done.returncode != 0
    assert "OWNER/NAME" in done.stderr
    assert "Traceback" not in done.stderr
    with pytest.raises(CourseError, match="OWNER/NAME"):
        generate(course, NAME)
    status, text = run()
    assert (status, text.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    "repository",
    ["", "ada", "ada/", "/x", "ada/x/y", "a da/x", "-ada/x", "ada-/x", "a--b/x", "ada/.", "ada/..", "ada/x.git", "ada/ü",
     "ada/x)", "ada/x\n", "https://github.com/ada/x", f"{'a' * 40}/x", f"ada/{'x' * 101}"],
)  # fmt: skip
def test_what_is_no_repository_is_refused_in_one_line(repository: str) -> None:
    with pytest.raises(ValueError, match="OWNER/NAME") as caught:
        header.badge(repository, "main", PATH)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "branch", ["", " ", "a b", "a..b", "-a", "/a", "a/", "a//b", "a~1", "a:b", "a.lock", "a/.b", "@", "a\n"]
)
def test_what_is_no_branch_is_refused_in_one_line(branch: str) -> None:
    with pytest.raises(ValueError, match="git branch") as caught:
        header.badge("ada/x", branch, PATH)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("repository", ["ada/x", "a/b", "Ada-L/convnets.2026", "mona_octo/_x-", f"{'a' * 39}/{'x' * 100}"])
def test_odd_names_that_github_allows_are_taken(repository: str) -> None:
    assert f"/github/{repository}/blob/release/v1/{PATH})" in header.badge(repository, "release/v1", PATH)


def test_a_branch_without_a_repository_and_a_notebook_without_the_place_are_told(course: Course) -> None:
    status, text = run("--branch", "main")
    assert (status, "add --repo OWNER/NAME" in text) == (2, True)
    source = read(course.source_notebook(NAME))
    source.cells[0].source = "# Title"
    nbformat.write(source, course.source_notebook(NAME))
    status, text = run("--repo", "ada/x")
    assert (status, "no badge: write <!-- colab badge -->" in text) == (0, True)


def test_places_are_filled_in_text_cells_alone_and_wherever_they_stand() -> None:
    assert header.fill("a <!--colab-badge--> b", "B") == "a B b"
    assert header.fill("a <!--  colab badge --> b", "") == "a  b"
    assert header.fill("<!-- colab badge -->", "") == ""
    assert header.fill("<!-- another comment -->", "B") == "<!-- another comment -->"


def test_the_steps_of_nbgrader_are_all_there() -> None:
    from nbgrader.converters import GenerateAssignment

    steps = course_config(Course(ROOT)).GenerateAssignment.preprocessors
    ours = [step for step in steps if step != f"{header.FillHeader.__module__}.FillHeader"]
    assert len(steps) == len(ours) + 1
    nbgraders = GenerateAssignment.class_traits()["preprocessors"].default()
    assert [step.rpartition(".")[2] for step in ours] == [step.__name__ for step in nbgraders]


@pytest.mark.parametrize("name", header.LIBRARIES)
def test_every_library_that_students_are_told_of_is_installed(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert name in {Requirement(line).name for line in project["dependencies"]}
    told = header.libraries()
    imported = header.IMPORTED_AS.get(name, name)
    assert name in told
    assert imported in told
    assert importlib.util.find_spec(imported) is not None
