"""Result pages of a real class: right, half right, a syntax error, not a notebook; by ``autograder`` and by ``nbgrader``."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from chromium import needed_width, printed_pages
from conftest import ROOT
from room import ENVIRONMENT, NAME, Room, answered, hand_in, new_room

from autograder.notebooks import notebook
from autograder.runs.collect import SERVERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SOLVED = (
    "convnet", "network_graph", "trainer", "learning_rate", "loss_plot", "test_accuracy", "filters", "feature_maps",
    "act20", "act21_text", "act22", "act24",
)  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Four submissions, graded once, with pages."""
    made = new_room(tmp_path_factory.mktemp("pages") / "course")
    (made.root / "nbgrader_config.py").unlink()  # which names the folder that it lies in
    shutil.copy(ROOT / "nbgrader_config.py", made.root)
    hand_in(made, "right", SOLVED)
    for student, cell, before, after in (
        ("half", "trainer", "self.optim.zero_grad()", "self.optim.zero_grad"),
        ("syntax", "convnet", "padding=2)", "padding=2"),
    ):
        book = answered(*SOLVED)
        answer = notebook.cells_by_grade_id(book)[cell]
        assert before in answer.source
        answer.source = answer.source.replace(before, after, 1)
        notebook.write(book, made.path(student))
    made.path("cut_off").parent.mkdir(parents=True)
    made.path("cut_off").write_text('{"cells": [', encoding="utf-8")
    status, printed = made.grade("--feedback")
    assert status == 1, printed
    yield made
    SERVERS.stop()


def page(room: Room, student: str) -> Path:
    return room.root / "feedback" / student / NAME / f"{NAME}.html"


def words(found: BeautifulSoup) -> str:
    return " ".join(found.get_text(" ").split())


def parsed(room: Room, student: str) -> BeautifulSoup:
    return BeautifulSoup(page(room, student).read_text(encoding="utf-8"), "html.parser")


def test_nbgraders_own_command_makes_the_same_pages(room: Room) -> None:
    before = {path: path.read_bytes() for path in (room.root / "feedback").rglob("*.html")}
    assert {path.parts[-3] for path in before} == {"right", "half", "syntax", "cut_off"}
    program = Path(sys.executable).with_name("nbgrader")
    environment = ENVIRONMENT | {"PATH": f"{program.parent}:{ENVIRONMENT['PATH']}"}
    command = [str(program), "generate_feedback", NAME, "--force"]
    subprocess.run(command, cwd=room.root, env=environment, check=True, capture_output=True, timeout=300)
    assert {path: path.read_bytes() for path in before} == before


def test_the_head_of_each_page_says_points_and_what_to_mend_first(room: Room) -> None:
    right, half, syntax, cut_off = (parsed(room, student) for student in ("right", "half", "syntax", "cut_off"))
    assert "92 of 92 points so far 8 points wait for a person" in words(right.header)
    assert not right.select(".first")
    assert "act11, clear the gradients" in words(half.select_one(".first"))
    assert "never closed" in words(syntax.select_one("#cause-1"))
    assert "self.conv1 = nn.Conv2d(" in syntax.select_one("#cause-1 pre").get_text()
    assert words(syntax).count("stopped with SyntaxError") == 1
    assert "could not be graded" in words(cut_off)
    assert f"submitted/cut_off/{NAME}/{NAME}.ipynb" in words(cut_off)
    assert str(room.root) not in words(cut_off)
    for found in (right, half, syntax):
        assert "Trial run, profile proof" in words(found.header)


def test_plots_are_described(room: Room) -> None:
    found = parsed(room, "right").select("article img")
    assert found
    assert any("; x: " in one["alt"] and "; y: " in one["alt"] for one in found)
    assert all(one["alt"] for one in parsed(room, "right").select("img"))


@pytest.mark.parametrize("student", ["right", "half", "syntax", "cut_off"])
def test_no_page_is_wider_than_a_telephone_or_a_window(room: Room, student: str, tmp_path: Path) -> None:
    copied = tmp_path / "page.html"
    copied.write_bytes(page(room, student).read_bytes())
    for width in (390, 1280):
        assert needed_width(copied, width, tmp_path) <= width


def test_what_is_folded_is_printed(room: Room, tmp_path: Path) -> None:
    text = page(room, "right").read_text(encoding="utf-8")
    found = []
    for name, own in (("page", text), ("folded", text.replace("details::details-content", "details::never"))):
        copied = tmp_path / f"{name}.html"
        copied.write_text(own, encoding="utf-8")
        found.append(printed_pages(copied, tmp_path))
    assert found[0] > found[1] > 0
