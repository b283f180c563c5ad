"""Evidence is kept by content: what did not change is not run again, and nothing of one run enters another."""

from pathlib import Path

import nbformat
import pytest

from autograder.assignment import Assignment, Profile, Settings
from autograder.runs.evidence import Evidence
from autograder.runs.options import Options
from autograder.runs.plan import planned
from autograder.runs.store import gather

PROBES = """
from inside.probing import Evidence, probe

@probe(after="last")
def later(student):
    names = student.namespace
    return Evidence({"trained_here": len(names["calls"]), "losses": names["losses"], "text": names["text"]})
"""
TRAINER = """import torch
calls = []
class Trainer:
    def train(self, epochs):
        calls.append(epochs)
        return [float(torch.rand(()))] * epochs
"""
TRAIN = "losses = Trainer().train(3)\nprint('trained', len(calls))"


def notebook(trainer: str = TRAINER, last: str = "text = 'first'") -> nbformat.NotebookNode:
    cells = []
    for name, source, tags in (("trainer", trainer, []), ("train", TRAIN, ["training"]), ("last", last, [])):
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": tags})
        cell.metadata["nbgrader"] = {"grade_id": name, "grade": False, "solution": True, "schema_version": 3}
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture
def toy(tmp_path: Path) -> Assignment:
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "probes.py").write_text(PROBES)
    settings = Settings(title="Toy", dataset="mnist", profiles={"quick": Profile(), "full": Profile()})
    return Assignment("toy", folder, settings)


def later(found: Evidence) -> dict[str, object]:
    return found.record.found["later"].document


@pytest.mark.timeout(600)
def test_only_what_changed_is_run_again(toy: Assignment, tmp_path: Path) -> None:
    options = Options(profile="quick", store=tmp_path / "store")
    first = gather(planned(notebook(), toy, options))
    assert later(first)["trained_here"] == 1

    same = gather(planned(notebook(), toy, options))
    assert same.record.seed == first.record.seed  # read from the store

    changed = gather(planned(notebook(last="text = 'second'"), toy, options))
    assert later(changed) == {"trained_here": 1, "losses": later(first)["losses"], "text": "second"}
    assert len(list((tmp_path / "store").iterdir())) == 2

    remarked = gather(planned(notebook(last="# a remark\n\ntext  =  'first'  # and another"), toy, options))
    assert remarked.record == first.record, "read from the store, though the text is another"


@pytest.mark.timeout(600)
def test_a_line_that_is_told_is_one_of_this_text(toy: Assignment, tmp_path: Path) -> None:
    """Evidence of an error, or of a warning that names its line, is used for its own text alone."""
    options = Options(profile="quick", store=tmp_path / "store")
    for last in ("text = nothing", "import warnings\ntext = ''\nwarnings.warn('look here')"):
        for text in (last, f"# a remark\n{last}"):
            first = gather(planned(notebook(last=text), toy, options))
            again = gather(planned(notebook(last=text), toy, options))
            assert again.record == first.record, "read from the store"
            told = first.record.cells["last"]
            line = len(text.splitlines())
            assert told.error.line == line if told.error else f":{line}: UserWarning" in str(told.outputs)
    assert len(list((tmp_path / "store").iterdir())) == 4
