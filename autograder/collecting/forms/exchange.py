"""nbgrader's exchange: ``inbound/student+assignment+2026-03-01 23:59:59 UTC+hash/name.ipynb``, each submission a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..files import File
from ..record import Person
from ..times import parse
from .claim import Claim, Context, Form, inside, outermost

# A colon is no part of a name on Windows, whose programs put something else in its place.
_PART = re.compile(
    r"(?P<id>[^+]+)\+(?P<assignment>[^+]+)\+"
    r"(?P<day>\d{4}-\d\d-\d\d) (?P<hour>\d\d).(?P<minute>\d\d).(?P<rest>\d\d\S*(?: [^+]+)?)(?:\+.*)?"
)


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    claims = []
    for file in files:
        if not (found := outermost(file, _PART)) or found[1] == len(file.parts) - 1:
            continue
        part, place = found
        own = inside(file, place)
        moment = parse(f"{part['day']} {part['hour']}:{part['minute']}:{part['rest']}", context.zone)
        person = Person(id=part["id"])
        note = own == "timestamp.txt"
        claims.append(
            Claim(file, (person,), file.parts[place], own, submitted=moment, assignment=part["assignment"], note=note)
        )
    return claims


FORM = Form("exchange", "nbgrader's exchange", 1.0, _read)
