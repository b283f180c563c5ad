"""Run an assignment's source notebook in the sandbox and grade it: every cell runs, and the reference earns every point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from ..assignment import load
from ..course import Course
from ..judging import decision
from ..notebooks.notebook import read, without_region_marks, write
from ..notebooks.terminal import printable
from ..outcomes import SubmissionOutcome
from ..runs.evidence import Record
from ..runs.options import Options
from ..runs.plan import planned
from ..runs.store import gather


@dataclass(frozen=True)
class Validation:
    """The outcome of the reference solution, its executed notebook, and how many seconds that ran.

    ``broken`` has a line for each cell that ended in an error, given cells and visible checks among them.
    """

    outcome: SubmissionOutcome
    notebook: NotebookNode
    seconds: float
    broken: list[str]

    @property
    def earned(self) -> bool:
        """Whether every autograded point was earned."""
        return self.outcome.complete and self.outcome.points == self.outcome.max_points

    @property
    def perfect(self) -> bool:
        """Whether every autograded point was earned, and every cell ran to its end."""
        return self.earned and not self.broken


def validate(course: Course, name: str, options: Options) -> Validation:
    """Execute and grade the source notebook of an assignment; where the store has its evidence, only grade it.

    All of its cells are run, whatever ``options`` say: visible checks and cells that grading skips too.

    Raises:
        CannotIsolate: this machine cannot run a box.
        CourseError: no such assignment, or it was not generated.
    """
    notebook = read(course.source_notebook(name))
    assignment = load(course.hidden_tests(name))
    assignment.profile(options.profile)
    release = read(course.release_notebook(name))
    for cell in notebook.cells:
        cell.source = without_region_marks(cell.source)
    found = gather(planned(notebook, assignment, replace(options, everything=True)))
    outcome = decision.decide(notebook, release, assignment, found)
    return Validation(outcome, decision.executed(notebook, found), found.record.seconds, list(broken(found.record)))


def broken(record: Record) -> Iterator[str]:
    """A line for each cell that did not run to its end."""
    for cell, ran in record.cells.items():
        if ran.error is not None and cell not in record.stopped:
            line = f", line {ran.error.line}" if ran.error.line else ""
            said = printable(f"{ran.error.ename}: {ran.error.evalue}".partition("\n")[0])
            yield f"the cell `{cell}`{line} ended in an error: {said}"
    for cell, why in record.stopped.items():
        yield f"the cell `{cell}` was stopped: {why}"


def write_solution(course: Course, name: str, notebook: NotebookNode) -> None:
    """Keep the executed notebook as ``solutions/<name>/<name>.ipynb``."""
    write(notebook, course.solutions / name / f"{name}.ipynb")
