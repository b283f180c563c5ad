"""Say how submissions are run, on what and with what: what is the same for all of a class."""

from __future__ import annotations

import importlib.metadata
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..sandbox import tiers
from ..sandbox.box import CUBLAS_WORKSPACE


@dataclass(frozen=True)
class Options:
    """How to run a submission.

    ``everything`` is for the instructor's own notebook, which is trusted: it also runs visible checks and cells that
    grading skips, sees the real test images, and keeps HTML and SVG
    outputs. ``store`` is a folder that keeps evidence, so that nothing is run twice; a ``fresh`` run takes nothing from
    there, and replaces what it runs again. Without ``speedups`` a submission runs
    as slowly as anywhere: in a process of its own, image by image, to the end of every training; outcomes are the same.
    ``isolation`` is one of :data:`autograder.sandbox.tiers.CHOICES`, or what it led to.
    With a ``secret`` what probes draw follows from it and from what is run, so that the same file gets the same outcome
    again, to the last figure of a message; without, it is drawn anew each time.
    """

    profile: str = "full"
    device: str = "cpu"
    threads: int = 1
    everything: bool = False
    store: Path | None = None
    fresh: bool = False
    speedups: bool = True
    isolation: str = tiers.AUTO
    secret: bytes = field(default=b"", repr=False)

    def as_plain(self) -> dict[str, Any]:
        """All of it as JSON, for another process."""
        return {**vars(self), "store": None if self.store is None else str(self.store), "secret": self.secret.hex()}

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Options:
        """What :meth:`as_plain` was called of."""
        store = None if plain["store"] is None else Path(plain["store"])
        return cls(**{**plain, "store": store, "secret": bytes.fromhex(plain["secret"])})

    @property
    def unisolated(self) -> bool:
        """Whether submissions run without a sandbox, as somebody asked for."""
        return tiers.accepted(self.isolation) == (tiers.UNISOLATED,)


def versions() -> dict[str, str]:
    """Versions that results depend on."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    names = ("autograder", "torch", "torchvision", "numpy", "ipython", "nbgrader", "matplotlib")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def determinism(device: str) -> dict[str, str]:
    """What is done so that a run gives the same figures again, by name; they are recorded with its results."""
    if device != "cuda":
        return {"device": device}
    return {
        "device": device,
        "CUBLAS_WORKSPACE_CONFIG": CUBLAS_WORKSPACE,
        "deterministic algorithms": "where PyTorch has one",
        "cudnn.benchmark": "off",
    }


def choose_device(wanted: str) -> str:
    """``auto`` becomes ``cuda`` where a GPU answers, else ``cpu``."""
    if wanted != "auto":
        return wanted
    import torch  # which the grader's own process does without

    return "cuda" if torch.cuda.is_available() else "cpu"


def default_threads(jobs: int) -> int:
    """Processor threads for each of ``jobs`` boxes that run at once."""
    return max(1, (os.cpu_count() or 1) // max(1, jobs))
