"""Any folder with a folder for each student in it, called by their name or id; and any folder with a file for each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..files import File
from ..record import Person
from .claim import Claim, Context, Form


def _folders(files: Sequence[File], context: Context) -> list[Claim]:
    below, level = [file for file in files if len(file.parts) > 1], 0
    while below and all(len(file.parts) > level + 2 for file in below) and len({file.parts[level] for file in below}) == 1:
        level += 1
    return [
        Claim(file, (_person(file.parts[level]),), file.parts[level], "/".join(file.parts[level + 1 :]))
        for file in below
        if len(file.parts) > level + 1
    ]


def _files(files: Sequence[File], context: Context) -> list[Claim]:
    claims = []
    for file in files:
        stem = re.sub(r"(?:\.ipynb)?\.\w{1,5}$", "", file.name, flags=re.IGNORECASE)
        own = re.sub(re.escape(context.assignment), " ", stem, flags=re.IGNORECASE)
        own = re.sub(r"\(\d+\)|^copy of ", " ", own, flags=re.IGNORECASE).strip(" _-.")
        if own:
            claims.append(Claim(file, (_person(own),), "", file.name))
    return claims


def _person(text: str) -> Person:
    return Person(name=re.sub(r"[_\s]+", " ", text).strip(), id=text)


FOLDERS = Form("folders", "a folder for each student", 0.3, _folders, named=False)
FILES = Form("files", "a file for each student", 0.2, _files, named=False)
