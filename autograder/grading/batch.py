"""Grade a class: many submissions at once, each at its own risk, with outcomes on disk after every one of them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..assignment import Assignment
from ..cluster.executor import Executor, Run
from ..course import Course
from ..judging.processes import MODULES, MOST, judge
from ..limited import Children, Ended, Failed
from ..notebooks.notebook import items
from ..notebooks.reading import Submission, parsed
from ..outcomes import ClassOutcomes, SubmissionOutcome
from ..runs.keys import of_grader
from ..runs.options import default_threads, determinism, versions
from ..sandbox import tiers
from .places import CannotWrite, trouble

QUICK = 0.01
"""Seconds that writing all outcomes may take after each submission; the file grows with the class."""


Notify = Callable[[str, SubmissionOutcome | None], None]
"""Called with a student when their submission starts (None) and when its outcome is known."""

Record = Callable[[Submission, bytes, SubmissionOutcome], None]
"""Called for each submission with its executed notebook, as JSON, and its outcome; enters it into the gradebook."""


Revise = Callable[[str, SubmissionOutcome], SubmissionOutcome]
"""Called with a student and what was judged; returns what counts of it."""


def grade_class(
    course: Course,
    assignment: Assignment,
    submissions: Sequence[Submission],
    executor: Executor,
    *,
    out: Path,
    notify: Notify,
    record: Record | None,
    others: Mapping[str, SubmissionOutcome] | None = None,
    revise: Revise | None = None,
) -> ClassOutcomes:
    """Grade ``submissions`` and keep ``out/outcomes.json`` up to date.

    The outcomes of ``others``, who are not graded now, stay in the file as they are.

    Boxes run where ``executor`` has them, hidden tests in processes of their own. What goes wrong with one submission is its
    own outcome.

    Raises:
        CannotWrite: the gradebook cannot be written, for a reason that all other submissions would meet too.
    """
    release = course.release_notebook(assignment.name).read_bytes()
    outcomes = ClassOutcomes(
        schema=2,
        assignment=assignment.name,
        profile=executor.options.profile,
        isolation=tiers.UNISOLATED if executor.options.unisolated else executor.options.isolation,
        versions=versions() | determinism(executor.options.device),
        submissions=dict(others or {}),
    )
    shown, grader = _Shown(out / "outcomes.json"), of_grader(assignment, executor.options)
    runs = executor.runs(submissions, release, assignment, lambda student: notify(student, None))
    count = min(os.cpu_count() or 1, MOST)
    with (
        shown.to_the_end(outcomes),
        contextlib.closing(runs),  # type: ignore[type-var]
        ThreadPoolExecutor(count) as pool,
        Children(*MODULES) as children,
    ):
        finish = partial(_finish, children=children, assignment=assignment, release=release, threads=default_threads(count))
        for found, outcome, notebook in _judged(runs, finish, pool, count):
            outcome.profile = outcome.profile or executor.options.profile
            outcome = revise(found.submission.student, outcome) if revise else outcome
            outcome.entered, outcome.grader = record is not None, grader
            problem = _enter(found.submission, notebook, outcome, record) if record else None
            outcomes.submissions[found.submission.student] = outcome
            shown.refresh(outcomes)
            notify(found.submission.student, outcome)
            if problem:
                raise CannotWrite(problem)
    return outcomes


@dataclass
class _Shown:
    """The file ``outcomes.json``, brought up to date after each submission, or a tenth of the time once that takes long."""

    path: Path
    _next: float = 0.0

    @contextlib.contextmanager
    def to_the_end(self, outcomes: ClassOutcomes) -> Iterator[None]:
        """Bring it up to date at the end, also where the run is interrupted."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(Exception):  # a full disk is told by what met it first
                self.write(outcomes)
            raise
        self.write(outcomes)

    def refresh(self, outcomes: ClassOutcomes) -> None:
        if time.monotonic() >= self._next:
            self.write(outcomes)

    def write(self, outcomes: ClassOutcomes) -> None:
        begun = time.monotonic()
        outcomes.submissions = dict(sorted(outcomes.submissions.items()))
        outcomes.name_runs()  # each worker of a cluster, and each earlier run, has chosen its own isolation
        outcomes.write(self.path)
        ended = time.monotonic()
        self._next = ended + (10 * (ended - begun) if ended - begun > QUICK else 0)


_Finished = tuple[Run, SubmissionOutcome, bytes]


def _judged(
    runs: Iterator[Run | None], finish: Callable[[Run], _Finished], pool: ThreadPoolExecutor, most: int
) -> Iterator[_Finished]:
    """What ``finish`` makes of each run, ``most`` and one at a time, as soon as it is there."""
    waiting: set[Future[_Finished]] = set()
    ended: Exception | None = None
    try:
        for run in runs:
            if run is not None:
                waiting.add(pool.submit(finish, run))
            done, waiting = wait(waiting, None if len(waiting) > most else 0, FIRST_COMPLETED)
            yield from (future.result() for future in done)
    except Exception as error:  # no more can run, and what did run is judged first
        ended = error
    for future in as_completed(waiting):
        yield future.result()
    if ended is not None:
        raise ended


def _finish(found: Run, children: Children, assignment: Assignment, release: bytes, threads: int) -> _Finished:
    """The outcome of a run, and its notebook with outputs."""
    notebook = found.read.notebook if found.read else release
    if found.read is None or found.evidence is None:
        outcome = SubmissionOutcome(status="could_not_grade", reason=found.problem)
    else:
        outcome, notebook = judge(children, notebook, found.evidence.folder, assignment, release, threads)
    if found.read is not None:
        outcome.repairs = found.read.repairs
        outcome.flags = [*found.read.flags, *outcome.flags]
    if outcome.status == "could_not_grade":
        outcome.max_points = sum(item.max_points for item in items(parsed(release)) if not item.manual)
    return found, outcome, notebook


def _enter(submission: Submission, notebook: bytes, outcome: SubmissionOutcome, record: Record) -> str | None:
    """Enter an outcome; if that fails it says so, and what is returned is a problem of all submissions, in one line."""
    try:
        record(submission, notebook, outcome)
    except Exception as error:
        problem = trouble(error)
        told = f"its notebook {error}" if isinstance(error, Ended) else str(error)
        told = told if isinstance(error, (Ended, Failed)) else f"{type(error).__name__}: {told}"
        outcome.flags.append(f"not entered into the gradebook: {problem or told.strip().partition(chr(10))[0]}")
        outcome.status, outcome.reason = "could_not_grade", outcome.flags[-1]
        return problem
    return None
