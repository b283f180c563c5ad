"""Outcomes are kept from a run that was ended, as long as nothing has changed that they depend on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HIDDEN, ROOT

from autograder.assignment import Assignment, load
from autograder.cluster.executor import Handed
from autograder.course import Course
from autograder.grading.journal import NAME, Journal
from autograder.outcomes import ItemOutcome, SubmissionOutcome
from autograder.runs.keys import of_grader
from autograder.runs.plan import Options

ASSIGNMENT = "pa4_convnet"
GRADED = SubmissionOutcome(
    status="graded",
    points=1.0,
    max_points=2.0,
    items={"act01": ItemOutcome(outcome="partial", points=1.0, max_points=2.0, message="so so")},
)


@pytest.fixture
def handed(tmp_path: Path) -> list[Handed]:
    found = []
    for student in ("ada", "grace"):
        path = tmp_path / student / "notebook.ipynb"
        path.parent.mkdir()
        path.write_text(f"of {student}")
        found.append(Handed(student, path))
    return found


def written(tmp_path: Path, handed: list[Handed], grader: str = "grader") -> Journal:
    journal = Journal.open(tmp_path / "out", grader, resume=False)
    journal.begin(handed)
    for each in handed:
        journal.add(each, GRADED)
    return journal


def kept(tmp_path: Path, handed: list[Handed], grader: str = "grader", resume: bool = True) -> dict[str, SubmissionOutcome]:
    journal = Journal.open(tmp_path / "out", grader, resume=resume)
    journal.begin(handed)
    return journal.kept


def test_what_did_not_change_is_kept(tmp_path: Path, handed: list[Handed]) -> None:
    written(tmp_path, handed)
    assert kept(tmp_path, handed) == {"ada": GRADED, "grace": GRADED}
    assert kept(tmp_path, handed[1:]) == {"grace": GRADED}
    assert kept(tmp_path, handed, grader="another") == {}


def test_a_run_that_does_not_resume_forgets_the_last_one(tmp_path: Path, handed: list[Handed]) -> None:
    written(tmp_path, handed)
    assert kept(tmp_path, handed, resume=False) == {}
    assert kept(tmp_path, handed) == {}


def test_nothing_to_resume_is_no_problem(tmp_path: Path, handed: list[Handed]) -> None:
    assert kept(tmp_path / "new", handed) == {}


def test_a_changed_file_is_graded_again(tmp_path: Path, handed: list[Handed]) -> None:
    written(tmp_path, handed)
    handed[0].path.write_text("another")
    assert list(kept(tmp_path, handed)) == ["grace"]
    (handed[1].path.parent / "timestamp.txt").write_text("2026-01-01 12:00:00 UTC")  # decides on a late penalty
    assert kept(tmp_path, handed) == {}


def test_a_file_that_changes_during_the_run_is_graded_again(tmp_path: Path, handed: list[Handed]) -> None:
    journal = Journal.open(tmp_path / "out", "grader", resume=False)
    journal.begin(handed)
    handed[0].path.write_text("handed in again")
    for each in handed:
        journal.add(each, GRADED)
    assert list(kept(tmp_path, handed)) == ["grace"]


def test_what_could_not_be_graded_is_tried_again(tmp_path: Path, handed: list[Handed]) -> None:
    journal = written(tmp_path, handed)
    journal.add(handed[0], SubmissionOutcome(status="could_not_grade", reason="no luck"))
    assert list(kept(tmp_path, handed)) == ["grace"]
    lost = ItemOutcome(outcome="could_not_grade", points=0, max_points=1)
    journal.add(handed[1], GRADED.model_copy(update={"items": {**GRADED.items, "act02": lost}}))
    assert kept(tmp_path, handed) == {}


@pytest.mark.parametrize("cut", [1, 2, 30, 200])
def test_a_line_that_was_cut_off_costs_itself_only(tmp_path: Path, handed: list[Handed], cut: int) -> None:
    path = written(tmp_path, handed).path
    path.write_bytes(path.read_bytes()[:-cut])
    again = Journal.open(tmp_path / "out", "grader", resume=True)
    again.begin(handed)
    assert list(again.kept) == ["ada", "grace"][: 1 if cut > 1 else 2]
    again.add(handed[1], GRADED)
    assert list(kept(tmp_path, handed)) == ["ada", "grace"]


@pytest.mark.parametrize("text", [b"\xff\xfe", b"[]\n3\nnull\n", b'{"student": "ada"}\n', b"\x00" * 100])
def test_a_damaged_journal_keeps_nothing(tmp_path: Path, handed: list[Handed], text: bytes) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / NAME).write_bytes(text)
    assert kept(tmp_path, handed) == {}


def test_what_is_no_file_is_no_problem(tmp_path: Path, handed: list[Handed]) -> None:
    handed[0].path.unlink()
    handed[1].path.unlink()
    handed[1].path.symlink_to("/etc/passwd")
    written(tmp_path, handed)
    assert kept(tmp_path, handed) == {}


def test_the_grader_is_all_that_can_change_an_outcome(tmp_path: Path) -> None:
    known = load(HIDDEN / ASSIGNMENT)
    copied = Assignment(ASSIGNMENT, tmp_path / ASSIGNMENT, known.settings)
    shutil.copytree(known.folder, copied.folder, ignore=shutil.ignore_patterns("__pycache__"))
    options = Options(profile="quick")

    def now(options: Options = options, gradebook: Path | None = None) -> str:
        return of_grader(Course(ROOT).release_notebook(ASSIGNMENT), copied, options, gradebook)

    first = now()
    assert now() == first
    assert now(Options(profile="quick", threads=4, store=tmp_path)) == first  # neither changes a grade
    assert len({first, now(Options(profile="full")), now(Options(profile="quick", device="cuda"))}) == 3
    assert now(gradebook=tmp_path / "gradebook.db") != first
    hidden = next(copied.folder.glob("test_*.py"))
    hidden.write_text(hidden.read_text() + "\n# a threshold\n")
    assert now() != first


@pytest.mark.sampled("long runs", 0.3)
@pytest.mark.alone
@pytest.mark.timeout(600)
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_left_alone(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "benchmarks" / "resume.py", "--submissions", "5", "--kills", "2", "--jobs", "2"]
    variables = os.environ | {"OMP_NUM_THREADS": "1", "BENCHMARK_RESULTS": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"outcomes_and_gradebook_equal": true' in done.stdout
