"""Choose which of several notebooks of one student counts, and say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .opening import Found

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Choice:
    """The one that counts, the others, and why. If nothing tells which is the newer one, a person should look."""

    counts: Found
    others: tuple[Found, ...] = ()
    reason: str = ""
    doubtful: bool = False


def choose(found: Sequence[Found], assignment: str) -> Choice:
    """Of notebooks with answers the one handed in last, else the one uploaded last, else that with most answers.

    Copies of one content are one.
    """

    def rank(one: Found) -> tuple[bool, datetime, int, int, bool, str]:
        named = one.upload.filename == f"{assignment}.ipynb"
        moment = one.upload.submitted or _NEVER
        return one.look.answers > 0, moment, one.claim.order, one.look.answers, named, one.upload.path

    different: dict[str, Found] = {}
    for one in sorted(found, key=rank, reverse=True):
        different.setdefault(one.upload.sha256, one)
    counts, *others = different.values()
    if not others:
        return Choice(counts)
    first, second = rank(counts), rank(others[0])
    if first[0] != second[0]:
        reason = "the only one with answers" if len(others) > 1 else "the other one has no answers"
    elif first[1] != second[1]:
        reason = "handed in last"
    elif first[2] != second[2]:
        reason = "uploaded last"
    elif first[3] != second[3]:
        reason = f"more answers ({first[3]}; {second[3]})"
    else:
        return Choice(counts, tuple(others), "nothing tells which one is newer; compare them", doubtful=True)
    return Choice(counts, tuple(others), reason)
