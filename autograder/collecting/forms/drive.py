"""Google Classroom's folder in Drive: ``First Last - name.ipynb``; ``Copy of name.ipynb`` and ``name (1).ipynb`` say no
name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ..files import File
from ..record import Person
from .claim import Claim, Context, Form

_NAME = re.compile(r"(?P<name>[^\d/]{2,}?) - (?P<file>.+)")


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    claims = []
    for file in files:
        if found := _NAME.fullmatch(unicodedata.normalize("NFC", file.name)):
            own = found["file"]
            claims.append(Claim(file, (Person(name=found["name"].strip()),), file.name.removesuffix(own), own))
    return claims


FORM = Form("drive", "Google Classroom", 0.5, _read, named=False)
