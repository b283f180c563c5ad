"""Start a box without namespaces through a launcher: what the tiers :mod:`.landlock` and :mod:`.unisolated` share."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .box import MEBIBYTE, OUTSIDE, Order, Started, environment
from .launcher import Plan, clear, members
from .mounts import BOX
from .processes import deleted, disk, looking_as, wait_or_kill

CLEAR_SECONDS = 30.0
Rights = list[tuple[str, int]]


def unreachable(path: str | Path) -> Path | None:
    """The first folder on the way to ``path`` that other users may not enter, or None."""
    for way in (Path(path).absolute(), Path(path).resolve()):
        for place in (*reversed(way.parents), way):
            with contextlib.suppress(OSError):
                if place.is_dir() and not place.stat().st_mode & 0o001:
                    return place
    return None


@dataclass(frozen=True)
class Places:
    """The folders of a box on this machine: what it gets is in ``code``, and it may write below ``scratch``."""

    root: str

    @classmethod
    def new(cls) -> Places:
        """Names for the folders of a box, below one that every user of this machine may enter."""
        found = [tempfile.gettempdir(), "/tmp", "/var/tmp"]
        chosen = next((path for path in found if unreachable(path) is None), found[-1])
        return cls(f"{chosen}/autograder-box-{secrets.token_hex(8)}")

    @property
    def code(self) -> str:
        """What is ``/box`` where there are mounts."""
        return f"{self.root}/box"

    @property
    def scratch(self) -> str:
        """The folder that holds the two below."""
        return f"{self.root}/scratch"

    @property
    def home(self) -> str:
        """The home of the box's user."""
        return f"{self.scratch}/home"

    @property
    def temporary(self) -> str:
        """In place of ``/tmp``."""
        return f"{self.scratch}/tmp"


def start(order: Order, places: Places, *, uid: int | None, rights: Rights, rules: bytes, held: list[int]) -> Started:
    """Start a job; the box's user is ``uid``, or the grader's own if that is None.

    With a ``uid`` it has only ``rights`` to files and the system calls of ``rules``. ``held`` are descriptors that stay open
    until the box is gone.
    """
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 1024,
        "RLIMIT_FSIZE": order.limits.scratch,
        # Without a uid of its own a box is counted together with all that its user runs.
        "RLIMIT_NPROC": order.limits.processes if uid is not None else 4096,
    }
    if order.limits.address_space is not None:
        limits["RLIMIT_AS"] = order.limits.address_space
    lifeline, ours = os.pipe()
    plan = Plan(
        root=places.root,
        copies=[
            (source, f"{places.code}/{Path(target).relative_to(BOX)}")
            for source, target in order.view.binds.items()
            if Path(target).is_relative_to(BOX)
        ],
        folders=[places.code],
        scratch=[places.scratch, places.home, places.temporary],
        uid=uid,
        rights=rights,
        filter=rules.hex(),
        limits=limits,
        program=order.program(),
        environment=environment(order.threads, order.device, places.code, places.home, places.temporary),
        passed=[order.evidence],
        held=held,
        lifeline=lifeline,
    )
    try:
        process = subprocess.Popen(
            plan.command(),
            stdin=order.job,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=OUTSIDE,
            pass_fds=(order.evidence, *held, lifeline),
            start_new_session=True,
            cwd="/",
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(lifeline)
    assert process.stderr is not None
    errors = process.stderr

    def trouble() -> tuple[str, str] | None:
        most = order.limits.scratch
        try:
            used = disk(Path(places.scratch))
        except OSError as error:
            return "disk", f"folders that cannot be measured ({error.strerror})"
        pids = members(uid, process.pid)
        with looking_as(os.geteuid() if uid is None else uid):
            used += deleted(pids)
        return ("disk", f"more than {most >> 20:,} MiB in files") if used > most + MEBIBYTE else None

    def end() -> None:
        os.close(ours)
        wait_or_kill(process, CLEAR_SECONDS)
        clear(places.root, uid, process.pid)
        errors.close()

    return Started(errors.fileno(), lambda: members(uid, process.pid), end, trouble)
