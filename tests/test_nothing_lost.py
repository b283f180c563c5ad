"""Whatever ends or hinders a grading run: the gradebook is consistent, nothing stale stays, and one line says what to do.

All runs here are the real command on real submissions; their evidence is gathered once, so that each run is short.
"""

import contextlib
import csv
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from nbgrader.api import Gradebook
from room import ENVIRONMENT, NAME, OPTIONS, Room, hand_in, new_room
from typer.testing import CliRunner

from autograder.cli import app
from autograder.grading import places, session
from autograder.grading.entries import Entries

STUDENTS = ["ada", "broken", "emmy", "grace"]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A class that was graded once: three submissions, and one that is no notebook."""
    room = new_room(tmp_path_factory.mktemp("course") / "room")
    hand_in(room, "ada", ("convnet",))
    hand_in(room, "emmy", ())
    hand_in(room, "grace", ("convnet", "network_graph"))
    room.path("broken").parent.mkdir(parents=True)
    room.path("broken").write_text('{"cells": [')
    status, said = room.grade()
    assert status == 1, said
    assert list(room.outcomes()) == STUDENTS
    points = {student: outcome["points"] for student, outcome in room.outcomes().items()}
    assert points["grace"] > points["ada"] > points["emmy"] == 0
    return room


@pytest.fixture
def room(graded: Room, tmp_path: Path) -> Room:
    return graded.copy(tmp_path / "room")


def one_line(said: str) -> str:
    """The only line of an error, which is no traceback."""
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("autograder: ")]
    return line


@contextlib.contextmanager
def disk(folder: Path, options: str) -> Iterator[None]:
    """A small disk of its own at ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, left: int = 0) -> Path:
    """Fill the disk of ``folder`` to its last byte but ``left``; the file that does."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))
    os.truncate(path, max(0, path.stat().st_size - left))
    return path


def consistent(room: Room, whole: dict[str, dict[str, float | None]]) -> None:
    """No submission is half entered, and what others read is a whole file or none."""
    if room.db.exists():
        for student, scores in room.scores().items():
            assert scores == whole[student], f"{student} is half entered"
    if (room.out / "outcomes.json").exists():
        json.loads((room.out / "outcomes.json").read_text())
    for path in (room.root / "autograded").glob(f"*/*/{NAME}.ipynb"):
        nbformat.read(path, as_version=4)


@pytest.mark.sampled("long runs", 0.1)
def test_a_run_killed_at_any_moment_leaves_nothing_half_done(graded: Room, room: Room) -> None:
    moments = random.Random(5)
    whole = graded.scores()
    for name in ("graded", "autograded"):
        shutil.rmtree(room.root / name)
    room.db.unlink()
    for kill in range(3):
        run = room.start()
        # The first dies anywhere, the others while they enter grades: from the first entry that is new to them.
        known = len(list((room.root / "autograded").glob("*")))
        until = time.monotonic() + (moments.uniform(0, 6) if kill == 0 else 60)
        while time.monotonic() < until and run.poll() is None and len(list((room.root / "autograded").glob("*"))) <= known:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.15))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        consistent(room, whole)
    status, said = room.grade()
    assert status == 1, said
    assert room.scores() == whole
    assert room.outcomes() == graded.outcomes()


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.alone
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_left_alone(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "benchmarks" / "resume.py", "--submissions", "5", "--kills", "2", "--jobs", "2"]
    variables = os.environ | {"OMP_NUM_THREADS": "1", "BENCHMARK_RESULTS": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"outcomes_and_gradebook_equal": true' in done.stdout


def evidence(room: Room) -> dict[str, int]:
    """When each evidence that is kept was written."""
    found = (room.root / ".autograder" / "evidence").glob("*/evidence.json")
    return {path.parent.name: path.stat().st_mtime_ns for path in found}


def test_what_has_run_runs_again_only_if_somebody_asks_for_it(graded: Room, room: Room) -> None:
    (room.root / ".autograder").unlink()  # a link to that of all tests here
    shutil.copytree(graded.root / ".autograder", room.root / ".autograder")
    text = json.loads(room.path("ada").read_text())
    cell = next(cell for cell in text["cells"] if "class ConvNet" in "".join(cell["source"]))
    cell["source"] = "# a remark\n\n" + "".join(cell["source"])
    room.path("ada").write_text(json.dumps(text))
    before = evidence(room)
    status, said = room.grade()
    assert status == 1, said
    assert evidence(room) == before
    assert room.scores() == graded.scores()
    status, said = room.grade("--fresh", "--student", "ada")
    assert status == 0, said
    after = evidence(room)
    assert [name for name in before if after[name] > before[name]], "and takes the place of the earlier one"
    assert (len(after), room.scores()) == (len(before), graded.scores())


@pytest.mark.parametrize("place", ["out", "gradebook"])
def test_a_full_disk_is_said_and_nothing_stale_stays(graded: Room, room: Room, tmp_path: Path, place: str) -> None:
    small, whole = tmp_path / "small", graded.scores()
    with disk(small, "size=3m"):
        more = ["--out", small / "out"] if place == "out" else ["--gradebook", small / "gradebook.db"]
        if place == "gradebook":
            shutil.copy(room.db, small)
        fill(small)
        status, said = room.grade(*more)
        assert status == 3
        assert "full" in one_line(said)
        assert "free some space" in one_line(said)
        if place == "gradebook":
            assert room.scores(small / "gradebook.db") == whole
        assert not (small / "out" / "outcomes.json").exists()
        (small / "filler").unlink()
        status, said = room.grade(*more)
        assert status == 1, said
        assert room.scores(small / "gradebook.db" if place == "gradebook" else None) == whole


def test_a_disk_that_fills_up_while_grades_are_entered(graded: Room, room: Room, tmp_path: Path) -> None:
    small, whole = tmp_path / "small", graded.scores()
    shutil.copy(room.path("grace"), room.path("ada"))  # a better answer than the one in the gradebook
    for left in (40_000, 90_000, 200_000):
        with disk(small, "size=3m"):
            shutil.copy(room.db, small)
            fill(small, left)
            status, said = room.grade("--gradebook", small / "gradebook.db")
            assert status == 3, said
            assert "full" in one_line(said)
            outcome = room.outcomes().get("ada", {"status": "missing"})
            scores = room.scores(small / "gradebook.db")
            if outcome["status"] == "graded":
                assert sum(filter(None, scores["ada"].values())) == outcome["points"]
            elif "ada" in scores:  # the old score, which is then said to be there, or was not touched
                assert scores["ada"] == whole["ada"]
                assert outcome["status"] == "missing" or "an earlier score of ada may still stand" in outcome["reason"]
            assert {student: scores.get(student, whole[student]) for student in ("emmy", "grace")} == {
                student: whole[student] for student in ("emmy", "grace")
            }


def test_a_file_that_may_not_grow_is_said(graded: Room, room: Room) -> None:
    limit = room.db.stat().st_size

    def restrict() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit // 2, limit // 2))

    run = room.start("--gradebook", room.root / "other.db", preexec_fn=restrict)
    said = run.communicate()
    assert run.returncode in (2, 3), said
    assert len([line for line in said[1].splitlines() if line.startswith("autograder: ")]) == 1, said
    assert "Traceback" not in said[1]
    assert room.scores() == graded.scores()


@pytest.mark.parametrize("place", ["out", "gradebook"])
def test_a_read_only_folder_is_said_before_anything_runs(room: Room, tmp_path: Path, place: str) -> None:
    folder = tmp_path / "read_only"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        if os.geteuid() == 0:  # whom permissions do not stop
            stack.enter_context(disk(folder, "ro"))
        else:
            folder.chmod(0o555)
        begun = time.monotonic()
        status, said = room.grade(*(["--out", folder] if place == "out" else ["--gradebook", folder / "gradebook.db"]))
        assert status == 3
        assert "read-only" in one_line(said) or "no right to write" in one_line(said)
        assert time.monotonic() - begun < 20
    assert not (folder / "outcomes.json").exists()


LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@contextlib.contextmanager
def locked(db: Path, seconds: float) -> Iterator[None]:
    """Another program holds the gradebook for so long."""
    holder = subprocess.Popen([sys.executable, "-c", LOCK, db, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield
    finally:
        holder.kill()
        holder.communicate()


def test_a_gradebook_that_is_locked_for_some_seconds_is_waited_for(graded: Room, room: Room) -> None:
    with locked(room.db, 8):
        status, said = room.grade()
    assert status == 1, said
    assert room.scores() == graded.scores()
    assert room.outcomes() == graded.outcomes()


def test_a_gradebook_that_stays_locked_is_said(graded: Room, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "LOCK_SECONDS", 1.0)
    with locked(room.db, 600):
        status, said = room.grade()
        assert status == 3
        assert "another program holds the gradebook" in one_line(said)
    assert room.scores() == graded.scores()


def test_a_lock_that_comes_while_grades_are_entered_is_said_with_the_student(
    graded: Room, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "LOCK_SECONDS", 1.0)
    shutil.copy(room.path("grace"), room.path("ada"))
    before = room.outcomes()
    stack = contextlib.ExitStack()

    def read_and_lock(*arguments: Any) -> Entries:
        found = Entries(*arguments)
        stack.enter_context(locked(room.db, 600))
        return found

    with stack, monkeypatch.context() as changed:
        changed.setattr(session, "Entries", read_and_lock)
        status, said = room.grade("--student", "ada")
    assert status == 3
    line = one_line(said)
    assert "another program holds the gradebook" in line
    assert "the same command goes on from here" in line
    found = room.outcomes()
    assert found["ada"]["status"] == "could_not_grade"
    assert "an earlier score of" in found["ada"]["reason"]
    assert found == {**before, "ada": found["ada"]}
    consistent(room, graded.scores())
    status, said = room.grade()
    assert status == 1, said
    assert sum(filter(None, room.scores()["ada"].values())) == room.outcomes()["ada"]["points"]
    assert room.outcomes()["ada"]["points"] > graded.outcomes()["ada"]["points"]


def test_what_is_no_gradebook_is_said_and_left_alone(room: Room) -> None:
    room.db.write_bytes(b"not a database, " * 500)
    status, said = room.grade()
    assert status == 3
    assert "this file is no gradebook" in one_line(said)
    assert room.db.read_bytes() == b"not a database, " * 500


FAILS = """
from nbgrader.preprocessors import NbGraderPreprocessor


class Fails(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        if resources["nbgrader"]["student"] == "grace":
            raise RuntimeError("a fault while it is entered\\nand more lines")
        return nb, resources


c.Autograde.autograde_preprocessors.append(Fails)
"""


def test_an_entry_that_fails_takes_the_earlier_score_with_it(graded: Room, room: Room) -> None:
    shutil.copy(room.path("ada"), room.path("grace"))
    config = room.root / "nbgrader_config.py"
    text = config.read_text()
    config.unlink()  # it may be a link
    config.write_text(text + FAILS)
    status, said = room.grade()
    assert status == 1, said
    found = room.outcomes()
    assert found["grace"]["status"] == "could_not_grade"
    assert found["grace"]["reason"].endswith("RuntimeError: a fault while it is entered")
    whole = graded.scores()
    assert room.scores() == {student: whole[student] for student in ("ada", "emmy")}
    assert not (room.root / "autograded" / "grace" / NAME).exists()


SPOILED: list[Callable[[Path], object]] = [
    lambda path: path.write_text("{"),
    lambda path: path.unlink(),
    lambda path: os.truncate(path, 30_000_000),
]


@pytest.mark.parametrize("spoil", SPOILED, ids=["cut_off", "gone", "too_large"])
def test_a_submission_that_can_no_longer_be_read_keeps_no_score(
    graded: Room, room: Room, spoil: Callable[[Path], object]
) -> None:
    spoil(room.path("grace"))
    status, said = room.grade("--student", "grace")
    assert status == 1, said
    whole = graded.scores()
    assert room.scores() == {student: whole[student] for student in ("ada", "emmy")}


def test_one_student_is_graded_again_and_everybody_else_is_kept(graded: Room, room: Room) -> None:
    before = room.outcomes()
    shutil.copy(room.path("grace"), room.path("emmy"))
    shutil.rmtree(room.path("ada").parent)  # whose outcome stays until the whole class is graded again
    status, said = room.grade("--student", "emmy")
    assert status == 0, said
    assert "the outcomes of 3 others stay as they were" in said
    after = room.outcomes()
    assert list(after) == STUDENTS
    assert {student: after[student] for student in STUDENTS if student != "emmy"} == {
        student: before[student] for student in STUDENTS if student != "emmy"
    }
    assert after["emmy"]["points"] == before["grace"]["points"] > before["emmy"]["points"]
    with contextlib.chdir(room.root):
        table = CliRunner().invoke(app, ["export", NAME]).output.splitlines()
    assert [row.split(",")[0] for row in table] == ["student", *STUDENTS]
    room.grade()
    assert list(room.outcomes()) == STUDENTS[1:]


def test_hidden_tests_that_fail_are_told_by_both_commands(graded: Room, room: Room, tmp_path: Path) -> None:
    """Two slips in hidden tests: one raises an error, the mark of another names no item."""
    hidden = room.root / "autograder" / "assignments" / NAME
    hidden.parent.unlink()  # a link into this repository
    shutil.copytree(ROOT / "autograder" / "assignments" / NAME, hidden, ignore=shutil.ignore_patterns("__pycache__"))
    network = hidden / "test_network.py"
    text = network.read_text()
    for slip, right in (('("act2", 1,', '("act02", 1,'), ("lambda _: 1 / 0),", 'layer(FC2, "fc2")),')):
        assert text.count(right) == 1
        text = text.replace(right, slip)
    network.write_text(text)
    run = subprocess.run(
        room.command("--student", "ada", "--student", "grace"),
        cwd=room.root, env=ENVIRONMENT, capture_output=True, text=True,
    )  # fmt: skip
    said = run.stdout + run.stderr
    assert run.returncode == 1, said
    assert "0 graded, 2 could not be graded: ada, grace" in said
    misnamed = "test_network.py::test_network[act2-2]: its mark item('act2') names no autograded item of the notebook"
    faults = {"act06": "test_network.py::test_network[act06-6]: ZeroDivisionError: division by zero", "act02": misnamed}
    for item, fault in faults.items():
        assert f"{item} could not be graded (ada, grace): {fault}" in said
        assert room.outcomes()["ada"]["items"][item]["outcome"] == "could_not_grade"
        assert room.scores()["ada"][item] is None
    assert sum(filter(None, room.scores()["ada"].values())) > 0, "its other items have their points"

    config = room.root / "nbgrader_config.py"
    config.unlink()  # a link into this repository, where nbgrader would look for submissions
    shutil.copyfile(ROOT / "nbgrader_config.py", config)
    scripts = Path(sys.executable).parent
    run = subprocess.run(
        [str(scripts / "nbgrader"), "autograde", NAME, "--force", "--student=grace", "--GradeInSandbox.profile=proof"],
        cwd=room.root, env=ENVIRONMENT | {"PATH": f"{scripts}:{os.environ['PATH']}"}, capture_output=True, text=True,
    )  # fmt: skip
    for item, fault in faults.items():
        assert f"grace: {item} could not be graded: {fault}" in run.stderr


def test_points_of_a_trial_enter_the_gradebook_only_if_somebody_says_so(graded: Room, room: Room) -> None:
    shutil.copy(room.path("grace"), room.path("emmy"))
    before = room.scores()
    trial = [option for option in OPTIONS if option != "--enter-trial-grades"]
    for more in ([], ["--gradebook", room.root / "submitted" / ".." / "gradebook.db"]):  # the course's own, in other words
        with contextlib.chdir(room.root):
            done = CliRunner().invoke(app, ["grade", NAME, *trial, "--student", "emmy", "--feedback", *map(str, more)])
        assert done.exit_code == 0, done.output
        assert f"nothing was entered into {room.db}: profile proof is a trial; --enter-trial-grades" in done.output
        assert room.scores() == before
        found = room.outcomes()
        assert (found["emmy"]["profile"], found["emmy"]["entered"], found["ada"]["entered"]) == ("proof", False, True)
        assert found["emmy"]["points"] == found["grace"]["points"]
        page = room.out / "trial" / "feedback" / "emmy" / NAME / f"{NAME}.html"
        assert "profile proof" in page.read_text()
    status, said = room.grade("--student", "emmy")
    assert status == 0, said
    assert "nothing was entered" not in said
    assert room.scores()["emmy"] == before["grace"]
    with Gradebook(f"sqlite:///{room.db}") as gradebook:
        comments = gradebook.find_submission_notebook(NAME, NAME, "emmy").comments
        assert all("Graded at profile proof: a trial run" in comment.auto_comment for comment in comments)
    with contextlib.chdir(room.root):
        rows = list(csv.DictReader(CliRunner().invoke(app, ["export", NAME]).output.splitlines()))
    assert {row["student"]: row["profile"] for row in rows} == dict.fromkeys(STUDENTS, "proof")


def test_an_unreadable_file_of_outcomes_is_not_written_over_for_one_student(room: Room) -> None:
    path = room.out / "outcomes.json"
    path.write_text("{}")
    status, said = room.grade("--student", "emmy")
    assert status == 2
    assert "what it says of others would be lost" in one_line(said)
    assert path.read_text() == "{}"


def test_a_clock_that_jumps_back_changes_nothing(graded: Room, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in room.root.glob("submitted/*/*/*.ipynb"):
        os.utime(path, (4_000_000_000, 4_000_000_000))
    assert room.grade()[0] == 1
    now, jumps = time.time, random.Random(3)
    monkeypatch.setattr(time, "time", lambda: now() - jumps.choice([0, 3600, 86_400 * 365]))
    status, said = room.grade()
    assert status == 1, said
    assert (room.scores(), room.outcomes()) == (graded.scores(), graded.outcomes())


@pytest.mark.sampled("long runs", 0.1)
def test_of_two_graders_of_one_class_one_goes_and_one_is_told(graded: Room, room: Room) -> None:
    runs = [room.start(), room.start()]
    said = [run.communicate() for run in runs]
    statuses = [run.returncode for run in runs]
    assert sorted(statuses) in ([1, 3], [1, 1]), said
    for status, (_, errors) in zip(statuses, said, strict=True):
        if status == 3:
            assert "another grader writes there now" in one_line(errors)
    assert (room.scores(), room.outcomes()) == (graded.scores(), graded.outcomes())


def test_a_folder_that_is_held_is_told_at_once(room: Room) -> None:
    with places.held(room.out):
        begun = time.monotonic()
        status, said = room.grade()
        assert (status, time.monotonic() - begun < 10) == (3, True)
        assert "another grader writes there now" in one_line(said)


@pytest.mark.sampled("long runs", 0.1)
def test_two_graders_with_one_gradebook_enter_everything(graded: Room, room: Room) -> None:
    others = [room.root / "one", room.root / "two"]
    runs = [room.start("--out", out) for out in others]
    said = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [1, 1], said
    assert room.scores() == graded.scores()
    assert [room.outcomes(out) for out in others] == [graded.outcomes()] * 2
