"""What a person sees while a class is graded: a bar in a terminal, lines in a log."""

import io

from rich.console import Console

from autograder.grading.progress import ClassProgress
from autograder.grading.time_left import TimeLeft
from autograder.outcomes import SubmissionOutcome

GRADED = SubmissionOutcome(status="graded", points=3, max_points=4, seconds=2.0)
FAILED = SubmissionOutcome(status="could_not_grade", reason="no notebook [here]")


def shown(terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=150, color_system=None)
    with ClassProgress(console, total=5, where=lambda: "3 workers") as progress:
        progress.notify("ada", None)
        progress.notify("zoe [bold]", None)
        progress.notify("ada", GRADED)
        progress.notify("zoe [bold]", FAILED)
        progress.notify("grace " * 30, None)
        progress._progress.refresh()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_how_far_it_is_where_and_who_failed() -> None:
    text = shown(terminal=True)
    assert "2/5" in text
    assert "less than a minute left" in text
    assert "3 workers; 1 could not be graded; grace grace" in text
    assert "gr ..." in text
    assert "zoe [bold]: could not be graded: no notebook [here]" in text
    assert "ada: 3 of 4" not in text


def test_a_log_says_now_and_then_how_long_it_takes() -> None:
    now = [0.0]
    console = Console(file=io.StringIO(), width=150, color_system=None)
    left = TimeLeft(100, 1, None, lambda: now[0])
    with ClassProgress(console, 100, lambda: "", left, lambda: now[0]) as progress:
        for _ in range(12):
            now[0] += 20
            progress.notify("ada", GRADED)
    assert isinstance(console.file, io.StringIO)
    said = [line for line in console.file.getvalue().splitlines() if "done" in line]
    assert said == [
        "1 of 100 done, about 33 minutes left", "4 of 100 done, about 32 minutes left",
        "7 of 100 done, about 31 minutes left", "10 of 100 done, about 30 minutes left",
    ]  # fmt: skip


def test_a_log_has_a_line_for_each_submission_and_no_bar() -> None:
    assert shown(terminal=False).splitlines() == [
        "ada: 3 of 4 points, 2 s",
        "zoe [bold]: could not be graded: no notebook [here]",
    ]
