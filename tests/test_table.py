"""Hidden tests in a table have the item, weight and task of their row, and fail by what the row requires."""

from pathlib import Path

from autograder.assignment import Profile
from autograder.judging.hidden_tests import HiddenTests
from autograder.runs.evidence import Evidence, Record

TESTS = """
from autograder.judging.table import table
from autograder.networks.comparison import require


@table(
    ("first", 2, "The number is positive.", lambda number: require(number > 0, number, "more than 0")),
    ("second", 1, "The number is even.", lambda number: require(number % 2 == 0, number, "an even number")),
    needs={"second": ["first"]},
)
def test_number(evidence, required):
    required(evidence.record.seed)
"""


def test_rows_are_hidden_tests(tmp_path: Path) -> None:
    (tmp_path / "test_numbers.py").write_text(TESTS)
    tests = HiddenTests(tmp_path)
    evidence = Evidence(Record(seed=3, profile="quick", isolation="none", versions={}))
    profile = Profile()
    found = tests.findings(evidence, profile, {"test_numbers.py"})["test_numbers.py"]
    tests.end()
    assert [(one.item, one.weight, one.task, one.passed, one.rests_on) for one in found] == [
        ("first", 2, "The number is positive.", True, ()),
        ("second", 1, "The number is even.", False, ("first",)),
    ]
    assert (found[1].observed, found[1].expected) == ("3", "an even number")
    assert found[1].test == "test_numbers.py::test_number[second-1]"
