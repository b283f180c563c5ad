"""Canvas, "Download Submissions": ``lastfirst_LATE_12345_678901_name-2.ipynb``, flat.

From ``lib/content_zipper.rb``: the sortable name without signs in lower case, ``LATE``, the user's number, the upload's
number, the file's name, to which Canvas adds ``-1``, ``-2`` when one is handed in again. Groups have their name in place
of a person's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from ..files import File
from ..record import Person
from .claim import Claim, Context, Form, outermost

_PART = re.compile(
    r"(?:(?P<joined>[^/]+?)_)?(?P<late>LATE_)?(?P<user>\d+|anon_[0-9A-Za-z]+)_(?:(?P<upload>\d+)_(?P<file>.+)|(?P<entry>text|link)\.html)"
)
_AGAIN = re.compile(r".*-(\d{1,3})")


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    claims = []
    for file in files:
        if not (found := outermost(file, _PART)) or found[1] != len(file.parts) - 1:
            continue
        part, _ = found
        own = part["file"] or f"{part['entry']}.html"
        again = _AGAIN.fullmatch(PurePosixPath(own).stem)
        claims.append(
            Claim(
                file,
                (Person(joined=part["joined"] or "", user=part["user"]),),
                file.name.removesuffix(own),
                own,
                submission=part["upload"] or "",
                late=bool(part["late"]),
                order=int(again[1]) if again else 0,
            )
        )
    return claims


FORM = Form("canvas", "Canvas", 0.9, _read)
