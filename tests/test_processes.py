"""Judges in children: the same outcomes, and one that is ended costs one submission its grade and no other."""

import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nbformat import NotebookNode, from_dict

from autograder.assignment import Assignment, load
from autograder.judging import processes
from autograder.judging.decision import decide
from autograder.judging.processes import judge
from autograder.limited import Children
from autograder.notebooks.notebook import to_text
from autograder.outcomes import SubmissionOutcome
from autograder.runs.evidence import CellRecord, Evidence, Found, Record

SETTINGS = """
title = "Toy"
dataset = "mnist"
[profiles.quick.parameters]
[profiles.full.parameters]
"""
TESTS = '''
import os, signal
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
    if value == "think":
        sum(range(10**12))
    if value == "hoard":
        hoard = [b"x" * (1 << 20) for _ in range(600)]
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
    return load(folder)


Judged = Callable[[NotebookNode, Path], tuple[SubmissionOutcome, NotebookNode]]


@pytest.fixture
def judged(toy: Assignment) -> Iterator[Judged]:
    """What a child says of a notebook and the folder of its evidence."""
    release = to_text(RELEASE).encode()

    def judged(notebook: NotebookNode, kept: Path) -> tuple[SubmissionOutcome, NotebookNode]:
        text = to_text(notebook).encode("utf-8", "surrogatepass")
        outcome, shown = judge(children, text, kept, toy, release, 1)
        return outcome, from_dict(json.loads(shown))  # type: ignore[no-untyped-call]

    with Children(*processes.MODULES) as children:
        yield judged


@pytest.fixture
def evidence(tmp_path: Path) -> Callable[[object], Path]:
    """The folder of evidence with a value."""
    numbers = itertools.count()

    def evidence(value: object) -> Path:
        record = Record(seed=1, profile="quick", isolation="bubblewrap", versions={}, seconds=3.0)
        output = {"output_type": "stream", "name": "stdout", "text": "as it ran"}
        record.cells["answer"] = CellRecord(seconds=0.1, outputs=[output])
        record.found["toy"] = Found(document={"value": value})
        folder = tmp_path / f"evidence-{next(numbers)}"
        Evidence(record).save(folder)
        return folder

    return evidence


def message(outcome: SubmissionOutcome) -> str:
    return outcome.items["figure"].message


Kept = Callable[[object], Path]


def test_a_judge_says_what_is_said_here(judged: Judged, evidence: Kept, toy: Assignment) -> None:
    for value in (1, 2, "text", None):
        outcome, shown = judged(submitted(), evidence(value))
        found = Evidence.load(kept := evidence(value))
        assert found is not None
        here = decide(submitted(), RELEASE, toy, found)
        assert outcome.model_dump(exclude={"seconds"}) == here.model_dump(exclude={"seconds"})
        assert outcome.seconds >= 3.0
        assert shown.cells[0].source == "figure = 1"
        assert shown.cells[0].outputs[0].text == "as it ran"
        assert (kept / "notes.json").is_file(), "what was found is kept with the evidence"


def test_text_that_no_file_can_hold_is_judged_too(judged: Judged, evidence: Kept) -> None:
    outcome, shown = judged(submitted("figure = 2  # \udcff"), evidence(2))
    assert outcome.items["figure"].outcome == "failed"
    assert "2 is not" in message(outcome)
    assert shown.cells[0].source == "figure = 2  # \udcff"


def test_one_that_crashes_its_judge_costs_no_other_a_grade(judged: Judged, evidence: Kept) -> None:
    values = [1, "crash", 2, 1, "crash", 1]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda value: judged(submitted(), evidence(value))[0], values))
    assert [outcome.status for outcome in found] == [
        "graded", "could_not_grade", "graded", "graded", "could_not_grade", "graded"
    ]  # fmt: skip
    assert [outcome.points for outcome in found] == [2, 0, 0, 2, 0, 2]
    reason = str(found[1].reason)
    assert "crash" in reason
    assert "by hand" in reason
    assert "\n" not in reason


def test_a_judge_that_was_ended_for_others_sake_is_replaced(judged: Judged, evidence: Kept) -> None:
    outcome, _ = judged(submitted(), evidence("crash once"))
    assert outcome.status == "graded"
    assert "observed: crash once is not" in message(outcome)


@pytest.mark.parametrize(("value", "said"), [("think", "s of processor time to judge"), ("hoard", "MiB of memory to judge")])
def test_all_judging_of_a_submission_has_one_budget(
    judged: Judged, evidence: Kept, monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    assert judged(submitted(), evidence(1))[0].points == 2
    monkeypatch.setattr(processes, "SECONDS", 1.5)
    monkeypatch.setattr(processes, "MEMORY", 300 << 20)
    outcome, _ = judged(submitted(), evidence(value))
    assert outcome.status == "could_not_grade"
    assert said in str(outcome.reason)
    assert "by hand" in str(outcome.reason)
    assert judged(submitted(), evidence(1))[0].points == 2


def test_hidden_tests_that_do_not_import_are_one_clear_line(judged: Judged, evidence: Kept, toy: Assignment) -> None:
    (toy.folder / "test_toy.py").write_text("import nothing_of_this_name\n")
    outcome, _ = judged(submitted(), evidence(1))
    assert outcome.status == "could_not_grade"
    assert "do not import" in str(outcome.reason)
