"""Run submissions in boxes, some at a time: what an executor is, and the one that uses this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from ..assignment import Assignment
from ..judging.processes import MODULES
from ..limited import Children, Ended, Failed
from ..notebooks.reading import Read, Submission, read
from ..notebooks.submission import Unreadable
from ..notebooks.terminal import printable, unfit
from ..outcomes import grader_fault
from ..runs.apart import Kept, gather
from ..runs.options import Options
from ..sandbox.box import CannotIsolate


@dataclass
class Run:
    """How far a submission came: what could be read of the file, its evidence, or the problem in one line."""

    submission: Submission
    read: Read | None = None
    evidence: Kept | None = None
    problem: str | None = None


Started = Callable[[str], None]
"""Called with a student when their submission starts."""

TICK = 0.2
"""Seconds after which an executor says that nothing has ended meanwhile."""


class Executor(Protocol):
    """Runs submissions in boxes somewhere."""

    @property
    def options(self) -> Options:
        """How submissions are run."""

    def runs(
        self, submissions: Iterable[Submission], release: bytes, assignment: Assignment, started: Started
    ) -> Iterator[Run | None]:
        """Yield the run of each submission once, as it ends; what goes wrong with one is the ``problem`` of its run.

        While none ends it yields None now and then, so that whoever takes them can do other things.

        ``release`` is the text of the released notebook. ``submissions`` are taken only as there is room for them, so that
        memory does not grow with their number. Closing the iterator calls off what has not ended.
        """

    def note(self) -> str:
        """A few words on where submissions run now, for the progress line; may be empty."""


def read_run(children: Children, submission: Submission, release: bytes, assignment: str) -> Run:
    """Read a submission: a run with what was ``read``, or with a ``problem``."""
    if problem := unfit(submission.student):
        return Run(submission, problem=f"{printable(str(submission.path))}: {problem}")
    try:
        return Run(submission, read(children, submission.path, release, assignment))
    except Unreadable as error:
        return Run(submission, problem=error.reason)
    except Exception as error:
        return Run(submission, problem=problem_of(error, str(submission.path)))


def problem_of(error: Exception, what: str) -> str:
    """One line on what kept a submission from being graded; ``what`` a child worked on."""
    if isinstance(error, Ended):
        return f"{what} {error}; look at this submission by hand"
    if isinstance(error, CannotIsolate):
        return f"the box could not be used: {error}"
    return f"the grader failed: {error}" if isinstance(error, Failed) else grader_fault(error)


@dataclass(frozen=True)
class LocalExecutor:
    """Runs ``jobs`` submissions at a time on this machine, each in a box that a thread looks after.

    One that found no room on the GPU beside others runs again alone at the end, before that counts against anyone.
    """

    options: Options
    jobs: int

    def note(self) -> str:
        """Nothing: where it runs is no news."""
        return ""

    def runs(
        self, submissions: Iterable[Submission], release: bytes, assignment: Assignment, started: Started
    ) -> Iterator[Run | None]:
        """See :class:`Executor`."""
        stop, children = threading.Event(), Children(*MODULES)

        def run(submission: Submission) -> Run:
            try:
                started(submission.student)
                found = read_run(children, submission, release, assignment.name)
                if found.read is not None:
                    found.evidence = gather(children, found.read.notebook, assignment, self.options, stop.is_set)
            except Exception as error:
                found.problem = problem_of(error, "what its box sent")
            return found

        left = iter(submissions)
        waiting: set[Future[Run]] = set()
        crowded: list[Submission] = []
        pool = ThreadPoolExecutor(max_workers=self.jobs)
        try:
            while True:
                # One more than can run, so that a box is not idle while hidden tests judge.
                while len(waiting) <= self.jobs and (submission := next(left, None)) is not None:
                    waiting.add(pool.submit(run, submission))
                if not waiting:
                    break
                done, waiting = wait(waiting, TICK, FIRST_COMPLETED)
                if not done:
                    yield None
                for future in done:
                    found = future.result()
                    if self.jobs > 1 and found.evidence is not None and found.evidence.crowded:
                        crowded.append(found.submission)
                    else:
                        yield found
            for submission in crowded:
                alone = pool.submit(run, submission)
                while not wait([alone], TICK).done:
                    yield None
                yield alone.result()
        finally:
            stop.set()
            children.end()
            pool.shutdown(cancel_futures=True)
