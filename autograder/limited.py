"""Do what reads students' bytes in child processes, within limits of processor time, memory and wall time.

A server imports once what the work needs, beside this process, and forks a child from itself whenever one is wanted. A child
does one piece of work after another; one that exceeds a limit is killed, and another takes its place. Only JSON and bytes go
to and fro.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .child import PAGE, Plain, receive, send

LOOK_SECONDS = 0.05
"""How often what a child uses is looked at while it works."""
GROWN = 256 << 20
"""Bytes by which a child that has nothing to do may be larger than at first; a larger one is replaced."""
ATTEMPTS = 2  # a child may have been ended for others' sake, where memory was short
_TICK = os.sysconf("SC_CLK_TCK")
_START = "import sys; sys.path.insert(0, sys.argv[1]); from autograder.child import serve; serve(sys.argv[2:])"

Task = Callable[..., Plain]
"""A function of a module, which a child imports; it takes and returns what :data:`Plain` can hold."""


class Ended(Exception):
    """A child is gone; the message says why, as a clause."""


class Breach(Ended):
    """A child was ended because it used more than it may; it would again."""


class Failed(Exception):
    """The task raised an error; the message is its type and text."""


@dataclass(frozen=True)
class Budget:
    """What a piece of work may take: seconds of a processor, seconds in all, and bytes of memory beyond the child's own.

    ``what`` is the work in a message: ``took more than 20 s of processor time to read``.
    """

    what: str
    seconds: float
    wall: float
    memory: int


@dataclass
class _Server:
    """The process that forks children; it ends with this one, however that ends, and so do they."""

    process: subprocess.Popen[bytes]
    channel: socket.socket

    @classmethod
    def start(cls, modules: tuple[str, ...]) -> _Server:
        """Start it; what it imports takes some seconds, for which nobody has to wait."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", _START, str(Path(__file__).parents[1]), str(theirs.fileno()), *modules],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is for the grader, which ends them
            )
        return cls(process, ours)

    def fork(self) -> Connection:
        """A connection to a new child."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.channel, [b"fork"], [theirs.fileno()])
        return Connection(ours.detach())

    def stop(self) -> None:
        """End it, and with it children that have nothing to do."""
        self.channel.close()
        self.process.kill()
        self.process.wait()


_servers: dict[tuple[str, ...], _Server] = {}
_starting = threading.Lock()


def begin(*modules: str) -> None:
    """Start the server whose children have imported ``modules``: the earlier, the more of its start is not waited for."""
    with _starting:
        _running(modules)


def _running(modules: tuple[str, ...]) -> _Server:
    if (found := _servers.get(modules)) and found.process.poll() is not None:
        _servers.pop(modules).stop()
    if modules not in _servers:
        _servers[modules] = _Server.start(modules)
    return _servers[modules]


@atexit.register
def _stop() -> None:
    while _servers:
        _servers.popitem()[1].stop()


def _used(pid: int) -> tuple[float, int]:
    """Processor seconds and bytes of memory of its own that a process has used; none of one that is gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        _, resident, shared = Path(f"/proc/{pid}/statm").read_bytes().split()[:3]
        return (int(stat[11]) + int(stat[12])) / _TICK, (int(resident) - int(shared)) * PAGE
    return 0.0, 0


@dataclass(eq=False)
class _Child:
    """A forked process that does one task after another; ``handle`` is a pidfd, None before Linux 5.3."""

    connection: Connection
    pid: int
    handle: int | None
    memory: int

    @classmethod
    def start(cls, modules: tuple[str, ...]) -> _Child:
        try:
            with _starting:
                connection = _running(modules).fork()
            pid, handle = int(connection.recv_bytes(100)), None
        except (OSError, EOFError) as error:
            raise Ended(f"found no process: {error}") from error
        with contextlib.suppress(OSError):
            handle = os.pidfd_open(pid)
        return cls(connection, pid, handle, _used(pid)[1])

    @property
    def grown(self) -> bool:
        return _used(self.pid)[1] > self.memory + GROWN

    def end(self) -> None:
        """End it, whatever it does; who waits for its answer learns that it is gone."""
        with contextlib.suppress(OSError):
            if self.handle is None:
                os.kill(self.pid, signal.SIGKILL)
            else:  # a number could be another process's by now
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def forget(self) -> None:
        """End it and let go of it."""
        self.end()
        self.connection.close()
        if self.handle is not None:
            os.close(self.handle)


class Lease:
    """One child for one piece of work, which may take several tasks: its budget is that of all together.

    ``answered``: it has ended what it was last asked for.
    """

    def __init__(self, child: _Child, budget: Budget) -> None:
        self._child, self._budget = child, budget
        self._seconds, self._wall = budget.seconds, budget.wall
        self._counted, self._fast = _used(child.pid)[0], 0.0
        self.answered = True

    def ask(self, task: Task, *expected: type[Exception], **values: Any) -> Plain:
        """What a task returns.

        Raises:
            Breach: it used more than is left of the budget. Ended: the child is gone for another reason.
            Failed: the task raised an error; one of those ``expected``, which are made of their text, is raised here too.
        """
        child, begun, looked, self.answered = self._child, time.monotonic(), False, False
        until = begun + self._wall
        try:
            send(
                child.connection,
                {"task": f"{task.__module__}:{task.__qualname__}", "seconds": self._seconds, "memory": self._budget.memory},
                values,
            )
            while not child.connection.poll(LOOK_SECONDS):
                looked = True
                self._require_within(until)
            said, answer = receive(child.connection)
        except (EOFError, OSError) as error:
            raise Ended("ended its process, by a crash or for want of memory") from error
        took = time.monotonic() - begun
        self._wall -= took
        if looked:
            self._count(_used(child.pid)[0])
        else:  # what is over sooner is not worth a look: it took no more than this
            self._seconds -= took
            self._fast += took
        if "memory" in said:
            raise self._too_much()
        self._require_time()
        self.answered = True
        for kind in expected:
            if kind.__name__ in said.get("kinds", ()):
                raise kind(said["text"])
        if "failed" in said:
            raise Failed(str(said["failed"]))
        return answer

    def _count(self, seconds: float) -> None:
        """What the child has used since it was counted last goes off what is left, if it has not done so already."""
        self._seconds -= max(0.0, seconds - self._counted - self._fast)
        self._counted, self._fast = max(seconds, self._counted), 0.0

    def _require_within(self, until: float) -> None:
        used, memory = _used(self._child.pid)
        self._count(used)
        self._require_time()
        if memory - self._child.memory > self._budget.memory:
            raise self._too_much()
        if time.monotonic() > until:
            raise Breach(f"took more than {self._budget.wall / 60:.0f} minutes {self._budget.what}")

    def _require_time(self) -> None:
        if self._seconds < 0:
            raise Breach(f"took more than {self._budget.seconds:.0f} s of processor time {self._budget.what}")

    def _too_much(self) -> Breach:
        return Breach(f"took more than {self._budget.memory >> 20:,} MiB of memory {self._budget.what}")


class Children:
    """Children that have imported ``modules``, as many as work at once. For many threads at once."""

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self._free: list[_Child] = []
        self._all: set[_Child] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        """End all children, also those at work; who waits for one is told that it was called off."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
            for child in self._all:
                child.end()
        for child in free:
            self._drop(child)

    @contextlib.contextmanager
    def lease(self, budget: Budget) -> Iterator[Lease]:
        """A child for one piece of work. One that came to no good end in it is replaced.

        Raises:
            Ended: none could be started.
        """
        child = self._take()
        lease = Lease(child, budget)
        try:
            yield lease
        except Ended as error:
            if self._closed:
                raise Ended("was called off") from error
            raise
        finally:
            (self._give if lease.answered else self._drop)(child)

    def ask(self, task: Task, budget: Budget, *expected: type[Exception], **values: Any) -> Plain:
        """What one task returns, with another child where the first was ended by something else.

        Raises:
            Breach, Ended, Failed, one of those ``expected``: see :meth:`Lease.ask`.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.lease(budget) as lease:
                    return lease.ask(task, *expected, **values)
            except Ended as error:
                if isinstance(error, Breach) or attempt == ATTEMPTS:
                    raise
        raise AssertionError

    def _take(self) -> _Child:
        with self._lock:
            if self._free:
                return self._free.pop()
        child = _Child.start(self._modules)
        with self._lock:
            if not self._closed:
                self._all.add(child)
                return child
        child.forget()
        raise Ended("was called off")

    def _give(self, child: _Child) -> None:
        if not child.grown:
            with self._lock:
                if not self._closed:
                    self._free.append(child)
                    return
        self._drop(child)

    def _drop(self, child: _Child) -> None:
        with self._lock:
            self._all.discard(child)
        child.forget()
