"""Whole submissions, right and wrong, from file to outcome: each gets exactly the verdicts it must get."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from conftest import HIDDEN
from rich.console import Console

from autograder.course import Course
from autograder.grading.session import Session
from autograder.notebooks import notebook
from autograder.outcomes import ClassOutcomes, SubmissionOutcome
from autograder.proof import catalogue

ASSIGNMENT = "pa4_convnet"
Test = TypeVar("Test", bound=Callable[..., None])
OF_ALL = pytest.mark.sampled("catalogue")
ANSWERS = [answer for answer in catalogue.answers(HIDDEN / ASSIGNMENT) if answer.graded_as_a_file]
FULL = Path(__file__).parent / "full_profile" / "pa4_convnet.outcomes.json"


def about(*names: str) -> Callable[[Test], Test]:
    """A test of the outcome of each of these answers, if they are in the sample."""
    listed = [next(answer for answer in ANSWERS if answer.name == name) for name in names]
    of_each = pytest.mark.parametrize("answer", listed, ids=lambda answer: answer.name)
    return lambda test: pytest.mark.sampled("catalogue", 0.12)(of_each(test))


@pytest.fixture(scope="module")
def course() -> Course:
    return Course.find(Path(__file__))


@pytest.fixture(scope="module")
def taken(request: pytest.FixtureRequest) -> list[catalogue.Answer]:
    """The answers that are asked for: all, or a sample."""
    given = [item.callspec.params.get("answer") for item in request.session.items if hasattr(item, "callspec")]
    return [answer for answer in ANSWERS if answer in given]


@pytest.fixture(scope="module")
def outcomes(
    course: Course, taken: list[catalogue.Answer], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, SubmissionOutcome]:
    """These answers, graded once at quick profile with an evidence store of its own."""
    folder = tmp_path_factory.mktemp("catalogue")
    source = notebook.read(course.source_notebook(ASSIGNMENT))
    release = notebook.read(course.release_notebook(ASSIGNMENT))
    for answer in taken:
        path = folder / "submitted" / answer.name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        notebook.write(catalogue.build(answer, source, release), path)
    session = Session(
        course=course,
        assignment=ASSIGNMENT,
        submitted=folder / "submitted",
        out=folder,
        profile="quick",
        device="cpu",
        jobs=2,
        store=folder / "evidence",
    )
    return session.run(Console(file=io.StringIO())).submissions


def verdicts(outcome: SubmissionOutcome) -> dict[str, str]:
    return {name: item.outcome for name, item in outcome.items.items() if item.outcome != "passed"}


@about(*(answer.name for answer in ANSWERS))
@pytest.mark.timeout(1800)
def test_verdicts(answer: catalogue.Answer, outcomes: dict[str, SubmissionOutcome]) -> None:
    found = outcomes[answer.name]
    assert found.status == "graded", found.reason
    messages = {name: item.message for name, item in found.items.items() if item.outcome != "passed"}
    assert verdicts(found) == answer.verdicts, messages


@about(*(answer.name for answer in ANSWERS if answer.kind == "right"))
def test_the_right_answers_earn_every_point(answer: catalogue.Answer, outcomes: dict[str, SubmissionOutcome]) -> None:
    assert outcomes[answer.name].points == outcomes[answer.name].max_points == 92


@about("untouched_release", "replaces_equal_and_assert")
def test_where_nothing_is_answered_nothing_is_earned(
    answer: catalogue.Answer, outcomes: dict[str, SubmissionOutcome]
) -> None:
    assert outcomes[answer.name].points == 0


@about("mistake_errors_counted_in_batches")
def test_messages_say_observed_expected_and_cause(answer: catalogue.Answer, outcomes: dict[str, SubmissionOutcome]) -> None:
    found = outcomes[answer.name].items["act19"].message
    for part in (
        "`err` is the number of misclassified images",
        "\n  observed: err = ",
        "\n  expected: ",
        "batches are counted",
    ):
        assert part in found


@about("syntax_error_in_trainer")
def test_a_syntax_error_is_told_once_with_the_students_line(
    answer: catalogue.Answer, outcomes: dict[str, SubmissionOutcome]
) -> None:
    broken = outcomes[answer.name]
    (cause,) = broken.root_causes
    assert cause.what == "The cell `trainer` stopped with SyntaxError: '(' was never closed"
    assert cause.place is not None
    assert (cause.place.cell, cause.place.code) == ("trainer", "loss.backward(")
    assert cause.items == ("act11", "act12", "act13", "act14", "act15", "act16")
    assert all(broken.items[name].message.startswith("See above: the error in the cell `trainer`") for name in cause.items)
    assert broken.items["act16"].rests_on == ["act11", "act12", "act13", "act14", "act15"]
    assert broken.items["act19"].message.startswith("Depends on act16; fix that first.\n")
    assert not any("SyntaxError" in item.message for item in broken.items.values())


@OF_ALL
def test_no_message_shows_a_hidden_test(outcomes: dict[str, SubmissionOutcome]) -> None:
    for student in outcomes.values():
        for item in student.items.values():
            assert "assert " not in item.message
            assert "test_" not in item.message.replace("test_loader", "")
            assert "autograder/assignments" not in item.message


@OF_ALL
def test_the_full_profile_agrees(taken: list[catalogue.Answer], outcomes: dict[str, SubmissionOutcome]) -> None:
    full = ClassOutcomes.read(FULL)
    assert full.profile == "full"
    assert set(full.submissions) == {answer.name for answer in ANSWERS}
    for answer in taken:
        assert verdicts(full.submissions[answer.name]) == verdicts(outcomes[answer.name]), answer.name


def test_examples_are_in_step_with_the_catalogue(course: Course, tmp_path: Path) -> None:
    written = [path for name in course.assignments() for path in catalogue.write_examples(course, name, tmp_path)]
    kept = sorted((course.root / "examples").rglob("*.ipynb"))
    assert [path.relative_to(course.root / "examples") for path in kept] == sorted(
        path.relative_to(tmp_path) for path in written
    )
    for path in written:
        text = (course.root / "examples" / path.relative_to(tmp_path)).read_text(encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path.name}: run `make examples`"


def test_an_edit_that_does_not_fit_is_refused(course: Course) -> None:
    source = notebook.read(course.source_notebook(ASSIGNMENT))
    release = notebook.read(course.release_notebook(ASSIGNMENT))
    stale = catalogue.Answer("stale", "mistake", "An edit of text that is not there.", edits=(("trainer", "nowhere", ""),))
    with pytest.raises(ValueError, match="nowhere"):
        catalogue.build(stale, source, release)
