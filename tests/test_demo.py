"""`autograder demo`: few submissions that show something each, said before, and where to look afterwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HIDDEN, ROOT, link_hidden_tests

from autograder.course import Course
from autograder.proof import catalogue

NAME = "pa4_convnet"
FAST = ("damaged_file_cut_off", "untouched_release")


def demo(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", "demo", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(Path.home()), "COLUMNS": "150"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=280)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of one assignment, with the two examples that end soonest."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    link_hidden_tests(root)
    for stage in ("source", "release"):
        shutil.copytree(ROOT / stage / NAME, root / stage / NAME)
    for student in FAST:
        shutil.copytree(ROOT / "examples" / student / NAME, root / "examples" / student / NAME)
    return Course(root)


@pytest.fixture(scope="module")
def done(course: Course) -> subprocess.CompletedProcess[str]:
    return demo(course.root)


def test_it_opens_with_what_it_will_show_and_how_long_it_takes(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    before = done.stdout[: done.stdout.index("could not be graded:")]
    assert f"This grades 2 submissions of {NAME}" in before
    assert "minute on two idle cores" in before
    for student in FAST:
        assert f"{student} " in before
    assert "The release as it was handed out." in before


def test_it_ends_with_the_page_to_open_and_the_next_step(done: subprocess.CompletedProcess[str], course: Course) -> None:
    after = done.stdout[done.stdout.index("Open this page first") :].splitlines()
    page = Path(after[1].strip())
    assert page.is_relative_to(course.root)
    assert "<html" in page.read_text(encoding="utf-8")
    assert "could not be graded" not in "\n".join(after)
    assert f"submitted/<student>/{NAME}/{NAME}.ipynb" in "\n".join(after)


def test_without_examples_one_line_says_how_to_get_them(course: Course, tmp_path: Path) -> None:
    shutil.copytree(course.root, tmp_path / "course", ignore=shutil.ignore_patterns("examples", "demo", ".autograder"))
    found = demo(tmp_path / "course")
    assert (found.returncode, "make examples" in found.stderr, found.stderr.count("\n")) == (2, True, 1)
    found = demo(tmp_path / "course", "no_such")
    assert (found.returncode, "no_such" in found.stderr, found.stderr.count("\n")) == (2, True, 1)


def test_few_submissions_are_shown_and_each_is_of_another_kind() -> None:
    shown = catalogue.shown(HIDDEN / NAME)
    answers = {answer.name: answer for answer in catalogue.answers(HIDDEN / NAME)}
    trained = [name for name in shown if not answers[name].damage and "learning_rate" not in answers[name].blank]
    assert 6 <= len(shown) <= 8
    assert len(trained) <= 5, "each training takes some ten seconds of a core"
    assert {answers[name].kind for name in shown} == {"right", "mistake", "unfinished", "damaged", "hostile"}
    assert all(about.endswith(".") for about in shown.values())


@pytest.mark.parametrize("name", Course.find(ROOT).assignments())
def test_all_means_every_example(name: str) -> None:
    kept = {path.parent.name for path in (ROOT / "examples").glob(f"*/{name}")}
    assert set(catalogue.shown(HIDDEN / name, everything=True)) == kept
    assert set(catalogue.shown(HIDDEN / name)) < kept
