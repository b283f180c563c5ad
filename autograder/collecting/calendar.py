"""The time zone of a course and the due dates of its assignments, as nbgrader has them."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, tzinfo

from ..course import Course
from ..notebooks.converter import course_config
from ..notebooks.timestamp import course_zone, known_zone


def zone_of(course: Course) -> tuple[tzinfo, bool]:
    """The zone of times that say none, and whether the course sets it; UTC if it does not.

    Raises:
        CourseError: there is no such zone.
    """
    config = course_config(course)
    return known_zone(course_zone(config)), bool(config.NbGraderAPI.get("timezone"))


def due_of(course: Course, assignment: str) -> datetime | None:
    """When an assignment is due, in UTC; None where the gradebook does not say."""
    if not course.gradebook.is_file():
        return None
    with contextlib.suppress(sqlite3.Error, ValueError):
        with contextlib.closing(sqlite3.connect(f"file:{course.gradebook}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT duedate FROM assignment WHERE name = ?", (assignment,)).fetchone()
        return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found and found[0] else None
    return None
