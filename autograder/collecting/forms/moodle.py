"""Moodle, "Download all submissions": ``First Last_1234567_assignsubmission_file_/name.ipynb``, or flat in one folder.

From ``mod/assign/classes/downloader.php`` and, before Moodle 4.1, ``mod/assign/locallib.php``. Groups that hand in
together are ``Group name_12_assignsubmission_file_``, and were ``Group name-First Last_1234567_assignsubmission_file_``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..files import File
from ..record import Person
from .claim import Claim, Context, Form, inside, outermost

_PART = re.compile(r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?")


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    claims = []
    for file in files:
        if not (found := outermost(file, _PART)):
            continue
        part, place = found
        below = inside(file, place)
        own = below or part["file"] or ""
        folder = file.parts[place] if below else file.parts[place].removesuffix(own)
        person = Person(name=part["name"].strip(), participant=part["number"] or "")
        claims.append(Claim(file, (person,), folder, own or file.name, submission=part["number"] or ""))
    return claims


FORM = Form("moodle", "Moodle", 1.0, _read)
