"""Fill points into a course's own export from a learning management system, and say which students got none and why."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..collecting.record import Collection
from .grades import ClassGrades, StudentGrade
from .sheet import Sheet
from .systems import Key, System, target

_DECIMALS = 2


class OtherMaximum(Exception):
    """The column has another number of points than the assignment; the message says both."""


@dataclass
class Filled:
    """A filled sheet, and what happened: students by what was done, and names of rows and students without a partner."""

    sheet: Sheet
    column: str
    written: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)  # not everything is marked: left as it was
    without_grade: list[str] = field(default_factory=list)  # missing, excused, could not be graded: left as it was
    unknown_rows: list[str] = field(default_factory=list)  # in the file, not in the gradebook
    doubtful: list[str] = field(default_factory=list)  # a name that several have
    unknown_students: list[str] = field(default_factory=list)  # graded, and not in the file


def fill(
    grades: ClassGrades, system: System, content: bytes, *, titles: list[str], lms_ids: Mapping[str, str] | None = None,
    column: str | None = None, scale: bool = False, provisional: bool = False, missing_as_zero: bool = False,
) -> Filled:  # fmt: skip
    """Fill the points of a class into a file of ``system``; every byte but those of the filled cells stays.

    Args:
        titles: what the assignment may be called there, for example its name and its title.
        lms_ids: the system's own numbers of students, where they are known, by student.
        column: the title of the column that takes the points; found by ``titles`` if None.
        scale: the column may have another number of points; ours are then scaled to it.
        provisional: fill also points that are not final, because a person has not marked everything.
        missing_as_zero: 0 for enrolled students who handed in nothing, whose cells are left alone otherwise.

    Raises:
        NotThisFile: the file is not this system's. ValueError: it is no table. OtherMaximum: it counts other points.
    """
    sheet = Sheet.read(content)
    into = target(system, sheet, column, titles)
    factor, comma = _factor(into.max_points, grades.max_points, scale, into.title)
    known = _index(grades, lms_ids or {})
    filled = Filled(sheet, into.title)
    met: set[str] = set()
    for row in range(1, len(sheet.rows)):
        keys = system.keys(sheet, row)
        if keys is None:
            continue
        student = _partner(keys, known, filled)
        if student is None:
            continue
        met.add(student)
        grade = grades.students[student]
        text = _text(grade, system, factor, comma, missing_as_zero)
        if grade.waiting and not provisional and grade.status == "waiting":
            filled.unfinished.append(student)
        elif text is None:
            filled.without_grade.append(student)
        else:
            sheet.put(row, into.column, text)
            filled.written.append(student)
    left = set(grades.students) - met
    filled.unknown_students = sorted(name for name in left if grades.students[name].points is not None)
    return filled


def _factor(there: str | None, ours: float, scale: bool, title: str) -> tuple[float, bool]:
    """By what points are multiplied, and whether this file has a comma before decimals."""
    comma = there is not None and bool(re.fullmatch(r"\d+,\d+", there.strip()))
    try:
        wanted = float((there or "").strip().replace(",", "."))
    except ValueError:
        return 1.0, comma
    if abs(wanted - ours) < 1e-6 or not wanted:
        return 1.0, comma
    if not scale:
        raise OtherMaximum(
            f"the column {title!r} counts {wanted:g} points, the assignment {ours:g}; "
            "change the points there, or scale ours to them with --scale"
        )
    return wanted / ours, comma


def _text(grade: StudentGrade, system: System, factor: float, comma: bool, missing_as_zero: bool) -> str | None:
    if grade.status == "excused":
        return system.excused
    points = 0.0 if grade.status == "missing" and missing_as_zero else grade.points
    if points is None:
        return None
    text = f"{points * factor:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if comma else text


def lms_ids(system: str, collected: Collection) -> dict[str, str]:
    """The numbers by which a system named the students in the download that was collected."""
    persons = {student: one.counts.person for student, one in collected.students.items() if one.counts.form == system}
    return {student: person.participant or person.user or person.id for student, person in persons.items()}


def words(name: str) -> tuple[str, ...]:
    """The words of a name in any order, case and way of writing accents: ``Müller, Ana`` is ``ana MULLER``."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return tuple(sorted(re.findall(r"[^\W_]+", "".join(c for c in letters if not unicodedata.combining(c)))))


def _index(grades: ClassGrades, lms_ids: Mapping[str, str]) -> dict[tuple[str, object], set[str]]:
    found: dict[tuple[str, object], set[str]] = defaultdict(set)
    for student, grade in grades.students.items():
        for kind, value in (
            ("lms", lms_ids.get(student, "")), ("lms", grade.lms_user_id), ("id", student), ("email", grade.email),
        ):  # fmt: skip
            if value:
                found[kind, value.casefold()].add(student)
        found["name", words(grade.name)].add(student)
    return found


def _partner(keys: list[Key], known: dict[tuple[str, object], set[str]], filled: Filled) -> str | None:
    """The student of a row: by the best fact that anybody has; a name counts only if one student alone has it."""
    shown = next((value for kind, value in reversed(keys) if kind == "name"), keys[0][1])
    for kind, value in keys:
        students = known.get((kind, words(value) if kind == "name" else value.casefold()), set())
        if len(students) == 1:
            return next(iter(students))
        if students:
            filled.doubtful.append(shown)
            return None
    filled.unknown_rows.append(shown)
    return None
