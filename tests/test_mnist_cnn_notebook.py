"""The notebook of mnist_cnn: its facts are the reference's, its release runs alone, and it gives no answer away."""

import re
from pathlib import Path

import pytest
from conftest import HIDDEN
from nbformat import NotebookNode
from torch import nn

from autograder import own_files
from autograder.course import Course
from autograder.notebooks import notebook

NAME = "mnist_cnn"
reference = own_files.module(HIDDEN / NAME / "reference.py")
COURSE = Course.find(Path(__file__))
ITEMS = [
    "output_size",
    "architecture",
    "forward",
    "training",
    "test_accuracy",
    "conv_formula",
    "full_formula",
    "total_parameters",
]


@pytest.fixture(scope="module")
def release() -> NotebookNode:
    return notebook.read(COURSE.release_notebook(NAME))


def source_text(cell_id: str) -> str:
    found: str = notebook.cells_by_grade_id(notebook.read(COURSE.source_notebook(NAME)))[cell_id].source
    return found


def test_counts_are_the_published_ones() -> None:
    padded, unpadded = reference.networks()
    assert (reference.count(padded), reference.count(unpadded)) == (870_634, 329_962)
    assert reference.count(reference.perceptron()) == 105_681
    assert reference.count(reference.logistic_regression()) == 7_850
    two = nn.Sequential(nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3), nn.Linear(3136, 256), nn.Linear(256, 10))
    assert reference.count(two) == 824_458


def test_formulas_agree_with_torch() -> None:
    for w_in, k, p, s in ((28, 5, 2, 1), (28, 3, 0, 1), (7, 3, 1, 2), (9, 4, 1, 3)):
        made = nn.Conv2d(1, 1, k, padding=p, stride=s)
        assert made(next(made.parameters()).new_zeros(1, 1, w_in, w_in)).shape[-1] == reference.w_out(w_in, k, p, s)
    assert reference.count(nn.Conv2d(3, 96, 11)) == reference.learn_conv(11, 11, 3, 96) == 34_944
    assert reference.count(nn.Linear(4096, 1000)) == reference.learn_full(4096, 1000) == 4_097_000


def test_the_text_states_examples_and_both_models_to_compare_with() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", source_text("output_size_spec"), re.MULTILINE)
    assert len(rows) == 3
    for w_in, k, p, s, result in (map(int, row) for row in rows):
        assert reference.w_out(w_in, k, p, s) == result
    told = source_text("comparison_task")
    assert "91.4 %" in told
    assert " -> ".join(map(str, reference.PERCEPTRON)) in told
    assert str(reference.PERCEPTRON)[1:-1] in source_text("comparison_table")


def test_what_is_graded(release: NotebookNode) -> None:
    assert sorted(item.id for item in notebook.items(release) if not item.manual) == sorted(ITEMS)


def test_nothing_graded_rests_on_the_exploration(release: NotebookNode) -> None:
    cells = notebook.cells_by_grade_id(release)
    assert {"not-graded", "training"} <= set(notebook.tags(cells["exploration"]))
    assert "exploration" not in {item.answer for item in notebook.items(release)}


def test_students_do_not_see_counts_or_the_loop(release: NotebookNode) -> None:
    everything = "\n".join(cell.source for cell in release.cells)
    for secret in ("870,634", "870_634", "329,962", "329_962", "3136", "7 * 7", "torch.optim.Adam(", ".backward()"):
        assert secret not in everything
