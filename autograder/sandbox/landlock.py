"""Tier 2: start a box that has no namespaces, but a user of its own, Landlock, and a stricter system call filter.

For machines that refuse namespaces to everybody, as a container without privileges does to its root. Landlock lets the box
read system, libraries and its own folder, and write to its scratch folders. It hides contents, not names: whether a file
exists and how large it is can be asked. The filter closes every socket. Only root can give a process another user.
"""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from . import open_box, ruleset
from .box import CannotIsolate, Order, Started
from .mounts import BOX, GPU_DEVICES, LINKS, SYSTEM, View
from .open_box import Places, Rights
from .seccomp import program

NAME = "landlock"
LEAST_VERSION = 4
"""Of Landlock, Linux 6.7: the first that knows the network. What version 6 adds (abstract sockets and signals) is closed in
any case by the filter, which allows no socket, and by the box's user, who may signal nobody else's processes."""

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
FACTS = (
    "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/version", "/proc/filesystems",
    "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/cap_last_cap",
)  # fmt: skip
"""What libraries ask of the machine; the rest of ``/proc`` tells of other users' processes."""


def start(order: Order) -> Started:
    """Start a job in a box of its own.

    Raises:
        CannotIsolate: not root, no Landlock, or an interpreter that the box's user cannot reach.
    """
    if os.geteuid() != 0:
        raise CannotIsolate("only root can give a box a user of its own")
    if (found := ruleset.version()) < LEAST_VERSION:
        has = f"version {found}" if found else "none"
        raise CannotIsolate(f"the kernel must have Landlock of version {LEAST_VERSION} (Linux 6.7); it has {has}")
    for path in (sys.executable, *(path for path in order.view.binds if path == order.view.binds[path])):
        if (barrier := open_box.unreachable(path)) is not None:
            raise CannotIsolate(
                f"the box's user cannot reach {path}, since only its owner may enter {barrier}; allow it with "
                f"`chmod o+x {barrier}`, or use a Python that lies elsewhere"
            )
    try:
        rules = program(strict=True)
    except OSError as error:
        raise CannotIsolate(str(error)) from error
    places = Places.new()
    rights = _rights(order.view, places, order.device)
    # The launcher outlives a grader that is killed; nobody else has the box's user before it has cleared all away.
    return open_box.start(order, places, uid=order.slot.bare_uid, rights=rights, rules=rules, held=[order.slot.claim])


def _rights(view: View, places: Places, device: str) -> Rights:
    found = [(path, ruleset.READ) for path in (*SYSTEM, *LINKS, places.code)]
    found += [(places.scratch, ruleset.WRITE), *((path, ruleset.DEVICE & ~ruleset.IOCTL_DEV) for path in DEVICES)]
    found += [(path, ruleset.READ_FILE) for path in FACTS]
    if device == "cuda":
        found += [(path, ruleset.DEVICE) for path in glob.glob(GPU_DEVICES)]
        found += [("/proc/driver/nvidia", ruleset.READ_FILE | ruleset.READ_DIR)]
    for source, target in view.binds.items():
        if not Path(target).is_relative_to(BOX):
            found += _around(Path(source), [Path(path) for path in view.covers])
    return found


def _around(folder: Path, covered: list[Path]) -> Iterator[tuple[str, int]]:
    """Rights to read a folder but for what is covered in it: Landlock gives rights to whole trees, and takes none back."""
    inner = [path for path in covered if path.is_relative_to(folder)]
    if folder in inner:
        return
    if not inner:
        yield str(folder), ruleset.READ
        return
    # An import lists the folder that it looks in. This right, as any, holds for the folders below too: names can be seen.
    yield str(folder), ruleset.LIST
    for path in folder.iterdir():
        yield from _around(path, inner)
