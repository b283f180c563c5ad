"""Hidden tests over given evidence: shares of points, findings in the student's words, and faults that are the grader's."""

import contextlib
from pathlib import Path

import pytest
from conftest import HIDDEN

from autograder.assignment import Assignment, Profile, Settings, load
from autograder.course import CourseError
from autograder.judging import thresholds, wording
from autograder.judging.hidden_tests import JudgeError
from autograder.judging.judge import findings, judge
from autograder.notebooks.notebook import Item
from autograder.outcomes import Finding, ItemOutcome, Place, SubmissionOutcome
from autograder.runs.evidence import CellRecord, Evidence, Found, Record

TESTS = '''
import pytest
from autograder.networks.comparison import require
from autograder.runs.evidence import Evidence

@pytest.fixture
def value(evidence: Evidence) -> int:
    return evidence.document("toy", "answer")["value"]

@pytest.mark.item("half", weight=3)
def test_heavy(value):
    """The value is at least one."""
    assert value >= 1, "too small"

@pytest.mark.item("half")
def test_light(value):
    """The value is two."""
    require(value == 2, f"value = {value}", "2", "an off-by-one error")

@pytest.mark.item("all")
def test_all(value, profile):
    """The value is
    a number."""
    assert profile.parameters == {"num_epochs": 1}

@pytest.mark.item("none")
@pytest.mark.needs("half", "all")
def test_none(value):
    """Nothing is right."""
    assert value == 99, "it is 1"

@pytest.mark.item("none")
@pytest.mark.parametrize("bound", [50, 60])
def test_none_again(value, bound):
    """It is large."""
    assert value > bound

@pytest.mark.item("broken")
def test_fine(value):
    """One test of it passes."""

@pytest.mark.item("broken")
def test_fault(value):
    """One has a fault."""
    raise KeyError("a fault of the grader")

@pytest.mark.item("missing")
def test_missing(evidence):
    """The other cell works."""
    evidence.document("absent", "stopped")

@pytest.mark.item("loud")
def test_loud(value):
    """Prints are nobody's business."""
    print("hidden")

def test_without_item(value):
    """Belongs to no item."""
    assert False
'''
ITEMS = [
    Item(name, points, "answer", manual=False)
    for name, points in {
        "half": 4.0,
        "all": 2.0,
        "none": 6.0,
        "broken": 5.0,
        "missing": 1.0,
        "loud": 1.0,
        "untested": 3.0,
    }.items()
]
ANSWER = Place(cell="answer")
MANUAL = Item("essay", 2.0, "essay", manual=True)


def assignment(folder: Path, tests: str, name: str = "toy") -> Assignment:
    made = folder / name
    made.mkdir(parents=True, exist_ok=True)
    (made / f"test_{name}.py").write_text(tests)
    profile = Profile(parameters={"num_epochs": 1})
    return Assignment(name, made, Settings(title="Toy", dataset="mnist", profiles={"quick": profile, "full": Profile()}))


def toy_evidence(value: object = 1) -> Evidence:
    record = Record(
        seed=1, profile="quick", isolation="none", versions={}, stopped={"stopped": "no end in the time allowed"}
    )
    record.cells["answer"] = CellRecord(seconds=0.1)
    record.found["toy"] = Found(document={"value": value, "problem": None})
    return Evidence(record)


def judged(made: Assignment, evidence: Evidence, not_attempted: set[str]) -> dict[str, ItemOutcome]:
    return judge(made, evidence, [*ITEMS, MANUAL], not_attempted, {}, {})[0]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ItemOutcome]:
    made = assignment(tmp_path_factory.mktemp("assignments"), TESTS)
    return judged(made, toy_evidence(), {"all", "none"})


def test_every_autograded_item_has_an_outcome_in_the_order_of_the_notebook(outcomes: dict[str, ItemOutcome]) -> None:
    assert list(outcomes) == [item.id for item in ITEMS]
    assert [outcome.max_points for outcome in outcomes.values()] == [item.max_points for item in ITEMS]


def test_weights_share_the_points(outcomes: dict[str, ItemOutcome]) -> None:
    assert (outcomes["half"].outcome, outcomes["half"].points) == ("partial", 3.0)
    assert wording.message(outcomes["half"]).splitlines() == [
        "ok: The value is at least one.",
        "not yet: The value is two.",
        "  observed: value = 1",
        "  expected: 2",
        "  likely cause: an off-by-one error",
    ]


def test_a_finding_keeps_its_fields(outcomes: dict[str, ItemOutcome]) -> None:
    at_least, two = outcomes["half"].findings
    asked, test = "The value is at least one.", "test_toy.py::test_heavy"
    assert at_least == Finding(item="half", task=asked, passed=True, weight=3, place=ANSWER, test=test)
    assert two == Finding(
        item="half",
        task="The value is two.",
        passed=False,
        observed="value = 1",
        expected="2",
        cause="an off-by-one error",
        place=ANSWER,
        test="test_toy.py::test_light",
    )


def test_an_item_with_all_tests_passed_has_all_points(outcomes: dict[str, ItemOutcome]) -> None:
    assert (outcomes["loud"].outcome, outcomes["loud"].points) == ("passed", 1.0)
    assert wording.message(outcomes["loud"]) == "ok: Prints are nobody's business."


def test_a_right_answer_beside_a_forgotten_placeholder_still_counts(outcomes: dict[str, ItemOutcome]) -> None:
    assert outcomes["all"].outcome == "passed"
    assert wording.message(outcomes["all"]) == "ok: The value is a number."


def test_a_wrong_answer_with_its_placeholder_is_not_attempted(outcomes: dict[str, ItemOutcome]) -> None:
    assert (outcomes["none"].outcome, outcomes["none"].points) == ("not_attempted", 0.0)
    assert wording.message(outcomes["none"]).startswith("Not attempted")


def test_a_fault_of_the_grader_is_not_a_zero_of_the_student(outcomes: dict[str, ItemOutcome]) -> None:
    assert outcomes["broken"].outcome == "could_not_grade"
    assert "KeyError" in wording.message(outcomes["broken"])
    assert "not your mistake" in wording.message(outcomes["broken"])


def test_an_item_without_hidden_test_could_not_be_graded(outcomes: dict[str, ItemOutcome]) -> None:
    assert outcomes["untested"].outcome == "could_not_grade"
    assert "no hidden test has the mark item('untested')" in wording.message(outcomes["untested"])


def test_a_mark_that_names_no_item_is_a_fault_at_the_item_that_was_meant(tmp_path: Path) -> None:
    made = assignment(tmp_path, TESTS.replace('item("loud")', 'item("lond")'))
    outcome = judged(made, toy_evidence(), set())["loud"]
    assert outcome.outcome == "could_not_grade"
    (finding,) = outcome.findings
    assert finding.fault == "its mark item('lond') names no autograded item of the notebook"
    assert finding.test.endswith("::test_loud")


def test_a_fault_names_the_hidden_test_and_its_file(outcomes: dict[str, ItemOutcome]) -> None:
    submission = SubmissionOutcome(status="graded", items=outcomes)
    assert not submission.complete
    assert submission.not_graded == ["broken", "untested"]
    faults = submission.faults()
    assert faults["broken"] == "test_toy.py::test_fault: KeyError: 'a fault of the grader'"
    assert faults["untested"] == "no hidden test has the mark item('untested')"


def test_missing_evidence_fails_with_the_reason(outcomes: dict[str, ItemOutcome]) -> None:
    assert outcomes["missing"].outcome == "failed"
    (finding,) = outcomes["missing"].findings
    assert finding.observed == "the cell `stopped` was stopped: no end in the time allowed"
    assert (finding.stopped_by, finding.place) == ("stopped", Place(cell="stopped"))


def test_failure_that_rests_on_another_says_so(tmp_path: Path) -> None:
    made = assignment(tmp_path, TESTS)
    found = judged(made, toy_evidence(), set())["none"]
    assert (found.outcome, found.points, found.rests_on) == ("failed", 0.0, ["half"])
    assert [finding.rests_on for finding in found.findings] == [("half",), (), ()], "as the test that needs it says"
    assert wording.message(found).splitlines() == [
        "Depends on half; fix that first.",
        "not yet: Nothing is right.",
        "  observed: it is 1",
        "not yet: It is large.",
        "not yet: It is large.",
    ]
    right = judged(made, toy_evidence(2), set())["none"]
    assert (right.rests_on, "Depends" in wording.message(right)) == ([], False)


def test_evidence_that_a_fixture_finds_missing_is_the_submissions_own(tmp_path: Path) -> None:
    broken = toy_evidence()
    broken.record.found["toy"] = Found(document={"problem": "TypeError: bad"})
    found = judged(assignment(tmp_path, TESTS), broken, set())
    assert found["half"].outcome == found["all"].outcome == "failed"
    assert "gave TypeError: bad" in found["half"].findings[0].observed
    assert found["untested"].outcome == "could_not_grade"


def test_evidence_of_an_odd_form_could_not_be_graded(tmp_path: Path) -> None:
    found = judged(assignment(tmp_path, TESTS), toy_evidence("text"), set())
    assert found["half"].outcome == "could_not_grade"


@pytest.mark.parametrize("tests", ["import nothing_of_this_name\n", "def test_x(:\n", "x = 1\n", "def test_x(): pass\n"])
def test_tests_that_do_not_run_are_an_error(tmp_path: Path, tests: str) -> None:
    with pytest.raises(JudgeError):
        judged(assignment(tmp_path, tests, "damaged"), toy_evidence(), set())


def test_two_assignments_with_test_files_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    one = '@pytest.mark.item("all")\ndef test_it():\n    """{}"""\n'
    for text in ("First.", "Second."):
        made = assignment(tmp_path / text, "import pytest\n" + one.format(text))
        assert [finding.task for finding in findings(made, toy_evidence())] == [text]


def test_answers_of_the_catalogue_are_no_hidden_tests(tmp_path: Path) -> None:
    made = assignment(tmp_path, TESTS)
    before = findings(made, toy_evidence())
    (made.folder / "answers" / "mutants").mkdir(parents=True)
    (made.folder / "answers" / "mutants" / "test_accuracy.py").write_text("# %% mutants:\nfor x in test_loader:\n")
    assert findings(made, toy_evidence()) == before


def test_settings_for_other_pytest_runs_do_not_reach_hidden_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing -x")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    made = assignment(tmp_path, TESTS)
    assert len({finding.item for finding in findings(made, toy_evidence())}) == 6


def test_hidden_tests_leave_nothing_in_their_folder(tmp_path: Path) -> None:
    made = assignment(tmp_path, TESTS)
    findings(made, toy_evidence())
    assert [path.name for path in made.folder.iterdir() if path.name != "__pycache__"] == ["test_toy.py"]


def test_an_assignment_without_settings_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"assignment\.toml"):
        load(tmp_path / "absent")
    assert load(HIDDEN / "pa4_convnet").profile("quick").parameters


COUNTING = '''
from pathlib import Path
import pytest
from autograder.judging.thresholds import Threshold

BOUND = Threshold("figure", at_least={{"quick": {bound}}})

@pytest.mark.item("half")
def test_counted(evidence):
    """The figure is large."""
    with Path({log!r}).open("a") as file:
        file.write("{name} ")
    BOUND.require(1.0, "quick", "too small")
    {then}
'''


def kept(folder: Path) -> Evidence:
    if not folder.exists():
        toy_evidence().save(folder)
    found = Evidence.load(folder)
    assert found is not None
    return found


def test_only_files_that_changed_are_run_again(tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "kept"
    made = assignment(tmp_path, COUNTING.format(bound=2, log=str(log), name="one", then=""))
    (made.folder / "test_two.py").write_text(COUNTING.format(bound=0, log=str(log), name="two", then=""))
    assert [finding.passed for finding in findings(made, kept(store))] == [False, True]
    assert [finding.passed for finding in findings(made, kept(store))] == [False, True]
    assert log.read_text() == "one two ", "nothing changed, so nothing runs"
    (made.folder / "test_toy.py").write_text(COUNTING.format(bound=1, log=str(log), name="changed", then=""))
    assert [finding.passed for finding in findings(made, kept(store))] == [True, True]
    assert log.read_text() == "one two changed "
    (made.folder / "reference.py").write_text("SIZE = 1\n")
    findings(made, kept(store))
    assert log.read_text() == "one two changed changed two ", "what tests may import counts for all of them"
    (store / "notes.json").write_text("[")
    assert [finding.passed for finding in findings(made, kept(store))] == [True, True]


FIGURE = '''
from pathlib import Path
import pytest

@pytest.mark.item("half")
def test_figure(evidence):
    """The figure is large."""
    def computed():
        with Path({log!r}).open("a") as file:
            file.write("computed ")
        return 1.0
    assert evidence.notes.once("figure", "of these images", computed) > {bound}
'''


def test_a_figure_that_nothing_asked_for_in_one_grading_is_known_in_the_next(tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "kept"
    made = assignment(tmp_path, FIGURE.format(bound=0, log=str(log)))
    assert findings(made, kept(store))[0].passed
    assert findings(made, kept(store))[0].passed, "what the file found is known, so no figure is asked for"
    (made.folder / "test_toy.py").write_text(FIGURE.format(bound=2, log=str(log)))
    assert not findings(made, kept(store))[0].passed
    assert log.read_text() == "computed "


def test_neither_faults_nor_bounds_that_are_not_in_force_are_kept(tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "kept"
    made = assignment(tmp_path, COUNTING.format(bound=2, log=str(log), name="x", then=""))
    with thresholds.recording(enforce=False) as measured:
        assert findings(made, kept(store))[0].passed
    assert [one.value for one in measured] == [1.0]
    assert not findings(made, kept(store))[0].passed
    with thresholds.recording() as measured:
        findings(made, kept(store))
    assert len(measured) == 1, "what is known is measured again for those who listen"
    faulty = assignment(tmp_path, COUNTING.format(bound=0, log=str(log), name="y", then="raise OSError"), "faulty")
    for _ in range(2):
        assert findings(faulty, kept(store))[0].fault
    assert log.read_text() == "x x x y y "


REMEMBERING = """
import pytest
seen = {}
last = None

@pytest.fixture
def value(evidence):
    return seen.setdefault("value", evidence.document("toy", "answer")["value"])

@pytest.mark.item("half")
def test_value(value):
    \"\"\"The value is one.\"\"\"
    assert value == 1, f"{value}"
"""


def test_what_a_test_module_remembers_of_one_submission_does_not_judge_the_next(tmp_path: Path) -> None:
    made = assignment(tmp_path, REMEMBERING)
    assert [findings(made, toy_evidence(value))[0].passed for value in (1, 2, 1, 2)] == [True, False, True, False]


def test_judging_leaves_the_working_directory_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = assignment(tmp_path, COUNTING.format(bound=1, log=str(tmp_path / "log"), name="one", then=""))
    (tmp_path / "elsewhere").mkdir()
    with contextlib.chdir(tmp_path / "elsewhere"):
        findings(made, toy_evidence())
    here = Path.cwd()
    (made.folder / "test_toy.py").write_text(COUNTING.format(bound=2, log=str(tmp_path / "log"), name="two", then=""))
    findings(made, toy_evidence())
    assert Path.cwd() == here
    made.folder.joinpath("test_toy.py").write_text(REMEMBERING)
    findings(made, toy_evidence())
    assert Path.cwd() == here
