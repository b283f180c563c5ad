"""Run an assignment's source notebook in the sandbox and grade it: the reference must earn every point."""

from __future__ import annotations

from dataclasses import dataclass

from nbformat import NotebookNode

from ..assignment import load
from ..course import Course
from ..judging import decision
from ..notebooks.notebook import read, without_region_marks, write
from ..outcomes import SubmissionOutcome
from ..runs.plan import Options
from ..runs.store import gather


@dataclass(frozen=True)
class Validation:
    """The outcome of the reference solution, its executed notebook, and how many seconds that ran."""

    outcome: SubmissionOutcome
    notebook: NotebookNode
    seconds: float

    @property
    def perfect(self) -> bool:
        """Whether every autograded point was earned."""
        return self.outcome.status == "graded" and self.outcome.points == self.outcome.max_points


def validate(course: Course, name: str, options: Options) -> Validation:
    """Execute and grade the source notebook of an assignment; where the store has its evidence, only grade it.

    Raises:
        CannotIsolate: this machine cannot run a box.
        CourseError: no such assignment, or it was not generated.
    """
    notebook = read(course.source_notebook(name))
    assignment = load(name)
    assignment.profile(options.profile)
    release = read(course.release_notebook(name))
    for cell in notebook.cells:
        cell.source = without_region_marks(cell.source)
    found = gather(notebook, assignment, options)
    outcome = decision.decide(notebook, release, assignment, found)
    return Validation(outcome, decision.executed(notebook, found), found.record.seconds)


def write_solution(course: Course, name: str, notebook: NotebookNode) -> None:
    """Keep the executed notebook as ``solutions/<name>/<name>.ipynb``."""
    write(notebook, course.solutions / name / f"{name}.ipynb")
