"""Bound the evidence store: remove what was not used for long, the oldest first until what is left is small enough."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

LEFTOVER = ".partial-"
LEFTOVER_SECONDS = 86_400.0
"""A folder that was being written this long ago belongs to a grader that was killed."""


@dataclass(frozen=True)
class Entry:
    """One entry of the store; ``used`` in seconds since the epoch."""

    folder: Path
    bytes: int
    used: float


def entries(store: Path) -> list[Entry]:
    """Everything in the store, least recently used first, leftovers of killed graders before all else."""
    found = []
    for folder in store.iterdir() if store.is_dir() else []:
        try:
            sizes = [path.stat().st_size for path in folder.iterdir()]
            used = folder.stat().st_mtime
        except OSError:  # it is being removed by another grader
            continue
        if folder.name.startswith(LEFTOVER):
            if time.time() - used < LEFTOVER_SECONDS:
                continue
            used = 0.0
        found.append(Entry(folder, sum(sizes), used))
    return sorted(found, key=lambda kept: (kept.used, kept.folder.name))


def superfluous(store: Path, seconds: float, most_bytes: int) -> list[Entry]:
    """What was not used for ``seconds``, and as much of the rest as is needed to leave at most ``most_bytes``."""
    everything = entries(store)
    left = sum(kept.bytes for kept in everything)
    chosen = []
    for kept in everything:
        if left > most_bytes or time.time() - kept.used > seconds:
            chosen.append(kept)
            left -= kept.bytes
    return chosen


def remove(chosen: list[Entry]) -> None:
    """Remove entries; a grader that wants one of them runs that submission again."""
    for kept in chosen:
        shutil.rmtree(kept.folder, ignore_errors=True)
