"""Write the grades of a class as a table of our own: CSV, JSON or Excel, with names or with pseudonyms."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
from dataclasses import replace
from typing import Any

from ..outcomes import ClassOutcomes, SubmissionOutcome
from .grades import ClassGrades, StudentGrade
from .plain import plain

DIGITS = 10
Cell = str | float | None


def pseudonym(student: str, secret: bytes) -> str:
    """The number of a student: hexadecimal digits of a keyed hash."""
    # The secret serves other purposes too: the first word keeps them apart.
    return hmac.new(secret, b"pseudonym " + student.encode(), hashlib.sha256).hexdigest()[:DIGITS]


def anonymous(grades: ClassGrades, secret: bytes) -> ClassGrades:
    """The grades under pseudonyms, in their order, without names, addresses, times and what a student may have written."""
    bare = [
        replace(
            grade, student=pseudonym(grade.student, secret), first_name="", last_name="", email="", lms_user_id="",
            submitted=None, reason="",
        )
        for grade in grades.students.values()
    ]  # fmt: skip
    return replace(grades, students={grade.student: grade for grade in sorted(bare, key=lambda grade: grade.student)})


def anonymous_outcomes(outcomes: ClassOutcomes, secret: bytes) -> ClassOutcomes:
    """The outcomes under the same pseudonyms, without anything that a student may have written."""

    def bare(outcome: SubmissionOutcome) -> SubmissionOutcome:
        said: dict[str, object] = {"message": "", "note": "", "findings": [], "root_cause": None}
        items = {name: item.model_copy(update=said) for name, item in outcome.items.items()}
        nothing: dict[str, object] = {"reason": None, "flags": [], "repairs": [], "root_causes": []}
        return outcome.model_copy(update={"items": items, **nothing})

    renamed = {pseudonym(student, secret): bare(outcome) for student, outcome in outcomes.submissions.items()}
    return outcomes.model_copy(update={"submissions": dict(sorted(renamed.items()))})


def _columns(grade: StudentGrade, max_points: float) -> dict[str, Cell]:
    there = grade.status not in ("missing", "could_not_grade")
    return {
        "student": grade.student,
        "last_name": grade.last_name,
        "first_name": grade.first_name,
        "email": grade.email,
        "status": grade.status,
        "points": grade.points,
        "max_points": max_points,
        "automatic": grade.automatic if there else None,
        "manual": grade.manual if there else None,
        "override": grade.override if there else None,
        "bonus": grade.bonus if there else None,
        "adjustment": grade.adjustment if there else None,
        "late_penalty": grade.late_penalty if there else None,
        "submitted": grade.submitted.isoformat() if grade.submitted else "",
        "late_hours": round(grade.late.total_seconds() / 3600, 2),
        "extension_hours": round(grade.extension.total_seconds() / 3600, 2),
        "waiting": " ".join(grade.waiting) if there else "",
        "profile": grade.profile,
        "isolation": grade.isolation,
        "seconds": grade.seconds,
        "reason": grade.reason,
    }


def rows(grades: ClassGrades) -> list[list[Cell]]:
    """A header, then a row for each student; points of items after the rest, empty where there is no score."""
    found: list[list[Cell]] = []
    for grade in grades.students.values():
        columns = _columns(grade, grades.max_points)
        if not found:
            found.append([*columns, *grades.items])
        points = [grade.items[name].points if name in grade.items else None for name in grades.items]
        found.append([*columns.values(), *points])
    return found


def as_csv(grades: ClassGrades) -> str:
    """Comma-separated, every text safe in a spreadsheet."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([[_shown(cell) for cell in row] for row in rows(grades)])
    return written.getvalue()


def _shown(cell: Cell) -> str:
    return "" if cell is None else f"{cell:.10g}" if isinstance(cell, float | int) else plain(cell)


def as_excel(grades: ClassGrades) -> bytes:
    """An Excel workbook: numbers are numbers, and texts are texts whatever they begin with."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet(grades.assignment[:31])
    for number, row in enumerate(rows(grades), start=1):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
            if isinstance(value, str):
                cell.data_type = "s"
            if number == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def as_json(grades: ClassGrades) -> str:
    """Everything, items with their parts: max_points, by_hand, automatic, manual, bonus, points, waits."""
    document: dict[str, Any] = {
        "assignment": grades.assignment,
        "due": grades.due.isoformat() if grades.due else None,
        "max_points": grades.max_points,
        "students": {
            name: {
                **{key: value for key, value in _columns(grade, grades.max_points).items() if key != "student"},
                "items": {item: {**vars(one), "points": one.points} for item, one in grade.items.items()},
            }
            for name, grade in grades.students.items()
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
