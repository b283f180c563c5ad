"""Notebooks damaged at random: never a crash, never a lost answer, never an attempt where nothing was written.

``EXAMPLES=5000 pytest tests/damage/test_mutated.py`` tries that many, drawn afresh; without it the same are drawn each time.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import nbformat
import pytest
from conftest import ROOT
from hypothesis import given
from trials import bounded

from autograder.judging.attempts import not_attempted
from autograder.notebooks.notebook import cells_by_grade_id, grade_id, items, read, role, to_text
from autograder.notebooks.restore import Restored
from autograder.notebooks.submission import Unreadable, read_submission
from autograder.proof.answer import Answer
from autograder.proof.catalogue import build

Document = dict[str, Any]
Cells = list[Any]
ASSIGNMENTS = ["cnn_blocks", "fashion_cnn", "mnist_cnn", "pa4_convnet"]
RELEASES = {name: read(ROOT / "release" / name / f"{name}.ipynb") for name in ASSIGNMENTS}


def worked(assignment: str) -> Document:
    """The solution handed in, with a line of its own in every answer, as JSON."""
    source = read(ROOT / "source" / assignment / f"{assignment}.ipynb")
    notebook = build(Answer("reference", "right", ""), source, RELEASES[assignment])
    for cell in notebook.cells:
        if role(cell) in ("answer", "manual"):
            cell.source += f"\n# this is what I wrote in {grade_id(cell)}"
    loaded: Document = json.loads(json.dumps(notebook))
    return loaded


WORKED = {name: worked(name) for name in ASSIGNMENTS}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)

Damage = Callable[[Cells, int, int, Any], None]
Done = list[tuple[Damage, int, int, Any]]
"""Damage one after the other, each with two places and a piece of JSON to do it with."""


def drop(cells: Cells, at: int, to: int, junk: Any) -> None:
    del cells[at]


def double(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells.insert(to, copy.deepcopy(cells[at]))


def move(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells.insert(to, cells.pop(at))


def lose_metadata(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells[at]["metadata"] = {}


def lose_id(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells[at].pop("id", None)


def take_another_id(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells[at]["id"] = cells[to].get("id")


def lose_everything_but_text(cells: Cells, at: int, to: int, junk: Any) -> None:
    kept = {"cell_type", "source"}
    cells[at:to] = [{key: value for key, value in cell.items() if key in kept} for cell in cells[at:to]]


def change_type(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells[at]["cell_type"] = ["markdown", "code", "raw", "heading", junk][to % 5]


def break_lines(cells: Cells, at: int, to: int, junk: Any) -> None:
    source = cells[at].get("source")
    if isinstance(source, str):
        cells[at]["source"] = source.splitlines(keepends=True)


def add_own(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells.insert(at, {"cell_type": ["code", "markdown"][to % 2], "source": f"{junk}", "metadata": {}})


def add_outputs(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells[at]["outputs"], cells[at]["execution_count"] = junk, junk


def empty(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells[at]["source"] = ["", " \n", []][to % 3]


HARMLESS: list[Damage] = [
    drop, double, move, lose_metadata, lose_id, take_another_id, lose_everything_but_text, break_lines, add_outputs,
]  # fmt: skip
"""Damage that writes nothing, so that what was not attempted stays so."""


def retype(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells[at][["source", "metadata", "cell_type", "id", "attachments"][to % 5]] = junk


def retype_metadata(cells: Cells, at: int, to: int, junk: Any) -> None:
    if isinstance(cells[at].get("metadata"), dict):
        cells[at]["metadata"][["nbgrader", "tags", "id", "colab"][to % 4]] = junk


def retype_grade_id(cells: Cells, at: int, to: int, junk: Any) -> None:
    metadata = cells[at].get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict):
        metadata["nbgrader"]["grade_id"] = junk


def add_text(cells: Cells, at: int, to: int, junk: Any) -> None:
    source = cells[at].get("source")
    if isinstance(source, str):
        place = to % (len(source) + 1)
        cells[at]["source"] = f"{source[:place]}{junk}{source[place:]}"


def add_no_cell(cells: Cells, at: int, to: int, junk: Any) -> None:
    cells.insert(at, {} if isinstance(junk, dict) else junk)


ANY: list[Damage] = [
    *HARMLESS, change_type, add_own, empty, retype, retype_metadata, retype_grade_id, add_text, add_no_cell,
]  # fmt: skip


def steps(kinds: list[Damage]) -> st.SearchStrategy[Done]:
    place = st.integers(0, 500)
    return st.lists(st.tuples(st.sampled_from(kinds), place, place, JSON), min_size=1, max_size=10)


def damaged(document: Document, done: Done) -> Document:
    made = copy.deepcopy(document)
    cells = made["cells"]
    for damage, at, to, junk in done:
        whole = all(isinstance(cell, dict) for cell in cells)
        if cells and (whole or damage is add_no_cell):
            damage(cells, at % len(cells), to % len(cells), junk)
    return made


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ada") / "homework.ipynb"


def handed_in(path: Path, document: Any, assignment: str) -> Restored | None:
    """The submission, or None if it was refused, in one line that says what to do; and what came out can be graded."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    path.write_bytes(content)
    reason = ""
    try:
        submission = read_submission(path, RELEASES[assignment], assignment)
    except Unreadable as error:
        reason = error.reason
    if reason:
        assert str(path) in reason
        assert "\n" not in reason
        assert len(reason) < 600
        return None
    nbformat.validate(submission.notebook)
    path.write_text(to_text(submission.notebook), encoding="utf-8")
    again = cells_by_grade_id(read_submission(path, RELEASES[assignment], assignment).notebook)
    for name, cell in cells_by_grade_id(submission.notebook).items():
        assert again[name].source == cell.source, f"{name} is read otherwise once it is restored"
    own = {cell.id: cell for cell in submission.notebook.cells}
    for cell in RELEASES[assignment].cells:
        assert own[cell.id].metadata == cell.metadata
        assert own[cell.id].cell_type == cell.cell_type
        if role(cell) in ("given", "item"):
            assert own[cell.id].source == cell.source
    return submission


def text_of(cell: Any) -> str:
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    source = "".join(line for line in source if isinstance(line, str)) if isinstance(source, list) else source
    return source if isinstance(source, str) else ""


def named(cell: Any) -> str:
    metadata = cell.get("metadata") if isinstance(cell, dict) else None
    known = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    found = known.get("grade_id") if isinstance(known, dict) else None
    return found if isinstance(found, str) else ""


def plain(text: str) -> str:
    """The text as it must come out: no carriage returns, no character that no program can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    return text.encode("utf-8", errors="replace").decode("utf-8")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@bounded(90)
@given(done=steps(ANY))
def test_no_answer_is_lost(path: Path, assignment: str, done: Done) -> None:
    document = damaged(WORKED[assignment], done)
    submission = handed_in(path, document, assignment)
    if submission is None:
        return
    found = cells_by_grade_id(submission.notebook)
    whole = "\n".join(cell.source for cell in submission.notebook.cells)
    for cell in RELEASES[assignment].cells:
        name = grade_id(cell)
        mark = f"# this is what I wrote in {name}"
        mine = [other for other in document["cells"] if named(other) == name and mark in text_of(other)]
        if role(cell) in ("answer", "manual") and mine:
            texts = [plain(text_of(other)).strip() for other in mine]
            assert any(text in found[name].source for text in texts), name
            assert all(text in whole for text in texts)
            if len(set(texts)) > 1:
                assert any(name in line for line in submission.repairs)
    for other in document["cells"]:
        for line in text_of(other).splitlines():
            if line.startswith("# this is what I wrote in "):
                assert plain(line) in whole, "a line was dropped that a student wrote"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@bounded(60)
@given(done=steps(HARMLESS))
def test_what_nobody_worked_on_is_not_attempted(path: Path, assignment: str, done: Done) -> None:
    release = RELEASES[assignment]
    submission = handed_in(path, damaged(json.loads(json.dumps(release)), done), assignment)
    if submission is not None:
        expected = {item.id for item in items(release) if not item.manual}
        assert not_attempted(submission.notebook, release) == expected


@bounded(80)
@given(junk=JSON, key=st.sampled_from(["cells", "metadata", "nbformat", "nbformat_minor", "worksheets", "kernelspec"]))
def test_a_document_of_any_form_is_read_or_refused(path: Path, junk: Any, key: str) -> None:
    document = copy.deepcopy(WORKED["mnist_cnn"])
    if key == "kernelspec":
        document["metadata"] = {"kernelspec": junk, "language_info": junk}
    else:
        document[key] = junk
    submission = handed_in(path, document, "mnist_cnn")
    assert submission is not None or key in ("cells", "nbformat")
    handed_in(path, junk, "mnist_cnn")


@bounded(100)
@given(at=st.integers(0, 10**7), new=st.binary(max_size=20), gone=st.integers(0, 2000))
def test_a_file_with_other_bytes_in_it_is_read_or_refused(path: Path, at: int, new: bytes, gone: int) -> None:
    content = json.dumps(WORKED["mnist_cnn"], indent=1).encode()
    at %= len(content)
    handed_in(path, content[:at] + new + content[at + gone :], "mnist_cnn")
