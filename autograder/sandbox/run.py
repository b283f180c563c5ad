"""Run one job in a box, watch its time, memory and processes, and hand out the evidence frames as they arrive."""

from __future__ import annotations

import contextlib
import os
import select
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .box import OUTSIDE, CannotIsolate, Limits, command_line, environment
from .mounts import View
from .processes import end_family, family, memory
from .seccomp import program_file
from .server import NoServer, Servers

LOOK_SECONDS = 0.25
CHECK_SLOT = 98
HEADER = struct.Struct(">QQ")
START = "import sys; sys.path.insert(0, '/box'); from inside.main import main; main({arguments})"


@dataclass(frozen=True)
class Ending:
    """How a box ended. ``cause`` is one of ``closed`` (by itself), ``time``, ``memory``, ``processes``, ``flood``."""

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


def check() -> None:
    """Start a box that does nothing, 0.02 s.

    Raises:
        CannotIsolate: it did not start; the message has what bubblewrap said.
    """
    with program_file() as rules:
        command = command_line(["/usr/bin/true"], View(), Limits(), rules.fileno(), environment(1, "cpu"), slot=CHECK_SLOT)
        done = subprocess.run(
            command, env=OUTSIDE, pass_fds=(rules.fileno(),), capture_output=True, timeout=60, cwd="/", check=False
        )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise CannotIsolate(f"no box can be started here: {said[0]}; are unprivileged user namespaces switched off?")


@dataclass
class _Started:
    """A job that runs: its first process, where its errors can be read, and how to end it for good."""

    pid: int
    errors: int
    end: Callable[[], None]


def run(
    job: bytes,
    view: View,
    limits: Limits,
    *,
    threads: int,
    device: str,
    slot: int,
    deliver: Callable[[bytes, bytes], None],
    deadline: Callable[[], float],
    servers: Servers | None = None,
    checkpoint: Path | None = None,
) -> Ending:
    """Run ``job`` to its end or to the first limit.

    ``deliver(json, safetensors)`` is called for each frame. ``deadline()`` is the time, on the monotonic clock, at which
    the cell now running must be over; it is asked again and again. With ``servers`` the job is forked from a process that
    has imported the libraries; where that is not possible it gets a fresh one. ``checkpoint`` is a file that it may read.

    Raises:
        CannotIsolate: the box could not be started.
    """
    with contextlib.ExitStack() as files:
        feed = files.enter_context(tempfile.TemporaryFile())
        feed.write(job)
        feed.seek(0)
        more = [files.enter_context(checkpoint.open("rb")).fileno()] if checkpoint else []
        read_end, write_end = os.pipe()
        files.callback(os.close, read_end)
        begun = time.monotonic()
        try:
            started = None
            if servers is not None:
                with contextlib.suppress(NoServer):
                    started = _fork(servers, view, limits, threads, device, slot, [feed.fileno(), write_end], more)
            if started is None:
                started = _start(view, limits, threads, device, slot, feed, write_end, more)
        finally:
            os.close(write_end)
        try:
            return _watch(started, read_end, limits, deliver, deadline, begun)
        finally:
            started.end()


def _fork(
    servers: Servers, view: View, limits: Limits, threads: int, device: str, slot: int, pipes: list[int], more: list[int]
) -> _Started:
    server = servers.get(view, limits, threads=threads, device=device, slot=slot)
    errors, theirs = os.pipe()
    try:
        pid = server.begin([*pipes, theirs, *more])
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

    return _Started(pid, errors, end)


def _start(
    view: View, limits: Limits, threads: int, device: str, slot: int, feed: IO[bytes], write_end: int, more: list[int]
) -> _Started:
    with program_file() as rules:
        arguments = ", ".join(str(descriptor) for descriptor in [write_end, *more])
        inner = [sys.executable, "-I", "-B", "-c", START.format(arguments=arguments)]
        command = command_line(inner, view, limits, rules.fileno(), environment(threads, device), slot)
        process = subprocess.Popen(
            command,
            stdin=feed,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=OUTSIDE,
            pass_fds=(write_end, rules.fileno(), *more),
            start_new_session=True,
            cwd="/",
        )
    assert process.stderr is not None
    errors = process.stderr

    def end() -> None:
        end_family(process.pid)
        process.wait()
        errors.close()

    return _Started(process.pid, errors.fileno(), end)


def _watch(
    started: _Started,
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
            pids = family(started.pid)
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
    return Ending(cause, detail, time.monotonic() - begun, peak, tail.decode(errors="replace"))
