"""What an instructor decided after grading: items dropped or given to all, students excused; and the scores that follow.

The decisions stand in ``adjustments/<assignment>.json``. In the gradebook they are extra credit, so that automatic scores
and the marks that a person gave stay as they are, a later grading run keeps them up to date, and each can be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from ..course import Course, CourseError
from ..notebooks.notebook import write_text

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Applied(_Strict):
    """What of one score in the gradebook is ours: so much extra credit; this score by hand, where nobody had given one."""

    extra: float = 0.0
    by_hand: float | None = None


class Parked(_Strict):
    """The marks of an item that the notebook no longer has, of one student; they come back with the item.

    ``text_hash`` is that of the text that was marked.
    """

    automatic: float | None = None
    manual: float | None = None
    bonus: float | None = None
    comment: str | None = None
    text_hash: str | None = None


class Entry(_Strict):
    """One change, so that it can be listed and undone: when (UTC), what in words, and the arguments of its opposite."""

    when: datetime
    what: str
    opposite: list[str] | None = None


class Adjustments(_Strict):
    """All decisions on one assignment; the texts say why. ``applied`` and ``parked`` are by student and item."""

    dropped: dict[str, str] = Field(default_factory=dict)
    given: dict[str, str] = Field(default_factory=dict)
    excused: dict[str, str] = Field(default_factory=dict)
    applied: dict[str, dict[str, Applied]] = Field(default_factory=dict)
    parked: dict[str, dict[str, Parked]] = Field(default_factory=dict)
    history: list[Entry] = Field(default_factory=list)

    def points(self, released: Mapping[str, float]) -> dict[str, float]:
        """The points that items count, given those of the release."""
        return {name: 0.0 if name in self.dropped else points for name, points in released.items()}

    def ours(self, student: str, item: str) -> float:
        """How much of a student's extra credit at an item is no bonus that a person gave."""
        return self.applied.get(student, {}).get(item, Applied()).extra


def path(course: Course, assignment: str) -> Path:
    """The file with the decisions on an assignment."""
    return course.root / "adjustments" / f"{assignment}.json"


def read(course: Course, assignment: str) -> Adjustments:
    """The decisions on an assignment; none where nobody took any.

    Raises:
        CourseError: the file is damaged.
    """
    file = path(course, assignment)
    try:
        return Adjustments.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Adjustments()
    except ValueError as error:
        raise CourseError(f"{file}: cannot be read as adjustments; restore it from a backup") from error


def write(course: Course, assignment: str, adjustments: Adjustments) -> None:
    """Keep the decisions."""
    write_text(path(course, assignment), adjustments.model_dump_json(indent=1) + "\n")


def settle(
    gradebook: Gradebook,
    assignment: str,
    adjustments: Adjustments,
    released: Mapping[str, float],
    student: str | None = None,
) -> None:
    """Make the gradebook agree with the decisions, for one student or all; once more changes nothing.

    Late penalties are not computed anew.

    Args:
        released: points of each item in the release.
    """
    from nbgrader.api import BaseCell, Grade, SubmittedAssignment, SubmittedNotebook

    notebook = gradebook.find_notebook(assignment, assignment)
    for cell in notebook.grade_cells:
        cell.max_score = adjustments.points(released).get(cell.name, cell.max_score)
    concerned = {*adjustments.dropped, *adjustments.given}
    concerned |= {item for items in adjustments.applied.values() for item in items}
    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, Grade)
        .select_from(Grade)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(BaseCell.notebook_id == notebook.id, BaseCell.name.in_(concerned))
    )
    for who, item, grade in rows.filter(SubmittedAssignment.student_id == student) if student else rows:
        ours = adjustments.applied.setdefault(who, {})
        _take_back(grade, ours.pop(item, None))
        if item in adjustments.dropped or item in adjustments.given:
            ours[item] = _adjust(grade, item in adjustments.dropped, released[item])
        if not ours:
            del adjustments.applied[who]
    gradebook.db.commit()


def _take_back(grade: Any, ours: Applied | None) -> None:
    if ours is None:
        return
    grade.extra_credit = round((grade.extra_credit or 0.0) - ours.extra, 6) or None
    if ours.by_hand is not None and grade.manual_score == ours.by_hand:  # else a person has marked it since
        grade.manual_score, grade.needs_manual_grade = None, True


def _adjust(grade: Any, dropped: bool, points: float) -> Applied:
    """Let a score count nothing if its item is dropped, else all points; a bonus that a person gave stays."""
    score = grade.auto_score if grade.manual_score is None else grade.manual_score
    if score is None:  # nbgrader counts extra credit only beside a score
        grade.manual_score, grade.needs_manual_grade = (0.0 if dropped else points), False
        return Applied(by_hand=grade.manual_score)
    extra = -score if dropped else max(0.0, points - score)
    grade.extra_credit = (grade.extra_credit or 0.0) + extra
    return Applied(extra=extra)
