"""Cells that fail in a real box, and what is told of it: one root cause for each mistake, with the student's own line."""

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.assignment import Assignment, Profile, Settings
from autograder.judging.decision import decide
from autograder.outcomes import Place, RootCause, SubmissionOutcome
from autograder.runs.collect import collect
from autograder.runs.options import Options
from autograder.runs.plan import planned

ANSWERS = {  # by item: the cell is called <item>_cell, and the probe that runs after it asks for a name
    "network": ("class Net:\n    size = 3", "Net"),
    "made": ("net = None\nif 'Net' in globals():\n    net = Net()\nshape = net.size", "shape"),
    "trained": ("losses = [net.size, 1]", "losses"),
    "library": ("figure = 1", "figure"),
    "shown": ("drawn = figure", "drawn"),
    "named": ("rate = 0.1", "rate"),
    "own": ("half = 0.5", "half"),
    "right": ("fine = 1", "fine"),
}
PROBES = '"""Toy probes."""\nfrom inside.probing import Evidence, Student, probe\n' + "".join(
    f"""
@probe(after="{item}_cell")
def {item}(student: Student) -> Evidence:
    return Evidence({{"there": student.namespace["{name}"] is not None}})
"""
    for item, (_, name) in ANSWERS.items()
)
TESTS = '"""Toy hidden tests."""\nimport pytest\n' + "".join(
    f"""
@pytest.mark.item("{item}")
def test_{item}(evidence):
    \"\"\"There is {item}.\"\"\"
    assert evidence.document("{item}", "{item}_cell")["there"]
"""
    for item in ANSWERS
)
WRONG = {
    "network": "\nclass Net:\n    size = max(\n    other = 3\n",
    "library": "import sea_born as sns\nfigure = sns.plot()",
    "named": "rrate = 0.1",
    "own": "half = given_above / 2",
}


def notebook(wrong: dict[str, str]) -> NotebookNode:
    cells = [nbformat.v4.new_code_cell("\nnumber = 1\ngiven_above = number / 0")] if wrong else []
    for item, (source, _) in ANSWERS.items():
        answer = nbformat.v4.new_code_cell(wrong.get(item, source))
        answer.metadata["nbgrader"] = {"grade_id": f"{item}_cell", "grade": False, "solution": True, "schema_version": 3}
        check = nbformat.v4.new_code_cell("")
        check.metadata["nbgrader"] = {"grade_id": item, "grade": True, "solution": False, "schema_version": 3, "points": 2}
        cells += [answer, check]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> SubmissionOutcome:
    folder = tmp_path_factory.mktemp("assignments") / "toy"
    folder.mkdir()
    (folder / "probes.py").write_text(PROBES)
    (folder / "test_toy_causes.py").write_text(TESTS)
    profile = Profile(cell_seconds=20, training_seconds=20)
    toy = Assignment("toy", folder, Settings(title="Toy", dataset="mnist", profiles={"quick": profile, "full": Profile()}))
    submitted, release = notebook(WRONG), notebook({})
    for cell in release.cells:
        cell.source = cell.source and f"{cell.source}  # as handed out"
    return decide(submitted, release, toy, collect(planned(submitted, toy, Options(profile="quick"), 5)))


def cause(outcome: SubmissionOutcome, item: str) -> RootCause:
    number = outcome.items[item].root_cause
    assert number is not None, outcome.items[item]
    return outcome.root_causes[number]


def test_a_syntax_error_voids_what_needs_the_class_and_is_told_once(outcome: SubmissionOutcome) -> None:
    found = cause(outcome, "network")
    assert found.what == "The cell `network_cell` stopped with SyntaxError: '(' was never closed"
    assert found.place == Place(cell="network_cell", line=3, code="size = max(")
    assert found.items == ("network", "made", "trained"), "also where the value is None for want of the class"


def test_a_missing_library_is_named_with_those_that_are_there(outcome: SubmissionOutcome) -> None:
    found = cause(outcome, "library")
    assert found.place == Place(cell="library_cell", line=1, code="import sea_born as sns")
    assert found.items == ("library", "shown")
    assert "sea_born is not installed" in found.next_step
    assert "torchvision" in found.next_step


def test_a_name_that_the_answer_should_give_is_told(outcome: SubmissionOutcome) -> None:
    assert (
        cause(outcome, "named").what == "Using what the cell `named_cell` defines gave NameError: name 'rate' is not defined"
    )


def test_an_error_in_a_cell_of_ones_own_is_where_it_begins(outcome: SubmissionOutcome) -> None:
    found = cause(outcome, "own")
    assert found.what == "A cell of your own stopped with ZeroDivisionError: division by zero"
    assert found.place is not None
    assert (found.place.line, found.place.code) == (3, "given_above = number / 0")


def test_points_are_lost_and_no_item_repeats_the_error(outcome: SubmissionOutcome) -> None:
    assert len(outcome.root_causes) == 4
    lost = {name: item for name, item in outcome.items.items() if item.outcome != "passed"}
    assert (outcome.points, sorted({*ANSWERS} - {*lost})) == (2, ["right"])
    for name, item in lost.items():
        assert (item.outcome, item.points) == ("failed", 0)
        assert item.message.endswith(f"\nnot judged: There is {name}.")
        assert item.message.startswith("See above: the error in ")
        assert "Error:" not in item.message
