"""Read the grades of a class as the gradebook has them: automatic, manual, bonus, late penalty, extension, by item."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from ..collecting.roster import Enrolled
from ..grading.adjustments import Adjustments
from ..grading.entries import runs
from ..notebooks.converter import db_url
from ..outcomes import ClassOutcomes

Status = Literal["graded", "waiting", "could_not_grade", "missing", "excused"]
"""``waiting``: a person has not marked everything yet. ``missing``: enrolled, and nothing was handed in."""


class NoGrades(Exception):
    """The gradebook does not hold what is to be exported; the message is one clear line."""


@dataclass(frozen=True)
class ItemGrade:
    """One item of one submission. Scores are points, None where nobody gave any.

    ``by_hand`` items are marked by a person; on the others a person's score takes the place of the automatic one.
    ``adjustment`` is what was added or taken off for everybody, because the item was given to all or dropped.
    """

    max_points: float
    by_hand: bool
    automatic: float | None = None
    manual: float | None = None
    bonus: float = 0.0
    waits: bool = False
    adjustment: float = 0.0

    @property
    def points(self) -> float | None:
        """What counts, bonus and adjustment included, as nbgrader counts it; None where there is no score yet."""
        score = self.automatic if self.manual is None else self.manual
        return None if score is None else round(score + self.bonus + self.adjustment, 6)


@dataclass(frozen=True)
class StudentGrade:
    """The grade of one student. Times are UTC; ``late`` is how much later than the due date and extension allow."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    status: Status = "missing"
    items: dict[str, ItemGrade] = field(default_factory=dict)
    late_penalty: float = 0.0
    submitted: datetime | None = None
    late: timedelta = timedelta(0)
    extension: timedelta = timedelta(0)
    profile: str = ""
    isolation: str = ""
    seconds: float | None = None
    reason: str = ""

    @property
    def points(self) -> float | None:
        """Points in all, late penalty taken off, never below 0; None where there is no grade."""
        if self.status in ("missing", "could_not_grade", "excused"):
            return None
        return round(max(0.0, sum(item.points or 0.0 for item in self.items.values()) - self.late_penalty), 2)

    @property
    def automatic(self) -> float:
        """Points that the hidden tests gave."""
        return round(sum(item.automatic or 0.0 for item in self.items.values() if not item.by_hand), 2)

    @property
    def manual(self) -> float:
        """Points that a person gave for written answers."""
        return round(sum(item.manual or 0.0 for item in self.items.values() if item.by_hand), 2)

    @property
    def override(self) -> float:
        """What a person's scores in place of automatic ones change."""
        replaced = [item for item in self.items.values() if not item.by_hand and item.manual is not None]
        return round(sum((item.manual or 0.0) - (item.automatic or 0.0) for item in replaced), 2)

    @property
    def bonus(self) -> float:
        """Extra credit, or points taken off where it is negative."""
        return round(sum(item.bonus for item in self.items.values()), 2)

    @property
    def adjustment(self) -> float:
        """What items that were given to all, or dropped, change."""
        return round(sum(item.adjustment for item in self.items.values()), 2)

    @property
    def waiting(self) -> list[str]:
        """Items for which a person is needed, in the order of the notebook."""
        return [name for name, item in self.items.items() if item.waits]

    @property
    def name(self) -> str:
        """First and last name, or the id where no name is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.student


@dataclass(frozen=True)
class ClassGrades:
    """The grades of all enrolled students, by id; items with their points in the order of the notebook.

    ``due`` is UTC.
    """

    assignment: str
    items: dict[str, float]
    students: dict[str, StudentGrade]
    due: datetime | None = None

    @property
    def max_points(self) -> float:
        """All points that there are, without a bonus."""
        return sum(self.items.values())


def of_gradebook(
    db: Path,
    assignment: str,
    order: Collection[str],
    outcomes: ClassOutcomes | None = None,
    adjustments: Adjustments | None = None,
    enrolled: Iterable[Enrolled] = (),
) -> ClassGrades:
    """What a gradebook says of an assignment.

    Args:
        order: ids of the items in the order of the notebook.
        outcomes: the last run, for what the gradebook does not keep: seconds, why there is no grade.
        adjustments: which students are excused, and what of extra credit is no bonus.
        enrolled: the course's roster, for students and names that the gradebook does not have.

    Raises:
        NoGrades: there is no gradebook, or the assignment is not in it.
    """
    from nbgrader.api import Gradebook, MissingEntry

    adjusted = adjustments or Adjustments()
    run = f"run `autograder grade {assignment}` first"
    if not db.is_file():
        raise NoGrades(f"{db}: there is no gradebook; {run}")
    with Gradebook(db_url(db)) as gradebook:
        try:
            found = gradebook.find_assignment(assignment)
            notebook = gradebook.find_notebook(assignment, assignment)
        except MissingEntry:
            raise NoGrades(f"{db}: the gradebook has no assignment {assignment}; {run}") from None
        cells = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
        items = {
            name: cells[name] for name in (*(name for name in order if name in cells), *sorted(set(cells) - set(order)))
        }
        written = {cell.name for cell in notebook.solution_cells} & set(items)
        people = [
            Enrolled(one.id, one.first_name or "", one.last_name or "", one.email or "", one.lms_user_id or "")
            for one in gradebook.students
        ]
        students = {
            one.id: StudentGrade(
                one.id, one.first_name, one.last_name, one.email, one.user,
                "excused" if one.id in adjusted.excused else "missing",
            )
            for one in _all(people, enrolled)
        }  # fmt: skip
        scores, known_runs = _scores(gradebook, assignment), runs(gradebook)
        for submission in gradebook.assignment_submissions(assignment):
            given = scores.get(submission.id, {})
            grades = {}
            for name, points in items.items():
                automatic, manual, extra, waits = given.get(name, (None, None, 0.0, True))
                ours = adjusted.ours(submission.student_id, name)
                grades[name] = ItemGrade(points, name in written, automatic, manual, round(extra - ours, 6), waits, ours)
            waits = any(item.waits for item in grades.values())
            known = students[submission.student_id]
            profile, isolation = known_runs.get(submission.id, ("", ""))
            students[known.student] = replace(
                known,
                profile=profile,
                isolation=isolation,
                status="excused" if known.student in adjusted.excused else "waiting" if waits else "graded",
                items=grades,
                late_penalty=float(submission.late_submission_penalty or 0.0),
                submitted=_utc(submission.timestamp),
                late=_late(submission.timestamp, found.duedate, submission.extension),
                extension=submission.extension or timedelta(0),
            )
        due = _utc(found.duedate)
    if outcomes is not None:
        entered = {student for student, outcome in outcomes.submissions.items() if outcome.entered}
        # What could not be graded at all is in no gradebook, and its student handed something in.
        failed = {name for name in entered - set(students) if outcomes.submissions[name].status == "could_not_grade"}
        students |= {name: StudentGrade(name) for name in failed}
        students = {name: _with_outcome(one, outcomes) if name in entered else one for name, one in students.items()}
    return ClassGrades(assignment, items, dict(sorted(students.items())), due)


def _all(people: Iterable[Enrolled], roster: Iterable[Enrolled]) -> list[Enrolled]:
    """The people of a gradebook and of a roster; what the one does not say of a person, the other does."""
    found = {one.id: one for one in people}
    for one in roster:
        known = vars(found.get(one.id, one))
        found[one.id] = Enrolled(**{name: known[name] or said for name, said in vars(one).items()})
    return list(found.values())


def of_outcomes(outcomes: ClassOutcomes) -> ClassGrades:
    """What one run says, which may be in no gradebook: automatic points only."""
    items: dict[str, float] = {}
    students = {}
    for student, outcome in outcomes.submissions.items():
        items |= {name: item.max_points for name, item in outcome.items.items()}
        grades = {
            name: ItemGrade(item.max_points, by_hand=False, automatic=item.score, waits=item.score is None)
            for name, item in outcome.items.items()
        }
        status: Status = "waiting" if any(item.waits for item in grades.values()) else "graded"
        students[student] = _with_outcome(StudentGrade(student, status=status, items=grades), outcomes)
    return ClassGrades(outcomes.assignment, items, students)


def _scores(gradebook: object, assignment: str) -> dict[str, dict[str, tuple[float | None, float | None, float, bool]]]:
    """By submission and item: automatic score, manual score, extra credit, whether a person is needed. In one query."""
    from nbgrader import api

    rows = (
        gradebook.db.query(  # type: ignore[attr-defined]
            api.SubmittedAssignment.id, api.BaseCell.name, api.Grade.auto_score, api.Grade.manual_score,
            api.Grade.extra_credit, api.Grade.needs_manual_grade,
        )
        .select_from(api.Grade)
        .join(api.BaseCell, api.Grade.cell_id == api.BaseCell.id)
        .join(api.SubmittedNotebook, api.Grade.notebook_id == api.SubmittedNotebook.id)
        .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .filter(api.Assignment.name == assignment)
    )  # fmt: skip
    found: dict[str, dict[str, tuple[float | None, float | None, float, bool]]] = {}
    for submission, item, automatic, manual, bonus, waits in rows:
        found.setdefault(submission, {})[item] = (automatic, manual, bonus or 0.0, bool(waits))
    return found


def _with_outcome(grade: StudentGrade, outcomes: ClassOutcomes) -> StudentGrade:
    outcome = outcomes.submissions.get(grade.student)
    if outcome is None:
        return grade
    failed = outcome.status == "could_not_grade" and grade.status != "excused" and not any(
        item.manual is not None for item in grade.items.values()
    )  # fmt: skip
    return replace(
        grade,
        status="could_not_grade" if failed else grade.status,
        profile=outcome.profile or outcomes.profile,
        isolation=outcome.isolation or outcomes.isolation,
        seconds=outcome.seconds,
        reason=outcome.reason or "",
    )


def _late(submitted: datetime | None, due: datetime | None, extension: timedelta | None) -> timedelta:
    """How late a submission is; nbgrader's own property raises an error over an extension where there is no due date."""
    if submitted is None or due is None:
        return timedelta(0)
    return max(timedelta(0), submitted - due - (extension or timedelta(0)))


def _utc(time: datetime | None) -> datetime | None:
    """nbgrader keeps times in UTC without saying so."""
    return None if time is None else time.replace(tzinfo=UTC)
