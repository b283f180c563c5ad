"""One grading session: check the machine, grade a class with progress, fill gradebook and feedback, show the table."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from ..assignment import Assignment, load
from ..cluster import cluster, slurm
from ..cluster.executor import Executor, LocalExecutor
from ..cluster.fleet import ClusterError
from ..course import Course, CourseError
from ..datasets.data import DataMissing
from ..judging.processes import MODULES
from ..limited import Children
from ..notebooks.converter import course_config, db_url, quiet_logger
from ..notebooks.notebook import read
from ..notebooks.reading import Submission
from ..notebooks.terminal import printable
from ..outcomes import ClassOutcomes, NotOutcomes, SubmissionOutcome
from ..runs.apart import device_here
from ..runs.collect import data_folder
from ..runs.options import Options, default_threads
from ..sandbox import tiers
from ..sandbox.box import CannotIsolate
from . import drift, gradebook, lateness, places, report
from .again import graded_to_run_again
from .batch import Revise, grade_class
from .entering import enter
from .entries import Entries
from .intake import handed_in
from .progress import ClassProgress
from .time_left import TimeLeft, in_words

DIFFERENCES = 5  # between release and source that are told one by one


class SessionError(Exception):
    """This machine, or the cluster, cannot grade; the message says why and what to do."""


@dataclass(frozen=True)
class Session:
    """What to grade, how, and where the results go.

    ``gradebook`` None means grades are entered nowhere; that of a ``trial`` does not count. ``store`` None means evidence is
    kept in the course's own store.
    Boxes run on this machine, ``jobs`` at once, or on the dask cluster of ``scheduler``, or in ``slurm`` jobs. With ``only``
    the verdicts on these items are renewed, and on all others those of the last run stay. Where submissions with a grade
    would run again, ``confirm`` gets a sentence that says so, before anything is changed; what it raises ends the run.
    """

    course: Course
    assignment: str
    submitted: Path
    out: Path
    profile: str
    device: str
    jobs: int
    students: tuple[str, ...] = ()
    gradebook: Path | None = None
    trial: bool = False
    feedback: bool = False
    fresh: bool = False
    store: Path | None = None
    scheduler: str | None = None
    slurm: slurm.Slurm | None = None
    speedups: bool = True
    isolation: str = tiers.AUTO
    only: tuple[str, ...] = ()
    confirm: Callable[[str], None] = lambda said: None

    @property
    def autograded(self) -> Path:
        """Where nbgrader looks for graded notebooks: beside the gradebook."""
        assert self.gradebook is not None
        return self.gradebook.parent / "autograded"

    def run(self, console: Console) -> ClassOutcomes:
        """Grade and show; what is returned are the outcomes of this run, ``outcomes.json`` may have those of others too.

        Raises:
            CourseError: no such assignment, no submissions, a student who handed in nothing, an ``outcomes.json`` that
                cannot be read and would be written over.
            SessionError: no isolation, no data, no cluster, or results that cannot be written.
        """
        self.course.release_notebook(self.assignment)
        assignment = load(self.course.hidden_tests(self.assignment))
        assignment.profile(self.profile)
        submissions = handed_in(self.course, self.submitted, self.assignment, self.students)
        self._tell_drift(console)
        try:
            with places.held(self.out), self._executor(assignment, len(submissions), console) as executor:
                if self.gradebook is not None:
                    places.check_gradebook(self.gradebook, places.LOCK_SECONDS)
                if not self.fresh:
                    self._confirm_again(assignment, submissions, executor.options, console)
                others = self._others()
                outcomes = self._grade(assignment, submissions, executor, others, console)
                self._renew_penalties([submission.student for submission in submissions], console)
        except CannotIsolate as error:
            raise SessionError(f"no isolation: {error}; `autograder doctor` says more") from error
        except (ClusterError, DataMissing) as error:
            raise SessionError(str(error)) from error
        except Exception as error:
            if (problem := places.trouble(error)) is None:
                raise
            raise SessionError(f"{problem}; then the same command goes on from here") from error
        outcomes.submissions = {student: own for student, own in outcomes.submissions.items() if student not in others}
        outcomes.name_runs()
        report.show(outcomes, console)
        also = f" (the outcomes of {len(others)} others stay as they were)" if others else ""
        console.print(f"written: {self.out / 'outcomes.json'}{also}", soft_wrap=True, highlight=False)
        if self.trial:
            told = f"nothing was entered into {self.course.gradebook}: profile {self.profile} is a trial"
            console.print(f"{told}; --enter-trial-grades enters its points", soft_wrap=True, highlight=False, markup=False)
        if self.gradebook is not None and self.feedback:
            with console.status("writing result pages ..."):
                gradebook.feedback(
                    self.course,
                    self.assignment,
                    db=self.gradebook,
                    autograded=self.autograded,
                    feedback=self.gradebook.parent / "feedback",
                    not_graded={name: one for name, one in outcomes.submissions.items() if one.status != "graded"},
                )
            pages = self.gradebook.parent / "feedback" / "<student>" / self.assignment / f"{self.assignment}.html"
            console.print(f"written: {pages}", soft_wrap=True, highlight=False, markup=False)
        return outcomes

    def _tell_drift(self, console: Console) -> None:
        source, release = self.course.source_notebook(self.assignment), self.course.release_notebook(self.assignment)
        if differences := drift.behind(read(source), read(release)):
            more = [f"and {len(differences) - DIFFERENCES} more"] if len(differences) > DIFFERENCES else []
            name, told = self.assignment, "; ".join([*differences[:DIFFERENCES], *more])
            line = f"release/{name} is behind its source: {told}; grading goes by the release (`autograder generate {name}`)"
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _confirm_again(
        self, assignment: Assignment, submissions: list[Submission], options: Options, console: Console
    ) -> None:
        release = self.course.release_notebook(self.assignment).read_bytes()
        with console.status("looking for what has run before ..."):
            again = graded_to_run_again(release, assignment, submissions, options, self.out, self.gradebook)
        if again:
            count = f"{len(again)} of {len(submissions)} submission{'s' if len(submissions) > 1 else ''}"
            self.confirm(f"{count} would be run again: what they ran with has changed since they were graded")

    def _others(self) -> dict[str, SubmissionOutcome]:
        """What ``outcomes.json`` says of students who are not asked for; nobody, where the whole class is."""
        path = self.out / "outcomes.json"
        if not self.students or not path.is_file():
            return {}
        try:
            found = ClassOutcomes.read(path)
        except NotOutcomes as error:
            raise CourseError(f"{error}; with --student, what it says of others would be lost") from error
        same = found.submissions if found.assignment == self.assignment else {}
        return {student: outcome for student, outcome in same.items() if student not in self.students}

    @contextmanager
    def _executor(self, assignment: Assignment, submissions: int, console: Console) -> Iterator[Executor]:
        """Where boxes run."""
        dataset, secret = assignment.settings.dataset, self.course.secret()
        store = self.store or self.course.evidence_store
        if not self.scheduler and not self.slurm:
            tier = tiers.check(self.isolation)
            data_folder(dataset)
            threads = default_threads(self.jobs)
            with Children(*MODULES) as children:
                device = device_here(children, self.device)
            options = Options(
                self.profile,
                device,
                threads,
                store=store,
                fresh=self.fresh,
                speedups=self.speedups,
                isolation=tier,
                secret=secret,
            )
            yield LocalExecutor(options, self.jobs)
            return
        data_folder(dataset, everything=True)  # no box runs here, but the hidden tests need the real test images
        options = Options(self.profile, self.device, store=store, fresh=self.fresh, isolation=self.isolation)

        def tell(line: str) -> None:
            console.print(line, markup=False, highlight=False, soft_wrap=True)

        with ExitStack() as opened:
            with console.status("waiting for the first worker ..."):
                scheduler: object = self.scheduler
                wait = cluster.WORKER_SECONDS
                if self.slurm:
                    logs = self.out / "slurm"
                    scheduler = opened.enter_context(slurm.started(self.slurm, assignment, logs, submissions))
                    wait = math.inf  # a job waits in Slurm's queue as long as it takes
                executor = opened.enter_context(cluster.connect(scheduler, assignment, options, tell, wait))
            yield executor

    def _grade(
        self,
        assignment: Assignment,
        submissions: list[Submission],
        executor: Executor,
        others: dict[str, SubmissionOutcome],
        console: Console,
    ) -> ClassOutcomes:
        record, entries, children = None, None, Children(*MODULES)
        if self.gradebook is not None:
            gradebook.ensure_assignment(self.course, self.assignment, self.gradebook)
            entries = Entries(self.gradebook, self.assignment)
            record = partial(self._record, entries, children)
        left = self._time_left(assignment, len(submissions), console)
        progress = ClassProgress(console, len(submissions), executor.note, left)
        with progress, children:
            return grade_class(
                self.course,
                assignment,
                submissions,
                executor,
                out=self.out,
                notify=progress.notify,
                record=record,
                others=others,
                revise=self._revised() if self.only else None,
            )

    def _revised(self) -> Revise:
        """What takes the items of ``only`` from a new verdict, and everything else from the last run."""
        try:
            before = ClassOutcomes.read(self.out / "outcomes.json").submissions
        except (NotOutcomes, FileNotFoundError) as error:
            raise CourseError(f"there is no earlier run to renew items of: {error}") from error

        def revise(student: str, new: SubmissionOutcome) -> SubmissionOutcome:
            old = before.get(student)
            if old is None or old.status != "graded" or new.status != "graded":
                return old or new
            items = {name: new.items[name] if name in self.only else item for name, item in old.items.items()}
            points = round(sum(item.points for item in items.values()), 2)
            return old.model_copy(update={"items": items, "points": points})

        return revise

    def _time_left(self, assignment: Assignment, count: int, console: Console) -> TimeLeft:
        """Told before the first submission has finished, where boxes run here: nobody knows how many run elsewhere."""
        here = not self.scheduler and not self.slurm
        left = TimeLeft(count, self.jobs, assignment.profile(self.profile).expected_seconds if here else None)
        if (seconds := left.seconds()) and seconds >= 60:
            what = f"{count} submissions at profile {self.profile}, {min(self.jobs, count)} at once"
            console.print(f"{what}: {in_words(seconds)}; less for what has run before", highlight=False, soft_wrap=True)
        return left

    def _renew_penalties(self, students: list[str], console: Console) -> None:
        """Also of submissions of which nothing else has changed since they were entered."""
        if self.gradebook is None:
            return
        config, (log, _) = course_config(self.course), quiet_logger()
        with places.held(self.autograded, places.LOCK_SECONDS), gradebook.one_transaction(self.gradebook):
            changed = lateness.renew(config, self.assignment, db_url(self.gradebook), log, students)
        if changed:
            console.print(
                f"late penalty changed: {printable(', '.join(changed))}", markup=False, highlight=False, soft_wrap=True
            )

    def _record(
        self, entries: Entries, children: Children, submission: Submission, notebook: bytes, outcome: SubmissionOutcome
    ) -> None:
        assert self.gradebook is not None
        until = time.monotonic() + places.LOCK_SECONDS
        while True:
            try:
                with places.held(self.autograded, places.LOCK_SECONDS):
                    return self._enter(entries, children, submission, notebook, outcome)
            except Exception as error:
                if places.is_locked(error) and time.monotonic() < until:
                    continue
                problem = places.trouble(error)
                if not self._take_back(submission.student) and problem:
                    left = f"an earlier score of {submission.student} may still stand"
                    raise places.CannotWrite(f"{problem}; {left}") from error
                raise

    def _take_back(self, student: str) -> bool:
        """Whether no score of a student is left, now that the new one cannot be entered."""
        assert self.gradebook is not None
        try:
            gradebook.forget(self.course, self.assignment, student, db=self.gradebook, autograded=self.autograded)
        except Exception:
            return False
        return True

    def _enter(
        self, entries: Entries, children: Children, submission: Submission, notebook: bytes, outcome: SubmissionOutcome
    ) -> None:
        assert self.gradebook is not None
        outcome.entered = not self.trial
        if outcome.status == "could_not_grade":
            gradebook.forget(self.course, self.assignment, submission.student, db=self.gradebook, autograded=self.autograded)
            return
        enter(
            children,
            self.course,
            self.assignment,
            submission.student,
            notebook,
            outcome,
            db=self.gradebook,
            autograded=self.autograded,
            submitted=submission.path.parent,
            known=entries.agree(submission.student, outcome),
        )
