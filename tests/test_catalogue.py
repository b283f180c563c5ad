"""Whole submissions, right and wrong, from file to outcome: each gets exactly the verdicts it must get."""

import io
import re
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
from autograder.proof.answer import Answer

NAMES = Course.find(Path(__file__)).assignments()
Test = TypeVar("Test", bound=Callable[..., None])
OF_ALL = pytest.mark.sampled("catalogue")
WHOLE = "pa4_convnet"  # all its examples; a training of others takes a minute and more, so of them what trains little
UNFIT = ("unfinished", "damaged", "hostile")
ANSWERS = {
    name: [
        answer
        for answer in catalogue.answers(HIDDEN / name)
        if answer.graded_as_a_file and (name == WHOLE or answer.kind in UNFIT)
    ]
    for name in NAMES
}
FULL = Path(__file__).parent / "full_profile"
Outcomes = dict[str, dict[str, SubmissionOutcome]]


def about(chosen: Callable[[Answer], bool], *names: str) -> Callable[[Test], Test]:
    """A test of the outcome of each of these answers, of all assignments or the named ones, if they are in the sample."""
    listed = [(name, answer) for name in names or NAMES for answer in ANSWERS[name] if chosen(answer)]
    of_each = pytest.mark.parametrize(("name", "answer"), listed, ids=[f"{name}-{answer.name}" for name, answer in listed])
    return lambda test: pytest.mark.sampled("catalogue", 0.06)(of_each(test))


def called(*names: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.name in names


@pytest.fixture(scope="module")
def course() -> Course:
    return Course.find(Path(__file__))


@pytest.fixture(scope="module")
def taken(request: pytest.FixtureRequest) -> dict[str, list[Answer]]:
    """The answers that are asked for, by assignment: all, or a sample."""
    given = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    asked = {(one["name"], one["answer"].name) for one in given if isinstance(one.get("answer"), Answer) and "name" in one}
    return {name: [answer for answer in ANSWERS[name] if (name, answer.name) in asked] for name in NAMES}


@pytest.fixture(scope="module")
def outcomes(course: Course, taken: dict[str, list[Answer]], tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """These answers, graded once at quick profile with an evidence store of its own, by assignment."""
    found = {}
    for name, answers in taken.items():
        folder = tmp_path_factory.mktemp(name)
        source, release = notebook.read(course.source_notebook(name)), notebook.read(course.release_notebook(name))
        for answer in answers:
            path = folder / "submitted" / answer.name / name / f"{name}.ipynb"
            notebook.write_text(path, catalogue.handed_in(answer, source, release))
        if answers:
            session = Session(
                course=course,
                assignment=name,
                submitted=folder / "submitted",
                out=folder,
                profile="quick",
                device="cpu",
                jobs=2,
                store=folder / "evidence",
            )
            found[name] = session.run(Console(file=io.StringIO())).submissions
    return found


def verdicts(outcome: SubmissionOutcome) -> dict[str, str]:
    return {name: item.outcome for name, item in outcome.items.items() if item.outcome != "passed"}


@about(lambda answer: True)
@pytest.mark.timeout(1800)
def test_verdicts(name: str, answer: Answer, outcomes: Outcomes) -> None:
    found = outcomes[name][answer.name]
    assert found.status == ("could_not_grade" if answer.damage == "cut_off" else "graded"), found.reason
    messages = {item: outcome.message for item, outcome in found.items.items() if outcome.outcome != "passed"}
    assert verdicts(found) == answer.verdicts, messages


@about(lambda answer: (answer.kind == "right" or answer.damage == "metadata_lost") and not answer.verdicts)
def test_the_right_answers_earn_every_point(name: str, answer: Answer, outcomes: Outcomes) -> None:
    found = outcomes[name][answer.name]
    assert found.points == found.max_points > 50


@about(called("untouched_release", "replaces_equal_and_assert", "nothing_but_claims"))
def test_where_nothing_is_answered_nothing_is_earned(name: str, answer: Answer, outcomes: Outcomes) -> None:
    assert outcomes[name][answer.name].points == 0


@pytest.mark.parametrize("name", ["cnn_blocks", "fashion_cnn", "mnist_cnn", "pa4_convnet"])
def test_every_catalogue_has_unfinished_damaged_and_hostile_answers(name: str) -> None:
    kinds = [answer.kind for answer in ANSWERS[name]]
    assert all(kinds.count(kind) >= 2 for kind in UNFIT)


@about(called("mistake_errors_counted_in_batches"), WHOLE)
def test_messages_say_observed_expected_and_cause(name: str, answer: Answer, outcomes: Outcomes) -> None:
    found = outcomes[name][answer.name].items["act19"].message
    for part in (
        "`err` is the number of misclassified images",
        "\n  observed: err = ",
        "\n  expected: ",
        "batches are counted",
    ):
        assert part in found


@about(called("syntax_error_in_trainer"), WHOLE)
def test_a_syntax_error_is_told_once_with_the_students_line(name: str, answer: Answer, outcomes: Outcomes) -> None:
    broken = outcomes[name][answer.name]
    (cause,) = broken.root_causes
    assert cause.what == "The cell `trainer` stopped with SyntaxError: '(' was never closed"
    assert cause.place is not None
    assert (cause.place.cell, cause.place.code) == ("trainer", "loss.backward(")
    assert cause.items == ("act11", "act12", "act13", "act14", "act15", "act16")
    assert all(broken.items[item].message.startswith("See above: the error in the cell `trainer`") for item in cause.items)
    assert broken.items["act16"].rests_on == ["act11", "act12", "act13", "act14", "act15"]
    assert broken.items["act19"].message.startswith("Depends on act16; fix that first.\n")
    assert not any("SyntaxError" in item.message for item in broken.items.values())


@OF_ALL
def test_no_message_shows_a_hidden_test(course: Course, outcomes: Outcomes) -> None:
    for name, students in outcomes.items():
        released = course.release_notebook(name).read_text(encoding="utf-8")
        for item in (item for student in students.values() for item in student.items.values()):
            assert "assert " not in item.message
            assert [word for word in re.findall(r"test_\w*", item.message) if word not in released] == []
            assert "autograder/assignments" not in item.message


@OF_ALL
def test_the_full_profile_agrees(taken: dict[str, list[Answer]], outcomes: Outcomes) -> None:
    for path in sorted(FULL.glob("*.outcomes.json")):
        full, name = ClassOutcomes.read(path), path.name.removesuffix(".outcomes.json")
        assert full.profile == "full"
        # A damaged file has the reference's cells, or none.
        assert set(full.submissions) == {answer.name for answer in ANSWERS[name] if not answer.damage}
        for answer in taken[name]:
            if not answer.damage:
                assert verdicts(full.submissions[answer.name]) == verdicts(outcomes[name][answer.name]), answer.name


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
    source, release = (notebook.read(find(WHOLE)) for find in (course.source_notebook, course.release_notebook))
    stale = Answer("stale", "mistake", "An edit of text that is not there.", edits=(("trainer", "nowhere", ""),))
    with pytest.raises(ValueError, match="nowhere"):
        catalogue.build(stale, source, release)
