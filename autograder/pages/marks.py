"""What the gradebook says of one submission: points, what waits for a person, comments, and the late penalty."""

from __future__ import annotations

from dataclasses import dataclass, field

from nbformat import NotebookNode

from ..grading.adjustments import Adjustments
from ..notebooks.notebook import items
from ..outcomes import SubmissionOutcome


@dataclass(frozen=True)
class Mark:
    """The points of one item, from 0 to ``max_points``; None where it waits for a person. ``bonus`` comes on top.

    ``decided`` says what the instructor decided about the item for everybody, if anything.
    """

    points: float | None
    max_points: float
    bonus: float = 0.0
    by_hand: bool = False
    decided: str = ""


@dataclass(frozen=True)
class Marks:
    """Points by item, a person's comments (Markdown) by answer cell, and the points taken off for ``seconds_late``."""

    items: dict[str, Mark]
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    seconds_late: float = 0.0

    @property
    def earned(self) -> float:
        """Points of what is graded so far, with bonus and without the penalty."""
        return sum((mark.points or 0.0) + mark.bonus for mark in self.items.values())

    @property
    def possible(self) -> float:
        """The points that what is graded so far could have earned."""
        return sum(mark.max_points for mark in self.items.values() if mark.points is not None)

    @property
    def waiting(self) -> dict[str, float]:
        """The items that wait for a person, with their points."""
        return {name: mark.max_points for name, mark in self.items.items() if mark.points is None}


def marks_of(notebook: NotebookNode, outcome: SubmissionOutcome) -> Marks:
    """The marks of a submission that no gradebook knows: those of its hidden tests; all else waits for a person."""
    found = {}
    for item in items(notebook):
        judged = None if item.manual else outcome.items.get(item.id)
        found[item.id] = Mark(judged.score if judged else None, item.max_points)
    return Marks(found)


def read_marks(url: str, assignment: str, student: str, notebook: NotebookNode, decisions: Adjustments) -> Marks:
    """The marks of a submission in nbgrader's gradebook at an SQLAlchemy address, for the items of its notebook.

    ``decisions`` are those of the instructor about items; in the gradebook they are extra credit.

    Raises:
        nbgrader.api.MissingEntry: the gradebook does not know the submission.
    """
    from nbgrader.api import Gradebook

    with Gradebook(url) as gradebook:
        submission = gradebook.find_submission_notebook(assignment, assignment, student)
        grades = {grade.name: grade for grade in submission.grades}
        found = {}
        for item in items(notebook):
            if grade := grades.get(item.id):
                score = grade.auto_score if grade.manual_score is None else grade.manual_score
                # A person may settle an item without a number, which nbgrader counts as 0.
                points = 0.0 if score is None and not grade.needs_manual_grade else score
                bonus = round((grade.extra_credit or 0.0) - decisions.ours(student, item.id), 6)
                if item.id in decisions.dropped:
                    found[item.id] = Mark(0.0, 0.0, bonus, decided=_decided("does not count", decisions.dropped[item.id]))
                elif item.id in decisions.given:
                    full = _decided("counts in full for everybody", decisions.given[item.id])
                    found[item.id] = Mark(max(points or 0.0, item.max_points), item.max_points, bonus, decided=full)
                else:
                    found[item.id] = Mark(points, item.max_points, bonus, grade.manual_score is not None)
        handed_in = submission.assignment
        return Marks(
            found,
            {said.name: said.manual_comment for said in submission.comments if said.manual_comment},
            submission.late_submission_penalty or 0.0,
            # With an extension and no due date nbgrader raises a TypeError.
            handed_in.total_seconds_late if handed_in.assignment.duedate else 0.0,
        )


def _decided(what: str, why: str) -> str:
    return f"This item {what}: {why}" if why else f"This item {what}."
