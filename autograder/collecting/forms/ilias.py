"""ILIAS, "Download all submissions": ``Last_First_login_123/name.ipynb`` in folders of the exercise, teams in a folder each.

From ``class.ilExSubmission.php``: names are cut down to ASCII, and what came late is ``Late Submission - name.ipynb`` in the
platform's language. Times are in a spreadsheet beside.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from ..files import File
from ..record import Person
from .claim import Claim, Context, Form, inside, outermost

_PART = re.compile(r"(?P<last>[^_/]+)_(?P<first>[^/]+)_(?P<login>[^_/]+)_(?P<user>\d+)")
_TEAM = re.compile(r"team[ _].+", re.IGNORECASE)
_LATE = re.compile(r"(?P<late>(?:late|versp|retard|tard|ritard|atras|te laat)[^-]*) ?- ?(?P<file>.+)", re.IGNORECASE)


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    found = [(file, *match) for file in files if (match := outermost(file, _PART)) and match[1] < len(file.parts) - 1]
    teams: dict[tuple[str, ...], dict[str, Person]] = defaultdict(dict)
    for file, part, place in found:
        teams[_team(file, place)][part["user"]] = _person(part)
    claims = []
    for file, part, place in found:
        team, own = _team(file, place), inside(file, place)
        late = _LATE.fullmatch(own)
        claims.append(
            Claim(
                file,
                tuple(teams[team].values()) if team else (_person(part),),
                file.parts[place],
                late["file"] if late else own,
                submission=part["user"],
                late=True if late else None,
                group=team[-1] if team else "",
            )
        )
    return claims


def _team(file: File, place: int) -> tuple[str, ...]:
    """The path of the team's folder around the person's; empty if the person is in none."""
    return file.parts[:place] if place and _TEAM.fullmatch(file.parts[place - 1]) else ()


def _person(part: re.Match[str]) -> Person:
    return Person(name=f"{part['first'].replace('_', ' ')} {part['last']}", id=part["login"])


FORM = Form("ilias", "ILIAS", 0.8, _read)
