"""Try a change on a copy of a course, and compare the grades before and after."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..course import Course
from ..exporting.grades import ClassGrades, of_gradebook
from ..grading import adjustments
from ..notebooks.notebook import items, read

_SHARED = ("submitted", "collected", ".autograder", "autograder")


@contextlib.contextmanager
def copied(course: Course, assignment: str) -> Iterator[Course]:
    """A course in which everything about an assignment can be changed, but its hidden tests.

    Submissions, kept evidence and hidden tests are the same ones.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-trial-") as folder:
        root = Path(folder)
        shutil.copyfile(course.root / "nbgrader_config.py", root / "nbgrader_config.py")
        for name in _SHARED:
            if (course.root / name).exists():
                (root / name).symlink_to(course.root / name)
        parts = [course.source / assignment, course.release / assignment, course.root / "graded" / assignment]
        parts += [found for found in course.root.glob(f"autograded/*/{assignment}") if found.is_dir()]
        for part in parts:
            if part.is_dir():
                shutil.copytree(part, root / part.relative_to(course.root))
        decided = adjustments.path(course, assignment)
        if decided.is_file():
            copy = root / decided.relative_to(course.root)
            copy.parent.mkdir()
            shutil.copyfile(decided, copy)
        if course.gradebook.is_file():
            with (
                contextlib.closing(sqlite3.connect(course.gradebook)) as ours,
                contextlib.closing(sqlite3.connect(root / course.gradebook.name)) as theirs,
            ):
                ours.backup(theirs)
        yield Course(root)


def grades(course: Course, assignment: str) -> ClassGrades:
    """The grades of an assignment as they are in a course now."""
    order = [item.id for item in items(read(course.release_notebook(assignment)))]
    return of_gradebook(course.gradebook, assignment, order, adjustments=adjustments.read(course, assignment))


@dataclass(frozen=True)
class Difference:
    """What a change makes of the grades of a class: students with points before and after, None for no grade.

    ``reopened`` are marks that a person has to look at again, as (student, item); ``max_points`` are before and after.
    """

    students: dict[str, tuple[float | None, float | None]]
    count: int
    max_points: tuple[float, float]
    reopened: list[tuple[str, str]]


def difference(before: ClassGrades, after: ClassGrades) -> Difference:
    """Compare the grades of one class."""
    pairs = {
        student: (grade.points, after.students[student].points)
        for student, grade in before.students.items()
        if student in after.students
    }
    reopened = [
        (student, item)
        for student, grade in before.students.items()
        for item, one in grade.items.items()
        if one.by_hand and not one.waits and item in after.items and after.students[student].items[item].waits
    ]
    changed = {student: pair for student, pair in pairs.items() if pair[0] != pair[1]}
    return Difference(changed, len(pairs), (before.max_points, after.max_points), reopened)
