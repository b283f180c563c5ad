"""Calibration: each run is kept and none is done twice, nothing is dropped silently, and the pages say what was measured."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import HIDDEN
from nbformat import NotebookNode
from rich.console import Console

from autograder.assignment import load
from autograder.calibration import calibrate
from autograder.calibration import report as calibration_report
from autograder.calibration import session as calibration_session
from autograder.calibration.calibration import FILE, REFERENCE, Calibration
from autograder.calibration.fingerprint import fingerprint
from autograder.calibration.report import PAGE, PLOT, TOLERATED, page
from autograder.course import Course, CourseError
from autograder.datasets import data
from autograder.notebooks.notebook import read, write
from autograder.proof import catalogue
from autograder.proof.answer import Answer
from autograder.runs.evidence import Evidence, Found, Record
from autograder.runs.options import Options
from autograder.runs.plan import Plan
from autograder.runs.store import gather

SETTINGS = """title = "Toy"
dataset = "mnist"
[profiles.full]
[profiles.quick]
parameters = { num_epochs = 2 }
[profiles.proof]
parameters = { num_epochs = 1 }
"""
PROBES = '''"""Toy probes."""
from inside.probing import Evidence, Student, probe

@probe(after="train")
def training(student: Student) -> Evidence:
    return Evidence({"accuracy": student.namespace["accuracy"], "loss": student.namespace["loss"]})
'''
TESTS = '''"""Toy hidden tests."""
import pytest
from autograder.networks.comparison import require
from autograder.judging.thresholds import Threshold

ACCURACY = Threshold("test accuracy", at_least={"full": 0.9, "quick": 0.8, "proof": 0.2})
LOSSES = {"last": Threshold("last loss", below={"full": 0.2, "quick": 0.3, "proof": 2.0}, form=".3f")}

@pytest.fixture
def trained(evidence):
    """What the training left."""
    found = evidence.document("training", "train")
    require(found["accuracy"] is not None, "no accuracy", "a trained network", "the training did not end")
    return found

@pytest.mark.item("item_training")
def test_accuracy(trained, evidence):
    """The network is right often enough."""
    ACCURACY.require(trained["accuracy"], evidence.record.profile, "not trained")
    ACCURACY.require(trained["accuracy"] + 0.001, evidence.record.profile, "not trained")

@pytest.mark.item("item_training")
def test_loss(trained, evidence):
    """The loss is small enough."""
    LOSSES["last"].require(trained["loss"], evidence.record.profile, "not trained")
'''
TRAIN = """### BEGIN SOLUTION
import random
random.seed(seed)
accuracy, loss = random.uniform(0.94, 0.96), 0.1
### END SOLUTION"""
WORSE = "accuracy, loss = 0.5, 0.9"
ANSWERS = [
    Answer("right_reference", "right", "The solution."),
    Answer("mistake_no_training", "mistake", "Does not train.", cells={"train": WORSE}, close=True),
    Answer("mistake_far_away", "mistake", "Nothing near.", cells={"train": "accuracy = loss = None"}),
]
Work = Callable[[int, bool], dict[str, Any]]


def toy_notebook(solved: bool) -> NotebookNode:
    cells = []
    for name, source, role in (
        ("parameters", "seed = 0\nnum_epochs = 10", "given"),
        ("train", TRAIN if solved else "...  # your code here", "answer"),
        ("item_training", "", "item"),
    ):
        cell = nbformat.v4.new_code_cell(source, id=name, metadata={"tags": ["parameters"] if role == "given" else []})
        kind = {"grade": role == "item", "solution": role == "answer", "locked": role != "answer"}
        cell.metadata["nbgrader"] = {"grade_id": name, "schema_version": 3, "task": False, **kind}
        if role == "item":
            cell.metadata["nbgrader"]["points"] = 4
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


class Toy:
    """A course with one small assignment, whose boxes are played by ``work``."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.course, self.folder, self.monkeypatch = Course(root), root / "autograder" / "assignments" / "toy", monkeypatch
        (root / "source").mkdir()
        (root / "nbgrader_config.py").touch()
        write(toy_notebook(solved=True), root / "source" / "toy" / "toy.ipynb")
        write(toy_notebook(solved=False), root / "release" / "toy" / "toy.ipynb")
        self.folder.mkdir(parents=True)
        (self.folder / "assignment.toml").write_text(SETTINGS)
        (self.folder / "probes.py").write_text(PROBES)
        (self.folder / "test_toy.py").write_text(TESTS)
        monkeypatch.setattr(catalogue, "answers", lambda name: ANSWERS)
        self.done: list[tuple[bool, int]] = []
        self.said = ""
        self.works(lambda seed, right: {"accuracy": 0.95 + seed / 1000 if right else 0.5, "loss": 0.1 + seed / 1000})

    def works(self, work: Work) -> None:
        """From now on, the box of a seed shows what ``work`` gives for it and for whether the answer is right."""

        def played(plan: Plan) -> Evidence:
            profile = plan.options.profile
            seed = int(plan.assignment.profile(profile).parameters["seed"])
            right = not any(WORSE in cell.source for cell in plan.cells)
            document = work(seed, right)
            self.done.append((right, seed))
            record = Record(seed=seed + 1000, profile=profile, isolation="", versions={}, seconds=3.0)
            record.found["training"] = Found(document=document)
            return Evidence(record)

        self.monkeypatch.setattr(calibrate, "gather", played)

    def calibrate(self, runs: int, close: int = 0, profile: str = "quick", jobs: int = 2) -> Calibration:
        self.done.clear()
        out = io.StringIO()
        try:
            return calibration_session.calibrate(
                self.course,
                "toy",
                Options(profile=profile),
                Console(file=out, width=200),
                runs=runs,
                close=close,
                jobs=jobs,
            )
        finally:
            self.said = out.getvalue()

    def kept(self) -> Calibration:
        return Calibration.read(self.folder, "toy")

    def page(self) -> str:
        return (self.folder / PAGE).read_text()

    def edit(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    return Toy(tmp_path, monkeypatch)


def seeds(found: Calibration, answer: str = REFERENCE, profile: str = "quick") -> list[int]:
    return [run.seed for run in found.of(profile, answer)]


def test_every_run_is_kept_with_what_the_hidden_tests_measured(toy: Toy) -> None:
    found = toy.calibrate(runs=4, close=2)
    assert seeds(found) == [0, 1, 2, 3]
    assert seeds(found, "mistake_no_training") == [0, 1]
    assert "mistake_far_away" not in found.answers
    first = found.of("quick", REFERENCE)[0]
    assert first.figures == {"test accuracy": 0.95, "last loss": 0.1}, "of two measurements the worse one counts"
    assert (first.grading_seed, first.seconds, first.failed) == (1000, 3.0, {})
    wrong = found.of("quick", "mistake_no_training")[0]
    assert wrong.figures == {"test accuracy": 0.5, "last loss": 0.1}
    assert wrong.failed == {}, "which bounds are missed follows from the figures"
    assert [figure.name for figure in found.missed(wrong)] == ["test accuracy"]
    assert [(figure.name, figure.bounds["quick"]) for figure in found.figures] == [
        ("last loss", 0.3),
        ("test accuracy", 0.8),
    ]


def test_without_a_terminal_each_run_is_one_line(toy: Toy) -> None:
    toy.calibrate(runs=2, close=1, jobs=1)
    lines = [line for line in toy.said.splitlines() if " seed " in line]
    assert lines == [
        "quick reference seed 0: last loss 0.100; test accuracy 95.00%; every point; 3 s",
        "quick reference seed 1: last loss 0.101; test accuracy 95.10%; every point; 3 s",
        "quick mistake_no_training seed 0: last loss 0.100; test accuracy 50.00% misses its bound; 3 s",
    ]


def test_only_missing_runs_are_done(toy: Toy) -> None:
    toy.calibrate(runs=2)
    assert sorted(toy.done) == [(True, 0), (True, 1)]
    toy.calibrate(runs=4, close=1)
    assert sorted(toy.done) == [(False, 0), (True, 2), (True, 3)]
    toy.calibrate(runs=4, close=1)
    assert toy.done == []
    toy.calibrate(runs=1, profile="full")
    assert toy.done == [(True, 0)]
    assert seeds(toy.kept()) == [0, 1, 2, 3], "another profile's runs stay"


def test_an_interrupt_keeps_what_is_there_and_waits_for_no_box(toy: Toy) -> None:
    never = threading.Event()

    def work(seed: int, right: bool) -> dict[str, Any]:
        if seed == 1:
            raise_in_main.set()
            never.wait()  # a training of hours
        return {"accuracy": 0.95, "loss": 0.1}

    raise_in_main = threading.Event()
    toy.works(work)
    judged = calibrate._judged

    def interrupted(*arguments: Any) -> Any:
        if arguments[0].seed == 2:
            raise_in_main.wait()
            raise KeyboardInterrupt
        return judged(*arguments)

    toy.monkeypatch.setattr(calibrate, "_judged", interrupted)
    with pytest.raises(KeyboardInterrupt):
        toy.calibrate(runs=3)
    assert seeds(toy.kept()) == [0]
    assert "1 runs of the solution" in toy.page()
    toy.monkeypatch.setattr(calibrate, "_judged", judged)
    toy.works(lambda seed, right: {"accuracy": 0.96, "loss": 0.1})
    toy.calibrate(runs=3)
    assert sorted(toy.done) == [(True, 1), (True, 2)]
    never.set()


def test_runs_of_other_code_are_dropped_with_a_note(toy: Toy) -> None:
    toy.calibrate(runs=3, close=1)
    toy.edit(toy.course.source_notebook("toy"), "0.94", "0.93")
    toy.calibrate(runs=1)
    assert "toy: 3 kept runs at profile quick are of other code" in toy.said
    assert toy.done == [(True, 0)]
    assert seeds(toy.kept()) == [0]
    assert seeds(toy.kept(), "mistake_no_training") == [0], "this one's code did not change"


def test_changed_bounds_and_texts_need_no_run(toy: Toy) -> None:
    toy.calibrate(runs=3)
    toy.edit(toy.folder / "test_toy.py", '"quick": 0.8', '"quick": 0.945')
    toy.edit(toy.folder / "test_toy.py", "The network is right often enough.", "Often right.")
    toy.edit(toy.folder / "probes.py", "Toy probes.", "Probes.")
    found = calibration_session.report(toy.course, "toy", Console(file=io.StringIO()))
    assert next(figure for figure in found.figures if figure.at_least).bounds["quick"] == 0.945
    assert "3 of them earned every" in toy.page()
    toy.edit(toy.folder / "test_toy.py", '"quick": 0.945', '"quick": 0.951')
    calibration_session.report(toy.course, "toy", Console(file=io.StringIO()))
    assert "2 of them earned every" in toy.page()
    assert "- seed 0: test accuracy 95.00% is not at least 95.10%" in toy.page()
    toy.calibrate(runs=3)
    assert toy.done == []


def test_what_is_measured_is_part_of_what_ran(toy: Toy) -> None:
    toy.calibrate(runs=2)
    toy.edit(toy.folder / "test_toy.py", 'trained["accuracy"], evidence', 'trained["accuracy"] - 0.01, evidence')
    toy.calibrate(runs=2)
    assert "2 kept runs" in toy.said
    assert len(toy.done) == 2
    out = io.StringIO()
    toy.edit(toy.folder / "assignment.toml", "num_epochs = 2", "num_epochs = 3")
    calibration_session.report(toy.course, "toy", Console(file=out, width=200))
    assert "2 kept runs at profile quick are of other code" in out.getvalue()


def test_fingerprint_holds_what_decides_figures_and_nothing_else(toy: Toy) -> None:
    assignment, tests = load(toy.folder), toy.folder / "test_toy.py"
    notebook = read(toy.course.source_notebook("toy"))

    def of(profile: str = "quick") -> str:
        return fingerprint(notebook, assignment, profile)

    before = of()
    assert of("full") != before
    notebook.cells[0].source = "seed = 0  # as published\n\nnum_epochs = 10"
    toy.edit(tests, "the training did not end", "it did not end")
    toy.edit(tests, '@pytest.mark.item("item_training")', '@pytest.mark.item("item_training", weight=2)')
    tests.write_text(tests.read_text() + "\ndef test_something_else(evidence):\n    assert evidence\n")
    assert of() == before
    toy.edit(tests, "is not None", "is not 0")  # in the fixture that the measuring tests use
    fixture = of()
    assert fixture != before
    notebook.cells[1].source += "\n%matplotlib inline"
    assert of() != fixture


def test_a_run_without_its_figures_is_counted_and_reported(toy: Toy) -> None:
    def work(seed: int, right: bool) -> dict[str, Any]:
        return {"accuracy": None if seed == 3 else 0.95 + seed / 1000, "loss": 0.1}

    toy.works(work)
    found = toy.calibrate(runs=5)
    for figure, estimate in found.estimates("quick"):
        assert (estimate.runs, estimate.missing) == (5, 1), figure.name
        assert estimate.risk is not None
        assert estimate.risk >= 1 / 5
    assert "4 of them earned every" in toy.page()
    assert "1 of 5, below 66 %; 1 without a figure" in toy.page()
    assert re.search(r"- seed 3, `item_training`: .*no accuracy.*the training did not end", toy.page())


def test_a_run_that_the_grader_could_not_judge_is_reported_and_done_again(toy: Toy) -> None:
    def work(seed: int, right: bool) -> dict[str, Any]:
        if seed == 1:
            raise OSError("the disk is full")
        return {"accuracy": 0.95, "loss": 0.1}

    toy.works(work)
    found = toy.calibrate(runs=3)
    assert seeds(found) == [0, 2]
    assert "reference, seed 1: the grader failed: OSError: the disk is full" in toy.page()
    toy.works(lambda seed, right: {"accuracy": 0.95, "loss": 0.1})
    assert seeds(toy.calibrate(runs=3)) == [0, 1, 2]
    assert toy.done == [(True, 1)]
    assert "the disk is full" not in toy.page()


def test_a_machine_without_data_is_no_result(toy: Toy) -> None:
    def work(seed: int, right: bool) -> dict[str, Any]:
        raise data.DataMissing("mnist is not here")

    toy.works(work)
    with pytest.raises(data.DataMissing):
        toy.calibrate(runs=2)
    assert not (toy.folder / FILE).exists()


def test_a_figure_that_no_profile_asks_for_is_not_missing(toy: Toy) -> None:
    toy.edit(
        toy.folder / "test_toy.py", 'LOSSES["last"].require', 'if evidence.record.profile != "quick": LOSSES["last"].require'
    )
    assert [figure.name for figure, _ in toy.calibrate(runs=3).estimates("quick")] == ["test accuracy"]


def test_two_thresholds_of_one_name_are_refused_before_anything_runs(toy: Toy) -> None:
    toy.edit(toy.folder / "test_toy.py", '"last loss"', '"test accuracy"')
    with pytest.raises(CourseError, match="more than one threshold is called 'test accuracy'; name them apart"):
        toy.calibrate(runs=2)
    assert toy.done == []


def test_a_report_without_runs_and_a_damaged_file_say_what_to_do(toy: Toy) -> None:
    with pytest.raises(CourseError, match="no run is kept; run `autograder calibrate toy"):
        calibration_session.report(toy.course, "toy", Console(file=io.StringIO()))
    (toy.folder / FILE).write_text("{")
    with pytest.raises(CourseError, match=r"calibration.json is damaged .*; restore it, or delete it"):
        toy.calibrate(runs=1)


def test_the_page_and_the_plot_show_right_and_wrong_runs(toy: Toy) -> None:
    toy.calibrate(runs=5, close=2)
    text = toy.page()
    assert "| test accuracy | 5 | 95.20% | 0.16% | 95.00% | 95.40% | at least 80.00% |" in text
    assert "0 of 5, below 45 %" in text
    assert "| `mistake_no_training`: Does not train. | last loss | 2 | 0.100 | 0.101 | 0 of 2 |" in text
    assert "|  | test accuracy | 2 | 50.00% | 50.00% | 2 of 2 |" in text
    assert text == page(toy.kept())
    picture = (toy.folder / PLOT).read_bytes()
    calibration_report.write(toy.kept(), toy.folder)
    assert (toy.folder / PLOT).read_bytes() == picture, "the same runs give the same picture"


def test_a_real_box_trains_under_the_seed_that_is_asked_for(toy: Toy) -> None:
    toy.monkeypatch.setattr(calibrate, "gather", gather)
    found = toy.calibrate(runs=2, close=1)
    figures = [run.figures["test accuracy"] for run in found.of("quick", REFERENCE)]
    assert figures == [pytest.approx(0.9568884), pytest.approx(0.9426873)]  # random.Random(0), random.Random(1)
    assert found.of("quick", "mistake_no_training")[0].figures["test accuracy"] == 0.5


CALIBRATED = sorted(path.parent.name for path in HIDDEN.glob(f"*/{FILE}"))


def test_every_assignment_is_calibrated() -> None:
    assert sorted(path.parent.name for path in HIDDEN.glob("*/assignment.toml")) == CALIBRATED


@pytest.mark.parametrize("name", CALIBRATED)
def test_kept_bounds_are_those_of_the_hidden_tests(name: str) -> None:
    kept = Calibration.read(HIDDEN / name, name)
    advice = f"run `autograder calibrate {name} --report`"
    assert kept.figures == calibrate.figures(load(HIDDEN / name)), advice
    assert kept.answers, "no answer of the catalogue is marked as close to right"
    assert kept.answers == {answer.name: answer.about for answer in calibrate.close_answers(load(HIDDEN / name))}, advice


@pytest.mark.parametrize("name", CALIBRATED)
def test_the_page_is_in_step_with_the_runs(name: str) -> None:
    kept = Calibration.read(HIDDEN / name, name)
    assert (HIDDEN / name / PAGE).read_text(encoding="utf-8") == page(kept), f"run `autograder calibrate {name} --report`"
    assert (HIDDEN / name / PLOT).stat().st_size > 1000
    assert json.loads((HIDDEN / name / FILE).read_text())["schema"] == 1


@pytest.mark.parametrize("profile", ["quick", "full"])
@pytest.mark.parametrize("name", CALIBRATED)
def test_a_right_solution_seldom_misses_a_bound_in_use(name: str, profile: str) -> None:
    kept = Calibration.read(HIDDEN / name, name)
    if not kept.of(profile, REFERENCE):
        assert profile == "full", f"run `autograder calibrate {name} --runs 10`"
        pytest.skip(f"{name}: each run at full profile takes up to half an hour; it was not calibrated at it yet")
    for figure, found in kept.estimates(profile):
        assert found.risk is not None, f"{figure.name}: too few runs"
        assert found.risk <= TOLERATED, f"{figure.name}: {found.risk:.2%} of right solutions miss {figure.bounds[profile]}"
