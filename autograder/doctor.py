"""Say what this machine can do, by trying it: start a box and see what code in it can reach, find data, GPU and tools."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from .datasets import data
from .runs.collect import matplotlib_cache
from .runs.evidence import parse_frame
from .runs.plan import versions
from .sandbox import run as sandbox_run
from .sandbox.box import CannotIsolate, Limits
from .sandbox.mounts import view

PROBE = """
import ctypes, json, os, socket
def refused(action):
    try:
        action()
    except OSError:
        return True
    return False
libc = ctypes.CDLL(None, use_errno=True)
def connect():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.connect(("127.0.0.1", 1))
def write():
    open("/usr/lib/x", "w")
print(json.dumps({
    "runs without rights": os.getuid() != 0 and not refused(lambda: os.listdir("/")),
    "cannot see the course": all(
        refused(lambda: os.listdir(path)) or set(os.listdir(path)) <= set(known) for path, known in FORBIDDEN.items()
    ),
    "cannot connect": refused(connect),
    "cannot write to the system": refused(write),
    "cannot open a namespace": libc.unshare(0x10000000) == -1,
    "has no environment of the grader": MARKER not in open("/proc/1/environ").read() and MARKER not in str(dict(os.environ)),
    "sees no process outside": len([p for p in os.listdir("/proc") if p.isdigit()]) < 8,
}))
"""


@dataclass(frozen=True)
class Check:
    """One line of the report; ``needed`` says whether grading is impossible without it."""

    name: str
    ok: bool
    detail: str
    needed: bool = True


def isolation(forbidden: list[Path]) -> list[Check]:
    """Start a box and let code in it try to get out. ``forbidden`` are host folders that must not be visible."""
    outputs: list[str] = []

    def deliver(text: bytes, blob: bytes) -> None:
        document, _ = parse_frame(text, blob)
        if document.get("event") == "finished":
            outputs.append("".join(str(o.get("text", "")) for o in document["outputs"] if o.get("name") == "stdout"))

    seen = view(None, None, matplotlib_cache())
    # An interpreter or environment below such a folder is in the box, and so is the way to it.
    known = {
        str(folder): [Path(bound).relative_to(folder).parts[0] for bound in seen.binds.values() if _is_below(bound, folder)]
        for folder in forbidden
    }
    # The name of a variable that only the grader has; the box must not know it from its environment.
    os.environ["AUTOGRADER_DOCTOR"] = "here"
    source = f"MARKER = 'AUTOGRADER_DOCTOR'\nFORBIDDEN = {known!r}\n{PROBE}"
    cells = [{"id": "probe", "source": source, "seconds": 20}]
    job = {"cells": cells, "seed": 0, "threads": 1, "device": "cpu"}
    end = time.monotonic() + 120
    try:
        ending = sandbox_run.run(
            json.dumps(job).encode(),
            seen,
            Limits(),
            threads=1,
            device="cpu",
            slot=99,
            deliver=deliver,
            deadline=lambda: end,
        )
    except CannotIsolate as error:
        return [Check("isolation", False, str(error))]
    try:
        found = json.loads(outputs[0])
    except (IndexError, ValueError):
        hint = "unprivileged user namespaces may be switched off (sysctl kernel.apparmor_restrict_unprivileged_userns, "
        hint += "kernel.unprivileged_userns_clone, user.max_user_namespaces)"
        last = ending.stderr.strip().splitlines()[-1:] or ["no message"]
        return [Check("isolation", False, f"the box did not run its probe: {last[0]}; {hint}")]
    return [
        Check(
            "isolation",
            all(found.values()),
            f"bubblewrap, one box from start to end in {ending.seconds:.1f} s",
        ),
        *(Check(f"  {name}", bool(right), "tried in the box") for name, right in found.items()),
    ]


def _is_below(path: str, folder: Path) -> bool:
    return Path(path) != folder and Path(path).is_relative_to(folder)


def examine(course_root: Path) -> list[Check]:
    """All checks, the box first."""
    found = isolation([course_root, Path.home(), data.cache_folder()])
    for name, needed in (("mnist", True), ("fashion_mnist", False)):
        try:
            found.append(Check(f"data: {name}", True, str(data.dataset_folder(name)), needed))  # type: ignore[arg-type]
        except data.DataMissing as error:
            found.append(Check(f"data: {name}", False, str(error), needed))
    dot = shutil.which("dot")
    found.append(Check("graphviz", dot is not None, dot or "missing: apt-get install graphviz (network graphs)", False))
    gpu = torch.cuda.is_available()
    found.append(Check("GPU", gpu, torch.cuda.get_device_name() if gpu else "none answers; --device cpu", False))
    found.append(Check("versions", True, ", ".join(f"{name} {version}" for name, version in versions().items())))
    return found
