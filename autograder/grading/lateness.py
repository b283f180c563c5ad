"""Bring late penalties up to date with due dates, extensions and time stamps, by nbgrader's own step for them.

nbgrader assigns the penalty when it grades a submission, and neither it nor this grader grades again what has not changed.
How lateness works, in plain words: docs/lateness.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..course import CourseError
from ..notebooks.notebook import write_text  # first, because it makes the import of nbformat fast
from ..notebooks.timestamp import NAME

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from traitlets.config import Config

Late = tuple[str, str, float]
"""Student, notebook, and the penalty in points that the gradebook has."""


def renew(
    config: Config, assignment: str, url: str, log: logging.Logger, students: Collection[str] | None = None
) -> list[str]:
    """Assign the penalties of ``students``, None for all, as nbgrader would now; those whose penalty is different now.

    Raises:
        CourseError: the course's own method raised an error.
    """
    from nbformat.v4 import new_notebook
    from nbgrader.api import Gradebook
    from nbgrader.preprocessors import AssignLatePenalties
    from sqlalchemy.exc import SQLAlchemyError
    from traitlets.utils.importstring import import_item

    named = config.Autograde.get("autograde_preprocessors", [AssignLatePenalties])
    known = [import_item(step) if isinstance(step, str) else step for step in named]
    steps = [step(config=config, log=log) for step in known if issubclass(step, AssignLatePenalties)]
    with Gradebook(url) as gradebook:
        before = [one for one in _late_or_fined(gradebook, assignment) if students is None or one[0] in students]
    for student, notebook, _ in before:
        names = {"student": student, "assignment": assignment, "notebook": notebook, "db_url": url}
        for step in steps:
            try:
                step(new_notebook(), {"nbgrader": names})  # type: ignore[no-untyped-call]
            except SQLAlchemyError:
                raise
            except Exception as error:  # the method is the course's own code
                raise CourseError(f"no late penalty for {student}: {type(error).__name__}: {error}") from error
    with Gradebook(url) as gradebook:
        after = {(student, notebook): penalty for student, notebook, penalty in _late_or_fined(gradebook, assignment)}
    return sorted({student for student, notebook, penalty in before if after.get((student, notebook), 0.0) != penalty})


def _late_or_fined(gradebook: Gradebook, assignment: str) -> list[Late]:
    """The submissions that are late now, or have a penalty; of all others nbgrader has nothing to say."""
    from nbgrader import api

    rows = (
        gradebook.db.query(
            api.Student.id,
            api.Notebook.name,
            api.SubmittedNotebook.late_submission_penalty,
            api.SubmittedAssignment.timestamp,
            api.SubmittedAssignment.extension,
            api.Assignment.duedate,
        )
        .select_from(api.SubmittedNotebook)
        .join(api.Notebook, api.SubmittedNotebook.notebook_id == api.Notebook.id)
        .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .join(api.Student, api.SubmittedAssignment.student_id == api.Student.id)
        .filter(api.Assignment.name == assignment)
    )
    return [
        (student, notebook, penalty or 0.0)
        for student, notebook, penalty, submitted, extension, due in rows
        if penalty or (submitted and due and submitted > due + (extension or timedelta(0)))
    ]


def keep_up() -> None:
    """Let ``nbgrader autograde`` renew the penalties of submissions that it need not grade again; once is enough."""
    from nbgrader import api
    from nbgrader.converters import Autograde

    if not hasattr(Autograde.init_destination, "__wrapped__"):
        Autograde.init_destination = _renewing(Autograde.init_destination)
        # An extension of an assignment without due date is a TypeError in nbgrader.
        api.SubmittedAssignment.duedate = property(_due)


def _due(submission: Any) -> datetime | None:
    due: datetime | None = submission.assignment.duedate
    return due + submission.extension if due and submission.extension else due


def _renewing(init_destination: Callable[[Any, str, str], bool]) -> Callable[[Any, str, str], bool]:
    @wraps(init_destination)
    def init(converter: Any, assignment: str, student: str) -> bool:
        if init_destination(converter, assignment, student):
            return True
        places = converter.coursedir
        if student not in places.student_id_exclude.split(","):
            found = places.get_existing_timestamp(converter._format_source(assignment, student))
            if found:
                _move(places.db_url, assignment, student, found, Path(converter._format_dest(assignment, student)))
            if renew(converter.config, assignment, places.db_url, converter.log, [student]):
                converter.log.warning("%s: the late penalty of %s has changed", student, assignment)
        return False

    return init


def _move(url: str, assignment: str, student: str, submitted: datetime, graded: Path) -> None:
    """Take over a time stamp that was changed after grading, also to an earlier time."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(url) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return
        if submission.timestamp == submitted:
            return
        submission.timestamp = submitted
        gradebook.db.commit()
    write_text(graded / NAME, f"{submitted:%Y-%m-%d %H:%M:%S.%f} UTC\n")
