"""Brightspace, "Download" in a submission folder: ``12345-67890 - First Last - Mar 1, 2026 1159 PM - name.ipynb``.

Or a folder of that name without the file's; an ``index.html`` stands beside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..files import File
from ..record import Person
from ..times import parse
from .claim import Claim, Context, Form, inside, outermost

_PART = re.compile(
    r"(?P<user>\d+)-(?P<folder>\d+)\s*- (?P<name>.+?) - (?P<time>[^-]*\b(?:19|20)\d\d\b[^-]*?)(?: ?- (?P<file>.+))?",
    re.DOTALL,
)


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    claims = []
    for file in files:
        if not (found := outermost(file, _PART)):
            if file.name == "index.html":
                claims.append(Claim(file, (), "", file.name, note=True))
            continue
        part, place = found
        below, own = inside(file, place), part["file"] or ""
        folder = file.parts[place] if below else file.parts[place].removesuffix(own)
        person = Person(name=part["name"].strip(), user=part["user"])
        moment = parse(part["time"], context.zone)
        claims.append(
            Claim(
                file,
                (person,),
                folder,
                below or own or file.name,
                submission=f"{part['user']}-{part['folder']}",
                submitted=moment,
            )
        )
    return claims if any(claim.persons for claim in claims) else []


FORM = Form("brightspace", "Brightspace", 1.0, _read)
