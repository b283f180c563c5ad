"""Streams as a terminal shows them."""

import io
import time

import pytest
from conftest import RunBox
from nbformat.v4 import new_code_cell, new_notebook
from tqdm import tqdm

from autograder.inside.screen import compact, shown
from autograder.judging.decision import executed
from autograder.notebooks.terminal import unfit
from autograder.runs.evidence import CellRecord, Evidence, Record


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain\n  text \n", "plain\n  text \n"),
        ("windows\r\nlines\r\n", "windows\r\nlines\r\n"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        (" 10%\r100%\n", "100%\n"),
        ("long line\rshort", "shortline"),
        ("one\ntwo\x1b[A\rONE", "ONE\ntwo"),
        ("a\n\n\x1b[2A\rb\n", "b\n"),
        ("\x1b[9A\x1b[31mtop\x08p", "top"),
        ("cut \x1b", "cut \x1b"),
    ],
)
def test_what_is_left(text: str, wanted: str) -> None:
    assert shown(text) == wanted
    for more in ("", "x", "\rX", "\nnext", "\x1b[A\rup", "\x08\x08y"):
        assert shown(compact(text) + more).rstrip() == shown(text + more).rstrip() or "\x1b[31m" in text


def test_nested_bars_end_in_a_line_each() -> None:
    stream = io.StringIO()
    for epoch in tqdm(range(3), file=stream, ncols=60, mininterval=0, desc="epochs"):
        for _ in tqdm(range(20), file=stream, ncols=60, mininterval=0, desc=f"epoch {epoch + 1}", leave=False):
            pass
    assert stream.getvalue().count("\n") > 40
    lines = shown(stream.getvalue()).splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("epochs: 100%")


@pytest.mark.parametrize("file", ["stdout", "stderr"])
def test_bars_leave_room_for_what_is_printed_after_them(run_box: RunBox, file: str) -> None:
    bars = f"""
import sys
from tqdm import tqdm
for epoch in tqdm(range(30), "epochs", file=sys.{file}, mininterval=0, ncols=80):
    for _ in tqdm(range(100), "batches", file=sys.{file}, mininterval=0, ncols=80):
        pass
    print("epoch", epoch)
print("the end")
"""
    found = run_box({"bars": bars}, seconds=60)
    texts = dict.fromkeys(("stdout", "stderr"), "")
    for output in found.cell("bars")["outputs"]:
        texts[output["name"]] += output["text"]
    assert all(len(text) < 60_000 for text in texts.values())
    assert "cut" not in texts["stdout"] + texts["stderr"]
    assert shown(texts["stdout"]).endswith("the end\n")
    assert "epochs: 100%" in shown(texts[file])


LONG: dict[str, str] = {
    "ends in CR LF": "x" * 200_000 + "\r\n",
    "many carriage returns": "x" * 100_000 + "\ry" * 50_000,
    "many backspaces": "x" * 100_000 + "\x08" * 100_000 + "y",
    "a backspace after each letter": "x\x08" * 100_000,
    "up and down": "a\n\x1b[1A" * 40_000,
    "escapes": "\x1b[" * 100_000,
    "far up": "\x1b[999999999A" * 10_000 + "\r",
}


@pytest.mark.parametrize("kind", LONG)
def test_long_texts_are_shown_in_no_time(kind: str) -> None:
    begun = time.process_time()
    assert len(shown(LONG[kind])) <= len(LONG[kind])
    assert len(compact(LONG[kind])) <= len(LONG[kind]) + 10
    record = Record(seed=1, profile="quick", isolation="none", versions={})
    record.cells["a"] = CellRecord(
        seconds=1.0, outputs=[{"output_type": "stream", "name": "stdout", "text": LONG[kind]}] * 5
    )
    cell = new_code_cell("1", metadata={"nbgrader": {"grade_id": "a"}})
    assert len(executed(new_notebook(cells=[cell]), Evidence(record)).cells[0].outputs) <= 1
    assert time.process_time() - begun < 3.0


@pytest.mark.parametrize("student", ["ada", "ann [2]", "Größe-Müller", "o'brien", "a.b@uni.example", "李雷", "Zoe\u0308"])
def test_names_of_people_can_be_ids(student: str) -> None:
    assert unfit(student) is None


@pytest.mark.parametrize(
    "student", ["<script>alert(1)<", 'x" onload="y', "a&amp;b", "$`id`", "a\\", "red\x1b[31m", "two\nlines"]
)
def test_what_pages_and_shells_obey_cannot(student: str) -> None:
    assert "rename the folder" in str(unfit(student))
