"""What holds of the notebook of pa4_convnet alone: its ACTs, its counts, its pictures. The rest is in test_agreement."""

import re
from pathlib import Path

import pytest
import torch
from conftest import HIDDEN

from autograder import own_files
from autograder.course import Course
from autograder.notebooks import notebook

NAME = "pa4_convnet"
reference = own_files.module(HIDDEN / NAME / "reference.py")
COURSE = Course.find(Path(__file__))


@pytest.fixture(scope="module")
def source() -> notebook.NotebookNode:
    return notebook.read(COURSE.source_notebook(NAME))


@pytest.fixture(scope="module")
def release() -> notebook.NotebookNode:
    return notebook.read(COURSE.release_notebook(NAME))


def text_of(found: notebook.NotebookNode, kind: str) -> str:
    return "\n".join(cell.source for cell in found.cells if cell.cell_type == kind)


def test_92_of_100_points_are_autograded(source: notebook.NotebookNode) -> None:
    assert sum(item.max_points for item in notebook.items(source) if not item.manual) == 92


def test_all_24_acts_are_marked(release: notebook.NotebookNode) -> None:
    found = set(re.findall(r"ACT(\d+)", text_of(release, "code") + text_of(release, "markdown")))
    assert found >= {str(number) for number in range(1, 25)}


def test_stated_counts_are_those_of_the_reference(source: notebook.NotebookNode) -> None:
    network = reference.convnet()
    counts = [sum(p.numel() for p in layer.parameters()) for layer in network if list(layer.parameters())]
    assert counts == [832, 51_264, 1_606_144, 5_130]
    total = sum(counts)
    fully_connected = sum(a * b + b for a, b in ((784, 1500), (1500, 1000), (1000, 500), (500, 10)))
    prose = text_of(source, "markdown")
    for count in (total, fully_connected):
        assert f"{count:,}" in prose
    with torch.no_grad():
        assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_students_do_not_see_answers(release: notebook.NotebookNode) -> None:
    everything = text_of(release, "code") + text_of(release, "markdown")
    for secret in ("3136", "64 * 7 * 7", "learning_rate = 0.01", "BEGIN SOLUTION", "Marking (2 points)"):
        assert secret not in everything
    assert not any(cell.get("outputs") for cell in release.cells)


def test_the_solution_shows_all_pictures() -> None:
    solution = notebook.read(COURSE.solutions / NAME / f"{NAME}.ipynb")
    shown = {
        cell.id: "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")
        for cell in solution.cells
        if cell.cell_type == "code"
    }
    assert "21 of 21 visible checks ok" in shown["checklist"]
    outputs = [output for cell in solution.cells for output in cell.get("outputs", [])]
    pictures = [kind for output in outputs for kind in output.get("data", {}) if kind.startswith("image/")]
    assert len(pictures) == 8  # digits, graph, search, losses, mistakes, filters, maps, comparison
