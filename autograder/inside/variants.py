"""Run variants of one notebook, each in a fork of this process that shares the cells before its first difference.

Only for the course's own catalogue: a fork sees what the cells before it left behind. Submissions of students never run so.
A fork writes its frames to a file, and this process hands them on when the fork has ended.
"""

from __future__ import annotations

import gc
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .channel import Channel, whole_frames

VARIANT_SECONDS = 180.0
LOOK_SECONDS = 0.01

Perform = Callable[[dict[str, Any], list[dict[str, Any]], Channel], None]
"""Run one cell with its probes: the cell, all cells of its notebook, and where its frames go."""


@dataclass
class _Fork:
    name: str
    pid: int
    frames: Path
    until: float


class _Forks:
    """The forks that run now, at most ``jobs`` of them."""

    def __init__(self, jobs: int, channel: Channel) -> None:
        self._jobs, self._channel = jobs, channel
        self._folder = Path(tempfile.mkdtemp())
        self._running: list[_Fork] = []
        self._started = 0

    def start(self, name: str, run: Callable[[Channel], None]) -> None:
        """Fork as soon as there is room."""
        self.wait(self._jobs - 1)
        self._started += 1
        frames = self._folder / str(self._started)
        descriptor = os.open(frames, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        gc.freeze()  # a collection in the fork would touch, and so copy, all that it shares with this process
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                run(Channel(descriptor, {"variant": name}))
                status = 0
            finally:
                os._exit(status)
        os.close(descriptor)
        self._running.append(_Fork(name, pid, frames, time.monotonic() + VARIANT_SECONDS))

    def wait(self, most: int) -> None:
        """Hand on what forks have found until at most ``most`` of them run."""
        while True:
            for fork in list(self._running):
                late = time.monotonic() > fork.until
                if late:
                    os.kill(fork.pid, signal.SIGKILL)
                ended, status, used = os.wait4(fork.pid, 0 if late else os.WNOHANG)
                if ended:
                    problem = f"its process ended with status {os.waitstatus_to_exitcode(status)}" if status else ""
                    problem = f"no end in {VARIANT_SECONDS:.0f} seconds" if late else problem
                    self._hand_on(fork, problem, used.ru_utime + used.ru_stime)
            if len(self._running) <= most:
                return
            time.sleep(LOOK_SECONDS)

    def _hand_on(self, fork: _Fork, problem: str, seconds: float) -> None:
        self._running.remove(fork)
        self._channel.forward(whole_frames(fork.frames.read_bytes()))
        fork.frames.unlink()
        self._channel.send({"event": "left", "variant": fork.name, "problem": problem, "seconds": seconds})


def run(cells: list[dict[str, Any]], variants: list[dict[str, Any]], jobs: int, channel: Channel, perform: Perform) -> None:
    """Run ``cells``, and beside them each of ``variants``.

    A variant is ``{"name", "shared", "cells"}``: its own cells, and how many of the first ones are those of ``cells``. Its
    frames carry its name as ``variant``; the event ``left`` says that it has ended, of what if not by itself, and how many
    seconds of a processor it took.
    """
    _without_threads()
    forks = _Forks(jobs, channel)
    for place in range(len(cells) + 1):
        for variant in (each for each in variants if each["shared"] == place):

            def rest(own: Channel, notebook: list[dict[str, Any]] = variant["cells"], first: int = place) -> None:
                for cell in notebook[first:]:
                    perform(cell, notebook, own)
                own.send({"event": "end"})

            forks.start(variant["name"], rest)
        if place < len(cells):
            perform(cells[place], cells, channel)
    forks.wait(0)


def _without_threads() -> None:
    """A lock that another thread holds at the fork would be held for ever; the progress bar's monitor is such a thread."""
    from tqdm import tqdm

    tqdm.monitor_interval = 0
