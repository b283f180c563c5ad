"""Containers: the command that runs one, an engine that does not answer, and what only a container can get wrong."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import RunBox
from tiers import grader_with_a_box, usable

from autograder.sandbox import container
from autograder.sandbox.box import FIRST_UID, CannotIsolate, Limits, Order, Slot
from autograder.sandbox.mounts import view
from autograder.sandbox.seccomp import DENIED, profile
from autograder.sandbox.tiers import attempt

MEBIBYTE = 1 << 20
LIMITS = Limits(memory=1200 * MEBIBYTE, processes=24, scratch=32 * MEBIBYTE)


@pytest.fixture(scope="session")
def tier() -> Iterator[str]:
    with usable("container") as name:
        yield name


def command(program: str, tmp_path: Path) -> list[str]:
    with (tmp_path / "job").open("w+b") as job:
        order = Order("pass", view(None, None, None), LIMITS, 1, "cpu", Slot(5, -1), job, 1)
        return container.command_line(order, program, "a-name", tmp_path)


@pytest.mark.parametrize("program", ["/usr/bin/podman", "/usr/bin/docker"])
def test_the_command_shuts_what_bubblewrap_shuts(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line stands in for docker, which no machine of these tests has: nothing is run here."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    made = command(program, tmp_path)
    text = " ".join(made)
    for part in (
        "--network none", "--read-only", "--cap-drop all", "--security-opt no-new-privileges", "--log-driver none",
        f"--security-opt seccomp={tmp_path / 'seccomp.json'}", f"--user {FIRST_UID + 5}:{FIRST_UID + 5}",
        f"--memory={LIMITS.memory}b --memory-swap={LIMITS.memory}b", f"--shm-size={LIMITS.scratch}b", "--pids-limit=24",
        f"/tmp:rw,exec,nosuid,nodev,size={LIMITS.scratch}", f"/home/student:rw,exec,nosuid,nodev,size={LIMITS.scratch}",
        "/usr/bin/env -i BOX=/box",
    ):  # fmt: skip
        assert part in text, part
    assert all(each.endswith(",readonly") for each in made if each.startswith("type=bind"))
    assert ("--rootfs" in made) == ("podman" in program)
    assert (container.IMAGE in made) == ("docker" in program)


def test_a_user_without_rights_keeps_its_own_number_with_podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--userns keep-id" in " ".join(command("/usr/bin/podman", tmp_path))


def test_the_engine_gets_the_filter_of_bubblewrap() -> None:
    made = json.loads(json.dumps(profile()))
    denied = {name for call in made["syscalls"] if not call["args"] for name in call["names"]}
    assert set(DENIED) <= denied
    assert {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "args": []} in made["syscalls"]
    assert [call["args"] for call in made["syscalls"] if call["names"] == ["socket"]] == [
        [{"index": 0, "op": "SCMP_CMP_NE", "value": 1}]
    ]


def test_a_machine_without_an_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CannotIsolate, match=r"neither podman nor docker is installed .*apt-get install podman"):
        attempt("container")


def test_an_engine_that_does_not_answer_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "docker"
    broken.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon.' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(container, "engine", lambda: str(broken))
    with pytest.raises(CannotIsolate, match="Cannot connect to the Docker daemon"):
        attempt("container")


REFUSING = """#!/bin/sh
cd "$(dirname "$0")"
case "$1" in
run) touch made; exec sleep 60 ;;
rm) echo refused >> tries; [ "$(wc -l < tries)" -gt 3 ] && rm -f made || exit 2 ;;
container) [ -e made ] ;;
esac
"""


@pytest.mark.parametrize("is_told", [True, False])
def test_an_engine_that_refuses_to_remove_is_asked_again(
    is_told: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The engine is a stand-in: a real one refuses only now and then."""
    program = tmp_path / "podman"
    program.write_text(REFUSING)
    program.chmod(0o755)
    monkeypatch.setattr(container, "engine", lambda: str(program))
    with (tmp_path / "job").open("w+b") as job:
        if is_told:
            started = container.start(Order("pass", view(None, None, None), LIMITS, 1, "cpu", Slot(5, -1), job, 1))
            wait_for(lambda: (tmp_path / "made").exists())
            started.end()
        else:  # a grader that was killed before it could say which process runs the container, which is made only then
            folder = tmp_path / "folder"
            folder.mkdir()
            remover = subprocess.Popen(
                ["/bin/sh", "-c", container.REMOVE, "sh", str(program), "a-name", str(folder)], stdin=subprocess.DEVNULL
            )
            (tmp_path / "tries").write_text("refused\n" * 4)
            wait_for(lambda: len((tmp_path / "tries").read_text().splitlines()) > 6)
            (tmp_path / "made").touch()
            wait_for(lambda: not (tmp_path / "made").exists())
            remover.kill()
            remover.wait()
    assert not (tmp_path / "made").exists()


def wait_for(event: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not event() and time.monotonic() < until:
        time.sleep(0.05)
    assert event()


def left(name: str = "autograder-box-") -> str:
    listed = subprocess.run(
        [container.engine(), "ps", "--all", "--filter", f"name={name}", "--format", "{{.Names}}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return listed.stdout


def test_what_is_printed_or_written_to_the_streams_is_no_evidence(run_box: RunBox) -> None:
    source = """
import os, struct, subprocess
for stream in (1, 2):
    os.write(stream, struct.pack(">QQ", 2, 0) + b"{}")
subprocess.run(["/bin/echo", "x"])
"""
    found = run_box({"print": source})
    assert found.ended
    assert {frame["event"] for frame in found.frames} == {"ready", "started", "finished", "end"}


def test_memory_in_many_processes_is_added_up(run_box: RunBox) -> None:
    source = """
import os, time
for _ in range(12):
    if os.fork() == 0:
        hog = bytearray(os.urandom(1)) * (150 << 20)
        time.sleep(60)
time.sleep(60)
"""
    found = run_box({"hogs": source}, limits=replace(LIMITS, processes=96))
    assert found.ending.cause in ("memory", "closed"), found.ending
    assert not found.ended
    assert found.ending.seconds < 40
    assert left() == ""


def test_a_grader_that_is_killed_leaves_no_container(tier: str) -> None:
    grader = grader_with_a_box(tier)
    assert left()
    grader.kill()
    grader.wait()
    wait_for(lambda: left() == "")
