"""Reading submissions: damage is repaired or refused, and nothing that a student wrote is lost."""

import copy
import gzip
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.notebooks.notebook import cells_by_grade_id, grade_id, read, role, tags, to_text
from autograder.notebooks.recognise import CODE_STUB, TEXT_STUB
from autograder.notebooks.restore import Restored
from autograder.notebooks.submission import MAX_BYTES, Unreadable, read_submission

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "pa4_convnet"
RELEASE = read(ROOT / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
ANSWERS = [grade_id(cell) for cell in RELEASE.cells if role(cell) == "answer"]
MANUAL = [grade_id(cell) for cell in RELEASE.cells if role(cell) == "manual"]
Handin = Callable[[Any], Restored]


@pytest.fixture
def worked() -> NotebookNode:
    """The release with every stub replaced, each answer by text of its own."""
    notebook = copy.deepcopy(RELEASE)
    for cell in notebook.cells:
        if role(cell) == "answer":
            cell.source = cell.source.replace(CODE_STUB, f"answer = {grade_id(cell)!r}")
        elif role(cell) == "manual":
            cell.source = f"My answer to {grade_id(cell)} in words."
    return notebook


@pytest.fixture
def handin(tmp_path: Path) -> Handin:
    path = tmp_path / "alice" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True)

    def write_and_read(content: Any) -> Restored:
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(json.dumps(content), encoding="utf-8")
        submission = read_submission(path, RELEASE, ASSIGNMENT)
        nbformat.validate(submission.notebook)
        return submission

    return write_and_read


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    return cells_by_grade_id(notebook)[name]


def index_of(notebook: NotebookNode, name: str) -> int:
    return next(n for n, cell in enumerate(notebook.cells) if grade_id(cell) == name)


def answers(notebook: NotebookNode) -> dict[str, str]:
    return {name: cell_of(notebook, name).source for name in ANSWERS + MANUAL}


def skeleton(notebook: NotebookNode) -> list[tuple[str, str]]:
    return [(cell["id"], cell.cell_type) for cell in notebook.cells if not cell["id"].startswith("extra-")]


def without_metadata(notebook: NotebookNode) -> NotebookNode:
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        del cell["id"]
    return notebook


def test_untouched_release_is_unchanged(handin: Handin) -> None:
    submission = handin(RELEASE)
    assert (submission.repairs, submission.flags) == ([], [])
    assert to_text(submission.notebook) == to_text(RELEASE)


def test_restoring_twice_changes_nothing(handin: Handin, worked: NotebookNode) -> None:
    worked.cells.insert(5, nbformat.v4.new_code_cell("x = 1"))
    once = handin(worked)
    assert to_text(handin(once.notebook).notebook) == to_text(once.notebook)


def test_answers_and_own_cells_are_kept_in_place(handin: Handin, worked: NotebookNode) -> None:
    here = index_of(worked, "convnet")
    own = nbformat.v4.new_code_cell("print(net)", metadata={"tags": ["parameters"], "nbgrader": {"grade": 1}})
    worked.cells.insert(here, own)
    worked.cells.insert(here, nbformat.v4.new_raw_cell("scribble"))
    submission = handin(worked)
    assert submission.repairs == []
    assert answers(submission.notebook) == answers(worked)
    extras = [c for c in submission.notebook.cells if c["id"].startswith("extra-")]
    assert [(c.cell_type, c.source, dict(c.metadata), role(c)) for c in extras] == [
        ("raw", "scribble", {}, "extra"),
        ("code", "print(net)", {}, "extra"),
    ]
    assert submission.notebook.cells[here + 1] == extras[1]
    assert skeleton(submission.notebook) == skeleton(RELEASE)


def test_outputs_and_metadata_of_the_student_do_not_come_in(handin: Handin, worked: NotebookNode) -> None:
    cell = cell_of(worked, "trainer")
    cell.outputs = [nbformat.v4.new_output("stream", text="100 %")]
    cell.execution_count = 7
    cell.metadata.nbgrader.points = 1000
    worked.metadata.evil = "<script>"
    restored = handin(worked).notebook
    assert cell_of(restored, "trainer").outputs == []
    assert cell_of(restored, "trainer").metadata == cell_of(RELEASE, "trainer").metadata
    assert restored.metadata == RELEASE.metadata


def test_lost_metadata_is_restored_by_cell_id(handin: Handin, worked: NotebookNode) -> None:
    expected = answers(worked)
    for cell in worked.cells:
        cell.metadata = NotebookNode()
    submission = handin(worked)
    assert answers(submission.notebook) == expected
    assert skeleton(submission.notebook) == [(c["id"], c.cell_type) for c in submission.notebook.cells]
    assert any("recognised by its cell id" in line and "trainer" in line for line in submission.repairs)


def test_colab_ids_in_the_metadata_are_used(handin: Handin, worked: NotebookNode) -> None:
    expected = answers(worked)
    for cell in worked.cells:
        cell.metadata = NotebookNode(id=cell.pop("id"), outputId="0")
    assert answers(handin(worked).notebook) == expected


def test_lost_metadata_and_ids_are_restored_by_content_and_place(handin: Handin, worked: NotebookNode) -> None:
    expected = answers(worked)
    submission = handin(without_metadata(worked))
    assert answers(submission.notebook) == expected
    assert skeleton(submission.notebook) == [(c["id"], c.cell_type) for c in submission.notebook.cells]
    assert any("recognised by its content" in line and "convnet" in line for line in submission.repairs)
    assert any("recognised by its place" in line and "act20" in line for line in submission.repairs)


def test_answer_cell_rewritten_from_scratch_is_found_by_place(handin: Handin, worked: NotebookNode) -> None:
    worked.cells[index_of(worked, "learning_rate")] = nbformat.v4.new_code_cell("lr_of_mine = 0.01")
    submission = handin(worked)
    assert cell_of(submission.notebook, "learning_rate").source == "lr_of_mine = 0.01"
    assert any("place" in line and "learning_rate" in line for line in submission.repairs)


@pytest.mark.parametrize("position", ["above", "below"])
def test_worked_copy_wins_over_untouched_one(handin: Handin, worked: NotebookNode, position: str) -> None:
    here = index_of(worked, "trainer")
    worked.cells.insert(here if position == "above" else here + 1, copy.deepcopy(RELEASE.cells[here]))
    submission = handin(worked)
    assert answers(submission.notebook) == answers(worked) | {"trainer": worked.cells[here + (position == "above")].source}
    assert len(submission.notebook.cells) == len(RELEASE.cells)
    assert submission.repairs == ["trainer: the cell was duplicated, the worked copy is graded."]


def test_worked_copy_without_metadata_wins(handin: Handin, worked: NotebookNode) -> None:
    here = index_of(worked, "trainer")
    mine = worked.cells[here].source
    worked.cells[here] = copy.deepcopy(RELEASE.cells[here])
    worked.cells.insert(here + 1, nbformat.v4.new_code_cell(mine))
    submission = handin(worked)
    assert cell_of(submission.notebook, "trainer").source == mine
    assert any("duplicated" in line and "trainer" in line for line in submission.repairs)


def test_scratch_copy_below_does_not_displace_the_answer(handin: Handin, worked: NotebookNode) -> None:
    here = index_of(worked, "trainer")
    scratch = copy.deepcopy(worked.cells[here])
    scratch.source += "\nbroken = True"
    scratch["id"] = "abcd1234"
    worked.cells.insert(here + 3, scratch)
    submission = handin(worked)
    assert cell_of(submission.notebook, "trainer").source == worked.cells[here].source
    kept = submission.notebook.cells[here + 3]
    assert (kept.source, tags(kept), role(kept)) == (scratch.source, ["not-graded"], "extra")
    assert any("2 different copies" in line and "first" in line for line in submission.repairs)


def test_another_cell_with_an_answers_id_does_not_displace_it(handin: Handin, worked: NotebookNode) -> None:
    here = index_of(worked, "trainer")
    mine = worked.cells[here].source
    worked.cells.insert(0, nbformat.v4.new_code_cell("scratch = 1", id=worked.cells[here]["id"]))
    submission = handin(worked)
    assert cell_of(submission.notebook, "trainer").source == mine
    assert (submission.notebook.cells[0].source, role(submission.notebook.cells[0])) == ("scratch = 1", "extra")


def test_more_complete_copy_is_graded(handin: Handin, worked: NotebookNode) -> None:
    here = index_of(worked, "trainer")
    full = copy.deepcopy(worked.cells[here])
    worked.cells[here].source = RELEASE.cells[here].source.replace(CODE_STUB, "begun = 1", 1)
    worked.cells.insert(here + 1, full)
    assert cell_of(handin(worked).notebook, "trainer").source == full.source


def test_deleted_cells_are_put_back(handin: Handin, worked: NotebookNode) -> None:
    gone = {"act07", "trainer", "imports"}
    worked.cells = [cell for cell in worked.cells if grade_id(cell) not in gone]
    submission = handin(worked)
    assert skeleton(submission.notebook) == skeleton(RELEASE)
    assert cell_of(submission.notebook, "trainer").source == cell_of(RELEASE, "trainer").source
    assert "imports, act07: locked cell is missing, it was put back." in submission.repairs
    assert "trainer: the cell is missing, the empty one was put back." in submission.repairs


def test_edited_locked_cells_are_restored_and_the_text_is_kept(handin: Handin, worked: NotebookNode) -> None:
    cell_of(worked, "act07").source = "check(True)"
    cell_of(worked, "filters_question").source += "\n\nThey detect edges."
    submission = handin(worked)
    for name in ("act07", "filters_question"):
        assert cell_of(submission.notebook, name).source == cell_of(RELEASE, name).source
    assert "act07, filters_question: locked cell was changed, the released one was put back." in submission.repairs
    kept = [c for c in submission.notebook.cells if c["id"].startswith("extra-")]
    assert (kept[0].source, tags(kept[0])) == ("check(True)", ["not-graded"])
    assert "They detect edges." in kept[1].source


def test_white_space_rewritten_by_an_editor_is_no_edit(handin: Handin, worked: NotebookNode) -> None:
    for cell in worked.cells:
        if role(cell) == "given":
            cell.source = cell.source.replace("\n", "  \r\n") + "\n"
    assert handin(worked).repairs == []


def test_changed_types_are_restored(handin: Handin, worked: NotebookNode) -> None:
    for name, kind in (("trainer", "raw"), ("act20", "code"), ("act07", "markdown")):
        cell_of(worked, name).cell_type = kind
    submission = handin(worked)
    assert skeleton(submission.notebook) == skeleton(RELEASE)
    assert answers(submission.notebook) == answers(worked)
    assert "act07, trainer: the cell's type had changed, it is code again." in submission.repairs
    assert "act20: the cell's type had changed, it is markdown again." in submission.repairs


def test_moved_cells_are_in_order_again(handin: Handin, worked: NotebookNode) -> None:
    worked.cells.append(worked.cells.pop(index_of(worked, "convnet")))
    submission = handin(worked)
    assert skeleton(submission.notebook) == skeleton(RELEASE)
    assert answers(submission.notebook) == answers(worked)
    assert any("moved" in line for line in submission.repairs)


@pytest.mark.parametrize("left", [cell_of(RELEASE, "act20").source, TEXT_STUB, ""])
def test_prose_in_an_added_cell_is_the_answer(handin: Handin, worked: NotebookNode, left: str) -> None:
    cell_of(worked, "act20").source = left
    worked.cells.insert(index_of(worked, "act20") + 1, nbformat.v4.new_markdown_cell("Badly written digits."))
    submission = handin(worked)
    assert cell_of(submission.notebook, "act20").source == "Badly written digits."
    assert any(line.startswith("act20: answered in an added cell") for line in submission.repairs)


def test_pasted_pictures_stay_and_other_attachments_do_not(handin: Handin, worked: NotebookNode) -> None:
    pasted = {"a.png": {"image/png": "aGVsbG8="}, "b.svg": {"image/svg+xml": "<svg onload=x>"}, "c": 3}
    cell_of(worked, "act20")["attachments"] = pasted
    assert cell_of(handin(worked).notebook, "act20")["attachments"] == {"a.png": {"image/png": "aGVsbG8="}}


def test_suspicious_text_is_flagged(handin: Handin, worked: NotebookNode) -> None:
    cell_of(worked, "trainer").source += "\n# \u202e evil"
    cell_of(worked, "filters").source += "\x00"
    submission = handin(worked)
    assert [line.split(",")[0] for line in submission.flags] == ["trainer: has bidi control characters"]
    assert any("NUL" in line for line in submission.repairs)
    assert "\x00" not in cell_of(submission.notebook, "filters").source


def test_a_cell_that_brings_data_along_is_flagged(handin: Handin, worked: NotebookNode) -> None:
    cell_of(worked, "learning_rate").source += f"\nweights = {'A' * 113_000!r}"
    (flag,) = handin(worked).flags
    assert re.fullmatch(r"learning_rate: has 113,\d{3} characters; see whether it brings .*", flag)


def test_every_sentence_a_student_wrote_survives_every_damage(handin: Handin, worked: NotebookNode) -> None:
    notes = [f"note number {n} of mine" for n in range(12)]
    for n, note in enumerate(notes):
        worked.cells.insert(n * 7, nbformat.v4.new_markdown_cell(note))
    del worked.cells[index_of(worked, "parameters")]
    text = to_text(handin(without_metadata(worked)).notebook)
    assert [note for note in notes if note not in text] == []
    assert [a for a in answers(handin(worked).notebook).values() if a == TEXT_STUB or CODE_STUB in a] == []


def upgraded(worked: NotebookNode) -> dict[str, Any]:
    cells = []
    for cell in worked.cells:
        old = {"cell_type": cell.cell_type, "metadata": cell.metadata}
        old["input" if cell.cell_type == "code" else "source"] = cell.source.splitlines(keepends=True)
        cells.append(old)
    cells.insert(0, {"cell_type": "heading", "level": 1, "source": "Mine"})
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}


def test_format_3_is_converted(handin: Handin, worked: NotebookNode) -> None:
    submission = handin(upgraded(worked))
    assert answers(submission.notebook) == answers(worked)
    assert submission.notebook.cells[0].source == "# Mine"
    assert "notebook: format 3 was converted to format 4." in submission.repairs


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_mark_is_taken_off(handin: Handin, worked: NotebookNode, encoding: str) -> None:
    submission = handin(json.dumps(worked).encode(encoding))
    assert answers(submission.notebook) == answers(worked)
    assert any("byte order mark" in line for line in submission.repairs)


def test_foreign_schema_versions_do_not_matter(handin: Handin, worked: NotebookNode) -> None:
    worked.nbformat_minor = 99
    for cell in worked.cells:
        if grade_id(cell):
            cell.metadata.nbgrader.schema_version = 17
    assert handin(worked).repairs == []


def test_other_kernel_is_repaired_when_the_answers_are_there(handin: Handin, worked: NotebookNode) -> None:
    worked.metadata.kernelspec = {"name": "ir", "language": "R"}
    assert handin(worked).repairs == ["notebook: its kernel was for r, it is Python again."]


OTHER = nbformat.v4.new_notebook(
    cells=[
        nbformat.v4.new_code_cell(f"x = {n}", metadata={"nbgrader": {"grade_id": name, "solution": True}})
        for n, name in enumerate(["conv_maxpool", "summaries", "test_accuracy"])
    ]
)
PLAIN = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import numpy"), nbformat.v4.new_markdown_cell("Hi")])
JULIA = nbformat.v4.new_notebook(
    cells=[nbformat.v4.new_code_cell("1 + 1")],
    metadata={"language_info": {"name": "julia"}},
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["is empty", "hand it in again"]),
        (b'{"cells": [', ["not valid JSON", "damaged or cut off", "hand it in again"]),
        (b"\x93NUMPY", ["not UTF-8", "byte", "hand it in again"]),
        (b"PK\x03\x04\x14\x00\xff\xfe\x00\x00", ["is compressed (zip)", "hand in the notebook itself"]),
        (gzip.compress(b'{"cells": [], "nbformat": 4}', mtime=0), ["is compressed (gzip)", "hand in the notebook itself"]),
        (
            b'{"cells": [],\n "nbformat": 4,\n}',
            ["in line 2, column 15, is a comma before", "take the comma out", "hand it in again"],
        ),
        (b'{"cells": [1, 2 , ], "nbformat": 4}', ["in line 1, column 17, is a comma before", "take the comma out"]),
        (b'{"cells": ["a, ]', ["not valid JSON", "damaged or cut off"]),
        (b'{"cells": [1, ', ["not valid JSON", "damaged or cut off"]),
        (b"\x00\x00\x00\x00", ["not valid JSON"]),
        (b"[" * 200_000, ["nested too deeply"]),
        (b'{"cells": [], "nbformat": ' + b"9" * 5000 + b"}", ["not valid JSON"]),
        (b'"hello"', ["JSON but not a Jupyter notebook", "no list of cells"]),
        (b'{"cells": 3}', ["JSON but not a Jupyter notebook"]),
        (b'{"worksheets": [3, {"cells": 4}], "nbformat": 3}', ["no cell of pa4_convnet"]),
        (b'{"cells": [], "nbformat": 4}', ["no cell of pa4_convnet", "another file"]),
        (b'{"cells": [], "nbformat": 5}', ["notebook format 5", "save it as format 4"]),
        (b'{"cells": [1, null, [], {"metadata": 3}], "nbformat": 4}', ["no cell of pa4_convnet"]),
        (b'{"cells": [' + b"{}," * 3000 + b"{}]}", ["3001 cells", "more than 2000"]),
        (OTHER, ["another assignment", "conv_maxpool", "ask the student"]),
        (PLAIN, ["no cell of pa4_convnet is recognisable", "ask for the right one"]),
        (JULIA, ["kernel is for julia"]),
    ],
)
def test_what_is_no_submission_is_refused_in_one_clear_line(handin: Handin, content: Any, words: list[str]) -> None:
    with pytest.raises(Unreadable) as caught:
        handin(content)
    reason = caught.value.reason
    assert f"{ASSIGNMENT}.ipynb: " in reason
    assert "\n" not in reason
    assert [word for word in words if word not in reason] == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda text: text.encode("utf-16-le"), "UTF-16"),
        (lambda text: text.encode("utf-32-be"), "UTF-32"),
        (lambda text: text.encode("utf-32"), "byte order mark"),
        (lambda text: text.encode() + b"\x00" * 512, "NUL bytes after its end"),
        (lambda text: json.dumps({"type": "notebook", "content": json.loads(text)}).encode(), "answer of a Jupyter server"),
        (lambda text: json.dumps({**json.loads(text), "nbformat": "4"}).encode(), ""),
        (lambda text: json.dumps({**json.loads(text), "nbformat": 4.0}).encode(), ""),
        (lambda text: json.dumps({**json.loads(text), "nbformat": None}).encode(), ""),
        (lambda text: json.dumps(_with_lines(json.loads(text))).encode(), ""),
    ],
)
def test_a_file_that_a_person_could_read_is_read(
    handin: Handin, worked: NotebookNode, change: Callable[[str], bytes], word: str
) -> None:
    whole, found = handin(json.dumps(worked).encode()), handin(change(json.dumps(worked)))
    assert [cell.source for cell in found.notebook.cells] == [cell.source for cell in whole.notebook.cells]
    assert word in " ".join(found.repairs)
    assert len(found.repairs) == len(whole.repairs) + bool(word)


def _with_lines(notebook: dict[str, Any]) -> dict[str, Any]:
    """Sources as lists of lines, without the line ends that the format asks for."""
    return {**notebook, "cells": [{**cell, "source": cell["source"].split("\n")} for cell in notebook["cells"]]}


def test_what_is_no_regular_file_is_refused(tmp_path: Path, worked: NotebookNode) -> None:
    good = tmp_path / "good" / "good.ipynb"
    good.parent.mkdir()
    good.write_text(json.dumps(worked))
    (tmp_path / "link.ipynb").symlink_to(good)
    (tmp_path / "linked").symlink_to(good.parent)
    (tmp_path / "neighbour" / ASSIGNMENT).mkdir(parents=True)
    (tmp_path / "neighbour" / ASSIGNMENT / "good.ipynb").write_text(json.dumps(worked))
    (tmp_path / "student").symlink_to(tmp_path / "neighbour")
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    for path, words in (
        (tmp_path / "link.ipynb", "symbolic link"),
        (tmp_path / "linked" / "good.ipynb", "symbolic link"),
        (tmp_path / "student" / ASSIGNMENT / "good.ipynb", "in a folder that is a symbolic link"),
        (tmp_path / "folder.ipynb", "is a folder"),
        (tmp_path / "pipe.ipynb", "no regular file"),
        (tmp_path / "good" / "other.ipynb", "there is no such file"),
        (tmp_path / "nobody" / "other.ipynb", "no such file; nothing to grade"),
    ):
        with pytest.raises(Unreadable, match=words):
            read_submission(path, RELEASE, ASSIGNMENT)


def test_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.ipynb"
    with path.open("wb") as stream:
        stream.truncate(200_000_000)
    start = time.process_time()
    with pytest.raises(Unreadable, match=r"200 MB, the limit is 20 MB; clear the notebook's outputs"):
        read_submission(path, RELEASE, ASSIGNMENT)
    assert time.process_time() - start < 0.5
    assert MAX_BYTES == 20_000_000


def test_many_unknown_cells_cost_little_time(handin: Handin, worked: NotebookNode) -> None:
    without_metadata(worked)
    worked.cells += [nbformat.v4.new_code_cell(f"x{n} = {n}\n" * 50) for n in range(1800)]
    start = time.perf_counter()
    handin(worked)
    assert time.perf_counter() - start < 10
