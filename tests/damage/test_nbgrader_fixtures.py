"""The notebooks that nbgrader tests itself with, and whatever else lies beside them, handed in as if they were homework."""

import json
from importlib.resources import files
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbformat import NotebookNode

from autograder.judging.attempts import not_attempted
from autograder.notebooks.notebook import cells_by_grade_id, grade_id, items, read, role
from autograder.notebooks.restore import NOT_RUN
from autograder.notebooks.submission import Unreadable, read_submission

FOLDER = Path(str(files("nbgrader") / "tests"))
FIXTURES = [path for path in sorted(FOLDER.glob("*/files/*")) if path.is_file()]
NOTEBOOKS = [path for path in FIXTURES if path.suffix == ".ipynb"]
ASSIGNMENTS = ["cnn_blocks", "fashion_cnn", "mnist_cnn", "pa4_convnet"]
RELEASES = {name: read(ROOT / "release" / name / f"{name}.ipynb") for name in ASSIGNMENTS}


def name_of(path: Path) -> str:
    return f"{path.parts[-3]}/{path.name}"


def test_the_fixtures_are_there() -> None:
    assert len(NOTEBOOKS) >= 50
    assert {"test-v0.ipynb", "too-new.ipynb", "duplicate-grade-ids.ipynb", "no-cell-type.ipynb"} <= {
        p.name for p in NOTEBOOKS
    }


@pytest.mark.sampled("damage", 0.12)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("path", FIXTURES, ids=name_of)
def test_what_belongs_to_another_course_is_refused_in_one_line(path: Path, assignment: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_submission(path, RELEASES[assignment], assignment)
    reason = caught.value.reason
    assert reason.startswith(f"{path}: ")
    assert "\n" not in reason
    assert len(reason) < 500 + len(str(path))
    assert "ask" in reason or "save it as" in reason


def as_a_release(path: Path) -> NotebookNode | None:
    """A fixture in the role of an assignment that was handed out; None for what no course could hand out."""
    try:
        released = nbformat.read(path, as_version=4)
        nbformat.validate(released)
    except Exception:
        return None
    named = [grade_id(cell) for cell in released.cells if grade_id(cell)]
    whole = all(
        cell.metadata.nbgrader.get("points") is not None for cell in released.cells if role(cell) in ("item", "manual")
    )
    return released if named and whole and len(named) == len(set(named)) else None


RELEASED = {path: released for path in NOTEBOOKS if (released := as_a_release(path))}


@pytest.mark.parametrize("path", RELEASED, ids=name_of)
def test_what_was_handed_out_itself_is_read_and_nothing_was_attempted(path: Path) -> None:
    released = RELEASED[path]
    submission = read_submission(path, released, "theirs")
    assert [(cell.cell_type, cell.source) for cell in submission.notebook.cells] == [
        (cell.cell_type, cell.source) for cell in released.cells
    ]
    expected = {item.id for item in items(released) if not item.manual and item.answer}
    assert not_attempted(submission.notebook, released) == expected


@pytest.mark.parametrize("path", RELEASED, ids=name_of)
def test_cells_added_to_an_assignment_of_any_format_are_kept(path: Path, tmp_path: Path) -> None:
    document = json.loads(path.read_text())
    if "cells" in document:
        for at in range(len(document["cells"]), -1, -3):
            document["cells"].insert(at, {"cell_type": "code", "source": f"mine_{at} = {at}", "metadata": {}})
        (tmp_path / "homework.ipynb").write_text(json.dumps(document))
        submission = read_submission(tmp_path / "homework.ipynb", RELEASED[path], "theirs")
        nbformat.validate(submission.notebook)
        whole = [cell.source for cell in submission.notebook.cells]
        assert [at for at in range(len(document["cells"])) if any(f"mine_{at} = {at}" in text for text in whole)]


PAIRS = [
    ("apps", "submitted-unchanged.ipynb", "submitted-changed.ipynb"),
    ("apps", "submitted-unchanged.ipynb", "submitted-grade-cell-changed.ipynb"),
    ("apps", "submitted-unchanged.ipynb", "submitted-locked-cell-changed.ipynb"),
    ("apps", "submitted-unchanged.ipynb", "submitted-cheat-attempt.ipynb"),
    ("apps", "submitted-unchanged.ipynb", "submitted-cheat-attempt-alternative.ipynb"),
    ("preprocessors", "submitted-unchanged.ipynb", "submitted-grade-cell-type-changed.ipynb"),
    ("preprocessors", "submitted-unchanged.ipynb", "submitted-answer-cell-type-changed.ipynb"),
    ("apps", "autotest-simple-unchanged.ipynb", "autotest-simple-changed.ipynb"),
    ("apps", "test.ipynb", "test-v0.ipynb"),
    ("apps", "test.ipynb", "test-v1.ipynb"),
    ("apps", "test.ipynb", "test-v2.ipynb"),
    ("apps", "test.ipynb", "test-with-output.ipynb"),
    ("apps", "test.ipynb", "test-no-metadata.ipynb"),
    ("apps", "test.ipynb", "test-v0-invalid.ipynb"),
]


def changed_locked(place: Path, submitted: str) -> set[str]:
    """The code that stands in locked cells of a submission."""
    cells = json.loads((place / submitted).read_text()).get("cells", [])
    locked = [cell for cell in cells if cell.get("metadata", {}).get("nbgrader", {}).get("locked")]
    return {"".join(cell["source"]) for cell in locked if cell["cell_type"] == "code"}


@pytest.mark.parametrize(("folder", "release", "submitted"), PAIRS)
def test_what_was_damaged_is_repaired_to_what_was_handed_out(folder: str, release: str, submitted: str) -> None:
    place = FOLDER / folder / "files"
    released = nbformat.read(place / release, as_version=4)
    submission = read_submission(place / submitted, released, "theirs")
    # Changed locked cells stay as cells of the student's own, code among them is not run.
    own = [cell for cell in submission.notebook.cells if not grade_id(cell)]
    assert all(NOT_RUN in cell.metadata.get("tags", []) for cell in own if cell.source in changed_locked(place, submitted))
    handed_out = {cell.source for cell in released.cells}
    found = [cell for cell in submission.notebook.cells if grade_id(cell) or cell.source in handed_out]
    assert [grade_id(cell) for cell in found] == [grade_id(cell) for cell in released.cells]
    for mine, theirs in zip(found, released.cells, strict=True):
        assert mine.cell_type == theirs.cell_type
        assert mine.metadata == theirs.metadata
        if role(theirs) in ("given", "item"):
            assert mine.source == theirs.source
    handed_in = {
        cell["metadata"]["nbgrader"].get("grade_id"): "".join(cell["source"])
        for cell in json.loads((place / submitted).read_text()).get("cells", [])
        if "nbgrader" in cell.get("metadata", {})
    }
    for name, cell in cells_by_grade_id(submission.notebook).items():
        if role(cell) == "answer" and name in handed_in:
            assert cell.source.strip() == handed_in[name].strip()
