"""Look at the processes of a box from outside: which they are, what memory they use, and how to end them all."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        with contextlib.suppress(OSError):  # it may end while its folder is read
            for task in Path(f"/proc/{current}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    queue += [int(child) for child in task.read_text().split()]
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


def end(pids: Iterable[int]) -> None:
    """Kill processes that may be gone already."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end_family(pid: int) -> None:
    """Kill a process and its descendants; the first process of a pid namespace takes the whole namespace with it."""
    end(reversed(family(pid)))
