"""The time zone of a course and the due dates of its assignments, as nbgrader has them."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..course import Course, CourseError
from ..notebooks.converter import course_config


def zone_of(course: Course) -> tuple[tzinfo, str]:
    """The zone of times that say none, and its name: ``NbGraderAPI.timezone`` or ``Exchange.timezone`` of
    ``nbgrader_config.py``.

    If the course sets neither it is that of this machine, and the name is empty.

    Raises:
        CourseError: there is no such zone.
    """
    config = course_config(course)
    for part in ("NbGraderAPI", "Exchange"):
        if name := str(config[part].get("timezone") or ""):
            try:
                return ZoneInfo(name), name
            except (ZoneInfoNotFoundError, ValueError, OSError):
                path = course.root / "nbgrader_config.py"
                raise CourseError(
                    f"{path}: {part}.timezone is {name!r}, no time zone; write one such as Europe/Berlin"
                ) from None
    return datetime.now().astimezone().tzinfo or UTC, ""


def due_of(course: Course, assignment: str) -> datetime | None:
    """When an assignment is due, in UTC; None where the gradebook does not say."""
    if not course.gradebook.is_file():
        return None
    with contextlib.suppress(sqlite3.Error, ValueError):
        with contextlib.closing(sqlite3.connect(f"file:{course.gradebook}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT duedate FROM assignment WHERE name = ?", (assignment,)).fetchone()
        return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found and found[0] else None
    return None
