"""Tier 1: start a bubblewrap box, as a user without rights and in namespaces of its own, and give its command line.

Started as root, bubblewrap would leave files under ``/proc`` writable, so the uid is dropped first. What that uid may
not reach (an interpreter under a 0700 home) is bind-mounted to a readable place in a private mount namespace before.
"""

from __future__ import annotations

import glob
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from .box import HOME, OUTSIDE, CannotIsolate, Limits, Order, Slot, Started, environment
from .mounts import GPU_DEVICES, LINKS, SYSTEM, View
from .processes import end_family, family
from .seccomp import program_file

NAME = "bubblewrap"
STAGE = "/mnt"


def requirements() -> list[str]:
    """What is missing on this machine to start a box: one line each, empty when nothing is."""
    needed = {
        "bwrap": "bubblewrap",
        "prlimit": "util-linux",
        "setpriv": "util-linux",
        "unshare": "util-linux",
    }
    return [
        f"the command {command} is missing: install the package {package} (Debian: apt-get install {package})"
        for command, package in needed.items()
        if shutil.which(command) is None
    ]


def _bubblewrap(
    view: View, staged: dict[str, str], limits: Limits, seccomp: int | None, environment: dict[str, str]
) -> list[str]:
    command = [
        "bwrap",
        "--unshare-all",
        "--unshare-user",
        "--new-session",
        "--die-with-parent",
    ]
    command += ["--hostname", "box", "--clearenv"]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    for path in SYSTEM:
        command += ["--ro-bind-try", path, path]
    for path in LINKS:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        else:
            command += ["--ro-bind-try", path, path]
    command += ["--proc", "/proc", "--dev", "/dev"]
    if environment.get("CUDA_VISIBLE_DEVICES"):
        for device in glob.glob(GPU_DEVICES):
            command += ["--dev-bind-try", device, device]
    # Before what is bound, since an environment may lie below /tmp.
    for path in ("/tmp", "/dev/shm", HOME):
        command += ["--perms", "0700", "--size", str(limits.scratch), "--tmpfs", path]
    for source, target in view.binds.items():
        command += ["--ro-bind", staged.get(source, source), target]
    for path in view.covers:
        command += ["--tmpfs", path, "--remount-ro", path]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    if seccomp is not None:
        command += ["--disable-userns", "--seccomp", str(seccomp)]
    return [*command, "--"]


def command_line(
    inner: Iterable[str], view: View, limits: Limits, seccomp: int | None, environment: dict[str, str], slot: Slot
) -> list[str]:
    """The whole command that runs ``inner`` in a box.

    ``seccomp`` is an inherited file descriptor with the filter program; None is for a fork server, whose forks take more
    namespaces and then the filter themselves. The box's user follows from its ``slot``.

    Raises:
        CannotIsolate: a tool is missing.
    """
    missing = requirements()
    if missing:
        raise CannotIsolate("; ".join(missing))
    restrain = [
        "prlimit",
        f"--nproc={limits.processes if os.geteuid() == 0 else 4096}",
        "--core=0",
        "--nofile=1024",
    ]
    restrain += [f"--fsize={limits.scratch}"]
    if limits.address_space is not None:
        restrain += [f"--as={limits.address_space}"]
    if os.geteuid() != 0:
        return [*restrain, *_bubblewrap(view, {}, limits, seccomp, environment), *inner]
    uid = slot.uid
    staged = {source: f"{STAGE}/{number}" for number, source in enumerate(view.binds)}
    steps = [f"mount -t tmpfs -o size=64k,mode=0755 stage {STAGE}"]
    for source, place in staged.items():
        make = f"mkdir {place}" if Path(source).is_dir() else f": > {place}"
        steps.append(f"{make} && mount --bind {shlex.quote(source)} {place}")
    drop = [
        "setpriv",
        f"--reuid={uid}",
        f"--regid={uid}",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]
    whole = [*drop, *restrain, *_bubblewrap(view, staged, limits, seccomp, environment), *inner]
    script = " && ".join([*steps, "exec " + shlex.join(whole)])
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]


def start(order: Order) -> Started:
    """Start a job in a box of its own.

    Raises:
        CannotIsolate: a tool is missing.
    """
    with program_file() as rules:
        variables = environment(order.threads, order.device)
        command = command_line(order.program(), order.view, order.limits, rules.fileno(), variables, order.slot)
        process = subprocess.Popen(
            command,
            stdin=order.job,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=OUTSIDE,
            pass_fds=(order.evidence, rules.fileno()),
            start_new_session=True,
            cwd="/",
        )
    assert process.stderr is not None
    errors = process.stderr

    def end() -> None:
        end_family(process.pid)
        process.wait()
        errors.close()

    return Started(errors.fileno(), lambda: family(process.pid), end)
