"""Evidence is kept by content, and a finished training is not repeated for a change after it."""

from pathlib import Path

import nbformat
import pytest

from autograder.assignment import Assignment, Profile, Settings
from autograder.runs.evidence import Evidence
from autograder.runs.plan import Options
from autograder.runs.store import gather

PROBES = """
import torch
from inside.probing import Evidence, probe

@probe(after="train")
def training(student):
    weights = {"param.w": student.namespace["w"].clone()}
    return Evidence({"losses": list(student.namespace["losses"])}, weights)

@probe(after="last")
def later(student):
    names = student.namespace
    return Evidence({"trained_here": len(names["calls"]), "losses": names["losses"], "text": names["text"]})

def resume(student, document, tensors):
    class Trained:
        def train(self, epochs):
            student.namespace["w"] = tensors["param.w"]
            return list(document["losses"])
    return {"Trainer": Trained}, lambda: student.namespace["losses"] == document["losses"]
"""
TRAINER = """import torch
calls = []
class Trainer:
    def train(self, epochs):
        global w
        calls.append(epochs)
        w = torch.rand(3)
        return [float(w.sum())] * epochs
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
    first = gather(notebook(), toy, options)
    assert later(first)["trained_here"] == 1

    same = gather(notebook(), toy, options)
    assert same.record.seed == first.record.seed  # read from the store

    changed = gather(notebook(last="text = 'second'"), toy, options)
    assert later(changed) == {"trained_here": 0, "losses": later(first)["losses"], "text": "second"}
    assert changed.record.cells["train"].outputs == first.record.cells["train"].outputs

    trained_anew = gather(notebook(trainer=TRAINER + "# another trainer\n"), toy, options)
    assert later(trained_anew)["trained_here"] == 1

    for kept in (tmp_path / "store").glob("trained-*/checkpoint.safetensors"):
        kept.write_bytes(b"damaged")
    after_damage = gather(notebook(last="text = 'third'"), toy, options)
    assert later(after_damage)["trained_here"] == 1
    assert later(after_damage)["text"] == "third"


@pytest.mark.timeout(600)
def test_a_run_that_was_cut_short_leaves_no_checkpoint(toy: Assignment, tmp_path: Path) -> None:
    options = Options(profile="quick", store=tmp_path / "store")
    found = gather(notebook(last="import os\nos._exit(0)"), toy, options)
    assert "last" in found.record.stopped
    assert not list((tmp_path / "store").glob("trained-*"))
