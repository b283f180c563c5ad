"""Let code in a box of one kind try to get out, and see from outside how far it came."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .runs.collect import matplotlib_cache
from .runs.frames import parse_frame
from .sandbox import run as sandbox_run
from .sandbox.box import CannotIsolate, Limits
from .sandbox.mounts import View, view

LIMITS = Limits(processes=48)
SECONDS = 120.0
VARIABLE = "AUTOGRADER_DOCTOR"

PROBE = """
import ctypes, json, os, signal, socket
signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # in a box with pids of its own the number below is somebody else's
def refused(action):
    try:
        action()
    except OSError:
        return True
    return False
def text(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""
def send(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(2)
        one.connect(address)
        one.send(b"out")
def write(folder):
    with open(os.path.join(folder, MARK), "w") as file:
        file.write("out")
try:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError:
    pids = []
pids += ["1", str(os.getppid()), str(VICTIM), "self"]
found = {
    "runs without rights": os.getuid() != 0 or ORDINARY,
    "cannot see the course": all(
        refused(lambda: os.listdir(path)) or set(os.listdir(path)) <= set(known) for path, known in FORBIDDEN.items()
    ),
    "cannot connect by TCP": refused(lambda: send(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", TCP))),
    "cannot connect by UDP": refused(lambda: send(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", UDP))),
    "cannot connect by a unix socket": all(
        [refused(lambda: send(socket.AF_UNIX, socket.SOCK_DGRAM, address)) for address in UNIX]
    ),
    "cannot open a namespace": ctypes.CDLL(None).unshare(0x10000000) == -1,
    "has no environment of the grader": all(MARK not in text(f"/proc/{pid}/environ") for pid in pids),
    "sees no process outside": all(MARK not in text(f"/proc/{pid}/cmdline") for pid in pids),
}
# Whether these succeed is seen outside; they come last, since a box may have folders of its own by these names.
for folder in FOLDERS:
    refused(lambda: write(folder))
refused(lambda: os.kill(VICTIM, signal.SIGUSR1))
print(json.dumps(found))
"""
FORKS = """
import os, time
made = 0
for _ in range(3 * MOST):
    try:
        if os.fork() == 0:
            time.sleep(2)
            os._exit(0)
        made += 1
    except OSError:
        break
time.sleep(1)
print(made)
"""


@dataclass(frozen=True)
class Tried:
    """What a box is claimed to be, and whether it is; ``seconds`` is its time from start to end."""

    claims: dict[str, bool]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether all of it is so."""
        return all(self.claims.values())


@dataclass
class _Outside:
    """What code in a box could reach if it got out: a process, sockets that listen, folders to write to."""

    mark: str
    victim: subprocess.Popen[bytes]
    sockets: list[socket.socket]
    folders: list[str]
    unix: list[str] = field(default_factory=list)

    def heard(self, number: int) -> bool:
        """Whether something came to a socket."""
        with contextlib.suppress(OSError):
            one = self.sockets[number]
            return bool(one.accept() if one.type == socket.SOCK_STREAM else one.recv(10))
        return False

    def reached(self) -> dict[str, bool]:
        """By claim, whether this side saw nothing that contradicts it."""
        written = [path for folder in self.folders if (path := Path(folder, self.mark)).exists()]
        for path in written:
            path.unlink()
        return {
            "cannot connect by TCP": not self.heard(0),
            "cannot connect by UDP": not self.heard(1),
            "cannot connect by a unix socket": not (self.heard(2) | self.heard(3)),
            "cannot write outside of its folders": not written,
            "cannot signal a process outside": self.victim.poll() is None,
        }


@contextlib.contextmanager
def _outside(forbidden: list[Path]) -> Iterator[_Outside]:
    with contextlib.ExitStack() as opened:
        mark = f"autograder-doctor-{secrets.token_hex(8)}"
        open_to_all = opened.enter_context(tempfile.TemporaryDirectory(dir="/tmp"))
        os.chmod(open_to_all, 0o777)  # noqa: S103  code in the box must fail for another reason than this
        unix = [f"{open_to_all}/socket", f"\0{mark}"]
        sockets = [opened.enter_context(socket.create_server(("127.0.0.1", 0)))]
        addresses: list[tuple[socket.AddressFamily, Any]] = [(socket.AF_INET, ("127.0.0.1", 0))]
        for family, address in [*addresses, *((socket.AF_UNIX, path) for path in unix)]:
            one = opened.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            one.bind(address)
            sockets.append(one)
        os.chmod(unix[0], 0o777)  # noqa: S103  as above
        for one in sockets:
            one.setblocking(False)
        victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", mark], env={VARIABLE: mark})
        opened.callback(victim.wait)
        opened.callback(victim.kill)
        folders = [open_to_all, "/usr/lib", "/etc", "/var/tmp", "/run/lock", *map(str, forbidden)]
        yield _Outside(mark, victim, sockets, folders, unix)


def try_to_get_out(tier: str, forbidden: list[Path]) -> Tried:
    """Run a box of a tier. ``forbidden`` are host folders that must not be visible.

    Raises:
        CannotIsolate: it did not run its code to the end.
    """
    seen = view(None, None, matplotlib_cache())
    with _outside(forbidden) as outside:
        # A variable that the grader has and that the box must not know.
        os.environ[VARIABLE] = outside.mark
        try:
            facts = {
                "MARK": outside.mark,
                "VICTIM": outside.victim.pid,
                "TCP": outside.sockets[0].getsockname()[1],
                "UDP": outside.sockets[1].getsockname()[1],
                "UNIX": outside.unix,
                "FOLDERS": outside.folders,
                "FORBIDDEN": _known(seen, forbidden),
                "ORDINARY": os.getuid() != 0,
                "MOST": LIMITS.processes,
            }
            told = "".join(f"{name} = {value!r}\n" for name, value in facts.items())
            ending, printed = _run(tier, seen, {"probe": told + PROBE, "forks": told + FORKS})
        finally:
            del os.environ[VARIABLE]
        reached = outside.reached()
    try:
        claims = json.loads(printed["probe"])
    except (KeyError, ValueError):
        last = ending.stderr.strip().splitlines()[-1:] or [ending.detail or "no message"]
        raise CannotIsolate(f"the box did not run its probe: {last[0]}") from None
    claims = {claim: bool(right) and reached.pop(claim, True) for claim, right in claims.items()} | reached
    made = printed.get("forks", "").strip()
    bounded = ending.cause == "processes" or (made.isdigit() and int(made) <= LIMITS.processes)
    return Tried(claims | {"cannot start processes without end": bounded}, ending.seconds)


def _known(seen: View, forbidden: list[Path]) -> dict[str, list[str]]:
    """By forbidden folder, what of it is in the box: an interpreter or environment below it, and so the way to that."""
    return {
        str(folder): [Path(path).relative_to(folder).parts[0] for path in seen.binds.values() if _is_below(path, folder)]
        for folder in forbidden
    }


def _is_below(path: str, folder: Path) -> bool:
    return Path(path) != folder and Path(path).is_relative_to(folder)


def _run(tier: str, seen: View, sources: dict[str, str]) -> tuple[sandbox_run.Ending, dict[str, str]]:
    """How a box that runs these cells ended, and what each printed."""
    printed: dict[str, str] = {}

    def deliver(text: bytes, blob: bytes) -> None:
        document, _ = parse_frame(text, blob)
        if document.get("event") == "finished":
            outputs: list[Any] = document["outputs"]
            printed[document["cell"]] = "".join(str(o.get("text", "")) for o in outputs if o.get("name") == "stdout")

    cells = [{"id": name, "source": source, "seconds": 20} for name, source in sources.items()]
    job = {"cells": cells, "seed": 0, "threads": 1, "device": "cpu"}
    end = time.monotonic() + SECONDS
    ending = sandbox_run.run(
        json.dumps(job).encode(),
        seen,
        LIMITS,
        threads=1,
        device="cpu",
        deliver=deliver,
        deadline=lambda: end,
        isolation=tier,
    )
    return ending, printed
