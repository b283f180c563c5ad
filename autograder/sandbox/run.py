"""Run one job in a box, watch its time, memory and processes, and hand out the evidence frames as they arrive."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import seccomp
from .box import HOME, CannotIsolate, Limits, command_line
from .mounts import View

LOOK_SECONDS = 0.25
CHECK_SLOT = 98
OUTSIDE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}  # the environment of bubblewrap itself
HEADER = struct.Struct(">QQ")
START = "import sys; sys.path.insert(0, '/box'); from inside.main import main; main({descriptor})"


@dataclass(frozen=True)
class Ending:
    """How a box ended. ``cause`` is one of ``closed`` (by itself), ``time``, ``memory``, ``processes``, ``flood``."""

    cause: str
    detail: str
    seconds: float
    peak_memory: int
    stderr: str


def environment(threads: int, device: str) -> dict[str, str]:
    """The whole environment of the box; nothing is inherited."""
    variables = {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "MPLCONFIGDIR": f"{HOME}/.matplotlib",
        "MPLBACKEND": "agg",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "TORCHINDUCTOR_CACHE_DIR": "/tmp/inductor",
        # Threads that spin while they wait cost a busy machine far more than waking them costs an idle one.
        "OMP_WAIT_POLICY": "PASSIVE",
        "TQDM_MININTERVAL": "1",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    if device == "cuda":
        variables["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
        variables["LD_LIBRARY_PATH"] = os.environ.get("LD_LIBRARY_PATH", "")
    return variables


def _family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        for task in Path(f"/proc/{current}/task").glob("*/children"):
            try:
                queue += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _memory(pids: list[int], shared: bool) -> int:
    """Bytes in use; with ``shared`` pages that several processes share are divided among them (slower to read)."""
    total = 0
    for pid in pids:
        try:
            if shared:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
            else:
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, StopIteration, IndexError, ValueError):
            continue
    return total


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


@contextlib.contextmanager
def _rules() -> Iterator[IO[bytes]]:
    """The system call filter as an open file for bubblewrap to read."""
    try:
        program = seccomp.program()
    except OSError as error:
        raise CannotIsolate(str(error)) from error
    with tempfile.TemporaryFile() as rules:
        rules.write(program)
        rules.flush()
        rules.seek(0)
        yield rules


def check() -> None:
    """Start a box that does nothing, 0.02 s.

    Raises:
        CannotIsolate: it did not start; the message has what bubblewrap said.
    """
    with _rules() as rules:
        command = command_line(["/usr/bin/true"], View(), Limits(), rules.fileno(), environment(1, "cpu"), slot=CHECK_SLOT)
        done = subprocess.run(
            command, env=OUTSIDE, pass_fds=(rules.fileno(),), capture_output=True, timeout=60, cwd="/", check=False
        )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise CannotIsolate(f"no box can be started here: {said[0]}; are unprivileged user namespaces switched off?")


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
) -> Ending:
    """Run ``job`` to its end or to the first limit.

    ``deliver(json, safetensors)`` is called for each frame. ``deadline()`` is the time, on the monotonic clock, at which
    the cell now running must be over; it is asked again and again.

    Raises:
        CannotIsolate: the box could not be started.
    """
    read_end, write_end = os.pipe()
    try:
        with _rules() as rules, tempfile.TemporaryFile() as feed:
            feed.write(job)
            feed.seek(0)
            inner = [sys.executable, "-I", "-B", "-c", START.format(descriptor=write_end)]
            command = command_line(inner, view, limits, rules.fileno(), environment(threads, device), slot)
            begun = time.monotonic()
            process = subprocess.Popen(
                command,
                stdin=feed,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=OUTSIDE,
                pass_fds=(write_end, rules.fileno()),
                start_new_session=True,
                cwd="/",
            )
    except BaseException:
        os.close(read_end)
        raise
    finally:
        os.close(write_end)
    try:
        return _watch(process, read_end, limits, deliver, deadline, begun)
    finally:
        os.close(read_end)
        _end(process)


def _watch(
    process: subprocess.Popen[bytes],
    read_end: int,
    limits: Limits,
    deliver: Callable[[bytes, bytes], None],
    deadline: Callable[[], float],
    begun: float,
) -> Ending:
    assert process.stderr is not None
    errors = process.stderr.fileno()
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
            pids = _family(process.pid)
            used = _memory(pids, shared=False)
            if used > limits.memory:
                used = _memory(pids, shared=True) or used
            peak = max(peak, used)
            if used > limits.memory:
                cause, detail = "memory", f"more than {limits.memory >> 20:,} MiB of memory"
            elif len(pids) > limits.processes:
                cause, detail = "processes", f"more than {limits.processes} processes"
            elif now > deadline() or now - begun > limits.seconds:
                cause, detail = "time", "no end in the time allowed"
    return Ending(cause, detail, time.monotonic() - begun, peak, tail.decode(errors="replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the box; bubblewrap's pid 1 takes every process of the box with it."""
    for pid in reversed(_family(process.pid)):
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    process.wait()
    if process.stderr is not None:
        process.stderr.close()
