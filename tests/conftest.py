"""Fixtures that several test files share: real boxes, and the course they belong to."""

import functools
import gc
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer.main
import typer.testing

from autograder.sandbox import run as sandbox_run
from autograder.sandbox.box import Limits
from autograder.sandbox.mounts import View, view
from autograder.sandbox.server import SERVERS, Servers
from autograder.sandbox.slots import SLOTS_HERE

pytest_plugins = ("quick", "sampling")
collect_ignore = ["courses"]  # hidden tests of courses, which judge evidence
# For torch, which is not imported yet: two threads on busy cores spin more than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Typer makes all commands anew each time one is invoked, which takes longer than most of them.
typer.testing._get_command = functools.cache(typer.main.get_command)  # type: ignore[attr-defined]
ROOT = Path(__file__).resolve().parents[1]
HIDDEN = ROOT / "autograder" / "assignments"
with SLOTS_HERE.one() as SLOT:
    """Of a box that runs alone in this process, and of no box of another process."""


LEFTOVER = f"left{os.getpid()}"
"""The name of processes that boxes of this test run are to leave, and no box of another."""

FIND_PIPE = """
import os, stat, struct
def is_pipe(fd):
    try:
        return stat.S_ISFIFO(os.fstat(fd).st_mode)
    except OSError:
        return False
pipe = next(filter(is_pipe, range(3, 1024)))
"""
"""Code for a cell that finds the evidence pipe, as code that wants to cheat can."""


def link_hidden_tests(root: Path) -> None:
    """Let a course at ``root`` have the hidden tests of this repository."""
    (root / "autograder").mkdir(parents=True, exist_ok=True)
    (root / "autograder" / "assignments").symlink_to(HIDDEN)


@dataclass
class BoxRun:
    """What came out of one box: its ending, its frames in order, and tensors by ``<evidence>/<name>``."""

    ending: sandbox_run.Ending
    frames: list[dict[str, Any]]
    tensors: dict[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return any(frame.get("event") == "end" for frame in self.frames)

    def cell(self, name: str) -> dict[str, Any]:
        return next(f for f in self.frames if f.get("event") == "finished" and f["cell"] == name)

    def found(self, name: str) -> dict[str, Any]:
        return next(f["document"] for f in self.frames if f.get("event") == "evidence" and f["name"] == name)

    def printed(self, name: str, stream: str = "stdout") -> str:
        return "".join(o["text"] for o in self.cell(name)["outputs"] if o.get("name") == stream)

    def said(self, name: str) -> Any:
        """What a cell printed as JSON; its error, if it stopped with one, fails the test that asks."""
        cell = self.cell(name)
        assert cell["error"] is None, cell["error"]
        return json.loads(self.printed(name))


def browser() -> str:
    """The path of a Chromium. Where there is none the test is skipped, or fails if REQUIRE_BROWSER is set, as in CI."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip)("no Chromium to read pages with")
    return found


RunBox = Callable[..., BoxRun]


@pytest.fixture(scope="session")
def servers() -> Servers | None:
    """Fork servers that boxes come from; None gives each box a process of its own."""
    return None


@pytest.fixture(scope="session")
def tier() -> str:
    """The tier of isolation of boxes."""
    return "auto"


# Not of the session: pytest would give what one file has made of it to files with another ``servers`` or ``tier``.
@pytest.fixture(scope="module")
def run_box(servers: Servers | None, tier: str) -> RunBox:
    """A function that runs cells (name -> source) in one real box."""
    # These import torch, which takes seconds, also in the process of xdist that runs no test.
    from autograder.datasets import decoy
    from autograder.runs.collect import matplotlib_cache
    from autograder.runs.frames import parse_frame

    def run(
        cells: Mapping[str, str], *, seconds: float = 20.0, grace: float = 5.0, limits: Limits | None = None,
        seen: View | None = None, brief: Mapping[str, float] | None = None, probes: Path | None = None,
        data: str | None = None, seed: int = 1, training: bool = False, below: Mapping[str, list[str]] | None = None,
    ) -> BoxRun:  # fmt: skip
        frames: list[dict[str, Any]] = []
        tensors: dict[str, Any] = {}
        until = [time.monotonic() + 120]

        def deliver(text: bytes, blob: bytes) -> None:
            document, sent = parse_frame(text, blob)
            frames.append(document)
            tensors.update({f"{document.get('name')}/{key}": value for key, value in sent.items()})
            if document.get("event") in ("started", "finished"):
                until[0] = time.monotonic() + seconds + grace

        root = decoy.sandbox_folder(data) if data else None  # type: ignore[arg-type]
        job = {
            "cells": [
                {
                    "id": name, "source": source, "seconds": (brief or {}).get(name, seconds), "training": training,
                    "below": (below or {}).get(name, []),
                }
                for name, source in cells.items()
            ],
            "seed": seed, "threads": 1, "device": "cpu",
            "data": "data" if data else None, "probes": probes is not None,
        }  # fmt: skip
        ending = sandbox_run.run(
            json.dumps(job).encode(), seen or view(probes, root, matplotlib_cache()), limits or Limits(),
            threads=1, device="cpu", deliver=deliver, deadline=lambda: until[0],
            servers=servers, isolation=tier,
        )  # fmt: skip
        return BoxRun(ending, frames, tensors)

    return run


def processes_of_boxes(servers: Servers | None, wait: float = 5.0) -> list[str]:
    """Names of the processes that boxes left, after up to ``wait`` seconds for the kernel to take them away.

    A fork server that waits for its next job is no leftover.

    Those of this process's boxes by their users; where boxes run as the tests' own user, those named ``LEFTOVER``.
    """
    end = time.monotonic() + wait
    waiting = SERVERS.own | (servers.own if servers else frozenset())
    while (found := _alive_in_boxes(waiting)) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def _alive_in_boxes(waiting: frozenset[int]) -> list[str]:
    found, users = [], {uid for slot in SLOTS_HERE.held for uid in (slot.uid, slot.bare_uid)}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "comm").read_text().strip()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and int(folder.name) not in waiting and (folder.stat().st_uid in users or name == LEFTOVER):
                found.append(name)
        except OSError:
            continue
    return found


def pytest_collection_finish() -> None:
    """Keep the collector of garbage from looking through torch and thousands of tests again and again, which never go."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where attacks and damage were among the tests: how many were tried, and how many are known to succeed."""
    for suite, place in (("attacks", "::test_attack["), ("damage", "tests/damage/")):
        ended = {
            name: sum(place in report.nodeid for report in terminalreporter.stats.get(name, []))
            for name in ("passed", "failed", "error", "xfailed")
        }
        if tried := sum(ended.values()):
            terminalreporter.write_line(
                f"{suite}: {tried} tried, {ended['passed']} repelled, {ended['xfailed']} known to be open, "
                f"{ended['failed'] + ended['error']} otherwise"
            )
