"""A class at once: who handed in, what each one's trouble costs the others, and what is on disk meanwhile."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import HIDDEN, ROOT

from autograder.assignment import Assignment, load
from autograder.cluster import executor
from autograder.cluster.executor import LocalExecutor
from autograder.course import Course, CourseError
from autograder.grading.batch import grade_class
from autograder.grading.intake import handed_in
from autograder.limited import Breach, Ended, Failed
from autograder.notebooks.reading import Submission
from autograder.outcomes import ClassOutcomes, SubmissionOutcome
from autograder.runs.apart import Kept, scratch
from autograder.runs.evidence import CellError, CellRecord, Evidence, Record
from autograder.runs.options import Options
from autograder.sandbox.box import CannotIsolate

NAME = "pa4_convnet"
COURSE = Course(ROOT)


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    """The untouched release, handed in by each student; what becomes of it is decided by ``gathered``."""
    for student in ("ada", "breaks", "grace", "isolated", "zoe"):
        folder = tmp_path / "submitted" / student / NAME
        folder.mkdir(parents=True)
        shutil.copy(COURSE.release_notebook(NAME), folder)
    (tmp_path / "submitted" / "breaks" / NAME / f"{NAME}.ipynb").write_text("{")
    (tmp_path / "submitted" / ".hidden" / NAME).mkdir(parents=True)
    (tmp_path / "submitted" / "other" / "another_assignment").mkdir(parents=True)
    (tmp_path / "submitted" / "README.txt").write_text("not a student")
    return tmp_path / "submitted"


def test_students_who_handed_in_are_found_in_order(submitted: Path) -> None:
    found = handed_in(COURSE, submitted, NAME)
    assert [submission.student for submission in found] == ["ada", "breaks", "grace", "isolated", "zoe"]
    assert found[0].path == submitted / "ada" / NAME / f"{NAME}.ipynb"
    assert [submission.student for submission in handed_in(COURSE, submitted, NAME, ["zoe", "ada"])] == ["zoe", "ada"]


@pytest.mark.parametrize(
    ("folder", "assignment", "students", "message"),
    [
        ("absent", NAME, (), "no such folder"),
        ("ada", NAME, (), "no submission of pa4_convnet"),
        (".", "unknown", (), "no assignment 'unknown'"),
        (".", NAME, ("ada", "nobody"), "by nobody"),
    ],
)
def test_nothing_to_grade_is_one_clear_line(
    submitted: Path, folder: str, assignment: str, students: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CourseError) as raised:
        handed_in(COURSE, submitted / folder, assignment, students)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def kept(record: Record) -> Kept:
    """As it comes from a child."""
    own, found = scratch(), Evidence(record)
    found.save(Path(own.name) / "evidence")
    return Kept(Path(own.name) / "evidence", found.out_of_gpu_memory, own)


class Gathered:
    """Stands for the boxes: evidence of a notebook that did nothing, or the trouble that a student's run makes."""

    def __init__(self) -> None:
        self.lock, self.begun, self.at_once, self.most = threading.Lock(), 0, 0, 0
        self.seconds = 0.1

    def __call__(
        self, children: object, notebook: bytes, assignment: Assignment, options: Options, stop: Callable[[], bool]
    ) -> Kept:
        with self.lock:
            number = self.begun
            self.begun, self.at_once = self.begun + 1, self.at_once + 1
            self.most = max(self.most, self.at_once)
        until = time.monotonic() + self.seconds
        while time.monotonic() < until and not stop():
            time.sleep(0.01)
        with self.lock:
            self.at_once -= 1
        if number == 1:
            raise ZeroDivisionError("a fault")
        if number == 2:
            raise CannotIsolate("no namespaces")
        return kept(Record(seed=1, profile=options.profile, isolation="none", versions={}, seconds=2.0))


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> Gathered:
    made = Gathered()
    monkeypatch.setattr(executor, "gather", made)
    return made


def graded(submitted: Path, out: Path, jobs: int = 1, **options: Any) -> ClassOutcomes:
    arguments: dict[str, Any] = {"out": out, "notify": lambda *_: None, "record": None} | options
    where = LocalExecutor(Options(profile="quick"), jobs)
    return grade_class(COURSE, load(HIDDEN / NAME), handed_in(COURSE, submitted, NAME), where, **arguments)


def test_each_trouble_is_its_own_submissions(submitted: Path, gathered: Gathered, tmp_path: Path) -> None:
    outcomes = graded(submitted, tmp_path / "out")
    found = outcomes.submissions
    assert list(found) == ["ada", "breaks", "grace", "isolated", "zoe"]
    assert [outcome.status for outcome in found.values()] == [
        "graded", "could_not_grade", "could_not_grade", "could_not_grade", "graded"
    ]  # fmt: skip
    reasons = [str(outcome.reason) for outcome in found.values()]
    assert reasons[0] == "None"
    assert f"{NAME}.ipynb" in reasons[1]
    assert "ZeroDivisionError: a fault" in reasons[2]
    assert "no namespaces" in reasons[3]
    assert all("\n" not in reason for reason in reasons)
    assert {outcome.max_points for outcome in found.values()} == {92.0}
    assert found["ada"].points == 0
    assert {item.outcome for item in found["ada"].items.values()} == {"not_attempted"}
    assert found["ada"].seconds >= 2.0


def test_what_is_too_much_for_a_child_is_that_submissions_outcome(
    submitted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = iter(
        [Breach("took more than 60 s of processor time to read"), Ended("ended its process"), Failed("KeyError: 'a'")]
    )

    def gather(children: object, notebook: bytes, assignment: Assignment, options: Options, stop: object) -> Kept:
        if (error := next(ended, None)) is not None:
            raise error
        return kept(Record(seed=1, profile=options.profile, isolation="none", versions={}))

    monkeypatch.setattr(executor, "gather", gather)
    found = graded(submitted, tmp_path / "out").submissions
    assert {student: outcome.reason for student, outcome in found.items() if student != "breaks"} == {
        "ada": "what its box sent took more than 60 s of processor time to read; look at this submission by hand",
        "grace": "what its box sent ended its process; look at this submission by hand",
        "isolated": "the grader failed: KeyError: 'a'",
        "zoe": None,
    }
    assert [outcome.points for outcome in found.values()] == [0.0] * 5


def test_a_name_that_cannot_be_shown_costs_nobody_else_anything(submitted: Path, gathered: Gathered, tmp_path: Path) -> None:
    (submitted / "zoe").rename(submitted / "new\nline\x1b[31m")
    found = graded(submitted, tmp_path / "out").submissions
    assert found["ada"].status == "graded"
    assert found["new\nline\x1b[31m"].status == "could_not_grade"
    reason = str(found["new\nline\x1b[31m"].reason)
    assert "rename the folder" in reason
    assert reason.isprintable()


def test_outcomes_are_on_disk_after_every_submission(submitted: Path, gathered: Gathered, tmp_path: Path) -> None:
    path, seen = tmp_path / "out" / "outcomes.json", []

    def notify(student: str, outcome: SubmissionOutcome | None) -> None:
        if outcome is not None:
            seen.append((student, outcome.status, len(json.loads(path.read_text())["submissions"])))

    outcomes = graded(submitted, tmp_path / "out", notify=notify)
    assert [count for _, _, count in seen] == [1, 2, 3, 4, 5]
    assert {student: status for student, status, _ in seen}["ada"] == "graded"
    assert ClassOutcomes.read(path) == outcomes


def test_jobs_run_side_by_side(submitted: Path, gathered: Gathered, tmp_path: Path) -> None:
    graded(submitted, tmp_path / "out", jobs=2)
    assert gathered.most == 2


def test_who_found_no_room_on_the_gpu_runs_again_alone(
    submitted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stand-in for the GPU, of which there is none here: it has room for one submission."""
    inside, ran, lock = [0], [], threading.Lock()

    def gather(children: object, notebook: bytes, assignment: Assignment, options: Options, stop: object) -> Kept:
        with lock:
            inside[0] += 1
        time.sleep(0.2)
        with lock:
            crowded = inside[0] > 1
            ran.append(crowded)
        time.sleep(0.2)
        with lock:
            inside[0] -= 1
        record = Record(seed=1, profile=options.profile, isolation="none", versions={})
        if crowded:
            error = CellError(ename="OutOfMemoryError", evalue="CUDA out of memory. Tried to allocate 2.00 GiB.")
            record.cells["convnet"] = CellRecord(seconds=0.1, error=error)
        return kept(record)

    monkeypatch.setattr(executor, "gather", gather)
    outcomes = graded(submitted, tmp_path / "out", jobs=2)
    assert True in ran, "there were two at once"
    assert len(ran) > 4
    assert not any("out of memory" in outcome.model_dump_json() for outcome in outcomes.submissions.values())
    assert sorted(outcomes.submissions) == ["ada", "breaks", "grace", "isolated", "zoe"]


def test_grades_that_could_not_be_entered_are_reported(submitted: Path, gathered: Gathered, tmp_path: Path) -> None:
    entered = []

    def record(submission: Submission, notebook: bytes, outcome: SubmissionOutcome) -> None:
        entered.append((submission.student, outcome.status))
        if submission.student == "ada":
            raise OSError("disk full")

    outcomes = graded(submitted, tmp_path / "out", record=record)
    assert sorted(student for student, _ in entered) == list(outcomes.submissions)
    assert dict(entered)["breaks"] == "could_not_grade"
    ada = outcomes.submissions["ada"]
    assert ada.status == "could_not_grade"
    assert "not entered into the gradebook: OSError: disk full" in str(ada.reason)
    assert outcomes.submissions["zoe"].status == "graded"


def test_no_more_are_read_than_are_needed(submitted: Path, gathered: Gathered, tmp_path: Path) -> None:
    taken: list[str] = []

    def one_by_one() -> Iterator[Submission]:
        for submission in handed_in(COURSE, submitted, NAME):
            taken.append(submission.student)
            yield submission

    release = COURSE.release_notebook(NAME).read_bytes()
    runs = LocalExecutor(Options(profile="quick"), 1).runs(one_by_one(), release, load(HIDDEN / NAME), lambda _: None)
    for done in range(1, 5):
        next(filter(None, runs))
        assert len(taken) <= done + 1
    assert len(list(filter(None, runs))) == 1


def test_an_interrupted_run_ends_its_boxes_and_begins_no_other(submitted: Path, gathered: Gathered, tmp_path: Path) -> None:
    gathered.seconds = 60.0

    def notify(student: str, outcome: SubmissionOutcome | None) -> None:
        if outcome is not None:
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):  # at the outcome of the file that is no notebook
        graded(submitted, tmp_path / "out", jobs=2, notify=notify)
    assert time.monotonic() - begun < 10
    assert gathered.begun <= 2
    assert gathered.at_once == 0
