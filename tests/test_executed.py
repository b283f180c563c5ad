"""Executed notebooks: each release runs alone and says what is not attempted, each solution shows the published figures."""

import re
from pathlib import Path

import nbclient
import pytest

from autograder.course import Course
from autograder.datasets import data
from autograder.notebooks import notebook

COURSE = Course.find(Path(__file__))
NAMES = COURSE.assignments()
# What the executed solution must show somewhere: the largest number so printed, and its bound.
FIGURES = [
    ("cnn_blocks", r"epoch \d, test: .*accuracy ([\d.]+) %", 98.0),
    ("mnist_cnn", r"test accuracy: ([\d.]+)", 0.98),
    ("pa4_convnet", r"accuracy ([\d.]+) %", 98.0),
    ("fashion_cnn", r"softmax regression, .*accuracy ([\d.]+)", 0.67),
    ("fashion_cnn", r"\bCNN: .*accuracy ([\d.]+)", 0.86),
]
PUBLISHED = {name for name, _, _ in FIGURES}  # executed at full profile
every_assignment = pytest.mark.parametrize("name", NAMES)


def autograded(name: str) -> list[str]:
    return [item.id for item in notebook.items(notebook.read(COURSE.source_notebook(name))) if not item.manual]


def printed(ran: notebook.NotebookNode) -> dict[str, str]:
    """What each code cell wrote to its streams, by cell id."""
    return {
        cell.id: "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")
        for cell in ran.cells
        if cell.cell_type == "code"
    }


@every_assignment
@pytest.mark.timeout(600)
def test_the_release_runs_alone_and_says_what_is_not_attempted(name: str, tmp_path: Path) -> None:
    """A real Jupyter kernel in a folder that holds the dataset (there is no network here) and nothing else."""
    (tmp_path / "data").symlink_to(data.cache_folder(), target_is_directory=True)
    ran = notebook.read(COURSE.release_notebook(name))
    nbclient.NotebookClient(ran, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = printed(ran)
    for item in autograded(name):
        said = "not attempted yet" if name == "mnist_cnn" else "(not attempted|waiting)"
        assert re.search(f"{item}: {said}", shown[item]), f"{item} says {shown[item]!r}"
    assert not any(output.output_type == "error" for cell in ran.cells for output in cell.get("outputs", []))
    *_, last = (cell for cell in ran.cells if cell.cell_type == "code")
    assert f"0 of {len(autograded(name))} visible checks ok" in shown[last.id], "the last code cell is the checklist"


@every_assignment
def test_the_solution_is_the_source_and_passes_its_own_checks(name: str) -> None:
    path = COURSE.solutions / name / f"{name}.ipynb"
    if not path.is_file():
        assert name not in PUBLISHED, f"run `autograder validate {name} --profile full --write`"
        pytest.skip("not written yet")
    solution = notebook.read(path)
    source = notebook.read(COURSE.source_notebook(name))
    solved = {cell.id: notebook.without_region_marks(cell.source) for cell in source.cells}
    assert {cell.id: cell.source for cell in solution.cells} == solved, (
        f"run `autograder validate {name} --profile full --write`"
    )
    assert not any(output.output_type == "error" for cell in solution.cells for output in cell.get("outputs", []))
    shown = printed(solution)
    for item in autograded(name):
        assert f"{item}: ok" in shown[item], shown[item]
    pictures = [kind for cell in solution.cells for output in cell.get("outputs", []) for kind in output.get("data", {})]
    assert sum(kind.startswith("image/") for kind in pictures) >= 2


@pytest.mark.parametrize(("name", "pattern", "bound"), FIGURES)
def test_the_solution_reaches_the_published_figures(name: str, pattern: str, bound: float) -> None:
    path = COURSE.solutions / name / f"{name}.ipynb"
    if not path.is_file():
        pytest.skip("not written yet")
    figures = re.findall(pattern, "\n".join(printed(notebook.read(path)).values()))
    assert max(float(figure) for figure in figures) >= bound
