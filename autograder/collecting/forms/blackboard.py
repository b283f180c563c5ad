"""Blackboard, "Assignment File Download": ``Assignment_username_attempt_2026-03-01-23-59-59_name.ipynb``, flat.

A text file of the same stem stands beside each attempt; its first line is ``Name: First Last (username)``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from ...notebooks.submission import Unreadable
from ..files import File
from ..record import Person
from ..times import parse
from .claim import Claim, Context, Form, outermost

_PART = re.compile(r"(?P<head>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)")
_NAME = re.compile(r"[^:\n]{1,40}:\s*(?P<name>[^\n]*?)\s*\((?P<login>[^()\s]+)\)\s*")


def _read(files: Sequence[File], context: Context) -> list[Claim]:
    found = [(file, *match) for file in files if (match := outermost(file, _PART))]
    persons = {part["head"]: person for file, part, _ in found if not part["file"] and (person := _said(file, part["head"]))}
    claims = []
    for file, part, place in found:
        own = part["file"] or ""
        person = persons.get(part["head"]) or Person(id=part["head"].rpartition("_")[2])
        below = "/".join(file.parts[place + 1 :])
        folder = file.parts[place].removesuffix(own) if not below else file.parts[place]
        moment = parse(part["time"], context.zone)
        claims.append(Claim(file, (person,), folder, below or own or file.name, submitted=moment, note=not (own or below)))
    return claims


def _said(file: File, head: str) -> Person | None:
    """Who the text file says it is, if that is the username in its own name."""
    with suppress(Unreadable):
        first = file.read(1_000_000).decode("utf-8-sig", errors="replace").lstrip().splitlines()[:1]
        if first and (found := _NAME.fullmatch(first[0])) and head.endswith(f"_{found['login']}"):
            return Person(name=found["name"], id=found["login"])
    return None


FORM = Form("blackboard", "Blackboard", 1.0, _read)
