"""nbgrader's ``submitted/`` folder: ``student/assignment/name.ipynb`` with a ``timestamp.txt`` beside, or a folder too
high.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from ...notebooks.submission import Unreadable
from ...notebooks.timestamp import MAX_BYTES, NAME
from ..files import File
from ..record import Person
from ..times import parse
from .claim import Claim, Context, Form


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    tops = {top for file in files if (top := _top(file, context.assignment)) is not None}
    if len(tops) != 1:  # students' folders all lie in one
        return []
    place = tops.pop()
    root = next(file.parts[:place] for file in files if _top(file, context.assignment) is not None)
    moments = {file.parts[:-1]: _moment(file, context) for file in files if file.name == NAME}
    claims = []
    for file in files:
        if file.parts[:place] != root or len(file.parts) < place + 2:
            continue
        assignment = file.parts[place + 1] if len(file.parts) > place + 2 else ""
        folder = file.parts[: place + 2] if assignment else file.parts[: place + 1]
        claims.append(
            Claim(
                file,
                (Person(id=file.parts[place]),),
                "/".join(folder[place:]),
                "/".join(file.parts[len(folder) :]),
                submitted=moments.get(folder),
                assignment=assignment,
                note=file.name == NAME,
            )
        )
    return claims


def _top(file: File, assignment: str) -> int | None:
    """The place of the student's folder in a path, if the assignment's is in it and holds the file."""
    place = next((place for place, part in enumerate(file.parts[:-1]) if part == assignment), 0)
    return place - 1 if place else None


def _moment(file: File, context: Context) -> datetime | None:
    with suppress(Unreadable, UnicodeError):
        return parse(file.read(MAX_BYTES).decode("utf-8-sig"), context.zone)
    return None


FORM = Form("submitted", "nbgrader's submitted folder", 0.95, _read)
