"""Hidden tests are measured by real boxes, and whatever makes a proof none is said in one line with status 1."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import HIDDEN, ROOT
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import Course
from autograder.inside.channel import Channel, whole_frames
from autograder.notebooks.notebook import read
from autograder.outcomes import Finding, ItemOutcome, SubmissionOutcome, Verdict
from autograder.proof import catalogue, prove, variants
from autograder.proof import session as prove_session
from autograder.proof.answer import Answer
from autograder.proof.proof import Proof, Proven
from autograder.runs.cells import Cell

NAME = "pa4_convnet"
COURSE = Course(ROOT)


def invoke(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(240)
def test_a_proof(tmp_path: Path) -> None:
    """Real boxes and hidden tests: a right answer and mistakes in early and late cells."""
    names = [
        "right_sequential",
        "mistake_global_loss",
        "mistake_x_axis_cut",
        "mistake_feature_maps_without_relu",
        "mistake_networks_of_the_same_size",
    ]
    only = [word for name in names for word in ("--only", name)]
    status, said = invoke("prove", NAME, *only, "--json", tmp_path / "proof.json", "--seed", 3)
    assert status == 0, said
    assert "wrong answers caught: 3 of 3 (100.0%), on exactly the right items: 3 of 3 (100.0%)" in said
    assert "right answers at full marks: 2 of 2 (100.0%) (1 of them equivalent to the reference)" in said
    assert "5 answers in " in said
    found = json.loads((tmp_path / "proof.json").read_text())[NAME]
    assert found["seed"] == 3
    assert found["answers"]["mistake_global_loss"]["found"] == ["act13"]
    assert "the given loss function was called 0 times" in found["answers"]["mistake_global_loss"]["message"]
    assert found["answers"]["right_sequential"]["found"] == []


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(240)
def test_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong answer that nothing catches, one caught elsewhere, a right one punished, a cell that ends its process."""
    label = 'ax.set_xlabel("epoch")'
    listed = [
        Answer(
            "survivor",
            "mistake",
            "Not wrong at all.",
            edits=(("loss_plot", label, "ax.set_xlabel('Epochs')"),),
            fails=("act17",),
        ),
        Answer("elsewhere", "mistake", "No label.", edits=(("loss_plot", label, "pass"),), fails=("act18",)),
        Answer("punished", "right", "No label.", edits=(("loss_plot", label, "pass"),)),
        Answer(
            "crash",
            "mistake",
            "Ends.",
            edits=(("feature_maps", "output = F", "import os; os._exit(0)\nF"),),
            fails=("act23",),
        ),
    ]
    monkeypatch.setattr(catalogue, "answers", lambda name: listed)
    status, said = invoke("prove", NAME)
    assert status == 1
    assert "wrong answers caught: 2 of 3 (66.7%), on exactly the right items: 1 of 2 (50.0%)" in said
    assert "right answers at full marks: 0 of 1" in said
    last = said[said.index("autograder: not proven") :]
    assert "2 of 3 (66.7%) of wrong answers caught, 99% needed" in last
    assert "1 of 2 (50.0%) of them on the right items, 95% needed" in last
    assert "right answers lose points: punished" in last
    assert "no wrong answer names act01, act02" in last
    assert "act17: Both axes are labelled" in said


def test_the_catalogue_is_listed() -> None:
    status, said = invoke("prove", NAME, "--only", "mistake_global_loss", "--list")
    assert status == 0
    assert "act13" in said
    assert "in place of its own" in " ".join(said.replace("│", " ").split())


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ([Answer("a", "right", ""), Answer("a", "right", "")], f"{NAME}: two answers are called a"),
        (
            [Answer("stale", "mistake", "", edits=(("trainer", "old", "new"),), fails=("act11",))],
            "stale: 'old' is 0 times in",
        ),
        ([Answer("lost", "mistake", "", edits=(("no_cell", "a", "b"),), fails=("act11",))], "lost: no answer cell no_cell"),
        ([Answer("odd", "mistake", "", fails=("act99",))], "odd: no autograded item act99"),
        ([Answer("vague", "mistake", "")], "vague: a right answer fails nothing, a wrong one names its items"),
        ([Answer("both", "right", "", fails=("act01",))], "both: a right answer fails nothing"),
        (
            [Answer("no_code", "mutant", "", edits=(("trainer", "loss.backward()", "loss.("),), fails=("act14",))],
            "no_code: its cell trainer is no Python",
        ),
    ],
)
def test_a_catalogue_that_does_not_fit_is_one_line(
    answers: list[Answer], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "answers", lambda name: answers)
    status, said = invoke("prove", NAME)
    assert status == 2
    assert said.startswith(f"autograder: {line}")


def test_unknown_names_are_one_line() -> None:
    assert invoke("prove", "pa9") == (
        2,
        f"autograder: no assignment 'pa9' in {COURSE.source}; there is: " + ", ".join(COURSE.assignments()),
    )
    status, said = invoke("prove", NAME, "--only", "nobody")
    assert (status, said) == (2, f"autograder: {NAME}: no right answer, mistake or mutant is called nobody")


def test_unfinished_and_hostile_work_takes_no_part() -> None:
    kinds = {answer.kind for answer in prove.chosen(HIDDEN / NAME)}
    assert kinds == {"right", "mistake", "mutant"}
    assert NAME in prove_session.assignments(COURSE, [])


@pytest.mark.parametrize("name", prove_session.assignments(COURSE, []))
def test_every_catalogue_is_large_enough_and_fits(name: str) -> None:
    answers = prove.chosen(HIDDEN / name)
    source, release = read(COURSE.source_notebook(name)), read(COURSE.release_notebook(name))
    assert sum(answer.kind == "right" for answer in answers) >= 15
    assert sum(answer.kind != "right" for answer in answers) >= 40
    assert prove.uncovered(answers, release) == []
    made = prove.notebooks(answers, source, release)
    solved = catalogue.build(Answer("", "right", ""), source, release)
    assert [answer.name for answer in answers if answer.fails and made[answer.name] == solved] == []


def proven(
    name: str, kind: str, lost: dict[str, list[str]], fails: tuple[str, ...] = (), verdict: Verdict = "failed"
) -> Proven:
    """An outcome in which the items ``lost`` do not pass, each because of the items it rests on."""
    items = {
        item: ItemOutcome(
            outcome=verdict,
            points=0,
            max_points=1,
            findings=[
                Finding(item=item, task="It is right.", passed=True),
                Finding(item=item, task=f"The {item} is right.", passed=False, observed="1", expected="2"),
            ],
            rests_on=rests,
        )
        for item, rests in lost.items()
    }
    return Proven(Answer(name, kind, "", fails=fails), SubmissionOutcome(status="graded", items=items))  # type: ignore[arg-type]


def test_items_that_rest_on_others_are_no_roots() -> None:
    each = proven("a", "mistake", {"conv": [], "training": ["conv"]}, ("conv",))
    assert each.roots == {"conv"}
    assert each.exact
    assert not proven("b", "mistake", {"conv": [], "plot": []}, ("conv",)).exact
    assert not proven("c", "mistake", {"plot": []}, ("conv",)).exact


def test_the_message_is_of_the_item_that_should_have_passed() -> None:
    assert proven("a", "mistake", {"conv": [], "plot": []}, ("conv",)).message() == (
        "plot: The plot is right; observed: 1; expected: 2"
    )
    assert proven("b", "right", {}).message() == "full marks"


def test_a_fault_of_the_grader_catches_nothing_and_punishes() -> None:
    wrong = proven("a", "mistake", {"conv": []}, ("conv",), "could_not_grade")
    right = proven("b", "right", {"conv": []}, (), "could_not_grade")
    found = Proof("x", 1.0, 0, [wrong, right])
    assert found.survivors == [wrong]
    assert found.punished == [right]


@pytest.mark.parametrize(("survivors", "inexact", "enough"), [(0, 0, True), (1, 4, True), (2, 0, False), (0, 6, False)])
def test_what_a_proof_needs(survivors: int, inexact: int, enough: bool) -> None:
    wrong = [proven(str(n), "mutant", {"a": []}, ("a",)) for n in range(100 - survivors - inexact)]
    wrong += [proven(f"s{n}", "mutant", {}, ("a",)) for n in range(survivors)]
    wrong += [proven(f"i{n}", "mutant", {"b": []}, ("a",)) for n in range(inexact)]
    assert bool(Proof("x", 1.0, 0, wrong).shortfalls()) is not enough


def test_a_sample_of_a_catalogue_follows_from_its_seed() -> None:
    answers = prove.chosen(HIDDEN / NAME)
    taken = prove.sample(answers, 0.1, seed=1)
    assert taken == [answer for answer in answers if answer in prove.sample(answers[::-1], 0.1, seed=1)]
    assert 0 < len(answers) / 10 <= len(taken) < len(answers) / 10 + 1
    assert taken != prove.sample(answers, 0.1, seed=2)
    assert prove.sample(answers, 1.0, seed=1) == answers


@pytest.mark.parametrize(("survivors", "inexact", "enough"), [(0, 0, True), (1, 4, True), (2, 0, False), (0, 6, False)])
def test_a_sample_falls_short_where_the_whole_would(survivors: int, inexact: int, enough: bool) -> None:
    wrong = [proven(f"s{n}", "mutant", {}, ("a",)) for n in range(survivors)]
    wrong += [proven(f"i{n}", "mutant", {"b": []}, ("a",)) for n in range(inexact)]
    wrong += [proven(str(n), "mutant", {"a": []}, ("a",)) for n in range(10 - len(wrong))]
    found = Proof("x", 1.0, 0, wrong, sampled_of=110)
    assert bool(found.shortfalls()) is not enough
    assert found.document()["sampled_of"] == 110


def test_cells_are_shared_up_to_the_first_difference() -> None:
    cells = [Cell(name, "x", 1.0) for name in "abc"]
    assert variants.shared(cells, list(cells)) == 3
    assert variants.shared(cells, [cells[0], Cell("own", "y", 1.0), *cells[1:]]) == 1
    assert variants.shared(cells, [Cell("a", "z", 1.0), *cells[1:]]) == 0


FORKING = """
import os, sys, time
from autograder.inside import variants
from autograder.inside.channel import Channel
variants.VARIANT_SECONDS = 1.0
values = []
def perform(cell, notebook, channel):
    channel.send({"event": "started", "cell": cell["id"]})
    values.append(cell["id"])
    if cell["id"] == "hangs":
        time.sleep(60)
    if cell["id"] == "ends":
        os._exit(7)
    channel.send({"event": "finished", "cell": cell["id"], "values": list(values)})
cells = [{"id": name} for name in ("a", "b", "c")]
others = [{"name": name, "shared": 1, "cells": [cells[0], {"id": name}, cells[2]]} for name in ("hangs", "ends", "good")]
variants.run(cells, [*others, {"name": "same", "shared": 3, "cells": cells}], 2, Channel(1), perform)
"""


def test_forks_share_what_came_before_and_end_alone() -> None:
    out = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, timeout=60, check=True, cwd=ROOT).stdout
    frames = []
    while out:
        size = int.from_bytes(out[:8], "big")
        frames.append(json.loads(out[16 : 16 + size]))
        out = out[16 + size :]
    left = {frame["variant"]: frame["problem"] for frame in frames if frame["event"] == "left"}
    assert left == {"hangs": "no end in 1 seconds", "ends": "its process ended with status 7", "good": "", "same": ""}
    values = {(frame.get("variant"), frame["cell"]): frame["values"] for frame in frames if frame["event"] == "finished"}
    assert values["good", "c"] == ["a", "good", "c"]
    assert values[None, "c"] == ["a", "b", "c"]
    assert ("hangs", "c") not in values
    assert [frame["event"] for frame in frames if frame.get("variant") == "same"] == ["end", "left"]


def test_a_frame_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    with (tmp_path / "frames").open("wb") as file:
        own = Channel(file.fileno(), {"variant": "a"})
        own.send({"event": "started"})
        whole = file.tell()
        own.send({"event": "evidence"}, {"x": torch.zeros(3)})
    data = (tmp_path / "frames").read_bytes()
    assert whole_frames(data) == data
    assert whole_frames(data[:-1]) == whole_frames(data[: whole + 5]) == data[:whole]
    assert json.loads(data[16:whole]) == {"event": "started", "variant": "a"}
