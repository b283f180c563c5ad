"""Children with limits: what exceeds one is ended and named, and costs nothing that comes after it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT

from autograder import limited
from autograder.child import Plain
from autograder.limited import Breach, Budget, Children, Ended, Failed
from autograder.sandbox.processes import family

BUDGET = Budget("to do it", seconds=1.0, wall=20.0, memory=200 << 20)
HERE = "test_limited"


# What children do; they import this file.


def echo(**values: object) -> Plain:
    return values


def whoami() -> Plain:
    score = int(Path("/proc/self/oom_score_adj").read_text())
    return {"pid": os.getpid(), "oom": score}


def backtrack() -> Plain:
    return {"found": bool(re.match(r"(a+)+$", "a" * 60 + "b"))}  # which no signal handler of Python's interrupts


def fill(mebibytes: int, at_once: bool) -> Plain:
    parts = [b"x" * (mebibytes << 20)] if at_once else [b"x" * (1 << 20) for _ in range(mebibytes)]
    return {"size": sum(map(len, parts))}


def sleep(seconds: float) -> Plain:
    time.sleep(seconds)
    return {}


class Odd(ValueError):
    pass


def refuse(text: str) -> Plain:
    raise Odd(text)


def crash(once: str) -> Plain:
    if once and Path(once).exists():
        return {}
    Path(once or os.devnull).touch()
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def talk(characters: int) -> Plain:
    return {"text": "x" * characters}


def divide() -> Plain:
    return {"never": 1 // 0}


@pytest.fixture(autouse=True, scope="module")
def importable() -> Iterator[None]:
    """Children find this file as they find the package."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    yield
    os.environ.pop("PYTHONPATH")
    if before is not None:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def children() -> Iterator[Children]:
    with Children(HERE) as made:
        yield made


def gone(pids: list[int], seconds: float = 10.0) -> bool:
    """Whether these processes end in time; one that waits to be reaped has ended."""

    def alive(pid: int) -> bool:
        with contextlib.suppress(OSError):
            return " Z " not in Path(f"/proc/{pid}/stat").read_text()
        return False

    until = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(alive, pids))


def test_json_and_bytes_come_back_as_they_were(children: Children) -> None:
    values = {
        "text": "\udcff π\x00",
        "number": 1.5,
        "list": [1, None, {"a": True}],
        "bytes": b"\x00\xff" * 100_000,
        "none": b"",
    }
    assert children.ask(echo, BUDGET, **values) == values


def test_one_child_does_one_thing_after_another_and_others_at_the_same_time(children: Children) -> None:
    first = children.ask(whoami, BUDGET)["pid"]
    assert children.ask(whoami, BUDGET)["pid"] == first
    assert first != os.getpid()
    with children.lease(BUDGET) as one, children.lease(BUDGET) as other:
        assert one.ask(whoami)["pid"] != other.ask(whoami)["pid"]


def test_where_memory_is_short_a_child_goes_first(children: Children) -> None:
    assert children.ask(whoami, BUDGET)["oom"] == 1000


@pytest.mark.parametrize(
    ("task", "values", "said"),
    [
        (backtrack, {}, "took more than 1 s of processor time to do it"),
        (fill, {"mebibytes": 300, "at_once": False}, "took more than 200 MiB of memory to do it"),
        (fill, {"mebibytes": 30_000, "at_once": True}, "took more than 200 MiB of memory to do it"),
    ],
    ids=["time", "memory", "memory at once"],
)
def test_what_exceeds_its_budget_is_ended_and_named(
    children: Children, task: limited.Task, values: dict[str, object], said: str
) -> None:
    before = children.ask(whoami, BUDGET)["pid"]
    with pytest.raises(Breach) as raised:
        children.ask(task, BUDGET, **values)
    assert str(raised.value) == said
    assert gone([before])
    assert children.ask(echo, BUDGET, fine=True) == {"fine": True}


def test_who_only_waits_is_ended_too(children: Children) -> None:
    with pytest.raises(Breach, match="took more than 0 minutes to do it"):
        children.ask(sleep, Budget("to do it", 1.0, 0.3, 1 << 30), seconds=60.0)


def test_a_budget_is_that_of_all_tasks_of_a_lease(children: Children) -> None:
    small = Budget("to wait", seconds=30.0, wall=1.0, memory=1 << 30)
    with pytest.raises(Breach), children.lease(small) as lease:  # noqa: PT012  what is tested is that the third is too much
        for _ in range(4):
            lease.ask(sleep, seconds=0.4)
    children.ask(sleep, small, seconds=0.4)


def test_a_child_that_crashes_is_replaced_once(children: Children, tmp_path: Path) -> None:
    assert children.ask(crash, BUDGET, once=str(tmp_path / "once")) == {}
    with pytest.raises(Ended, match="ended its process, by a crash or for want of memory"):
        children.ask(crash, BUDGET, once="")
    assert children.ask(echo, BUDGET) == {}


def test_an_error_is_told_and_ends_nobody(children: Children) -> None:
    first = children.ask(whoami, BUDGET)["pid"]
    with pytest.raises(Failed, match="ZeroDivisionError: integer"):
        children.ask(divide, BUDGET)
    assert children.ask(whoami, BUDGET)["pid"] == first


def test_an_error_that_is_expected_is_raised_here_and_ends_nobody(children: Children) -> None:
    before = children.ask(whoami, BUDGET)["pid"]
    with pytest.raises(ValueError, match="too odd") as found:
        children.ask(refuse, BUDGET, KeyError, ValueError, text="too odd")
    assert type(found.value) is ValueError
    with pytest.raises(Failed, match="Odd: too odd"):
        children.ask(refuse, BUDGET, KeyError, text="too odd")
    assert children.ask(whoami, BUDGET)["pid"] == before


def test_an_answer_has_a_size(children: Children) -> None:
    with pytest.raises(Failed, match="20 MiB of text"):
        children.ask(talk, BUDGET, characters=20 << 20)


def test_a_child_that_has_grown_is_replaced(children: Children) -> None:
    first = children.ask(whoami, BUDGET)["pid"]
    roomy = Budget("to do it", 10.0, 60.0, 1 << 30)
    assert children.ask(keep, roomy, mebibytes=300) == {}
    assert children.ask(whoami, BUDGET)["pid"] != first


_kept: list[bytes] = []


def keep(mebibytes: int) -> Plain:
    _kept.append(os.urandom(1 << 20) * mebibytes)
    return {}


def test_leaving_ends_children_at_work(children: Children) -> None:
    with ThreadPoolExecutor(1) as pool:
        busy = children.ask(whoami, BUDGET)["pid"]
        waiting = pool.submit(children.ask, sleep, BUDGET, seconds=15.0)
        time.sleep(0.3)
        children.end()
        for asked in (waiting, pool.submit(children.ask, echo, BUDGET)):
            with pytest.raises(Ended, match="was called off"):
                asked.result(timeout=10)
    assert gone([busy])


def test_a_server_that_is_gone_is_started_again(children: Children) -> None:
    limited.begin(HERE)
    server = limited._servers[(HERE,)].process
    server.kill()
    server.wait()
    assert children.ask(echo, BUDGET, fine=1) == {"fine": 1}


def test_many_threads_ask_at_once(children: Children) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda number: children.ask(echo, BUDGET, number=number)["number"], range(60)))
    assert found == list(range(60))
    assert threading.active_count() < 50


def test_a_grader_that_is_killed_leaves_no_child(tmp_path: Path) -> None:
    """Neither one that waits nor one at work, which ends when its own limit is reached."""
    script = tmp_path / "client.py"
    script.write_text(
        "import sys, threading\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
        "import test_limited as own\n"
        f"children = own.Children({HERE!r})\n"
        "budget = own.Budget('to do it', 1.0, 60.0, 1 << 30)\n"
        "threading.Thread(target=children.ask, args=(own.backtrack, budget)).start()\n"
        "print(children.ask(own.whoami, budget)['pid'], flush=True)\n"
        "threading.Event().wait(0.4)\n"
        "print('at work', flush=True)\n"
        "threading.Event().wait(60.0)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as client:
        try:
            assert client.stdout is not None
            assert int(client.stdout.readline())
            assert client.stdout.readline() == "at work\n"
            everybody = family(client.pid)
            assert len(everybody) == 4, "the grader, the server and two children"
        finally:
            os.kill(client.pid, signal.SIGKILL)
    assert gone(everybody, 30.0)
