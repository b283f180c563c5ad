"""When a submission was handed in, by the ``timestamp.txt`` beside its notebook, which is read as distrustfully."""

from __future__ import annotations

import codecs
from datetime import datetime
from pathlib import Path

from .submission import Unreadable, read_regular

NAME = "timestamp.txt"
MAX_BYTES = 1_000


def timestamp(folder: Path) -> datetime | None:
    """The time in UTC, without a time zone as nbgrader keeps it; None where there is no time stamp or an empty one.

    Raises:
        Unreadable: it is no regular file, too large, or no time.
    """
    path = folder / NAME
    if not path.exists() and not path.is_symlink():
        return None
    from nbgrader.utils import parse_utc

    content = read_regular(path, MAX_BYTES, "a time stamp")
    try:
        text = content.decode("utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
        return parse_utc(text.strip()) if text.strip() else None
    except (ValueError, OverflowError, TypeError, AttributeError):  # all of which its parser raises over texts
        shown = content[:40].decode("ascii", "replace")
        raise Unreadable(f"{path}: is no time ({shown!r}); write one such as 2026-01-31 12:00:00 UTC") from None


def settled(folder: Path) -> tuple[datetime | None, str]:
    """The time, and a sentence where none could be taken from a time stamp that is there."""
    try:
        return timestamp(folder), ""
    except Unreadable as error:
        return None, f"No time of submission was taken: {error.reason}"
