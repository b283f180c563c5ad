"""One grading session: check the machine, grade a class with progress, fill gradebook and feedback, show the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from . import gradebook, report
from .assignment import load
from .batch import Handed, grade_class, handed_in
from .course import Course, CourseError
from .data import DataMissing
from .decoy import sandbox_folder
from .outcomes import ClassOutcomes, SubmissionOutcome
from .plan import Options, choose_device, default_threads
from .sandbox import run as sandbox_run
from .sandbox.box import CannotIsolate


class SessionError(Exception):
    """This machine cannot grade; the message says why and what to do."""


@dataclass(frozen=True)
class Session:
    """What to grade, how, and where the results go.

    ``gradebook`` None means grades are entered nowhere; ``store`` None means evidence is kept in the course's own store.
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
    feedback: bool = False
    fresh: bool = False
    store: Path | None = None

    @property
    def autograded(self) -> Path:
        """Where nbgrader looks for graded notebooks: beside the gradebook."""
        assert self.gradebook is not None
        return self.gradebook.parent / "autograded"

    def run(self, console: Console) -> ClassOutcomes:
        """Grade and show.

        Raises:
            CourseError: no such assignment, no submissions, a student who handed in nothing.
            SessionError: no isolation, or no data.
        """
        self.course.release_notebook(self.assignment)
        try:
            assignment = load(self.assignment)
        except FileNotFoundError as error:
            raise CourseError(str(error)) from error
        submissions = handed_in(self.submitted, self.assignment, self.students)
        self._require_machine(assignment.settings.dataset)
        options = Options(
            profile=self.profile,
            device=choose_device(self.device),
            threads=default_threads(self.jobs),
            store=None if self.fresh else self.store or self.course.evidence_store,
        )
        if self.gradebook is not None:
            gradebook.ensure_assignment(self.course, self.assignment, self.gradebook)
        progress = Progress(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            transient=True,
        )
        running: list[str] = []
        with progress:
            task = progress.add_task("", total=len(submissions), note="")

            def notify(student: str, outcome: SubmissionOutcome | None) -> None:
                if outcome is None:
                    running.append(student)
                else:
                    running.remove(student)
                    progress.advance(task)
                    if not console.is_terminal or outcome.status == "could_not_grade":
                        progress.console.print(report.line(student, outcome), markup=False, highlight=False)
                progress.update(task, note=", ".join(running)[:60])

            outcomes = grade_class(
                self.course,
                assignment,
                submissions,
                options,
                jobs=self.jobs,
                out=self.out,
                notify=notify,
                record=self._record if self.gradebook else None,
            )
        if self.gradebook is not None and self.feedback and any(self.autograded.glob(f"*/{self.assignment}")):
            with console.status("writing feedback pages ..."):
                gradebook.feedback(
                    self.course,
                    self.assignment,
                    db=self.gradebook,
                    autograded=self.autograded,
                    feedback=self.gradebook.parent / "feedback",
                )
        report.show(outcomes, console)
        console.print(f"written: {self.out / 'outcomes.json'}", soft_wrap=True, highlight=False)
        return outcomes

    def _require_machine(self, dataset: str) -> None:
        try:
            sandbox_run.check()
            sandbox_folder(dataset)  # type: ignore[arg-type]
        except CannotIsolate as error:
            raise SessionError(f"no isolation: {error}; `autograder doctor` says more") from error
        except DataMissing as error:
            raise SessionError(str(error)) from error

    def _record(self, handed: Handed, notebook: NotebookNode, outcome: SubmissionOutcome) -> None:
        assert self.gradebook is not None
        if outcome.status == "could_not_grade":
            gradebook.forget(self.course, self.assignment, handed.student, db=self.gradebook, autograded=self.autograded)
            return
        gradebook.record(
            self.course,
            self.assignment,
            handed.student,
            notebook,
            outcome,
            db=self.gradebook,
            autograded=self.autograded,
            submitted=handed.path.parent,
        )
