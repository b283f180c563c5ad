"""Speed-ups change nothing but time: outcomes are equal with all of them off, also where a training was cut short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment import Assignment, Profile, load
from autograder.course import Course
from autograder.judging import decision
from autograder.notebooks import notebook
from autograder.outcomes import SubmissionOutcome
from autograder.proof import catalogue
from autograder.runs.collect import collect
from autograder.runs.evidence import Evidence
from autograder.runs.plan import Options

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
    found = load(NAME)
    profiles = {
        "full": found.profile("full"),
        "quick": Profile(parameters={"num_epochs": 5, "num_train_images": 160, "batch_size": 8}, test_images=200),
        "proof": Profile(parameters={"num_epochs": 5, "num_train_images": 48, "batch_size": 8}, test_images=200),
    }
    return replace(found, settings=found.settings.model_copy(update={"profiles": profiles}))


def run(answer: str, options: Options) -> tuple[Evidence, SubmissionOutcome]:
    source, release = notebook.read(COURSE.source_notebook(NAME)), notebook.read(COURSE.release_notebook(NAME))
    chosen = next(one for one in catalogue.answers(NAME) if one.name == answer)
    submission = catalogue.build(chosen, source, release)
    found = collect(submission, small(), options, seed=7)
    return found, decision.decide(submission, release, small(), found)


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
