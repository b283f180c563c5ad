"""One submission through a real box with toy probes and toy hidden tests: what runs, what is kept, what comes of it."""

import time
from pathlib import Path

import nbformat
import pytest
from conftest import FIND_PIPE
from nbformat import NotebookNode

from autograder.assignment import Assignment, Profile, Settings
from autograder.judging.decision import decide, executed
from autograder.notebooks.notebook import write
from autograder.outcomes import Place
from autograder.runs.cells import cells_to_run
from autograder.runs.collect import collect
from autograder.runs.evidence import Evidence
from autograder.runs.options import Options, choose_device, default_threads, versions
from autograder.runs.plan import planned
from autograder.runs.store import gather

PROBES = '''"""Toy probes."""
import torch
from inside.probing import Evidence, Student, probe

@probe(after="answer")
def value(student: Student) -> Evidence:
    return Evidence({"value": student.namespace["value"], "epochs": student.namespace["num_epochs"]}, {"t": torch.ones(2)})

@probe(after="last")
def last(student: Student) -> Evidence:
    return Evidence({"value": student.namespace["last_value"], "names": sorted(student.namespace.get("ran", []))})
'''
TESTS = '''"""Toy hidden tests."""
import pytest

@pytest.mark.item("item_value")
def test_value(evidence):
    """The value is 42."""
    value = evidence.document("value", "answer")["value"]
    assert value == 42, f"observed: {value}; expected: 42"

@pytest.mark.item("item_exit")
def test_exit(evidence):
    """The cell runs to its end."""
    evidence.document("exit", "exits")

@pytest.mark.item("item_last")
def test_last(evidence):
    """The last value is 1."""
    assert evidence.document("last", "last")["value"] == 1
'''
FORGED = (
    FIND_PIPE
    + """
import json
def forge(**document):
    text = json.dumps(document).encode()
    os.write(pipe, struct.pack(">QQ", len(text), 0) + text)
forge(event="evidence", name="value", document={"value": "forged"})
forge(event="finished", cell="answer", seconds=0.0, error=None,
      outputs=[{"output_type": "stream", "name": "stdout", "text": "forged"}])
"""
)


def cell(name: str, source: str, role: str = "answer", tags: tuple[str, ...] = ()) -> NotebookNode:
    made = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
    graded, solution = role == "item", role == "answer"
    if role != "extra":
        made.metadata["nbgrader"] = {"grade_id": name, "grade": graded, "solution": solution, "schema_version": 3}
    if graded:
        made.metadata["nbgrader"]["points"] = 2
    return made


def notebook(value: str = "42", exits: str = "import os; os._exit(0)") -> NotebookNode:
    cells = [
        nbformat.v4.new_markdown_cell("# Toy"),
        cell("parameters", "num_epochs = 10\nran = []", "given", ("parameters",)),
        cell("answer", f"value = {value}\nran.append('answer')\nprint('shown', num_epochs)"),
        cell("item_value", "ran.append('item')\nraise SystemExit", "item"),
        cell("", "ran.append('extra')\n1 + 1", "extra"),
        cell("exits", exits),
        cell("item_exit", "", "item"),
        cell("slow", "ran.append('not graded')", "given", ("not-graded",)),
        cell("forging", FORGED, "given"),
        cell("last", "last_value = 1\nran.append('last')", tags=("training",)),
        cell("item_last", "", "item"),
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    folder = tmp_path_factory.mktemp("assignments") / "toy"
    folder.mkdir()
    (folder / "probes.py").write_text(PROBES)
    (folder / "test_toy_submission.py").write_text(TESTS)
    profile = Profile(parameters={"num_epochs": 3}, cell_seconds=20, training_seconds=50)
    return Assignment("toy", folder, Settings(title="Toy", dataset="mnist", profiles={"quick": profile, "full": Profile()}))


@pytest.fixture(scope="module")
def evidence(toy: Assignment) -> Evidence:
    return collect(planned(notebook(), toy, Options(profile="quick"), 5))


def test_what_runs_and_for_how_long(toy: Assignment) -> None:
    quick = cells_to_run(notebook(), toy.profile("quick"), everything=False)
    assert [c.id for c in quick] == [
        "parameters", "injected_parameters", "answer", "extra_4", "exits", "forging", "last"
    ]  # fmt: skip
    assert quick[1].source == "num_epochs = 3"
    assert {c.id: c.seconds for c in quick}["last"] == 50
    assert {c.id: c.seconds for c in quick}["answer"] == 20
    assert "injected_parameters" not in [c.id for c in cells_to_run(notebook(), toy.profile("full"), everything=False)]
    everything = [c.id for c in cells_to_run(notebook(), toy.profile("full"), everything=True)]
    assert {"item_value", "slow"} < set(everything)


def test_a_cell_that_ends_the_process_costs_only_itself(evidence: Evidence) -> None:
    assert list(evidence.record.stopped) == ["exits", "forging"]
    assert "ended before its time" in evidence.record.stopped["exits"]
    assert "exits" not in evidence.record.cells
    assert evidence.document("last", "last")["value"] == 1


def test_checks_and_ungraded_cells_do_not_run(evidence: Evidence) -> None:
    assert evidence.document("last", "last")["names"] == ["answer", "extra", "last"]
    assert evidence.document("value", "answer")["epochs"] == 3


def test_a_later_cell_cannot_replace_earlier_evidence(evidence: Evidence) -> None:
    assert evidence.document("value", "answer")["value"] == 42
    assert evidence.tensor("value", "t") is not None
    assert evidence.record.cells["answer"].outputs[0]["text"] == "shown 3\n"
    assert "twice" in evidence.record.stopped["forging"], "what was told a second time was not told by the grader's code"


def test_the_record_says_how_it_came_about(evidence: Evidence) -> None:
    record = evidence.record
    assert (record.seed, record.profile, record.isolation) == (5, "quick", "bubblewrap")
    assert record.versions["torch"].startswith("2.")
    assert record.seconds > 0
    assert record.peak_memory > 100 << 20


def test_the_verdict_of_each_item_and_the_sum(toy: Assignment, evidence: Evidence) -> None:
    release = notebook("...  # your code here", "...  # your code here")
    outcome = decide(notebook(), release, toy, evidence)
    assert (outcome.status, outcome.points, outcome.max_points) == ("graded", 4.0, 6.0)
    assert [item.outcome for item in outcome.items.values()] == ["passed", "failed", "passed"]
    (cause,) = outcome.root_causes
    assert (cause.place, cause.items) == (Place(cell="exits"), ("item_exit",))
    assert cause.what.startswith("The cell `exits` was stopped: ")
    assert outcome.items["item_exit"].message.startswith("See above: the error in the cell `exits`.\nnot judged: ")
    assert len(outcome.flags) == 2
    assert "`exits` was stopped" in outcome.flags[0]


def test_hidden_tests_that_do_not_run_grade_nobody(toy: Assignment, evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import no_such_module_at_all\n")
    outcome = decide(notebook(), notebook(), Assignment("toy", tmp_path, toy.settings), evidence)
    assert outcome.status == "could_not_grade"
    assert outcome.reason is not None
    assert "no_such_module_at_all" in outcome.reason
    assert outcome.items == {}


def test_the_executed_notebook_shows_the_run_and_leaves_the_submission_alone(evidence: Evidence, tmp_path: Path) -> None:
    submitted = notebook()
    submitted.cells[2].outputs = [nbformat.v4.new_output("stream", text="what the student claims")]
    shown = executed(submitted, evidence)
    assert submitted.cells[2].outputs[0].text == "what the student claims"
    assert [output.text for output in shown.cells[2].outputs] == ["shown 3\n"]
    assert shown.cells[4].outputs[0].data["text/plain"] == "2"
    assert shown.cells[3].outputs == []
    assert shown.cells[5].execution_count is None
    counts = [c.execution_count for c in shown.cells if c.cell_type == "code" and c.execution_count]
    assert counts == list(range(1, len(counts) + 1))
    nbformat.validate(shown)
    write(shown, tmp_path / "shown.ipynb")


def test_evidence_is_kept_by_content(toy: Assignment, tmp_path: Path) -> None:
    options = Options(profile="quick", store=tmp_path)
    plain = notebook(exits="pass")
    first = gather(planned(plain, toy, options))
    begun = time.monotonic()
    again = gather(planned(plain, toy, options))
    assert time.monotonic() - begun < 1
    assert again.record == first.record
    plain.cells[0].source = "# Another title"
    assert gather(planned(plain, toy, options)).record.seed == first.record.seed
    other = gather(planned(notebook("7", exits="pass"), toy, options))
    assert other.record.seed != first.record.seed
    assert other.document("value", "answer")["value"] == 7


def test_choices_of_device_threads_and_versions() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cpu", "cuda")
    assert default_threads(10_000) == 1
    assert {"torch", "autograder", "nbgrader"} <= set(versions())
