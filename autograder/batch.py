"""Grade a class: many submissions at once, each at its own risk, with outcomes on disk after every one of them."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from . import grade
from .assignment import Assignment
from .collect import ISOLATION
from .course import Course, CourseError
from .evidence import Evidence
from .notebook import items, read
from .outcomes import ClassOutcomes, SubmissionOutcome
from .plan import Options, versions
from .sandbox.box import CannotIsolate
from .store import gather
from .submission import Submission, Unreadable, read_submission


@dataclass(frozen=True)
class Handed:
    """A student and the file that they handed in."""

    student: str
    path: Path


def handed_in(submitted: Path, assignment: str, students: Iterable[str] = ()) -> list[Handed]:
    """The submissions below ``submitted`` in nbgrader's layout, sorted by student.

    Raises:
        CourseError: the folder is missing or has no submission of the assignment, or a named student has none.
    """
    if not submitted.is_dir():
        raise CourseError(f"{submitted}: no such folder; give --submitted DIR with DIR/<student>/{assignment}/")
    found = {
        folder.name: Handed(folder.name, folder / assignment / f"{assignment}.ipynb")
        for folder in sorted(submitted.iterdir())
        if not folder.name.startswith(".") and (folder / assignment).is_dir()
    }
    if not found:
        raise CourseError(
            f"{submitted}: no submission of {assignment} (looked for {submitted}/<student>/{assignment}/{assignment}.ipynb)"
        )
    wanted = list(students)
    missing = [student for student in wanted if student not in found]
    if missing:
        raise CourseError(f"{submitted}: no submission of {assignment} by {', '.join(missing)}; check --student")
    return [found[student] for student in wanted] if wanted else list(found.values())


@dataclass
class _Run:
    handed: Handed
    submission: Submission | None = None
    evidence: Evidence | None = None
    problem: str | None = None


Notify = Callable[[str, SubmissionOutcome | None], None]
"""Called with a student when their submission starts (None) and when its outcome is known."""

Record = Callable[[Handed, NotebookNode, SubmissionOutcome], None]
"""Called for each submission with its executed notebook and outcome; enters it into the gradebook."""


def grade_class(
    course: Course,
    assignment: Assignment,
    submissions: list[Handed],
    options: Options,
    *,
    jobs: int,
    out: Path,
    notify: Notify,
    record: Record | None,
) -> ClassOutcomes:
    """Grade ``submissions``, ``jobs`` at a time, and write ``out/outcomes.json`` after each.

    Boxes run in threads; hidden tests run in this thread, one submission after another. What goes wrong with one
    submission is its own outcome.
    """
    release = read(course.release_notebook(assignment.name))
    outcomes = ClassOutcomes(
        schema=1,
        assignment=assignment.name,
        profile=options.profile,
        isolation=ISOLATION,
        versions=versions(),
    )
    slots: queue.SimpleQueue[int] = queue.SimpleQueue()
    for slot in range(jobs):
        slots.put(slot)

    def run(handed: Handed) -> _Run:
        slot = slots.get()
        found = _Run(handed)
        try:
            notify(handed.student, None)
            found.submission = read_submission(handed.path, release, assignment.name)
            found.evidence = gather(found.submission.notebook, assignment, options, slot)
        except Unreadable as error:
            found.problem = error.reason
        except CannotIsolate as error:
            found.problem = f"the box could not be used: {error}"
        except Exception as error:  # a fault of the grader must cost this submission its grade, never the batch
            found.problem = f"the grader failed: {type(error).__name__}: {error}"
        finally:
            slots.put(slot)
        return found

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting: set[Future[_Run]] = set()
        left = list(reversed(submissions))
        while left or waiting:
            while left and len(waiting) < jobs + 1:
                waiting.add(pool.submit(run, left.pop()))
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                found = future.result()
                outcome = _finish(found, release, assignment, record)
                outcomes.submissions[found.handed.student] = outcome
                outcomes.submissions = dict(sorted(outcomes.submissions.items()))
                outcomes.write(out / "outcomes.json")
                notify(found.handed.student, outcome)
    return outcomes


def _finish(found: _Run, release: NotebookNode, assignment: Assignment, record: Record | None) -> SubmissionOutcome:
    begun = time.monotonic()
    notebook = found.submission.notebook if found.submission else release
    try:
        if found.submission is None or found.evidence is None:
            outcome = SubmissionOutcome(status="could_not_grade", reason=found.problem)
        else:
            outcome = grade.decide(notebook, release, assignment, found.evidence)
            notebook = grade.executed(notebook, found.evidence)
    except Exception as error:
        outcome = SubmissionOutcome(status="could_not_grade", reason=f"the grader failed: {type(error).__name__}: {error}")
    if found.submission is not None:
        outcome.repairs = found.submission.repairs
        outcome.flags = [*found.submission.flags, *outcome.flags]
    if outcome.status == "could_not_grade":
        outcome.max_points = sum(item.max_points for item in items(release) if not item.manual)
    outcome.seconds = round(outcome.seconds + time.monotonic() - begun, 2)
    if record is not None:
        try:
            record(found.handed, notebook, outcome)
        except Exception as error:
            outcome.flags.append(f"not entered into the gradebook: {type(error).__name__}: {error}")
            outcome.status, outcome.reason = "could_not_grade", outcome.flags[-1]
    return outcome
