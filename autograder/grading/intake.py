"""List the submissions of a class: a student each, also where what they handed in lies in the wrong place."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..course import Course, CourseError, nearest
from ..judging.processes import MODULES
from ..limited import Children
from ..notebooks.folder import everybody
from ..notebooks.reading import Submission, looking


def handed_in(course: Course, submitted: Path, assignment: str, students: Iterable[str] = ()) -> list[Submission]:
    """The submissions below ``submitted`` in nbgrader's layout, sorted by student.

    Raises:
        CourseError: the folder is missing or has no submission of the assignment, or a named student has none.
    """
    if not submitted.is_dir():
        raise CourseError(f"{submitted}: no such folder; give --submitted DIR with DIR/<student>/{assignment}/")
    others = [name for name in course.assignments() if name != assignment]
    release = course.release_notebook(assignment).read_bytes()
    with Children(*MODULES) as children:
        found = everybody(submitted, assignment, others, looking(children, release, assignment))
    if not found:
        raise CourseError(
            f"{submitted}: no submission of {assignment} (looked for {submitted}/<student>/{assignment}/{assignment}.ipynb)"
        )
    wanted = list(students)
    missing = [student for student in wanted if student not in found]
    if missing:
        near = [name for student in missing for name in nearest(student, found)]
        meant = f"did you mean {' or '.join(near[:3])}?" if near else "check --student"
        raise CourseError(f"{submitted}: no submission of {assignment} by {', '.join(missing)}; {meant}")
    return [Submission(student, found[student]) for student in wanted or found]
