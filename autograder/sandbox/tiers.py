"""Choose how boxes are isolated on this machine, by really running one: the first of an order of preference that works."""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
import time
from collections.abc import Callable

from . import bubblewrap, container, landlock, unisolated
from .box import CannotIsolate, Limits, Order, Started
from .mounts import view
from .slots import SLOTS_HERE

TIERS: dict[str, Callable[[Order], Started]] = {
    bubblewrap.NAME: bubblewrap.start,
    landlock.NAME: landlock.start,
    container.NAME: container.start,
}
"""By preference. What runs in one of them counts as isolated; evidence of one is as good as evidence of another."""
UNISOLATED = unisolated.NAME
WARNING = (
    f"{UNISOLATED}: run by request without a sandbox; the code of submissions could read answers, change grades, and do "
    "whatever the grader's user can"
)
AUTO, NONE = "auto", "none"
CHOICES = (AUTO, *TIERS, NONE)
"""What a person may ask for."""

TRY = "import os, sys; os.write(int(sys.argv[1]), b'!')"
TRY_SECONDS = 60.0

_chosen: dict[str, str] = {}


def starter(tier: str) -> Callable[[Order], Started]:
    """What starts a job in a tier, or without one."""
    return unisolated.start if tier == UNISOLATED else TIERS[tier]


def attempt(tier: str) -> None:
    """Start a box that does next to nothing, 0.1 s.

    Raises:
        CannotIsolate: it did not come to its end; the message says what it said instead.
    """
    with contextlib.ExitStack() as opened:
        slot = opened.enter_context(SLOTS_HERE.one())
        job = opened.enter_context(tempfile.TemporaryFile())
        read_end, write_end = os.pipe()
        opened.callback(os.close, read_end)
        try:
            order = Order(TRY, view(None, None, None), Limits(), 1, "cpu", slot, job, write_end)
            started = starter(tier)(order)
        finally:
            os.close(write_end)
        try:
            said = b""
            until = time.monotonic() + TRY_SECONDS
            while select.select([read_end], [], [], max(0.0, until - time.monotonic()))[0]:
                if not (piece := os.read(read_end, 100)):
                    break
                said += piece
            errors = os.read(started.errors, 8000) if select.select([started.errors], [], [], 1.0)[0] else b""
        finally:
            started.end()
    if said != b"!":
        last = errors.decode(errors="replace").strip().splitlines()[-1:] or ["it ended at once"]
        raise CannotIsolate(f"no box can be started: {last[0]}")


def accepted(wanted: str) -> tuple[str, ...]:
    """What may be used when ``wanted`` is asked for (one of ``CHOICES``, or what it led to), by preference."""
    if wanted in (NONE, UNISOLATED):
        return (UNISOLATED,)
    return tuple(TIERS) if wanted == AUTO else (wanted,)


def check(wanted: str = AUTO) -> str:
    """The tier that is used when ``wanted`` is asked for (one of ``CHOICES``), after a try.

    Raises:
        CannotIsolate: it does not work here, or with ``auto`` none does; the message has a line on each.
    """
    if accepted(wanted) == (UNISOLATED,):
        return UNISOLATED
    reasons = []
    for tier in accepted(wanted):
        try:
            attempt(tier)
        except CannotIsolate as error:
            reasons.append(f"{tier}: {error}")
        else:
            _chosen[wanted] = _chosen[tier] = tier  # later it may be asked for by its name
            return tier
    raise CannotIsolate("; ".join(reasons))


def chosen(wanted: str = AUTO) -> str:
    """As :func:`check`, but tried once only in this process.

    Raises:
        CannotIsolate: see there.
    """
    return _chosen.get(wanted) or check(wanted)
