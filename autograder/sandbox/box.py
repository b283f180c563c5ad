"""Say what every kind of box has alike: limits, environment, the order to start a job, and how one that runs is watched.

The kinds, called tiers, are :mod:`.bubblewrap`, :mod:`.landlock`, :mod:`.container` and :mod:`.unisolated`; each has a
function ``start(order)``. Which one is used :mod:`.tiers` says.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .mounts import BOX, View

FIRST_UID = 61_000
APART = 512
"""How far the user of a box without namespaces, with which all processes of that user are ended, lies from that of one with
namespaces. All are within the 65,536 users that a container has."""
HOME = "/home/student"
OUTSIDE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}  # the environment of what starts a box
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one box may use. Sizes in bytes, times in seconds."""

    memory: int = 6 << 30
    address_space: int | None = 40 << 30  # per process; None with CUDA, whose driver reserves far more
    processes: int = 96
    scratch: int = 512 * MEBIBYTE  # of each writable folder
    evidence: int = 256 * MEBIBYTE
    frame: int = 96 * MEBIBYTE
    seconds: float = 600.0


MALLOC = f"glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold={32 * MEBIBYTE}:glibc.malloc.trim_threshold={1024 * MEBIBYTE}"
"""A training asks for activations of 25 MB anew in each step. Without this they go back to the kernel, which clears each of
them again, 4 KiB at a time; huge pages are used where the box sees ``/sys``, which tells glibc of them."""
CUBLAS_WORKSPACE = ":4096:8"  # with which cuBLAS gives the same sums again


class CannotIsolate(Exception):
    """This machine cannot run a box; the message says why and what to install."""


@dataclass(frozen=True)
class Slot:
    """A number that one box of this machine has at a time, and the descriptor that keeps it for as long as that is open."""

    number: int
    claim: int

    @property
    def uid(self) -> int:
        """The user of a box with namespaces; the kernel counts processes by user."""
        return FIRST_UID + self.number

    @property
    def bare_uid(self) -> int:
        """The user of a box without namespaces."""
        return self.uid + APART


@dataclass(frozen=True)
class Order:
    """A job to start: what its box sees and may use, and what it reads and writes.

    ``code`` is Python that runs in the box with the number of a descriptor as its argument: where evidence goes.
    """

    code: str
    view: View
    limits: Limits
    threads: int
    device: str
    slot: Slot
    job: IO[bytes]
    evidence: int

    def program(self, evidence: int | None = None) -> list[str]:
        """The command that runs in the box, where the descriptor may have another number."""
        return [sys.executable, "-I", "-B", "-c", self.code, str(self.evidence if evidence is None else evidence)]


@dataclass(frozen=True)
class Started:
    """A job that runs: where its errors can be read, which processes it has, and how to end it for good.

    ``members`` are pids out here. ``trouble`` names a limit that this tier has to watch itself and that was passed, as
    ``(cause, detail)``; ``post_mortem`` does so for one for which somebody else has ended the
    job, given the most memory that was seen in use.
    """

    errors: int
    members: Callable[[], list[int]]
    end: Callable[[], None]
    trouble: Callable[[], tuple[str, str] | None] = lambda: None
    post_mortem: Callable[[int], tuple[str, str] | None] = lambda peak: None


def environment(threads: int, device: str, root: str = BOX, home: str = HOME, scratch: str = "/tmp") -> dict[str, str]:
    """The whole environment of the box; nothing is inherited.

    ``root`` is the folder with the code of the box, ``home`` and ``scratch`` are writable.
    """
    variables = {
        "BOX": root,
        "HOME": home,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "MPLBACKEND": "agg",
        "IPYTHONDIR": f"{home}/.ipython",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENCV_FOR_THREADS_NUM": str(threads),
        # torch.compile gives back what it was given: compiling takes a minute and a compiler, and computes the same.
        "TORCH_COMPILE_DISABLE": "1",
        # Threads that spin while they wait cost a busy machine far more than waking them costs an idle one.
        "OMP_WAIT_POLICY": "PASSIVE",
        "GLIBC_TUNABLES": MALLOC,
        "TQDM_MININTERVAL": "10",
        "CUBLAS_WORKSPACE_CONFIG": CUBLAS_WORKSPACE,
    }
    if device == "cuda":
        variables["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
        variables["LD_LIBRARY_PATH"] = os.environ.get("LD_LIBRARY_PATH", "")
    return variables
