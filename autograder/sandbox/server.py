"""Fork servers: boxes that imported the libraries once and fork an isolated process for each job in a few milliseconds."""

from __future__ import annotations

import atexit
import contextlib
import json
import select
import socket
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from .box import HOME, OUTSIDE, CannotIsolate, Limits, Slot, environment
from .bubblewrap import command_line
from .mounts import View
from .processes import end, end_family, family
from .seccomp import program_file

START_SECONDS = 120.0
BEGIN_SECONDS = 30.0
START = """
import os, sys
sys.path.insert(0, os.environ["BOX"])
from inside.server import serve
serve(*(int(sys.argv.pop(1)) for _ in sys.argv[1:]))
"""
FOLDERS = ("/tmp", "/dev/shm", HOME)
CREDENTIALS = struct.Struct("3i")


class NoServer(Exception):
    """No fork server can be used here; a fresh process for each job does the same, slower."""


@dataclass
class ForkServer:
    """One server; it runs one job at a time."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    scratch: int
    keep: tuple[str, ...] = ()  # folders of the view below those that each job gets empty
    own: frozenset[int] = frozenset()  # its processes while it waits for a job

    @classmethod
    def start(cls, view: View, limits: Limits, *, threads: int, device: str, slot: Slot) -> ForkServer:
        """Start a server and wait until it has imported the libraries: about as long as one fresh process takes.

        Raises:
            NoServer: it did not start.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            with theirs, program_file() as program:
                inner = [sys.executable, "-I", "-B", "-c", START, str(theirs.fileno()), str(program.fileno())]
                variables = environment(threads, device) | {"OPENBLAS_NUM_THREADS": "1"}
                command = command_line(inner, view, limits, None, variables, slot)
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=OUTSIDE,
                    pass_fds=(theirs.fileno(), program.fileno()),
                    start_new_session=True,
                    cwd="/",
                )
        except BaseException:
            ours.close()
            raise
        below = [Path(target) for target in view.binds.values() if any(Path(target).is_relative_to(one) for one in FOLDERS)]
        keep = tuple(str(path) for path in below if not any(other in path.parents for other in below))
        server = cls(process, ours, limits.scratch, keep)
        try:
            answer, _ = server._answer(START_SECONDS)
        except NoServer:
            server.stop()
            raise
        if answer != b"ready":
            server.stop()
            raise NoServer(f"the fork server said {answer[:40]!r}")
        server.own = frozenset(family(process.pid))
        return server

    def begin(self, descriptors: list[int]) -> int:
        """Fork for a job with these descriptors (job, evidence, errors); its pid out here.

        Raises:
            NoServer: the server is gone.
        """
        message = json.dumps({"scratch": self.scratch, "folders": FOLDERS, "keep": self.keep}).encode()
        try:
            socket.send_fds(self.channel, [message], descriptors)
        except OSError as error:
            raise NoServer(f"the fork server is gone: {error}") from error
        answer, pid = self._answer(BEGIN_SECONDS)
        if answer != b"begun":
            raise NoServer(f"the fork server said {answer[:40]!r}")
        return pid

    def wait_until_free(self) -> None:
        """Wait for the end of the job, which has exited or was killed.

        Raises:
            NoServer: the server is gone.
        """
        answer, _ = self._answer(BEGIN_SECONDS)
        if answer != b"ended":
            raise NoServer(f"the fork server said {answer[:40]!r}")
        end(pid for pid in family(self.process.pid) if pid not in self.own)

    def _answer(self, seconds: float) -> tuple[bytes, int]:
        ready, _, _ = select.select([self.channel], [], [], seconds)
        if not ready:
            raise NoServer(f"no answer in {seconds:.0f} seconds")
        try:
            text, ancillary, _, _ = self.channel.recvmsg(256, socket.CMSG_SPACE(CREDENTIALS.size))
        except OSError as error:
            raise NoServer(f"the fork server is gone: {error}") from error
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                return text, CREDENTIALS.unpack(data[: CREDENTIALS.size])[0]
        if not text:
            raise NoServer("the fork server has ended")
        return text, 0

    def stop(self) -> None:
        """End the server and whatever it runs."""
        self.channel.close()
        end_family(self.process.pid)
        self.process.wait()


@dataclass
class Servers:
    """The servers of this process, one for each slot, assignment and device; started when first asked for."""

    _running: dict[str, ForkServer] = field(default_factory=dict)
    _slots: dict[str, Slot] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _refused: str | None = None

    def get(self, view: View, limits: Limits, *, threads: int, device: str, slot: Slot) -> ForkServer:
        """The server for such jobs.

        Raises:
            NoServer: none can be started on this machine.
        """
        if self._refused is not None:
            raise NoServer(self._refused)
        key = json.dumps(
            [sorted(view.binds.items()), view.covers, vars(limits) | {"seconds": 0}, threads, device, slot.number]
        )
        with self._lock:
            server = self._running.get(key)
            # Another assignment in the same slot: only one server keeps its libraries in memory.
            others = [] if server else [other for other, its in self._slots.items() if its == slot]
            stale = [self._running.pop(other) for other in others if other in self._running]
        for other in stale:
            other.stop()
        if server is not None and server.process.poll() is None:
            return server
        try:
            server = ForkServer.start(view, limits, threads=threads, device=device, slot=slot)
        except (NoServer, CannotIsolate, OSError) as error:
            self._refused = str(error)
            raise NoServer(str(error)) from error
        with self._lock:
            self._running[key], self._slots[key] = server, slot
        return server

    @property
    def own(self) -> frozenset[int]:
        """The processes of servers that wait for a job."""
        with self._lock:
            return frozenset().union(*(server.own for server in self._running.values()))

    def drop(self, server: ForkServer) -> None:
        """Stop a server that no longer answers; the next job starts another."""
        with self._lock:
            for key in [key for key, other in self._running.items() if other is server]:
                del self._running[key]
        with contextlib.suppress(OSError):
            server.stop()

    def stop(self) -> None:
        """Stop all of them."""
        with self._lock:
            running, self._running = list(self._running.values()), {}
        for server in running:
            server.stop()


SERVERS = Servers()
atexit.register(SERVERS.stop)
