"""Whatever an editor made of a notebook, the answers in it are graded as they were written, and each repair is said."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbformat import NotebookNode
from round_trips import TRIPS

from autograder.judging.attempts import not_attempted
from autograder.notebooks.notebook import cells_by_grade_id, grade_id, items, read, role, tags
from autograder.notebooks.recognise import TEXT_STUB
from autograder.notebooks.restore import Restored
from autograder.notebooks.submission import Unreadable, read_submission
from autograder.proof.answer import Answer
from autograder.proof.catalogue import build

ASSIGNMENTS = ["cnn_blocks", "fashion_cnn", "mnist_cnn", "pa4_convnet"]
RELEASES = {name: read(ROOT / "release" / name / f"{name}.ipynb") for name in ASSIGNMENTS}
SOURCES = {name: read(ROOT / "source" / name / f"{name}.ipynb") for name in ASSIGNMENTS}
HandIn = Callable[[str, NotebookNode], Restored]


def reference(assignment: str) -> NotebookNode:
    """The solution handed in, each written answer in words of its own."""
    notebook = build(Answer("reference", "right", ""), SOURCES[assignment], RELEASES[assignment])
    for cell in notebook.cells:
        if role(cell) == "manual":
            cell.source = f"My answer to {grade_id(cell)}: it depends, because one run is one run."
    return notebook


@pytest.fixture
def hand_in(tmp_path: Path) -> HandIn:
    def write_and_read(assignment: str, notebook: NotebookNode) -> Restored:
        path = tmp_path / "ada" / assignment / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        submission = read_submission(path, RELEASES[assignment], assignment)
        nbformat.validate(submission.notebook)
        return submission

    return write_and_read


def answers(notebook: NotebookNode) -> dict[str, list[str]]:
    """The lines of each answer, blank ones and line ends aside: those of its cell and of what runs right below it."""
    found: dict[str, list[str]] = {}
    name = ""
    for cell in notebook.cells:
        kind = role(cell)
        if kind in ("answer", "manual"):
            name = grade_id(cell)
            found[name] = []
        elif kind != "extra" or "not-graded" in tags(cell):
            name = ""
        if name:
            found[name] += [line.rstrip() for line in cell.source.splitlines() if line.strip()]
    return found


def given(notebook: NotebookNode) -> list[tuple[str, str, str]]:
    """Everything that is the release's own: id, type and text of the locked cells, in order."""
    return [(cell.id, cell.cell_type, cell.source) for cell in notebook.cells if role(cell) in ("given", "item")]


SILENT = {"colab_saved", "vscode_saved", "jupyterlab_saved", "through_jupytext", "windows_line_ends"}
"""Trips that change nothing that matters, so that there is nothing to report."""


@pytest.mark.sampled("damage", 0.12)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("name", TRIPS)
def test_every_answer_is_graded_as_it_was_written(hand_in: HandIn, name: str, assignment: str) -> None:
    mine = reference(assignment)
    submission = hand_in(assignment, TRIPS[name](mine))
    assert answers(submission.notebook) == answers(mine)
    assert given(submission.notebook) == given(RELEASES[assignment])
    if name != "split_with_metadata_on_the_first_half":  # a second half without marks runs where it stands
        assert (submission.repairs == []) == (name in SILENT), submission.repairs


@pytest.mark.sampled("damage", 0.12)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("name", TRIPS)
def test_an_untouched_release_stays_untouched(hand_in: HandIn, name: str, assignment: str) -> None:
    release = RELEASES[assignment]
    submission = hand_in(assignment, TRIPS[name](release))
    assert not_attempted(submission.notebook, release) == {item.id for item in items(release) if not item.manual}
    assert {cells_by_grade_id(submission.notebook)[item.id].source for item in items(release) if item.manual} <= {
        TEXT_STUB, *(cell.source for cell in release.cells if role(cell) == "manual")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("merged_with_the_code_above", "network_graph", "had been merged with a neighbour, they are separate cells again"),
        ("every_cell_merged_with_the_next_code", "trainer", "had been merged with a neighbour"),
        ("jupyterlab_split", "learning_rate", "had been split into several cells, they are one again"),
        ("vscode_language_changed", "trainer", "the cell's type had changed, it is code again"),
        ("vscode_language_changed", "notebook", "its kernel was for julia, it is Python again"),
        ("colab_copied_to_drive_with_new_ids", "convnet", "nbgrader's metadata was lost, recognised by its content"),
        ("vscode_without_nbgrader", "act20", "nbgrader's metadata was lost, recognised by its place"),
        ("grade_ids_renamed_by_a_new_schema", "convnet", "nbgrader's metadata was lost, recognised by its cell id"),
        ("answers_at_the_end", "notebook", "cells were moved, they are in the released order again"),
        ("only_answers_left", "act01", "locked cell is missing, it was put back"),
        ("every_cell_copied", "filters", "the cell was duplicated, the worked copy is graded"),
        ("notebook_of_format_3", "notebook", "format 3 was converted to format 4"),
    ],
)
def test_a_repair_is_said_with_the_name_of_its_cell(hand_in: HandIn, name: str, answer: str, said: str) -> None:
    repairs = hand_in("pa4_convnet", TRIPS[name](reference("pa4_convnet"))).repairs
    found = [line for line in repairs if said in line]
    assert any(answer in line.partition(":")[0].split(", ") for line in found), repairs


def position(notebook: NotebookNode, name: str) -> int:
    return next(number for number, cell in enumerate(notebook.cells) if grade_id(cell) == name)


def test_another_try_below_an_answer_is_not_taken_for_its_second_half(hand_in: HandIn) -> None:
    mine = reference("pa4_convnet")
    here = position(mine, "learning_rate")
    mine.cells[here].source = "### ACT16\nlearning_rate = 0.01"
    again = copy.deepcopy(mine.cells[here])
    again.source = "learning_rate = 0.1"
    again["id"] = "another1"
    mine.cells.insert(here + 1, again)
    submission = hand_in("pa4_convnet", mine)
    assert cells_by_grade_id(submission.notebook)["learning_rate"].source == "### ACT16\nlearning_rate = 0.01"
    assert any("2 different copies" in line for line in submission.repairs)


def test_copies_that_differ_in_indentation_are_both_kept(hand_in: HandIn) -> None:
    mine = reference("pa4_convnet")
    here = position(mine, "test_accuracy")
    broken = copy.deepcopy(mine.cells[here])
    broken.source = "\n".join(line.strip() for line in broken.source.splitlines())
    broken["id"] = "flat-one"
    mine.cells.insert(here + 1, broken)
    submission = hand_in("pa4_convnet", mine)
    assert cells_by_grade_id(submission.notebook)["test_accuracy"].source == mine.cells[here].source
    assert broken.source in [cell.source for cell in submission.notebook.cells]


def test_code_written_below_an_untouched_cell_is_the_answer_if_it_defines_it(hand_in: HandIn) -> None:
    mine = reference("pa4_convnet")
    solved = mine.cells[position(mine, "convnet")].source
    release = cells_by_grade_id(RELEASES["pa4_convnet"])["convnet"]
    mine.cells[position(mine, "convnet")].source = release.source
    mine.cells.insert(position(mine, "convnet") + 1, nbformat.v4.new_code_cell(f"# my own\n{solved.replace('#', '# -')}"))
    submission = hand_in("pa4_convnet", mine)
    assert cells_by_grade_id(submission.notebook)["convnet"].source.startswith(release.source + "\n# my own\n")
    assert [line for line in submission.repairs if "convnet: answered in an added cell below" in line]
    assert not [cell for cell in submission.notebook.cells if cell.id.startswith("extra-")]


def test_code_that_defines_nothing_below_an_untouched_cell_is_flagged(hand_in: HandIn) -> None:
    mine = reference("pa4_convnet")
    mine.cells[position(mine, "filters")].source = cells_by_grade_id(RELEASES["pa4_convnet"])["filters"].source
    mine.cells.insert(position(mine, "filters") + 1, nbformat.v4.new_code_cell("print(2 + 2)"))
    submission = hand_in("pa4_convnet", mine)
    assert submission.flags == ["filters: nothing was written in this cell, but there is code in a cell added below it."]
    assert "act21" in not_attempted(submission.notebook, RELEASES["pa4_convnet"])


def test_the_checks_text_inside_an_answer_stays_where_the_check_itself_is_there_too(hand_in: HandIn) -> None:
    mine = reference("pa4_convnet")
    check = cells_by_grade_id(mine)["act10"].source
    graph = mine.cells[position(mine, "network_graph")]
    graph.source += f"\n{check}"
    assert cells_by_grade_id(hand_in("pa4_convnet", mine).notebook)["network_graph"].source == graph.source


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_deleted_answers_are_not_attempted_and_named(hand_in: HandIn, assignment: str) -> None:
    mine = reference(assignment)
    gone = [cell for cell in mine.cells if role(cell) == "answer"][::2]
    mine.cells = [cell for cell in mine.cells if cell not in gone]
    submission = hand_in(assignment, mine)
    release = RELEASES[assignment]
    names = {grade_id(cell) for cell in gone}
    assert {i.id for i in items(release) if not i.manual and i.answer in names} == not_attempted(
        submission.notebook, release
    )
    assert next(line for line in submission.repairs if "the empty one was put back" in line).startswith(grade_id(gone[0]))


def as_a_script(notebook: NotebookNode) -> bytes:
    """The notebook as a percent script under the notebook's name."""
    return "\n\n".join(f"# %%\n{cell.source}" for cell in notebook.cells).encode()


def as_one_cell(notebook: NotebookNode) -> bytes:
    """Everything pasted into one text cell of a new notebook."""
    text = "\n".join(cell.source for cell in notebook.cells)
    return json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell(text)])).encode()


def outputs_alone(notebook: NotebookNode) -> bytes:
    """A notebook of the same shape whose cells have lost their text."""
    cells = [nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("stream", text="100 %")]) for _ in notebook.cells]
    return json.dumps(nbformat.v4.new_notebook(cells=cells)).encode()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("made", [as_a_script, outputs_alone])
def test_what_no_person_could_repair_is_refused_in_one_line(
    tmp_path: Path, assignment: str, made: Callable[[NotebookNode], bytes]
) -> None:
    path = tmp_path / f"{assignment}.ipynb"
    path.write_bytes(made(reference(assignment)))
    with pytest.raises(Unreadable) as caught:
        read_submission(path, RELEASES[assignment], assignment)
    assert "\n" not in caught.value.reason
    assert "ask" in caught.value.reason


STRANGE_IDS: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "prefix": "cell-{}".format,
    "suffix": "{}-1".format,
    "endless": lambda name: name + "x" * 100_000,
    "control characters": "\x1b]0;PWNED\x07\x1b[31m\u202e{}\n\x00\ud800".format,
}


def renamed(notebook: NotebookNode, strange: str) -> NotebookNode:
    """The notebook with other ids on all its cells, as an editor or a person may write them."""
    for n, cell in enumerate(notebook.cells):
        if grade_id(cell):
            cell.metadata.nbgrader.grade_id = STRANGE_IDS[strange](grade_id(cell))
        cell["id"] = f"strange-{n}"
    return notebook


@pytest.mark.sampled("damage", 0.12)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("strange", STRANGE_IDS)
@pytest.mark.parametrize("only_answers", [False, True], ids=["whole", "answers alone"])
def test_cells_of_this_assignment_under_strange_ids_are_graded(
    hand_in: HandIn, assignment: str, strange: str, only_answers: bool
) -> None:
    right = reference(assignment)
    mine = renamed(copy.deepcopy(right), strange)
    if only_answers:
        mine.cells = [cell for cell in mine.cells if role(cell) in ("answer", "manual")]
    submission = hand_in(assignment, mine)
    assert answers(submission.notebook) == answers(right)
    assert given(submission.notebook) == given(right)
    assert any("recognised by its content" in line for line in submission.repairs)
    assert all(line.isprintable() and len(line) < 2_000 for line in submission.repairs + submission.flags)


@pytest.mark.sampled("damage", 0.12)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("other", ASSIGNMENTS)
@pytest.mark.parametrize("strange", [None, "prefix", "endless", "control characters"])
def test_another_assignments_notebook_is_refused_whatever_its_ids(
    hand_in: HandIn, assignment: str, other: str, strange: str | None
) -> None:
    if assignment == other:
        return
    mine = reference(other)
    with pytest.raises(Unreadable, match=f"is a notebook of another assignment than {assignment}") as caught:
        hand_in(assignment, renamed(mine, strange) if strange else mine)
    assert caught.value.reason.isprintable()
    assert len(caught.value.reason) < 1_000
