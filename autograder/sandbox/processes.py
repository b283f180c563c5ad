"""Look at the processes of a box from outside: which they are, what memory and disk they use, and how to end them all."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

BLOCK = 4096

_libc = ctypes.CDLL(None)


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        with contextlib.suppress(OSError):  # it may end while its folder is read
            for task in os.listdir(f"/proc/{current}/task"):
                with contextlib.suppress(OSError):
                    queue += map(int, Path(f"/proc/{current}/task/{task}/children").read_text().split())
    return found


def memory(pids: list[int], shared: bool) -> int:
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


def of_user(uid: int) -> list[int]:
    """All processes of a user that have not ended."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            # The owner of the folder may be root's, whoever runs the process; this file tells.
            lines = dict(line.split(":", 1) for line in Path(f"/proc/{name}/status").read_text().splitlines())
        except (OSError, ValueError):
            continue
        if int(lines["Uid"].split()[0]) == uid and lines["State"].split()[0] not in ("Z", "X"):
            found.append(int(name))
    return found


@contextlib.contextmanager
def looking_as(uid: int) -> Iterator[None]:
    """Let this thread look with the eyes of a user, whose processes root itself may not see into where it lacks rights."""
    _libc.setfsgid(uid)
    _libc.setfsuid(uid)
    try:
        yield
    finally:
        _libc.setfsuid(os.geteuid())
        _libc.setfsgid(os.getegid())


def disk(folder: Path) -> int:
    """Bytes that a folder takes, each entry at least one block.

    Raises:
        OSError: it cannot be walked, as where somebody made paths too long for it.
    """
    total, queue = 0, [str(folder)]
    while queue:
        try:
            entries = os.scandir(queue.pop())
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    total += max(entry.stat(follow_symlinks=False).st_blocks * 512, BLOCK)
                if entry.is_dir(follow_symlinks=False):
                    queue.append(entry.path)
    return total


def deleted(pids: Iterable[int]) -> int:
    """Bytes of files that have no name any more and that processes keep open or mapped."""
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    seen = os.stat(f"/proc/{pid}/fd/{name}")
                    if stat.S_ISREG(seen.st_mode) and seen.st_nlink == 0:
                        found[seen.st_dev, seen.st_ino] = seen.st_blocks * 512
            for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
                if line.endswith("(deleted)") and "/dev/zero" not in line:  # which is how shared memory shows
                    place, _, _, device, inode = line.split()[:5]
                    start, end = (int(number, 16) for number in place.split("-"))
                    key = os.makedev(*(int(number, 16) for number in device.split(":"))), int(inode)
                    found[key] = max(found.get(key, 0), end - start)
    return sum(found.values())


def end(pids: Iterable[int]) -> None:
    """Kill processes that may be gone already."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def wait_or_kill(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the end of a process; it is killed if that takes longer."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_family(pid: int) -> None:
    """Kill a process and its descendants; the first process of a pid namespace takes the whole namespace with it."""
    end(reversed(family(pid)))
