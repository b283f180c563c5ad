"""How long a class still takes is told before anything has finished, and from the first submission on by the pace."""

import json
import re

import pytest
from conftest import HIDDEN, ROOT

from autograder.assignment import load
from autograder.calibration.calibration import Calibration
from autograder.course import Course
from autograder.grading.time_left import TimeLeft, in_words

ASSIGNMENTS = Course(ROOT).assignments()


class Clock:
    """Seconds that a test lets pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_before_the_first_has_finished_the_profile_says_it() -> None:
    clock = Clock()
    left = TimeLeft(200, 2, 432.0, clock)
    assert in_words(left.seconds() or 0) == "about 12 hours"
    clock.now = 3600
    assert in_words(left.seconds() or 0) == "about 11 hours"
    clock.now = 1e6
    assert left.seconds() == 0
    assert TimeLeft(200, 2, None, clock).seconds() is None


def test_from_the_first_on_the_pace_says_it() -> None:
    clock = Clock()
    left = TimeLeft(101, 1, 1000.0, clock)
    clock.now = 10
    left.finished()
    assert left.seconds() == 1000
    for _ in range(20):  # the last ones count, which take longer
        clock.now += 30
        left.finished()
    assert left.seconds() == 80 * 30
    clock.now += 300
    assert left.seconds() == 80 * 60, "nothing has finished for long"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a minute"), (59, "less than a minute"), (61, "about 1 minute"), (119, "about 2 minutes"),
     (5400, "about 90 minutes"), (7300, "about 2 hours"), (160_000, "about 44 hours"), (200_000, "about 2 days")],
)  # fmt: skip
def test_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_expected_seconds_are_those_that_were_measured(name: str) -> None:
    assignment = load(HIDDEN / name)
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"\| `{name}` \| points, autograded; time \| [\d.]+ \| \d+; ([\d,]+) s", table)
    assert row is not None
    assert assignment.profile("full").expected_seconds == float(row[1].replace(",", ""))
    runs = [run for run in Calibration.read(assignment.folder, name).runs if run.profile == "quick" and not run.problem]
    own = [run.seconds for run in runs if run.answer == runs[0].answer]
    assert min(own) <= (assignment.profile("quick").expected_seconds or 0) <= max(own), json.dumps(own)
