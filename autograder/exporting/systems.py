"""Know the grade files of learning management systems: which columns name a student, which takes the points, of how many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .sheet import Sheet


class NotThisFile(Exception):
    """A file is not an export of the system that was named; the message says what is missing in it."""


Key = tuple[str, str]
"""What a row says of a student: the kind of fact (``lms``, ``id``, ``email``, ``name``) and its value."""


@dataclass(frozen=True)
class Target:
    """The column that takes the points: its number, its title there, and how many points it has; None if it does not say."""

    column: int
    title: str
    max_points: str | None


@dataclass(frozen=True)
class System:
    """One system: ``targets`` are the columns that may take points, ``keys`` what a row says of a student, best first.

    ``keys`` gives None for a row that is no student's. ``excused`` is what the system writes for a student who is excused;
    None where it has no such word. ``get`` tells an instructor where the file comes from.
    """

    name: str
    get: str
    targets: Callable[[Sheet], list[Target]]
    keys: Callable[[Sheet, int], list[Key] | None]
    excused: str | None = None


def _column(sheet: Sheet, *titles: str) -> int | None:
    """The column of one of these titles, in any case."""
    header = [sheet.text(0, column).strip().lower() for column in range(len(sheet.rows[0]))]
    return next((header.index(title.lower()) for title in titles if title.lower() in header), None)


def _needed(sheet: Sheet, system: str, *titles: str) -> int:
    found = _column(sheet, *titles)
    if found is None:
        raise NotThisFile(f"it has no column {titles[0]!r}, which {system} writes")
    return found


def _present(sheet: Sheet, row: int, *columns: tuple[str, int | None]) -> list[Key]:
    return [(kind, sheet.text(row, column)) for kind, column in columns if column is not None and sheet.text(row, column)]


# Canvas: columns as its gradebook exports them, with "Points Possible" in the row below the header and sometimes a row on
# posting above that; the test student at the end has an ID as everybody.
_TEST_STUDENT = "Student, Test"


def _canvas_targets(sheet: Sheet) -> list[Target]:
    _needed(sheet, "Canvas", "ID")
    first = next((n for n in range(1, min(4, len(sheet.rows))) if sheet.text(n, 0).strip() == "Points Possible"), None)
    found = []
    for column in range(len(sheet.rows[0])):
        title = re.fullmatch(r"(.*\S)\s*\(\d+\)", sheet.text(0, column))
        if title:
            found.append(Target(column, title[1], sheet.text(first, column) if first else None))
    return found


def _canvas_keys(sheet: Sheet, row: int) -> list[Key] | None:
    number = _needed(sheet, "Canvas", "ID")
    if not sheet.text(row, number).isdigit() or sheet.text(row, 0) == _TEST_STUDENT:
        return None
    return _present(
        sheet, row, ("lms", number), ("id", _column(sheet, "SIS User ID")), ("id", _column(sheet, "SIS Login ID")),
        ("email", _column(sheet, "SIS Login ID")), ("name", _column(sheet, "Student")),
    )  # fmt: skip


# Moodle writes the header in the language of whoever exports. The order of columns is its own: an identifier ("Participant
# 1234567"), names, ..., the grade and, right of it, the maximum grade, the one column that has the same number in each row.
def _moodle_columns(sheet: Sheet) -> tuple[int, int]:
    """The columns of the identifier and of the maximum grade."""
    rows = range(1, len(sheet.rows))
    identifier = next(
        (c for c in range(len(sheet.rows[0])) if len(rows) and all(re.fullmatch(r"\D+\d+", sheet.text(r, c)) for r in rows)),
        None,
    )
    if identifier is None:
        raise NotThisFile("it has no column of identifiers such as 'Participant 1234567', which Moodle writes")
    maximum = _column(sheet, "Maximum grade")
    if maximum is None:
        constant = [
            column
            for column in range(identifier + 2, len(sheet.rows[0]))
            if re.fullmatch(r"\d+[.,]\d+", sheet.text(1, column)) and len({sheet.text(r, column) for r in rows}) == 1
        ]
        maximum = next(iter(constant), None)
    if not maximum:
        raise NotThisFile("it has no column with the maximum grade; in Moodle, set the grade of the assignment to points")
    return identifier, maximum


def _moodle_targets(sheet: Sheet) -> list[Target]:
    _, maximum = _moodle_columns(sheet)
    return [Target(maximum - 1, sheet.text(0, maximum - 1), sheet.text(1, maximum))]


def _moodle_keys(sheet: Sheet, row: int) -> list[Key] | None:
    identifier, _ = _moodle_columns(sheet)
    number = re.search(r"\d+$", sheet.text(row, identifier))
    if number is None:
        return None
    others = [column for column in range(len(sheet.rows[0])) if column != identifier]
    email = next((column for column in others if "@" in sheet.text(row, column)), None)
    name = identifier + 1 if identifier + 1 != email else None
    return [("lms", number[0]), *_present(sheet, row, ("id", _column(sheet, "ID number")), ("email", email), ("name", name))]


def _titled(sheet: Sheet, pattern: str) -> list[Target]:
    """Columns whose title says what they are called and how many points they have: the two groups of a pattern."""
    titles = (re.match(pattern, sheet.text(0, column)) for column in range(len(sheet.rows[0])))
    return [Target(column, title[1], title[2]) for column, title in enumerate(titles) if title]


def _blackboard_targets(sheet: Sheet) -> list[Target]:
    _needed(sheet, "Blackboard", "Username")
    return _titled(sheet, r"(.*\S)\s*\[Total Pts: (?:up to )?([\d.,]+)[^\]]*\]\s*\|\d+")


def _blackboard_keys(sheet: Sheet, row: int) -> list[Key] | None:
    user = _needed(sheet, "Blackboard", "Username")
    if not sheet.text(row, user):
        return None
    first, last = _column(sheet, "First Name"), _column(sheet, "Last Name")
    name = " ".join(sheet.text(row, column) for column in (first, last) if column is not None)
    return [("lms", sheet.text(row, user)), *_present(sheet, row, ("id", user), ("id", _column(sheet, "Student ID"))),
            ("name", name)]  # fmt: skip


def _brightspace_targets(sheet: Sheet) -> list[Target]:
    _needed(sheet, "Brightspace", "End-of-Line Indicator")
    return _titled(sheet, r"(.*\S)\s+Points Grade\b(?:.*MaxPoints:\s*([\d.,]+))?")


def _brightspace_keys(sheet: Sheet, row: int) -> list[Key] | None:
    # A sign before ids keeps spreadsheets from taking zeros off.
    facts = _present(
        sheet, row, ("id", _column(sheet, "OrgDefinedId")), ("id", _column(sheet, "Username")),
        ("email", _column(sheet, "Email")),
    )  # fmt: skip
    if not facts:
        return None
    first, last = _column(sheet, "First Name"), _column(sheet, "Last Name")
    name = " ".join(sheet.text(row, column) for column in (first, last) if column is not None)
    keys = [(kind, value.removeprefix("#")) for kind, value in facts]
    return [("lms", keys[0][1]), *keys, *([("name", name)] if name else [])]


SYSTEMS = {
    system.name: system
    for system in (
        System("canvas", "Grades, Export, Export Entire Gradebook", _canvas_targets, _canvas_keys, excused="EX"),
        System("moodle", "the assignment, View all submissions, Download grading worksheet", _moodle_targets, _moodle_keys),
        System("blackboard", "Grade Center, Work Offline, Download", _blackboard_targets, _blackboard_keys),
        System("brightspace", "Grades, Enter Grades, Export", _brightspace_targets, _brightspace_keys),
    )
}


def target(system: System, sheet: Sheet, wanted: str | None, titles: Iterator[str] | list[str]) -> Target:
    """The column for the points: the one called ``wanted``, else the only one, else the only one with one of ``titles``.

    Raises:
        NotThisFile: there is none, or it is not clear which; the message lists those there are.
    """
    found = system.targets(sheet)
    listed = ", ".join(repr(one.title) for one in found) or "none"
    if wanted is not None:
        named = [one for one in found if wanted in (one.title, sheet.text(0, one.column))]
        if len(named) != 1:
            raise NotThisFile(f"it has no column {wanted!r} for points; there is: {listed}")
        return named[0]
    known = [_tight(title) for title in titles]
    like = [one for one in found if _tight(one.title) in known]
    if len(found) == 1:
        return found[0]
    if len(like) == 1:
        return like[0]
    raise NotThisFile(f"it is not clear which column takes the points; name it with --column, one of: {listed}")


def _tight(title: str) -> str:
    return "".join(filter(str.isalnum, title.lower()))
