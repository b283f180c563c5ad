"""Judge in processes of their own, some submissions at once: one that ends its judge costs its own grade and no other.

What judges compute on came from a submission: weights, and operations that are computed again. A server imports torch and
pytest once, beside the grader that may still be starting, and forks a judge for each connection. Only JSON goes to and fro.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode

from ..notebooks.notebook import as_notebook
from ..outcomes import SubmissionOutcome, grader_fault
from ..sandbox.mounts import PACKAGE

if TYPE_CHECKING:
    from ..assignment import Assignment
    from ..runs.evidence import Evidence

MOST = 4  # judges at once; trainings take the time, not they
ATTEMPTS = 2  # a judge may have been ended for others' sake, where memory was short
JUDGE_SECONDS = 1800.0  # far more than the processor time that networks of one submission may take
GONE = "its process ended, by a crash or for want of memory"
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from autograder.judging.processes import serve; serve(int(sys.argv[2]))"
)


class _Ended(Exception):
    """A judge is gone; the message says why."""


class _TooLong(_Ended):
    """A judge does not answer, and would not if it were asked again."""


@dataclass
class _Server:
    """The process that forks judges; it ends with this one, however that ends, and so do they."""

    process: subprocess.Popen[bytes]
    channel: socket.socket

    @classmethod
    def start(cls) -> _Server:
        """Start it; what it imports takes some seconds, for which nobody has to wait."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", START, str(PACKAGE.parent), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is for the grader, which ends them
            )
        return cls(process, ours)

    def fork(self) -> Connection:
        """A connection to a new judge."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.channel, [b"fork"], [theirs.fileno()])
        return Connection(ours.detach())

    def stop(self) -> None:
        """End it, and with it judges that have nothing to do."""
        self.channel.close()
        self.process.kill()
        self.process.wait()


_servers: list[_Server] = []
_starting = threading.Lock()


def begin() -> None:
    """Start the server of this process, if it has none: the earlier, the more of its start is not waited for."""
    with _starting:
        _running()


def _running() -> _Server:
    if _servers and _servers[0].process.poll() is not None:
        _servers.pop().stop()
    if not _servers:
        _servers.append(_Server.start())
    return _servers[0]


@atexit.register
def _stop() -> None:
    while _servers:
        _servers.pop().stop()


@dataclass(eq=False)
class _Judge:
    """A forked process that judges one submission after another; ``handle`` is a pidfd, None before Linux 5.3."""

    connection: Connection
    pid: int
    handle: int | None

    @classmethod
    def start(cls, introduction: bytes) -> _Judge:
        try:
            with _starting:
                connection = _running().fork()
        except OSError as error:
            raise _Ended(f"it could not be started: {error}") from error
        try:
            pid, handle = int(_ask(connection, introduction)), None
        except _Ended:
            connection.close()
            raise
        with contextlib.suppress(OSError):
            handle = os.pidfd_open(pid)
        return cls(connection, pid, handle)

    def ask(self, question: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(_ask(self.connection, question))
        return answer

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


def _ask(connection: Connection, question: bytes) -> bytes:
    try:
        connection.send_bytes(question)
        if not connection.poll(JUDGE_SECONDS):
            raise _TooLong(f"it took more than {JUDGE_SECONDS / 60:.0f} minutes")
        return connection.recv_bytes()
    except (EOFError, OSError) as error:
        raise _Ended(GONE) from error


class Judges:
    """Up to ``count`` judges of an assignment, each with ``threads`` processor threads, forked when first needed."""

    def __init__(self, assignment: Assignment, release: NotebookNode, count: int, threads: int) -> None:
        introduction = {
            "assignment": assignment.name,
            "assignments": str(assignment.folder.parent),
            "release": release,
            "threads": threads,
        }
        self._introduction = json.dumps(introduction).encode()
        self._count = count
        self._free: SimpleQueue[_Judge | None] = SimpleQueue()
        for _ in range(count):
            self._free.put(None)
        self._judges: set[_Judge] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Judges:
        return self

    def __exit__(self, *error: object) -> None:
        """End all judges, also those at work; who waits for them is told that it was called off."""
        with self._lock:
            self._closed = True
            for judge in self._judges:
                judge.end()
        for _ in range(self._count):
            with contextlib.suppress(Empty):  # one at work comes back by itself
                self._drop(self._free.get_nowait())
                self._free.put(None)

    def judge(self, notebook: NotebookNode, evidence: Evidence) -> tuple[SubmissionOutcome, NotebookNode]:
        """The outcome of a restored notebook, and that notebook with the outputs of its run. Never raises for a submission.

        Waits until a judge is free; for many threads at once.
        """
        kept = evidence.notes.path
        if kept is not None and kept.parent.is_dir():
            return self._judge(notebook, kept.parent)
        with tempfile.TemporaryDirectory(prefix="autograder-evidence-") as folder:
            evidence.save(Path(folder) / "evidence")
            return self._judge(notebook, Path(folder) / "evidence")

    def _judge(self, notebook: NotebookNode, evidence: Path) -> tuple[SubmissionOutcome, NotebookNode]:
        question = json.dumps({"notebook": notebook, "evidence": str(evidence)}).encode()
        judge, why = self._free.get(), ""
        try:
            for _ in range(ATTEMPTS):
                try:
                    judge = judge or self._start()
                    answer = judge.ask(question)
                    return SubmissionOutcome.model_validate(answer["outcome"]), as_notebook(answer["notebook"])
                except _Ended as error:
                    why = str(error)
                    self._drop(judge)
                    judge = None
                    if isinstance(error, _TooLong):
                        break
        finally:
            self._free.put(judge)
        reason = f"the grader failed: judging did not come to an end ({why}); look at this submission by hand"
        return SubmissionOutcome(status="could_not_grade", reason=reason), notebook

    def _start(self) -> _Judge:
        judge = _Judge.start(self._introduction)
        with self._lock:
            if not self._closed:
                self._judges.add(judge)
                return judge
        judge.forget()
        raise _Ended("it was called off")

    def _drop(self, judge: _Judge | None) -> None:
        if judge is not None:
            with self._lock:
                self._judges.discard(judge)
            judge.forget()


def serve(descriptor: int) -> None:
    """Fork a judge for each connection that comes through a socket, until its other end is closed."""
    from . import decision  # noqa: F401  # what takes long to import

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a judge ended
    with socket.socket(fileno=descriptor) as channel:
        while True:
            _, descriptors, _, _ = socket.recv_fds(channel, 16, 1)
            if not descriptors:
                return
            if os.fork() == 0:
                try:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    channel.close()
                    _serve_one(Connection(descriptors[0]))
                finally:
                    os._exit(0)
            os.close(descriptors[0])


def _serve_one(connection: Connection) -> None:
    import torch

    from ..assignment import load

    with contextlib.suppress(OSError):  # where memory is short, this is what may go
        Path("/proc/self/oom_score_adj").write_text("500")
    introduction = json.loads(connection.recv_bytes())
    connection.send_bytes(str(os.getpid()).encode())
    torch.set_num_threads(introduction["threads"])
    assignment = load(introduction["assignment"], Path(introduction["assignments"]))
    release = as_notebook(introduction["release"])
    with contextlib.suppress(EOFError, OSError):  # nobody asks any more
        while True:
            question = json.loads(connection.recv_bytes())
            outcome, notebook = _decided(as_notebook(question["notebook"]), release, assignment, Path(question["evidence"]))
            connection.send_bytes(json.dumps({"outcome": outcome.model_dump(mode="json"), "notebook": notebook}).encode())


def _decided(
    notebook: NotebookNode, release: NotebookNode, assignment: Assignment, folder: Path
) -> tuple[SubmissionOutcome, NotebookNode]:
    from ..runs.evidence import Evidence
    from .decision import decide, executed

    begun = time.monotonic()
    try:
        evidence = Evidence.load(folder)
        if evidence is None:
            raise FileNotFoundError(f"{folder} has no evidence any more")
        outcome, shown = decide(notebook, release, assignment, evidence), executed(notebook, evidence)
    except Exception as error:
        return SubmissionOutcome(status="could_not_grade", reason=grader_fault(error)), notebook
    outcome.seconds = round(outcome.seconds + time.monotonic() - begun, 2)
    return outcome, shown
