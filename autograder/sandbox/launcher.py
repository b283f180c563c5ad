"""Lay out the folder of a box that has no namespaces, run its program with fewer rights, and clear all away at the end.

This runs as a small process between the grader and the box, and outlives the grader if that is killed, for as long as the
clearing takes. It imports nothing that takes time. What it is to do comes as JSON, see :class:`Plan`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ..inside import isolate
from .processes import end, family, of_user
from .ruleset import Ruleset

CLEAR_SECONDS = 20.0


@dataclass(frozen=True)
class Plan:
    """What a launcher is to do.

    ``root`` is a folder, which it makes; ``folders`` are others of that kind, ``copies`` host paths and their places below,
    and ``scratch`` the writable folders. ``uid`` is the user of the box, who owns these; with None the box runs as the
    grader's own user, and ``rights`` (path, rights of :mod:`.ruleset`) and ``filter`` (BPF in hexadecimal) are not used.
    ``limits`` are those of the module ``resource`` by their names. Of its descriptors ``passed`` are for the
    box, ``held`` stay with it, and ``lifeline`` tells it to end everything: once its other end is closed.
    """

    root: str
    copies: list[tuple[str, str]]
    folders: list[str]
    scratch: list[str]
    uid: int | None
    rights: list[tuple[str, int]]
    filter: str
    limits: dict[str, int]
    program: list[str]
    environment: dict[str, str]
    passed: list[int]
    held: list[int]
    lifeline: int

    def command(self) -> list[str]:
        """The command line of a launcher that does it."""
        package = Path(__file__).resolve().parents[1]
        code = f"import sys; sys.path.insert(0, sys.argv[1]); from {__name__} import main; main(sys.argv[2])"
        return [sys.executable, "-I", "-S", "-B", "-c", code, str(package.parent), json.dumps(asdict(self))]


def main(text: str) -> None:
    """Run the box of a plan to its end and clear it away."""
    plan = Plan(**json.loads(text))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for descriptor in (plan.lifeline, *plan.held):
        os.set_inheritable(descriptor, False)
    isolate.adopt_orphans()
    try:
        _lay_out(plan)
        pid = os.fork()
        if pid == 0:
            _become(plan)
        for descriptor in (0, *plan.passed):
            os.close(descriptor)
        # Whichever comes first: the program ends, or the grader wants it to, or is gone.
        select.select([plan.lifeline, os.pidfd_open(pid)], [], [])
    finally:
        clear(plan.root, plan.uid, os.getpid())


def _lay_out(plan: Plan) -> None:
    os.umask(0o022)
    for name in (plan.root, *plan.folders):
        os.mkdir(name)
    for source, target in plan.copies:
        if os.path.isdir(source):
            # Not copytree's own copying of times and modes: a folder may be closed to others where it stands.
            for folder, _, files in os.walk(source, followlinks=True):
                made = os.path.join(target, os.path.relpath(folder, source))
                os.makedirs(made, exist_ok=True)
                for file in files:
                    _link(os.path.join(folder, file), os.path.join(made, file))
        else:
            _link(source, target)
    for name in plan.scratch:
        os.mkdir(name, 0o700)
        if plan.uid is not None:
            os.chown(name, plan.uid, plan.uid)


def _link(source: str, target: str) -> None:
    """The file under another name, or a copy where it lies on another file system or is not for everybody to read."""
    real = os.path.realpath(source)
    if os.stat(real).st_mode & 0o004:
        with contextlib.suppress(OSError):
            os.link(real, target)
            return
    shutil.copyfile(real, target)
    os.utime(target, ns=(0, os.stat(real).st_mtime_ns))


def _become(plan: Plan) -> None:
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        rights = Ruleset(plan.rights) if plan.uid is not None else None
        for name, most in plan.limits.items():
            resource.setrlimit(getattr(resource, name), (most, most))
        if rights is not None:
            assert plan.uid is not None
            isolate.forbid_new_rights()
            os.setgroups([])
            os.setresgid(plan.uid, plan.uid, plan.uid)
            os.setresuid(plan.uid, plan.uid, plan.uid)
            isolate.give_up_capabilities()
            rights.enforce()
        isolate.die_with_parent()
        os.chdir(plan.environment["HOME"])
        if rights is not None:
            isolate.filter_calls(bytes.fromhex(plan.filter))
        os.execve(plan.program[0], plan.program, plan.environment)  # noqa: S606  it is the box's own program
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
    finally:
        os._exit(127)


def members(uid: int | None, launcher: int) -> list[int]:
    """The processes of a box: those of its user, and those that descend from its launcher."""
    found = {pid for pid in family(launcher) if pid != launcher}
    return sorted(found | set(of_user(uid) if uid is not None else []))


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def clear(root: str, uid: int | None, launcher: int) -> None:
    """End all processes of a box and remove its folder."""
    until = time.monotonic() + CLEAR_SECONDS
    while members(uid, launcher) and time.monotonic() < until:
        if uid is not None:
            # One call for all of them at once, which no process can outrun by forking.
            command = ["/bin/sh", "-c", "kill -9 -1"]
            subprocess.run(command, user=uid, group=uid, extra_groups=[], stderr=subprocess.DEVNULL, cwd="/", check=False)
        end(members(uid, launcher))
        if launcher == os.getpid():  # a grader has other children too
            _bury()
        time.sleep(0.005)
    # Not rmtree, which folders that lie deep enough in each other defeat.
    subprocess.run(["rm", "-rf", "--", root], env={"PATH": "/usr/bin:/bin"}, cwd="/", check=False)
