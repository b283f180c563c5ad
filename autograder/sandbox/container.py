"""Tier 3: run a box in a container of podman or docker, without an image: its root is empty, all else is bound into it.

The engine gives it what tier 1 has by bubblewrap, and counts memory and processes by a control group. A process that waits
beside it removes it at the end, also where the grader itself is killed.
"""

from __future__ import annotations

import contextlib
import glob
import io
import json
import os
import secrets
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from .box import HOME, CannotIsolate, Limits, Order, Started, environment
from .mounts import GPU_DEVICES, LINKS, SYSTEM
from .processes import family, wait_or_kill
from .seccomp import profile

NAME = "container"
ENGINES = ("podman", "docker")
IMAGE = "autograder-box:empty"  # of docker, which needs one: no file but links such as /lib
ASK_SECONDS = 20.0
KILLED = 128 + 9
CLEAR_SECONDS = 60.0
DESCRIPTORS = 'exec 3>&1 1>/dev/null; exec "$@"'
"""A container has three streams. Standard output is where evidence goes, and becomes a descriptor that no print reaches."""
REMOVE = """
read -r client && { read -r ended || kill -9 "$client"; }
tries=0
while [ $tries -lt 20 ]; do
    tries=$((tries + 1))
    "$1" rm --force "$2"
    [ -n "$client" ] && ! "$1" container inspect "$2" && break
    sleep 0.5
done
rm -rf -- "$3"
"""
"""Waits until the grader says that the box has ended, or is gone, and removes the container.

An engine may refuse for a moment, as while it clears up after a container that has just ended. A grader that is gone before
it could say which process runs the container may leave one that is made only now, so all tries are taken."""


def engine() -> str:
    """The path of the engine of this machine.

    Raises:
        CannotIsolate: there is none.
    """
    found = next(filter(None, map(shutil.which, ENGINES)), None)
    if found is None:
        raise CannotIsolate("neither podman nor docker is installed (Debian: apt-get install podman)")
    return found


def command_line(order: Order, program: str, name: str, folder: Path) -> list[str]:
    """The whole command that runs a job; ``folder`` has the ``root`` and the file ``seccomp.json``."""
    is_podman = Path(program).name == "podman"
    command = [program, "run", "--name", name, "--interactive", "--hostname", "box", "--log-driver", "none"]
    command += ["--network", "none", "--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges"]
    command += ["--security-opt", f"seccomp={folder / 'seccomp.json'}", "--security-opt", "label=disable"]
    command += ["--stop-timeout", "0", "--workdir", HOME]
    command += _limits(order.limits)
    uid = order.slot.uid
    if os.geteuid() != 0 and is_podman:
        command += ["--userns", "keep-id"]
    else:
        command += ["--user", f"{uid}:{uid}"]
    if is_podman:
        command += ["--no-hosts", "--http-proxy=false", "--read-only-tmpfs=false"]
    if order.device == "cuda":
        command += [f"--device={device}" for device in glob.glob(GPU_DEVICES) if not os.path.isdir(device)]
    binds = {path: path for path in SYSTEM if not path.startswith("/sys/") and os.path.exists(path)}
    binds |= {path: path for path in LINKS if os.path.isdir(path) and not os.path.islink(path)} | order.view.binds
    for source, target in binds.items():
        command += ["--mount", f"type=bind,source={os.path.realpath(source)},target={target},readonly"]
    plain = ",notmpcopyup" if is_podman else ""
    for path in ("/tmp", HOME):
        command += ["--tmpfs", f"{path}:rw,exec,nosuid,nodev,size={order.limits.scratch},mode=1777{plain}"]
    for path in order.view.covers:
        command += ["--tmpfs", f"{path}:ro,size=64k{plain}"]
    command += ["--rootfs", str(folder / "root")] if is_podman else [IMAGE]
    variables = [f"{name}={value}" for name, value in environment(order.threads, order.device).items()]
    inner = order.program(3)
    # The engine adds variables of its own, so they are cleared inside.
    return [*command, "/usr/bin/env", "-i", *variables, "/bin/sh", "-c", DESCRIPTORS, "sh", *inner]


def _limits(limits: Limits) -> list[str]:
    most = {"nofile": 1024, "nproc": limits.processes, "core": 0, "fsize": limits.scratch}
    found = [f"--ulimit={name}={value}:{value}" for name, value in most.items()]
    # As much swap as memory means none beside it.
    found += [f"--memory={limits.memory}b", f"--memory-swap={limits.memory}b", f"--shm-size={limits.scratch}b"]
    return [*found, f"--pids-limit={limits.processes}"]


def _links() -> dict[str, str]:
    return {path: os.readlink(path) for path in LINKS if os.path.islink(path)}


def _root(program: str, folder: Path) -> None:
    """An empty root folder for podman, an empty image for docker."""
    root = folder / "root"
    root.mkdir()
    for path, target in _links().items():
        (root / path.lstrip("/")).symlink_to(target)
    if Path(program).name == "podman" or _asked(program, "image", "inspect", IMAGE) is not None:
        return
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for link in root.iterdir():
            tar.add(link, link.name)
    done = subprocess.run([program, "import", "-", IMAGE], input=packed.getvalue(), capture_output=True, check=False)
    if done.returncode:
        raise CannotIsolate(done.stderr.decode(errors="replace").strip().partition("\n")[0])


def _asked(program: str, *question: str) -> str | None:
    """What the engine answers; None where it does not know."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run([program, *question], capture_output=True, text=True, timeout=ASK_SECONDS, check=False)
        return done.stdout.strip() if done.returncode == 0 else None
    return None


def start(order: Order) -> Started:
    """Start a job in a container of its own.

    Raises:
        CannotIsolate: there is no engine, or it has no empty image and cannot make one.
    """
    program = engine()
    name = f"autograder-box-{secrets.token_hex(8)}"
    folder = Path(tempfile.mkdtemp(prefix="autograder-box-"))
    lifeline, ours = os.pipe()
    try:
        _root(program, folder)
        (folder / "seccomp.json").write_text(json.dumps(profile()), encoding="utf-8")
        # First, so that no moment is left at which a killed grader leaves a container and nobody who removes it.
        remover = subprocess.Popen(
            ["/bin/sh", "-c", REMOVE, "sh", program, name, str(folder)],
            stdin=lifeline,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        process = subprocess.Popen(
            command_line(order, program, name, folder),
            stdin=order.job,
            stdout=order.evidence,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
        )
        os.write(ours, f"{process.pid}\n".encode())
    except BaseException:
        os.close(ours)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(lifeline)
    assert process.stderr is not None
    errors = process.stderr
    first: list[int] = []

    def members() -> list[int]:
        if not first:
            first.extend(pid for pid in [int(_asked(program, "inspect", "--format", "{{.State.Pid}}", name) or 0)] if pid)
        return family(first[0]) if first and os.path.exists(f"/proc/{first[0]}") else []

    def post_mortem(peak: int) -> tuple[str, str] | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ASK_SECONDS)
        # Not every engine notices that it was the kernel who killed.
        likely = process.returncode == KILLED and peak > order.limits.memory // 2
        if likely or _asked(program, "inspect", "--format", "{{.State.OOMKilled}}", name) == "true":
            return "memory", f"more than {order.limits.memory >> 20:,} MiB of memory"
        return None

    def end() -> None:
        process.kill()
        process.wait()
        os.write(ours, b"ended\n")
        os.close(ours)
        wait_or_kill(remover, CLEAR_SECONDS)
        errors.close()

    return Started(errors.fileno(), members, end, post_mortem=post_mortem)
