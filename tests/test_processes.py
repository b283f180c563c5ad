"""Judges in processes of their own: the same outcomes, and one that is ended costs one submission its grade and no other."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT
from nbformat import NotebookNode, from_dict

from autograder.assignment import Assignment, load
from autograder.judging import processes
from autograder.judging.decision import decide
from autograder.judging.processes import Judges
from autograder.outcomes import SubmissionOutcome
from autograder.runs.evidence import CellRecord, Evidence, Found, Record
from autograder.sandbox.processes import family

SETTINGS = """
title = "Toy"
dataset = "mnist"
[profiles.quick.parameters]
[profiles.full.parameters]
"""
TESTS = '''
import os, signal, time
from pathlib import Path
import pytest

@pytest.mark.item("figure")
def test_figure(evidence):
    """The figure is one."""
    value = evidence.document("toy", "answer")["value"]
    once = Path(__file__).with_name("once")
    if value == "crash" or (value == "crash once" and not once.exists()):
        once.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    if value == "sleep":
        time.sleep(600)
    assert value == 1, f"{value} is not"
'''
RELEASE: NotebookNode = from_dict({  # type: ignore[no-untyped-call]
    "cells": [
        {"cell_type": "code", "source": "...", "outputs": [], "execution_count": None,
         "metadata": {"nbgrader": {"grade_id": "answer", "solution": True, "grade": False}}},
        {"cell_type": "code", "source": "", "outputs": [], "execution_count": None,
         "metadata": {"nbgrader": {"grade_id": "figure", "solution": False, "grade": True, "points": 2}}},
    ],
    "metadata": {}, "nbformat": 4, "nbformat_minor": 4,
})  # fmt: skip


def submitted(text: str = "figure = 1") -> NotebookNode:
    made: NotebookNode = from_dict({**RELEASE, "cells": [{**RELEASE.cells[0], "source": text}, RELEASE.cells[1]]})  # type: ignore[no-untyped-call]
    return made


@pytest.fixture
def toy(tmp_path: Path) -> Assignment:
    folder = tmp_path / "assignments" / "toy"
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(SETTINGS)
    (folder / "test_toy.py").write_text(TESTS)
    return load("toy", folder.parent)


@pytest.fixture
def judges(toy: Assignment) -> Iterator[Judges]:
    with Judges(toy, RELEASE, 2, 1) as made:
        yield made


def evidence(value: object, folder: Path | None = None) -> Evidence:
    record = Record(seed=1, profile="quick", isolation="bubblewrap", versions={}, seconds=3.0)
    output = {"output_type": "stream", "name": "stdout", "text": "as it ran"}
    record.cells["answer"] = CellRecord(seconds=0.1, outputs=[output] if value == 1 else [])
    record.found["toy"] = Found(document={"value": value})
    found = Evidence(record)
    if folder is not None:
        record.cells["answer"].outputs = []
        found.save(folder)
        kept = Evidence.load(folder)
        assert kept is not None
        return kept
    return found


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


def message(outcome: SubmissionOutcome) -> str:
    return outcome.items["figure"].message


def test_a_judge_says_what_is_said_here(judges: Judges, toy: Assignment, tmp_path: Path) -> None:
    for number, value in enumerate([1, 2, "text", None]):
        kept = evidence(value, tmp_path / str(number))
        outcome, shown = judges.judge(submitted(), kept)
        here = decide(submitted(), RELEASE, toy, kept)
        assert outcome.model_dump(exclude={"seconds"}) == here.model_dump(exclude={"seconds"})
        assert outcome.seconds >= 3.0
        assert shown.cells[0].source == "figure = 1"
        assert (tmp_path / str(number) / "notes.json").is_file(), "what was found is kept with the evidence"


def test_evidence_that_nobody_keeps_is_judged_too(judges: Judges) -> None:
    outcome, shown = judges.judge(submitted("figure = 2  # \udcff"), evidence(2))
    assert outcome.items["figure"].outcome == "failed"
    assert "2 is not" in message(outcome)
    assert shown.cells[0].source == "figure = 2  # \udcff"


def test_one_that_crashes_its_judge_costs_no_other_a_grade(judges: Judges, tmp_path: Path) -> None:
    values = [1, "crash", 2, 1, "crash", 1]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda value: judges.judge(submitted(), evidence(value))[0], values))
    assert [outcome.status for outcome in found] == [
        "graded", "could_not_grade", "graded", "graded", "could_not_grade", "graded"
    ]  # fmt: skip
    assert [outcome.points for outcome in found] == [2, 0, 0, 2, 0, 2]
    reason = str(found[1].reason)
    assert "crash" in reason
    assert "by hand" in reason
    assert "\n" not in reason


def test_a_judge_that_was_ended_for_others_sake_is_replaced(judges: Judges) -> None:
    outcome, _ = judges.judge(submitted(), evidence("crash once"))
    assert outcome.status == "graded"
    assert "observed: crash once is not" in message(outcome)


def test_a_judge_that_does_not_answer_is_ended(judges: Judges, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judges.judge(submitted(), evidence(1))[0].points == 2
    monkeypatch.setattr(processes, "JUDGE_SECONDS", 1.5)
    begun = time.monotonic()
    outcome, _ = judges.judge(submitted(), evidence("sleep"))
    assert time.monotonic() - begun < 30
    assert outcome.status == "could_not_grade"
    assert "minutes" in str(outcome.reason)
    assert judges.judge(submitted(), evidence(1))[0].points == 2


def test_leaving_ends_judges_at_work(toy: Assignment) -> None:
    processes.begin()
    (server,) = processes._servers
    others = set(family(server.process.pid))  # judges of tests before this one may wait for more
    with ThreadPoolExecutor(1) as pool, Judges(toy, RELEASE, 1, 1) as judges:
        judges.judge(submitted(), evidence(1))
        waiting = pool.submit(judges.judge, submitted(), evidence("sleep"))
        time.sleep(0.5)
        assert not waiting.done()
        at_work = set(family(server.process.pid)) - others
        assert at_work
        judges.__exit__()
        assert waiting.result(timeout=10)[0].status == "could_not_grade"
        late = pool.submit(judges.judge, submitted(), evidence(1))
        assert "called off" in str(late.result(timeout=10)[0].reason)
    assert gone([pid for pid in at_work if pid in family(server.process.pid)])


def test_a_server_that_is_gone_is_started_again(toy: Assignment) -> None:
    processes.begin()
    (server,) = processes._servers
    server.process.kill()
    server.process.wait()
    with Judges(toy, RELEASE, 1, 1) as judges:
        assert judges.judge(submitted(), evidence(1))[0].points == 2


def test_hidden_tests_that_do_not_import_are_one_clear_line(toy: Assignment) -> None:
    (toy.folder / "test_toy.py").write_text("import nothing_of_this_name\n")
    with Judges(toy, RELEASE, 1, 1) as judges:
        outcome, _ = judges.judge(submitted(), evidence(1))
    assert outcome.status == "could_not_grade"
    assert "do not import" in str(outcome.reason)


def test_a_grader_that_is_killed_leaves_no_judge(toy: Assignment, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(
        "import sys, time\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
        "from pathlib import Path\n"
        "from test_processes import RELEASE, evidence, submitted\n"
        "from autograder.assignment import load\n"
        "from autograder.judging.processes import Judges\n"
        f"judges = Judges(load('toy', Path({str(toy.folder.parent)!r})), RELEASE, 1, 1)\n"
        "print(judges.judge(submitted(), evidence(1))[0].points, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as client:
        try:
            assert client.stdout is not None
            assert client.stdout.readline().strip() == "2.0"
            everybody = family(client.pid)
            assert len(everybody) == 3, "the grader, the server and one judge"
        finally:
            os.kill(client.pid, signal.SIGKILL)
    assert gone(everybody)
