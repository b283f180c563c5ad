"""Fork servers: jobs are quick, see nothing of each other, and go on without a server where there is none."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SLOT

from autograder.runs.frames import parse_frame
from autograder.sandbox import run as sandbox_run
from autograder.sandbox import server as fork_server
from autograder.sandbox.box import CannotIsolate, Limits
from autograder.sandbox.mounts import View, view
from autograder.sandbox.server import NoServer, Servers

LIMITS = Limits(scratch=32 << 20)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    made = Servers()
    yield made
    made.stop()


def run(
    source: str, servers: Servers | None, seconds: float = 20.0, seen: View | None = None
) -> tuple[Any, list[dict[str, Any]]]:
    """One cell in one box: how the box ended and its frames."""
    frames: list[dict[str, Any]] = []
    until = time.monotonic() + 120
    cells = [{"id": "cell", "source": source, "seconds": seconds}]
    job = {"cells": cells, "seed": 1, "threads": 2, "device": "cpu", "data": None, "probes": False}
    ending = sandbox_run.run(
        json.dumps(job).encode(),
        seen or view(None, None, None),
        LIMITS,
        threads=2,
        device="cpu",
        deliver=lambda text, blob: frames.append(parse_frame(text, blob)[0]),
        deadline=lambda: until,
        servers=servers,
    )
    return ending, frames


def printed(frames: list[dict[str, Any]]) -> str:
    cell = next(frame for frame in frames if frame["event"] == "finished")
    return "".join(output.get("text", "") for output in cell["outputs"])


def test_libraries_are_there_and_several_threads_work(servers: Servers) -> None:
    source = """
import sys, time
loaded = all(name in sys.modules for name in ("torch", "torchvision", "matplotlib.pyplot"))
import torch
a = torch.randn(700, 700, requires_grad=True)
(a @ a).relu().sum().backward()
print(loaded, torch.get_num_threads(), a.grad.shape[0], torch.cuda.is_initialized())
"""
    for _ in range(2):
        ending, frames = run(source, servers)
        assert ending.cause == "closed", ending
        assert printed(frames) == "True 2 700 False\n"


@pytest.mark.parametrize(
    "asks", ["torch.zeros(1).cuda()", 'torch.nn.Linear(2, 2).to("cuda")', 'torch.zeros(1, device="cuda:0")'], ids=len
)
@pytest.mark.parametrize("server", [True, False], ids=["fork", "no fork"])
def test_who_asks_for_a_gpu_where_there_is_none_is_told_so(servers: Servers, asks: str, server: bool) -> None:
    harmless = "torch.cuda.manual_seed_all(1); torch.cuda.empty_cache(); print(torch.cuda.is_available())"
    _, frames = run(f"import torch\n{harmless}\n{asks}", servers if server else None)
    (cell,) = (frame for frame in frames if frame["event"] == "finished")
    assert cell["outputs"][0]["text"] == "False\n"
    assert (cell["error"]["ename"], cell["error"]["line"]) == ("RuntimeError", 3)
    for part in (
        "asks for a GPU, and there is none",
        "`device`",
        'torch.device("cuda" if torch.cuda.is_available() else "cpu")',
    ):
        assert part in cell["error"]["evalue"]


def test_a_job_finds_nothing_of_the_one_before(servers: Servers) -> None:
    leave = """
import os, pathlib, subprocess, sys, torch
for folder in ("/tmp", "/dev/shm", os.environ["HOME"]):
    pathlib.Path(folder, "left.txt").write_text("left")
torch.left = True
os.environ["LEFT"] = "left"
subprocess.Popen(["/bin/sh", "-c", "exec -a left sleep 60"], start_new_session=True)
print("left")
"""
    look = """
import os, pathlib, torch
folders = [os.path.exists(f"{folder}/left.txt") for folder in ("/tmp", "/dev/shm", os.environ["HOME"])]
names = [pathlib.Path(f"/proc/{pid}/comm").read_text().strip() for pid in os.listdir("/proc") if pid.isdigit()]
print(folders, hasattr(torch, "left"), "LEFT" in os.environ, "sleep" in names, len(names))
"""
    assert printed(run(leave, servers)[1]) == "left\n"
    assert printed(run(look, servers)[1]) == "[False, False, False] False False False 2\n"


def test_a_job_does_not_reach_its_server(servers: Servers) -> None:
    source = """
import os, pathlib
def outcome(action):
    try:
        return action()
    except OSError as error:
        return type(error).__name__
print(os.getpid(), os.getppid(), sorted(int(pid) for pid in os.listdir("/proc") if pid.isdigit()))
print(outcome(lambda: os.kill(1, 9)), outcome(lambda: open("/proc/1/mem", "r+b").read(1)))
print([os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in os.listdir("/proc/self/fd") if int(fd) < 3])
print(outcome(lambda: open("/proc/sys/user/max_user_namespaces", "w")))
"""
    _, frames = run(source, servers)
    lines = printed(frames).splitlines()
    assert lines[0] == "2 1 [1, 2]"
    # Signals to the first process of a pid namespace from inside have no effect, and its memory is not readable.
    assert lines[1].endswith("Error")
    assert "socket" not in lines[2]
    assert lines[3].endswith("Error")


def test_the_same_server_serves_again_after_a_job_that_was_killed(servers: Servers) -> None:
    server = servers.get(view(None, None, None), LIMITS, threads=2, device="cpu", slot=SLOT)
    ending, _ = run("import os\nos.kill(os.getpid(), 9)", servers)
    assert ending.cause == "closed"
    assert printed(run("print('again')", servers)[1]) == "again\n"
    assert servers.get(view(None, None, None), LIMITS, threads=2, device="cpu", slot=SLOT) is server


def test_a_server_that_died_is_replaced(servers: Servers) -> None:
    server = servers.get(view(None, None, None), LIMITS, threads=2, device="cpu", slot=SLOT)
    os.kill(max(server.own), 9)
    server.process.wait(20)
    assert printed(run("print('replaced')", servers)[1]) == "replaced\n"


def test_where_no_server_starts_a_fresh_process_does_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise NoServer("not on this machine")

    monkeypatch.setattr(fork_server.ForkServer, "start", refuse)
    made = Servers()
    assert printed(run("print('fresh')", made)[1]) == "fresh\n"
    with pytest.raises(NoServer, match="not on this machine"):
        made.get(view(None, None, None), LIMITS, threads=2, device="cpu", slot=SLOT)


def test_a_machine_without_the_tools_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CannotIsolate, match="bubblewrap"):
        run("1", Servers())


def test_an_environment_below_tmp_stays_and_the_rest_of_tmp_is_empty(tmp_path: Path) -> None:
    """As a course in ``/tmp`` has it; no other job's files are there, and nobody can write into it."""
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "module.py").write_text("here")
    seen = view(None, None, None)
    seen.binds[str(tmp_path / "env")] = "/tmp/course/env"
    source = """
import os
print(open("/tmp/course/env/module.py").read(), sorted(name for name in os.listdir("/tmp") if not name.startswith("tmp")))
try:
    open("/tmp/course/env/new", "w")
except OSError as error:
    print(error.strerror)
open("/tmp/mine", "w").write("left behind")
"""
    own = Servers()
    try:
        for _ in range(2):
            ending, frames = run(source, own, seen=seen)
            assert ending.cause == "closed", ending
            there, refused, *_ = printed(frames).split("\n")
            # Where this checkout itself lies in /tmp, its environment is kept too.
            kept = {Path(target).parts[2] for target in seen.binds.values() if target.startswith("/tmp/")}
            assert there == f"here {sorted(kept)}"
            assert refused == "Read-only file system"
        assert own.own, "both jobs were forked"
    finally:
        own.stop()
