"""A course of one's own: its assignments are found by path, and the package that is installed has none."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from autograder import own_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_ships_no_assignment(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"autograder/cli.py", "autograder/inside/main.py", "autograder/templates/answers.py.template"} <= set(names)
    assert [name for name in names if name.startswith("autograder/assignments/")] == []
    assert [name for name in names if Path(name).match("test_*.py")] == []
    own = {str(path.relative_to(ROOT)) for path in (ROOT / "autograder").rglob("*") if path.is_file()}
    left_out = {name for name in own - set(names) if "__pycache__" not in name}
    assert {name for name in left_out if not name.startswith("autograder/assignments/")} == set()


def test_files_of_two_courses_do_not_mix(tmp_path: Path) -> None:
    for course, value in (("one", 1), ("two", 2)):
        folder = tmp_path / course / "toy"
        folder.mkdir(parents=True)
        (folder / "reference.py").write_text(f"VALUE = {value}\n")
        (folder / "test_toy.py").write_text("from . import reference\nVALUE = reference.VALUE\n")
    before = list(sys.path)
    assert [own_files.module(tmp_path / course / "toy" / "test_toy.py").VALUE for course in ("one", "two")] == [1, 2]
    assert sys.path == before
    assert "toy" not in sys.modules


def test_a_changed_file_is_imported_anew(tmp_path: Path) -> None:
    path = tmp_path / "reference.py"
    path.write_text("VALUE = 1\n")
    assert own_files.module(path).VALUE == 1
    path.write_text("VALUE = 1 + 1\n")
    assert own_files.module(path).VALUE == 1
    own_files.forget(tmp_path)
    assert own_files.module(path).VALUE == 2
