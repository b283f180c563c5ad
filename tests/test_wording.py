"""The words of findings, part by part: one line for each thing, each said once."""

import pytest

from autograder.judging import wording
from autograder.outcomes import Finding, ItemOutcome, Place, RootCause, Verdict


def item(verdict: Verdict, *findings: Finding, **more: object) -> ItemOutcome:
    return ItemOutcome(outcome=verdict, points=0, max_points=1, findings=list(findings), **more)  # type: ignore[arg-type]


def wrong(**fields: object) -> Finding:
    return Finding(item="x", task="It is two.", passed=False, **fields)  # type: ignore[arg-type]


RIGHT = Finding(item="x", task="It is a number.", passed=True)


def test_observed_expected_and_cause_have_lines_of_their_own() -> None:
    found = wrong(observed="1\n\n  or so", expected="2", cause="an off-by-one error")
    assert wording.message(item("partial", RIGHT, found)).splitlines() == [
        "ok: It is a number.",
        "not yet: It is two.",
        "  observed: 1 or so",
        "  expected: 2",
        "  likely cause: an off-by-one error",
    ]


@pytest.mark.parametrize(
    ("fields", "lines"),
    [({}, []), ({"observed": "1"}, ["  observed: 1"]), ({"cause": "why"}, ["  likely cause: why"])],
)
def test_nothing_is_said_where_there_is_nothing_to_say(fields: dict[str, str], lines: list[str]) -> None:
    assert wording.message(item("failed", wrong(**fields))).splitlines() == ["not yet: It is two.", *lines]


@pytest.mark.parametrize(
    ("needed", "line"),
    [
        (["act11"], "Depends on act11; fix that first."),
        (["act01", "act11"], "Depends on act01 and act11; fix those first."),
        (["a", "b", "c"], "Depends on a, b and c; fix those first."),
    ],
)
def test_what_an_item_depends_on_is_said_first_and_its_own_finding_stays(needed: list[str], line: str) -> None:
    found = item("failed", wrong(observed="1", rests_on=tuple(needed)), rests_on=needed)
    assert wording.message(found).splitlines() == [line, "not yet: It is two.", "  observed: 1"]


def test_a_fault_of_the_grader_says_nothing_of_the_student() -> None:
    said = wording.message(item("could_not_grade", RIGHT, wrong(fault="KeyError: 'x'")))
    assert said == (
        "The grader failed at this item (KeyError: 'x'); this is not your mistake, and a person will look at it."
    )


def test_a_placeholder_is_not_attempted_whatever_was_found() -> None:
    assert wording.message(item("not_attempted", wrong(observed="1"))) == wording.NOT_ATTEMPTED


def test_a_note_is_said_last() -> None:
    said = wording.message(item("failed", wrong(observed="1"), note="The training was cut short."))
    assert said.splitlines()[-1] == "The training was cut short."


def test_a_root_cause_without_a_line_names_no_line() -> None:
    cause = RootCause(what="The cell `x` was stopped: no end", next_step="End it.", items=("a",), place=Place(cell="x"))
    assert wording.root_cause(cause).splitlines() == ["The cell `x` was stopped: no end", "  next step: End it."]


def test_one_line_for_tables() -> None:
    found = item("partial", RIGHT, wrong(observed="1", expected="2", cause="an off-by-one error"))
    assert wording.in_one_line(found) == "It is two; observed: 1; expected: 2; likely cause: an off-by-one error"
    assert wording.in_one_line(item("could_not_grade", wrong(fault="KeyError: 'x'"))) == "KeyError: 'x'"
