"""The table in the terminal: points, a sign for each item, where points were lost, and who could not be graded."""

import io

import pytest
from rich.console import Console

from autograder.grading import report
from autograder.outcomes import ClassOutcomes, Finding, ItemOutcome, Place, RootCause, SubmissionOutcome


def submission(*verdicts: str) -> SubmissionOutcome:
    items = {
        f"act{number:02d}": ItemOutcome(outcome=verdict, points=2.0 if verdict == "passed" else 0.0, max_points=2.0)  # type: ignore[arg-type]
        for number, verdict in enumerate(verdicts, 1)
    }
    points = sum(item.points for item in items.values())
    return SubmissionOutcome(status="graded", points=points, max_points=2.0 * len(items), seconds=41.4, items=items)


@pytest.fixture
def shown() -> str:
    outcomes = ClassOutcomes(
        schema=2, assignment="pa4_convnet", profile="quick", isolation="bubblewrap", versions={},
        submissions={
            "ada": submission("passed", "passed", "passed", "passed", "passed", "passed"),
            "bo [red]": submission("passed", "partial", "failed", "not_attempted", "could_not_grade", "passed"),
            "cy": submission("not_attempted", "not_attempted"),
            "di": SubmissionOutcome(status="could_not_grade", reason="[bold]no notebook[/bold]", max_points=12),
        },
    )  # fmt: skip
    console = Console(file=io.StringIO(), width=120)
    report.show(outcomes, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


TRAINER = RootCause(
    what="The cell `trainer` stopped with SyntaxError: '(' was never closed",
    next_step="Correct this line.",
    items=("act02", "act03"),
    place=Place(cell="trainer", line=7, code="loss.backward(\x1b[2J[red]"),
)


def shown_alone(outcome: SubmissionOutcome, others: dict[str, SubmissionOutcome]) -> list[str]:
    outcomes = ClassOutcomes(
        assignment="toy", profile="quick", isolation="bubblewrap", versions={}, submissions={"ada": outcome, **others}
    )
    console = Console(file=io.StringIO(), width=100)
    report.show(outcomes, console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_of_one_submission_all_that_was_found_is_shown() -> None:
    outcome = submission("passed", "failed", "failed", "partial", "could_not_grade", "not_attempted")
    outcome.root_causes = [TRAINER]
    for name, item in outcome.items.items():
        item.message = f"not yet: It does {name}.\n  observed: [red]{'word ' * 30}\x1b[2J"
    said = shown_alone(outcome, {})
    at = said.index("The cell `trainer` stopped with SyntaxError: '(' was never closed")
    assert said[at + 1 : at + 3] == ["    line 7: loss.backward(\ufffd[2J[red]", "    next step: Correct this line."]
    assert "act01" not in "\n".join(said[at:]), "nothing is said of what is right"
    at = said.index("✗ act02: failed, 0 of 2 points")
    assert said[at + 1 : at + 3] == ["  not yet: It does act02.", f"    observed: [red]{'word ' * 15}word"]
    assert {
        "◐ act04: partly, 0 of 2 points",
        "? act05: could not be graded",
        "· act06: not attempted, 0 of 2 points",
    } <= set(said)
    assert said[-1] == "0 graded, 1 could not be graded: ada"


def test_of_a_class_a_root_cause_is_one_line_in_the_table() -> None:
    outcome = submission("passed", "failed", "failed")
    outcome.root_causes = [TRAINER]
    said = shown_alone(outcome, {"bo": submission("passed", "failed", "passed")})
    text = " ".join(part for line in said for part in line.strip("│").split("│")[3:4])
    assert " ".join(text.split()) == (
        "The cell `trainer` stopped with SyntaxError: '(' was never closed (line 7) act02, act03 act02"
    )
    assert not any("next step" in line for line in said)


def row(shown: str, student: str) -> str:
    return next(line for line in shown.splitlines() if f" {student} " in line)


def test_points_and_signs_of_each_student(shown: str) -> None:
    assert "12/12" in row(shown, "ada")
    assert "✓✓✓✓✓ ✓" in row(shown, "ada")
    assert "4/12" in row(shown, "bo [red]")
    assert "✓◐✗·? ✓" in row(shown, "bo [red]")
    assert "act02, act03, act04, act05" in row(shown, "bo [red]")
    assert "41" in row(shown, "ada")


def test_nothing_attempted_is_said_in_words(shown: str) -> None:
    assert "nothing attempted" in row(shown, "cy")


def test_who_could_not_be_graded_has_a_reason_and_no_points(shown: str) -> None:
    assert "could not grade" in row(shown, "di")
    assert "[bold]no notebook[/bold]" in row(shown, "di")
    assert "0/12" not in row(shown, "di")
    assert "2 graded, 2 could not be graded: bo [red], di" in shown


def test_of_each_fault_of_the_grader_is_said_where_it_is_and_whom_it_met() -> None:
    class_of_30 = {f"s{number:02}": submission("passed", "could_not_grade", "could_not_grade") for number in range(30)}
    for outcome in class_of_30.values():
        one = {"passed": False, "task": "The graph is right."}
        outcome.items["act02"].findings = [
            Finding(item="act02", fault="KeyError: 'x[red]'", test="test_a.py::test_b", **one)
        ]
        outcome.items["act03"].findings = [Finding(item="act03", fault="no hidden test has the mark item('act03')", **one)]
    class_of_30["s29"].items["act03"].outcome = "passed"
    said = shown_alone(submission("passed"), class_of_30)
    names = ", ".join(f"s{number:02}" for number in range(20))
    assert f"act02 could not be graded ({names} and 10 more): test_a.py::test_b: KeyError: 'x[red]'" in said
    assert f"act03 could not be graded ({names} and 9 more): no hidden test has the mark item('act03')" in said
    assert said[-1] == f"1 graded, 30 could not be graded: {names} and 10 more"
    assert report.line("ada", class_of_30["s00"]) == "ada: 2 of 6 points, 41 s; could not be graded: act02, act03"


def test_another_profile_is_written_at_the_points() -> None:
    trial = submission("passed").model_copy(update={"profile": "proof"})
    said = "\n".join(shown_alone(submission("passed").model_copy(update={"profile": "full"}), {"bo": trial}))
    assert "2/2 (proof)" in row(said, "bo")
    assert "(full)" not in said
    assert report.line("bo", trial) == "bo: 2 of 2 points at profile proof, 41 s"


def test_every_sign_is_explained(shown: str) -> None:
    for verdict, (glyph, _) in report.GLYPHS.items():
        assert f"{glyph} {report.NAMES[verdict]}" in shown
