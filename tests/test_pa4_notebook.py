"""The notebook of pa4_convnet: ids, points and facts agree with hidden tests and reference; the release runs alone."""

import ast
import re
from pathlib import Path

import nbclient
import pytest
import torch

from autograder import data, notebook
from autograder.assignment import load
from autograder.assignments.pa4_convnet import reference
from autograder.course import Course

NAME = "pa4_convnet"
AUTOGRADED = [f"act{number:02d}" for number in (*range(1, 20), 21, 23)]
MANUAL = {"act20": "error_analysis", "act21_text": "filters_answer", "act22": "feature_maps_answer", "act24": "comparison"}
ANSWERS = ["convnet", "network_graph", "trainer", "learning_rate", "loss_plot", "test_accuracy", "filters", "feature_maps"]
COURSE = Course.find(Path(__file__))


@pytest.fixture(scope="module")
def source() -> notebook.NotebookNode:
    return notebook.read(COURSE.source_notebook(NAME))


@pytest.fixture(scope="module")
def release() -> notebook.NotebookNode:
    return notebook.read(COURSE.release_notebook(NAME))


def text_of(found: notebook.NotebookNode, kind: str) -> str:
    return "\n".join(cell.source for cell in found.cells if cell.cell_type == kind)


def test_ids_and_points_are_the_contract(source: notebook.NotebookNode) -> None:
    items = list(notebook.items(source))
    assert sorted(item.id for item in items if not item.manual) == sorted(AUTOGRADED)
    assert {item.id for item in items if item.manual} == set(MANUAL)
    assert [notebook.grade_id(cell) for cell in source.cells if notebook.role(cell) == "answer"] == ANSWERS
    for cell in source.cells:
        if notebook.role(cell) == "manual":
            assert cell.id == MANUAL[notebook.grade_id(cell)]
        elif notebook.grade_id(cell):
            assert cell.id == notebook.grade_id(cell)
    assert sum(item.max_points for item in items) == 100
    assert sum(item.max_points for item in items if not item.manual) == 92


def test_every_item_has_a_hidden_test_and_every_hidden_test_an_item() -> None:
    marked: set[str] = set()
    for path in sorted(load(NAME).folder.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found = [re.search(r"mark\.item\('(\w+)'", ast.unparse(mark)) for mark in node.decorator_list]
                names = {match[1] for match in found if match}
                assert len(names) == 1, f"{path.name}: {node.name} has no item"
                assert ast.get_docstring(node), f"{path.name}: {node.name} has no line for the student"
                marked |= names
    assert marked == set(AUTOGRADED)


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
    for stated in re.findall(r"\b\d,\d{3},\d{3}\b", prose):
        assert int(stated.replace(",", "")) in {total, fully_connected, counts[2]}, stated
    with torch.no_grad():
        assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_students_do_not_see_answers(release: notebook.NotebookNode) -> None:
    everything = text_of(release, "code") + text_of(release, "markdown")
    for secret in ("3136", "64 * 7 * 7", "learning_rate = 0.01", "BEGIN SOLUTION", "Marking (2 points)"):
        assert secret not in everything
    assert not any(cell.get("outputs") for cell in release.cells)


@pytest.mark.timeout(600)
def test_the_release_runs_alone_and_says_what_is_not_attempted(release: notebook.NotebookNode, tmp_path: Path) -> None:
    """A real Jupyter kernel in a folder that holds the dataset (there is no network here) and nothing else."""
    (tmp_path / "data").symlink_to(data.cache_folder(), target_is_directory=True)
    ran = notebook.nbformat.from_dict(release)
    nbclient.NotebookClient(ran, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = {
        cell.id: "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")
        for cell in ran.cells
        if cell.cell_type == "code"
    }
    for item in AUTOGRADED:
        assert f"{item}: not attempted yet" in shown[item] or f"{item}: waiting for" in shown[item], shown[item]
    assert "0 of 21 visible checks ok" in shown["checklist"]
    assert not any(output.output_type == "error" for cell in ran.cells for output in cell.get("outputs", []))


def test_the_solution_reaches_the_published_figures(source: notebook.NotebookNode) -> None:
    solution = notebook.read(COURSE.solutions / NAME / f"{NAME}.ipynb")
    shown = {
        cell.id: "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")
        for cell in solution.cells
        if cell.cell_type == "code"
    }
    assert "21 of 21 visible checks ok" in shown["checklist"]
    accuracy = re.search(r"accuracy ([\d.]+) %", shown["test_accuracy"])
    assert accuracy
    assert float(accuracy[1]) >= 98
    outputs = [output for cell in solution.cells for output in cell.get("outputs", [])]
    pictures = [kind for output in outputs for kind in output.get("data", {}) if kind.startswith("image/")]
    assert len(pictures) == 8  # digits, graph, search, losses, mistakes, filters, maps, comparison
    solved = {cell.id: notebook.without_region_marks(cell.source) for cell in source.cells}
    assert {cell.id: cell.source for cell in solution.cells} == solved, "run `autograder validate --profile full --write`"
