"""When a submission was handed in, by the ``timestamp.txt`` beside its notebook, which is read as distrustfully."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from ..course import CourseError
from .submission import Unreadable, read_regular

if TYPE_CHECKING:
    from traitlets.config import Config

NAME = "timestamp.txt"
MAX_BYTES = 1_000
YEARS = range(2000, 2100)
"""Any other year is a slip, and some have no form that nbgrader reads again."""


def moment(text: str, zone: str) -> datetime:
    """The time that a text names, in UTC and without a time zone as nbgrader keeps it.

    A text without a time zone is meant in ``zone``, for example ``Europe/Berlin``. Of an hour that the clocks show twice it
    is the first, as long as the text does not say which, for example by CEST or CET.

    Raises:
        ValueError: this is no time, or there is no such time zone.
    """
    from dateutil import parser

    home = known_zone(zone)
    when, _, place = text.rpartition(" ")
    if "/" in place and place[:1].isalpha():  # which the parser does not take for a time zone
        home, text = known_zone(place), when

    def zone_of(name: str | None, offset: int | None) -> tzinfo:
        if offset is not None:
            return timezone(timedelta(seconds=offset))
        ours = {home.tzname(datetime(2026, month, 1)) for month in (1, 7)}
        return home if name is None or name in ours else known_zone(name)

    try:
        read = {parser.parse(text, tzinfos=zone_of, default=day) for day in (datetime(2000, 1, 1), datetime(2001, 2, 2))}
        if len(read) > 1:
            raise ValueError(f"no whole date: {text}")
        found: datetime = read.pop().astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, TypeError, AttributeError) as error:  # all of which the parser raises over texts
        raise ValueError(f"no time: {text}") from error
    if found.year not in YEARS:
        raise ValueError(f"no year of a submission: {found.year}")
    return found


def known_zone(name: str) -> tzinfo:
    """The time zone of that name.

    Raises:
        ValueError: there is none.
    """
    from dateutil import tz

    found: tzinfo | None = tz.gettz(name) if re.fullmatch(r"[A-Za-z][\w+-]*(/[\w+-]+)*", name) else None
    if found is None:
        raise ValueError(f"no time zone: {name}")
    return found


def course_zone(config: Config) -> str:
    """The time zone of a course: nbgrader's own ``c.NbGraderAPI.timezone``, in which formgrader shows times too.

    Raises:
        CourseError: there is no such time zone.
    """
    zone = str(config.NbGraderAPI.get("timezone") or "UTC")
    try:
        known_zone(zone)
    except ValueError as error:
        setting = f"nbgrader_config.py: c.NbGraderAPI.timezone = {zone!r}"
        raise CourseError(f"{setting}: there is no such time zone; write one such as Europe/Berlin") from error
    return zone


def timestamp(folder: Path, zone: str = "UTC") -> datetime | None:
    """The time beside a notebook, see :func:`moment`; None where there is no time stamp or an empty one.

    Raises:
        Unreadable: it is no regular file, too large, or no time.
    """
    path = folder / NAME
    if not path.exists() and not path.is_symlink():
        return None
    content = read_regular(path, MAX_BYTES, "a time stamp")
    try:
        text = content.decode("utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
        return moment(text.strip(), zone) if text.strip() else None
    except ValueError:
        shown = content[:40].decode("ascii", "replace")
        raise Unreadable(f"{path}: is no time ({shown!r}); write one such as 2026-01-31 12:00:00 UTC") from None


def settled(folder: Path, zone: str = "UTC") -> tuple[datetime | None, str]:
    """The time, and a sentence where none could be taken from a time stamp that is there."""
    try:
        return timestamp(folder, zone), ""
    except Unreadable as error:
        return None, f"No time of submission was taken: {error.reason}"
