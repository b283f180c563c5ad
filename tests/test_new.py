"""`autograder new` lays out an assignment that works at once, and refuses what could not work, in one line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from autograder import skeleton
from autograder.assignment import load
from autograder.course import Course, CourseError


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this package and an empty course: what is laid out in it is nobody else's assignment."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "autograder", root / "autograder", ignore=shutil.ignore_patterns("__pycache__", "assignments"))
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    (root / "source").mkdir()
    return root


def run(checkout: Path, *arguments: str) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=checkout, env=environment, capture_output=True, text=True, timeout=800
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def laid_out(checkout: Path) -> str:
    status, text = run(checkout, "autograder", "new", "first_network", "--title", 'A "first" network: 5 $, one \\ and é')
    assert status == 0, text
    return text


@pytest.mark.usefixtures("laid_out")
class TestWhatIsLaidOut:
    """One assignment, looked at from all sides."""

    def test_next_steps_are_named(self, laid_out: str, checkout: Path) -> None:
        for part in ("autograder validate first_network --profile quick", "autograder prove first_network", "authoring.md"):
            assert part in laid_out
        for part in ("source/first_network/first_network.ipynb", "release/first_network/first_network.ipynb"):
            assert f"{part}: " in laid_out
            assert (checkout / part).is_file()

    def test_the_release_has_no_leak(self, checkout: Path) -> None:
        status, text = run(checkout, "autograder", "generate", "first_network")
        assert (status, "no leak found" in text) == (0, True), text

    def test_it_keeps_the_style_of_the_project(self, checkout: Path) -> None:
        folder = "autograder/assignments/first_network"
        assert run(checkout, "ruff", "check", folder)[0] == 0
        assert run(checkout, "ruff", "format", "--check", folder)[0] == 0

    @pytest.mark.sampled("long runs", 0.1)
    @pytest.mark.timeout(900)
    def test_the_reference_earns_every_point(self, checkout: Path) -> None:
        status, text = run(checkout, "autograder", "validate", "--profile", "quick", "--device", "cpu")
        assert status == 0, text
        assert "first_network: 90 of 90 points at profile quick" in text

    @pytest.mark.sampled("long runs", 0.1)
    @pytest.mark.timeout(900)
    def test_its_hidden_tests_are_proven(self, checkout: Path) -> None:
        status, text = run(checkout, "autograder", "prove", "first_network")
        assert status == 0, text

    @pytest.mark.sampled("long runs", 0.1)
    @pytest.mark.timeout(900)
    def test_it_agrees_with_itself(self, checkout: Path) -> None:
        """The tests that hold every assignment of this course hold this one."""
        (checkout / "tests").mkdir(exist_ok=True)
        for name in ("test_agreement.py", "test_executed.py", "test_stated_facts.py"):
            shutil.copy(ROOT / "tests" / name, checkout / "tests")
        status, text = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests")
        assert status == 0, text
        assert "failed" not in text

    @pytest.mark.parametrize("existing", ["source", "release", "solutions"])
    def test_nothing_is_overwritten(self, checkout: Path, existing: str) -> None:
        folder = checkout / existing / "taken"
        folder.mkdir(parents=True)
        before = sorted(checkout.rglob("*.ipynb"))
        status, text = run(checkout, "autograder", "new", "taken")
        assert status == 2
        assert f"the name 'taken' is taken: {folder} exists; nothing was written" in text
        assert len(text.splitlines()) == 1
        assert list(folder.iterdir()) == []
        assert sorted(checkout.rglob("*.ipynb")) == before
        assert not (checkout / "autograder/assignments/taken").exists()
        folder.rmdir()

    def test_the_same_name_twice_is_refused(self, checkout: Path) -> None:
        notebook = checkout / "source/first_network/first_network.ipynb"
        before = notebook.read_bytes()
        status, text = run(checkout, "autograder", "new", "first_network")
        assert (status, "is taken" in text) == (2, True), text
        assert notebook.read_bytes() == before


@pytest.fixture
def course(tmp_path: Path) -> Course:
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "source").mkdir()
    return Course(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("my-network", "lower-case letters, digits and underscores"),
        ("my network", "lower-case letters"),
        ("2nd_network", "a letter first"),
        ("_network", "a letter first"),
        ("Network", "lower-case letters"),
        ("réseau", "lower-case letters"),
        ("", "lower-case letters"),
        ("../escape", "lower-case letters"),
        ("network+", "lower-case letters"),
        ("network\n", "lower-case letters"),
        ("lambda", "a word of the Python language"),
        ("match", "a word of the Python language"),
        ("data", "nbgrader's ignored folders"),
        ("autograded", "nbgrader's stages"),
        ("aux", "Windows' devices"),
        ("a" * 41, "41 characters, at most 40"),
    ],
)
def test_bad_names_are_refused_in_one_line(course: Course, name: str, reason: str) -> None:
    with pytest.raises(CourseError, match="an assignment cannot be called") as caught:
        skeleton.lay_out(course, name, "mnist")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in course.source.iterdir()] == []


@pytest.mark.parametrize("title", ["two\nlines", "a bell \a", "\x1b[31mred"])
def test_bad_titles_are_refused(course: Course, title: str) -> None:
    with pytest.raises(CourseError, match="one line of printable"):
        skeleton.lay_out(course, "fine", "mnist", title)


def test_a_failure_leaves_nothing_behind(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "release")

    monkeypatch.setattr(skeleton, "generate", refuse)
    with pytest.raises(CourseError, match=r"cannot write the assignment 'fine': .*Permission denied"):
        skeleton.lay_out(course, "fine", "fashion_mnist")
    assert list(course.source.iterdir()) == []
    assert not course.hidden_tests("fine").parents[1].exists()


def test_the_dataset_is_named_in_text_and_code(course: Course) -> None:
    made = skeleton.lay_out(course, "clothes", "fashion_mnist")
    text = made.release.read_text(encoding="utf-8")
    assert "datasets.FashionMNIST(" in text
    assert "Fashion-MNIST holds 70,000 grey pictures of clothes" in text
    assert "# Clothes" in text
    assert "handwritten" not in text
    assert load(made.folder).settings.dataset == "fashion_mnist"
    assert "$" not in text.replace("{$", "")
