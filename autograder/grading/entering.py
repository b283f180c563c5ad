"""Enter a graded submission in a child, where nbgrader's steps go through the student's notebook."""

from __future__ import annotations

import json
from pathlib import Path

from ..child import Plain
from ..course import Course
from ..limited import Budget, Children
from ..notebooks.notebook import as_notebook
from ..outcomes import SubmissionOutcome
from . import gradebook
from .places import CannotWrite, Locked, is_locked, trouble

BUDGET = Budget("to enter", seconds=60.0, wall=600.0, memory=2 << 30)
"""For one submission, which takes a tenth of a second."""


def enter(
    children: Children,
    course: Course,
    assignment: str,
    student: str,
    executed: bytes,
    outcome: SubmissionOutcome,
    *,
    db: Path,
    autograded: Path,
    submitted: Path,
    known: bool,
) -> None:
    """As :func:`.gradebook.record`; ``executed`` is JSON. Flags that it adds to the outcome are added.

    Raises:
        CannotWrite: the gradebook or the graded notebook cannot be written; ``Locked`` if another program holds it.
        Failed, Ended: another error, or a breach of the budget.
    """
    told = children.ask(
        _enter,
        BUDGET,
        Locked,
        CannotWrite,
        course=str(course.root),
        assignment=assignment,
        student=student,
        executed=executed,
        outcome=outcome.model_dump(mode="json"),
        db=str(db),
        autograded=str(autograded),
        submitted=str(submitted),
        known=known,
    )
    outcome.flags = told["flags"]


def _enter(
    course: str,
    assignment: str,
    student: str,
    executed: bytes,
    outcome: Plain,
    db: str,
    autograded: str,
    submitted: str,
    known: bool,
) -> Plain:
    notebook, judged = as_notebook(json.loads(executed)), SubmissionOutcome.model_validate(outcome)
    try:
        gradebook.record(
            Course(Path(course)),
            assignment,
            student,
            notebook,
            judged,
            db=Path(db),
            autograded=Path(autograded),
            submitted=Path(submitted),
            known=known,
        )
    except Exception as error:
        if (problem := trouble(error)) is None:
            raise
        raise (Locked if is_locked(error) else CannotWrite)(problem) from error
    return {"flags": judged.flags}
