"""The table in the terminal: points, a sign for each item, where points were lost, and who could not be graded."""

import io

import pytest
from rich.console import Console

from autograder.grading import report
from autograder.outcomes import ClassOutcomes, ItemOutcome, SubmissionOutcome


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
    assert "3 graded, 1 could not be graded: di" in shown


def test_every_sign_is_explained(shown: str) -> None:
    for verdict, (glyph, _) in report.GLYPHS.items():
        assert f"{glyph} {report.NAMES[verdict]}" in shown
