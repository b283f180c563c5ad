"""The time zone of a course and the due dates of its assignments, as nbgrader has them."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..course import Course, CourseError
from ..notebooks.converter import course_config


def zone_of(course: Course) -> tuple[tzinfo, bool]:
    """The zone of times that say none, ``NbGraderAPI.timezone`` of ``nbgrader_config.py``, and whether the course sets
    it; UTC if it does not.

    Raises:
        CourseError: there is no such zone.
    """
    name = str(course_config(course).NbGraderAPI.get("timezone") or "")
    try:
        return ZoneInfo(name or "UTC"), bool(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        path = course.root / "nbgrader_config.py"
        said = f"{path}: NbGraderAPI.timezone is {name!r}, no time zone; write one such as Europe/Berlin"
        raise CourseError(said) from None


def due_of(course: Course, assignment: str) -> datetime | None:
    """When an assignment is due, in UTC; None where the gradebook does not say."""
    if not course.gradebook.is_file():
        return None
    with contextlib.suppress(sqlite3.Error, ValueError):
        with contextlib.closing(sqlite3.connect(f"file:{course.gradebook}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT duedate FROM assignment WHERE name = ?", (assignment,)).fetchone()
        return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found and found[0] else None
    return None
