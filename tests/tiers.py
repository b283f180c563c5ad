"""Which tiers of isolation this machine allows, each by a try; what several test files need to run under each of them."""

import contextlib
import ctypes
import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from autograder.sandbox import open_box, tiers
from autograder.sandbox.box import CannotIsolate

NEW_MOUNTS = 0x20000
PASSABLE = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=0711 passable /mnt
for one in "$0"/.[!.]* "$0"/*; do
    [ -e "$one" ] || continue
    if [ -d "$one" ]; then mkdir "/mnt/${one##*/}"; else : > "/mnt/${one##*/}"; fi
    mount --bind "$one" "/mnt/${one##*/}"
done
mount --move /mnt "$0"
"""
"""Puts a folder that others may enter, and not list, in front of one that they may not, with the same in it."""


@contextlib.contextmanager
def passable_interpreter() -> Iterator[None]:
    """Where this Python lies below a folder that only root may enter, let this process see that folder as passable.

    For these tests alone, in a mount namespace of this process: as if the machine's owner had done `chmod o+x`. Where
    that is not allowed nothing happens, and what needs it is skipped.
    """
    barrier = open_box.unreachable(sys.executable)
    if os.geteuid() != 0 or barrier is None:
        yield
        return
    here = Path.cwd()
    with open("/proc/thread-self/ns/mnt", "rb") as before:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(NEW_MOUNTS) != 0:
            yield
            return
        try:
            subprocess.run(["sh", "-c", PASSABLE, str(barrier)], check=False, capture_output=True)
            yield
        finally:
            libc.setns(before.fileno(), NEW_MOUNTS)
            os.chdir(here)


@functools.cache
def problem(tier: str) -> str | None:
    """Why a tier does not work here."""
    try:
        tiers.attempt(tier)
    except CannotIsolate as error:
        return str(error)
    return None


@contextlib.contextmanager
def usable(tier: str) -> Iterator[str]:
    """A tier, for as long as it can be used; the test is skipped where it cannot."""
    with passable_interpreter() if tier == "landlock" else contextlib.nullcontext():
        if found := None if tier == tiers.UNISOLATED else problem(tier):
            pytest.skip(f"isolation by {tier} does not work on this machine: {found}")
        yield tier


def grader_with_a_box(tier: str) -> subprocess.Popen[bytes]:
    """A process that runs a box for minutes, to be killed; the box has begun."""
    code = f"""
import json, time
from autograder.sandbox import run
from autograder.sandbox.box import Limits
from autograder.sandbox.mounts import view
cells = [{{"id": "a", "source": "import time; time.sleep(300)", "seconds": 400}}]
job = {{"cells": cells, "seed": 0, "threads": 1, "device": "cpu"}}
run.run(json.dumps(job).encode(), view(None, None, None), Limits(), threads=1, device="cpu",
        deliver=lambda text, blob: print(text, flush=True), deadline=lambda: time.monotonic() + 300, isolation={tier!r})
"""
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert grader.stdout is not None
    assert b"ready" in grader.stdout.readline()
    return grader
