"""Speed-ups change nothing but time: outcomes are equal with all of them off, also where a training was cut short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from conftest import HIDDEN

from autograder.assignment import Assignment, Profile, Settings, load
from autograder.course import Course
from autograder.judging import decision
from autograder.notebooks import notebook
from autograder.outcomes import SubmissionOutcome
from autograder.proof import catalogue
from autograder.runs.collect import collect
from autograder.runs.evidence import Evidence, Record
from autograder.runs.options import Options
from autograder.runs.plan import planned

NAME = "pa4_convnet"
COURSE = Course.find(Path(__file__))
CHANGES_NOTHING = (
    "mutant_trainer_backward_dropped",
    "mutant_trainer_step_dropped",
    "mutant_trainer_the_gradients_are_cleared_before_the_step",
)
OTHERS = ("right_reference", "mistake_gradients_never_zeroed", "mutant_trainer_one_step_an_epoch")


def small() -> Assignment:
    """The assignment at a scale of seconds: `quick` has more images than `proof`, as elsewhere, but few of both."""
    found = load(HIDDEN / NAME)
    profiles = {
        "full": found.profile("full"),
        "quick": Profile(parameters={"num_epochs": 5, "num_train_images": 160, "batch_size": 8}, test_images=200),
        "proof": Profile(parameters={"num_epochs": 5, "num_train_images": 48, "batch_size": 8}, test_images=200),
    }
    return replace(found, settings=found.settings.model_copy(update={"profiles": profiles}))


def run(answer: str, options: Options) -> tuple[Evidence, SubmissionOutcome]:
    source, release = notebook.read(COURSE.source_notebook(NAME)), notebook.read(COURSE.release_notebook(NAME))
    submission = catalogue.build(catalogue.answer(HIDDEN / NAME, answer), source, release)
    found = collect(planned(submission, small(), options, 7))
    return found, decision.decide(submission, release, small(), found)


TRAIN = """
import torch
from torch.utils.data import DataLoader, TensorDataset
weight = torch.zeros(2, requires_grad=True)
loader = DataLoader(TensorDataset(torch.ones(num_train_images, 2)), batch_size=2)
optimizer = torch.optim.SGD([weight], lr=RATE)
for epoch in range(5):
    for (images,) in loader:
        optimizer.zero_grad()
        (images @ weight).sum().backward()
        optimizer.step()
"""


@pytest.mark.timeout(120)
def test_a_training_is_cut_short_only_where_there_is_no_other(tmp_path: Path) -> None:
    """What one training lacks must not cost another its images, and so its accuracy."""
    (tmp_path / "probes.py").write_text("")
    parameters = [{"num_train_images": number} for number in (40, 10)]
    profiles = {name: Profile(parameters=one) for name, one in zip(("quick", "proof"), parameters, strict=True)}
    toy = Assignment("toy", tmp_path, Settings(title="Toy", dataset="mnist", profiles=profiles))

    def record(*rates: float) -> Record:
        cells = [nbformat.v4.new_code_cell("num_train_images = 60", metadata={"tags": ["parameters"]})]
        for number, rate in enumerate(rates):
            made = nbformat.v4.new_code_cell(TRAIN.replace("RATE", str(rate)), metadata={"tags": ["training"]})
            made.metadata["nbgrader"] = {
                "grade_id": f"train_{number}",
                "grade": False,
                "solution": True,
                "schema_version": 3,
            }
            cells.append(made)
        return collect(planned(nbformat.v4.new_notebook(cells=cells), toy, Options(profile="quick"), 7)).record

    alone, with_another = record(0.0), record(0.0, 0.1)
    assert alone.shortened == {"num_train_images": 10}
    assert alone.cells["train_0"].passes == [(5, 5)] * 5
    assert with_another.shortened == {}
    assert [with_another.cells[name].passes for name in ("train_0", "train_1")] == [[(20, 20)] * 5] * 2


@pytest.mark.sampled("speed-ups off", 0.3)
@pytest.mark.timeout(240)
@pytest.mark.parametrize("answer", [*CHANGES_NOTHING, *OTHERS])
def test_outcomes_are_equal_with_all_speed_ups_off(answer: str) -> None:
    found, fast = run(answer, Options(profile="quick", threads=1))
    slowly, slow = run(answer, Options(profile="quick", threads=1, speedups=False))
    assert not slowly.record.shortened
    assert {name: (item.outcome, item.points) for name, item in fast.items.items()} == {
        name: (item.outcome, item.points) for name, item in slow.items.items()
    }
    if answer in CHANGES_NOTHING:
        assert found.record.shortened == {"num_train_images": 48}
        assert "The training was cut short: whole passes" in fast.items["act16"].message
        assert any("cut short" in flag for flag in fast.flags)
    else:
        assert not found.record.shortened
        assert fast == slow.model_copy(update={"seconds": fast.seconds}), "the same to the last figure"
