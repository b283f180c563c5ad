"""What is said of an assignment that cannot be graded here: one line, before anything slow is imported, by every command."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from room import new_room
from test_cli import environment, invoke

from autograder.assignment import graded_here, load
from autograder.course import Course, CourseError, nearest

NAME = "mnist_cnn"
SETTINGS = (ROOT / "autograder" / "assignments" / NAME / "assignment.toml").read_text()
COMMANDS = ["grade", "validate", "prove", "calibrate", "generate", "demo"]


def said(changed: str, folder: Path) -> str:
    """The line on an ``assignment.toml``, after its path."""
    path = folder / NAME / "assignment.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(changed)
    with pytest.raises(CourseError) as caught:
        load(folder / NAME)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('dataset = "mnist"', 'dataset = "cifar10"', ["dataset is 'cifar10'", "'mnist', 'fashion_mnist' or 'none'"]),
        ('dataset = "mnist"', "dataset = true", ["dataset is True", "'mnist', 'fashion_mnist' or 'none'"]),
        ('dataset = "mnist"', "", ["the key dataset is missing"]),
        ("title = ", "titel = ", ["title is missing", "unknown key titel", "did you mean title?", "memory_gib"]),
        ("memory_gib = 6.0", 'memory_gib = "much"', ["memory_gib is 'much'", "allowed: a number"]),
        ("memory_gib = 6.0", "memory_gib = -1", ["memory_gib is -1", "above 0"]),
        ("memory_gib = 6.0", "memory_gib = nan", ["memory_gib is nan", "a finite number"]),
        ("memory_gib = 6.0", "memory_gib = true", ["memory_gib is True", "allowed: a number"]),
        ("cell_seconds = 180", "cell_second = 180", ["profiles.full.cell_second;", "did you mean cell_seconds?"]),
        ("cell_seconds = 180", "test_images = 1.5", ["profiles.full.test_images is 1.5", "a whole number"]),
        ("num_epochs = 2,", "num_epochs = [2],", ["profiles.quick.parameters.num_epochs is [2]", "a number or a text"]),
        ('dataset = "mnist"', 'dataset = "none"\nfiles = "a.csv"', ["files is 'a.csv'", "allowed: a list"]),
        ('dataset = "mnist"', 'dataset = "none"\nfiles = [3]', ["files.0 is 3", "allowed: a text in quotes"]),
        ('dataset = "mnist"', f'dataset = "none"\nfiles = {["a.csv"] * 21}', ["files is", "allowed: at most 20 names"]),
        ("[profiles.quick]", "[profiles.quik]", ["unknown key profiles.quik", "did you mean quick?", "full, quick, proof"]),
        ("[profiles.full]", "[profiles.full", ["is not valid TOML", "line 6"]),
        ("dataset = ", "dataset ", ["is not valid TOML", "line 2"]),
        (SETTINGS, "", ["title is missing", "dataset is missing", "profiles is missing"]),
        (SETTINGS, 'title = "T"\ndataset = "mnist"\n[profiles.quick]', ["the key profiles.full is missing"]),
        (SETTINGS, 'title = "T"\ndataset = "mnist"\nprofiles = 3', ["profiles is 3", "allowed: a table"]),
    ],
)
def test_a_mistake_in_the_settings_is_named(old: str, new: str, words: list[str], tmp_path: Path) -> None:
    assert old in SETTINGS
    line = said(SETTINGS.replace(old, new, 1), tmp_path)
    assert [word for word in words if word not in line] == [], line


def test_a_profile_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "assignment.toml").write_text(SETTINGS.partition("# A short run")[0])
    with pytest.raises(CourseError, match=r"assignment\.toml: has no profile 'quick', only full; add \[profiles\.quick\]"):
        load(tmp_path / NAME).profile("quick")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("absent.csv", ["files has 'absent.csv', but", "is no file; put it there"]),
        ("../secret.csv", ["files has '../secret.csv'", "without folders"]),
        ("/etc/passwd", ["without folders"]),
        ("", ["without folders"]),
        (".hidden", ["without folders"]),
        ("a\tb.csv", ["without folders"]),
        ("link.csv", ["is no file"]),
        ("folder", ["is no file"]),
        ("toy.ipynb", ["no notebook and no Python code"]),
        ("answers.py", ["no notebook and no Python code"]),
        ("large.bin", ["files are 30 MiB together; allowed: 20 MiB"]),
    ],
)
def test_a_file_that_no_student_may_have_is_named(name: str, words: list[str], tmp_path: Path) -> None:
    course = Course(tmp_path)
    hidden, beside = course.hidden_tests("toy"), course.source / "toy"
    for folder in (hidden, beside, beside / "folder"):
        folder.mkdir(parents=True)
    for there in ("toy.ipynb", "answers.py", ".hidden", "good.csv"):
        (beside / there).touch()
    (beside / "link.csv").symlink_to("/etc/passwd")
    with (beside / "large.bin").open("wb") as file:
        file.truncate(30 << 20)
    (hidden / "assignment.toml").write_text(
        f'title = "T"\ndataset = "none"\nfiles = ["good.csv", {json.dumps(name)}]\n[profiles.full]\n'
    )
    with pytest.raises(CourseError) as caught:
        load(hidden)
    assert str(caught.value).startswith(f"{hidden}/assignment.toml: files ")
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_mistake_in_the_settings_is_one_line_of_every_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = Course(new_room(tmp_path / "course").root)
    (course.root / "autograder" / "assignments").unlink()
    course.hidden_tests(NAME).mkdir(parents=True)
    monkeypatch.chdir(course.root)
    (course.hidden_tests(NAME) / "assignment.toml").write_text(SETTINGS.replace('"mnist"', '"cifar10"'))
    status, text = invoke(command, NAME)
    assert status == 2
    assert len(text.splitlines()) == 1
    assert "assignment.toml: dataset is 'cifar10'; allowed: 'mnist', 'fashion_mnist' or 'none'" in text


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("pa4", ["pa4_convnet"]),
        ("PA4-ConvNet", ["pa4_convnet"]),
        ("mnist", ["mnist_cnn", "fashion_mnist"]),
        ("mnist_cmn", ["mnist_cnn"]),
        ("cnn_block", ["cnn_blocks"]),
        ("homework", []),
        ("", []),
        ("n", []),
    ],
)
def test_the_nearest_names_are_suggested(word: str, meant: list[str]) -> None:
    found = nearest(word, ["cnn_blocks", "fashion_mnist", "mnist_cnn", "pa4_convnet"])
    assert set(meant) <= set(found)
    assert bool(meant) == bool(found)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with an assignment of this repository, and one that is nbgrader's alone."""
    root = new_room(tmp_path_factory.mktemp("plain") / "course").root
    for name in ("source", "release"):
        (root / name).unlink()
        shutil.copytree(ROOT / name / NAME, root / name / NAME)
        (root / name / "ps1").mkdir()
        nbformat.write(nbformat.v4.new_notebook(), root / name / "ps1" / "ps1.ipynb")
    return root


def test_wrong_names_are_told_at_once_by_every_command(plain: Path) -> None:
    script = f"""
import sys
from typer.testing import CliRunner
from autograder.cli import app
for name in ("mnst_cnn", "ps1"):
    for command in {[*COMMANDS, "export"]}:
        done = CliRunner().invoke(app, [command, name])
        print(done.exit_code, command, done.output.strip())
print({{"torch", "numpy"}} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=plain, env=environment(), capture_output=True, text=True, timeout=60
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len(COMMANDS) + 3, done.stdout + done.stderr
    for line, command in zip(lines, [*COMMANDS, "export"], strict=False):
        assert line.startswith(f"2 {command} autograder: no assignment 'mnst_cnn' in "), line
        assert "did you mean mnist_cnn? There is: mnist_cnn, ps1" in line
    for line, command in zip(lines[len(COMMANDS) + 1 :], COMMANDS, strict=False):
        assert line.startswith(f"2 {command} autograder: ps1 has no hidden tests here"), line
        assert "nbgrader" in line
    assert "there is no gradebook" in lines[-2], "what nbgrader graded can be exported too"
    assert lines[-1] == "set()"


def test_all_assignments_are_those_with_hidden_tests(plain: Path) -> None:
    assert Course(plain).assignments() == [NAME, "ps1"]
    assert graded_here(Course(plain)) == [NAME]
