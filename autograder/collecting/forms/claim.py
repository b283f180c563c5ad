"""What a form makes of one file: whose it is, when it came, and how the platform named it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ..files import File
from ..record import Person


@dataclass(frozen=True)
class Claim:
    """A file that a form has read.

    ``persons`` are several where the platform says that they handed in together, as ``group``. ``folder`` is the part of
    the path that the platform made, ``filename`` what is the student's. ``order`` counts uploads of one name where the
    platform does. ``assignment`` is its name where the platform says it. A ``note`` is a file of the platform's own.
    """

    file: File
    persons: tuple[Person, ...]
    folder: str
    filename: str
    submission: str = ""
    submitted: datetime | None = None
    late: bool | None = None
    group: str = ""
    order: int = 0
    assignment: str = ""
    note: bool = False


@dataclass(frozen=True)
class Context:
    """What forms know beside the files: the assignment's name, and the time zone of times without one."""

    assignment: str
    zone: tzinfo


Reader = Callable[[Sequence[File], Context], list[Claim]]
"""Reads the files of one download, and leaves out those that its form does not explain."""


@dataclass(frozen=True)
class Form:
    """A form: its name for ``--form``, its name for readers, and how sure a file that fits it is of this form (0 to 1).

    ``named``: the platform puts a name on each file of a student's, so that a file without one is nobody's.
    """

    name: str
    title: str
    strength: float
    read: Reader
    named: bool = True


_LONGEST = 1_000
"""Letters of a name that a platform makes."""


def outermost(file: File, pattern: re.Pattern[str]) -> tuple[re.Match[str], int] | None:
    """The first part of a path that fits a pattern as a whole, and its place.

    What lies further in was named by the student, and so may look like anybody's.
    """
    for place, part in enumerate(file.parts):
        if len(part) > _LONGEST:
            continue
        if found := pattern.fullmatch(unicodedata.normalize("NFC", part)):
            return found, place
    return None


def inside(file: File, place: int) -> str:
    """The path behind one of its parts."""
    return "/".join(file.parts[place + 1 :])
