"""Run one job in a box, watch its time, memory and processes, and hand out the evidence frames as they arrive."""

from __future__ import annotations

import contextlib
import os
import select
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

from . import bubblewrap, tiers
from .box import Limits, Order, Started
from .mounts import View
from .processes import end_family, family, memory
from .server import NoServer, Servers
from .slots import SLOTS_HERE

LOOK_SECONDS = 0.25
HEADER = struct.Struct(">QQ")
START = """
import os, sys
sys.path.insert(0, os.environ["BOX"])
from inside.main import main
main(int(sys.argv.pop(1)))
"""


@dataclass(frozen=True)
class Ending:
    """How a box ended: ``cause`` is ``closed`` (by itself), ``time``, ``memory``, ``processes``, ``disk`` or ``flood``."""

    cause: str
    detail: str
    seconds: float
    peak_memory: int
    stderr: str


class _Frames:
    """Cuts the byte stream of the evidence pipe into frames."""

    def __init__(self, limits: Limits, deliver: Callable[[bytes, bytes], None]) -> None:
        self._limits = limits
        self._deliver = deliver
        self._buffer = bytearray()
        self.received = 0

    def feed(self, data: bytes) -> str | None:
        """Take more bytes; returns why the stream cannot be accepted, or None."""
        self.received += len(data)
        if self.received > self._limits.evidence:
            return f"more than {self._limits.evidence >> 20} MiB of evidence"
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            text, blob = HEADER.unpack_from(self._buffer)
            if text + blob > self._limits.frame:
                return f"a piece of evidence larger than {self._limits.frame >> 20} MiB"
            end = HEADER.size + text + blob
            if len(self._buffer) < end:
                return None
            start = HEADER.size
            document, tensors = (
                bytes(self._buffer[start : start + text]),
                bytes(self._buffer[start + text : end]),
            )
            del self._buffer[:end]
            self._deliver(document, tensors)
        return None


def run(
    job: bytes,
    view: View,
    limits: Limits,
    *,
    threads: int,
    device: str,
    deliver: Callable[[bytes, bytes], None],
    deadline: Callable[[], float],
    servers: Servers | None = None,
    isolation: str = tiers.AUTO,
) -> Ending:
    """Run ``job`` to its end or to the first limit.

    ``deliver(json, safetensors)`` is called for each frame. ``deadline()`` is the time, on the monotonic clock, at which
    the cell now running must be over; it is asked again and again. With ``servers`` the job is forked from a process that
    has imported the libraries; where that is not possible it gets a fresh one. ``isolation`` is one of
    :data:`.tiers.CHOICES`.

    Raises:
        CannotIsolate: the box could not be started.
    """
    tier = tiers.chosen(isolation)
    with contextlib.ExitStack() as files:
        slot = files.enter_context(SLOTS_HERE.one())
        feed = files.enter_context(tempfile.TemporaryFile())
        feed.write(job)
        feed.seek(0)
        read_end, write_end = os.pipe()
        files.callback(os.close, read_end)
        begun = time.monotonic()
        try:
            order = Order(START, view, limits, threads, device, slot, feed, write_end)
            started = None
            if servers is not None and tier == bubblewrap.NAME:
                with contextlib.suppress(NoServer):
                    started = _fork(servers, order)
            if started is None:
                started = tiers.starter(tier)(order)
        finally:
            os.close(write_end)
        try:
            return _watch(started, read_end, limits, deliver, deadline, begun)
        finally:
            started.end()


def _fork(servers: Servers, order: Order) -> Started:
    server = servers.get(order.view, order.limits, threads=order.threads, device=order.device, slot=order.slot)
    errors, theirs = os.pipe()
    try:
        pid = server.begin([order.job.fileno(), order.evidence, theirs])
    except NoServer:
        os.close(errors)
        servers.drop(server)
        raise
    finally:
        os.close(theirs)

    def end() -> None:
        os.close(errors)
        end_family(pid)
        try:
            server.wait_until_free()
        except NoServer:
            servers.drop(server)

    return Started(errors, lambda: family(pid), end)


def _watch(
    started: Started,
    read_end: int,
    limits: Limits,
    deliver: Callable[[bytes, bytes], None],
    deadline: Callable[[], float],
    begun: float,
) -> Ending:
    errors = started.errors
    frames, tail, peak = _Frames(limits, deliver), b"", 0
    open_ends, looked = {read_end, errors}, 0.0
    cause, detail = "closed", ""
    while read_end in open_ends and cause == "closed":
        ready, _, _ = select.select(list(open_ends), [], [], LOOK_SECONDS)
        for end in ready:
            data = os.read(end, 1 << 20)
            if not data:
                open_ends.discard(end)
            elif end == errors:
                tail = (tail + data)[-8000:]
            elif problem := frames.feed(data):
                cause, detail = "flood", problem
        now = time.monotonic()
        if now - looked >= LOOK_SECONDS:
            looked = now
            pids = started.members()
            used = memory(pids, shared=False)
            if used > limits.memory:
                used = memory(pids, shared=True) or used
            peak = max(peak, used)
            if used > limits.memory:
                cause, detail = "memory", f"more than {limits.memory >> 20:,} MiB of memory"
            elif len(pids) > limits.processes:
                cause, detail = "processes", f"more than {limits.processes} processes"
            elif now > deadline() or now - begun > limits.seconds:
                cause, detail = "time", "no end in the time allowed"
            else:
                cause, detail = started.trouble() or (cause, detail)
    if cause == "closed":
        cause, detail = started.post_mortem(peak) or (cause, detail)
    return Ending(cause, detail, time.monotonic() - begun, peak, tail.decode(errors="replace"))
