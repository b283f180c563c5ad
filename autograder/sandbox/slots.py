"""Give each box that runs a number that no other box of this machine has; its user follows from that.

Graders, dask workers and tests that run at once on a machine all take their numbers here.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

from .box import CannotIsolate, Slot
from .processes import of_user

SLOTS = 256


class Slots:
    """The numbers that this process holds."""

    def __init__(self) -> None:
        self._held: dict[Slot, socket.socket] = {}
        self._used: set[Slot] = set()
        self._lock = threading.Lock()

    @property
    def held(self) -> list[Slot]:
        """All that this process has had boxes in."""
        with self._lock:
            return list(self._held)

    @contextlib.contextmanager
    def one(self) -> Iterator[Slot]:
        """A slot that is free, for the time of one box; the process keeps it, with its fork server, for its next ones.

        Raises:
            CannotIsolate: all are in use.
        """
        with self._lock:
            # The one that was claimed first: what runs alone always has the same.
            slot = next((held for held in self._held if held not in self._used), None) or self._claim()
            self._used.add(slot)
        try:
            yield slot
        finally:
            with self._lock:
                self._used.remove(slot)

    def _claim(self) -> Slot:
        for number in range(SLOTS):
            # An abstract address belongs to one socket at a time, and goes when its last process does, however that ends.
            mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            slot = Slot(number, mark.fileno())
            try:
                mark.bind(f"\0autograder-slot-{os.getuid()}-{number}")
            except OSError:
                mark.close()
                continue
            if of_user(slot.uid) or of_user(slot.bare_uid):  # left by a grader that was killed
                mark.close()
                continue
            self._held[slot] = mark
            return slot
        raise CannotIsolate(f"{SLOTS} boxes run on this machine already")


SLOTS_HERE = Slots()
