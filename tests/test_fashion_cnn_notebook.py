"""The notebook of fashion_cnn: its split, its bounds, and what its visible checks say of common slips."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from autograder import own_files
from autograder.course import Course
from autograder.notebooks import notebook

NAME = "fashion_cnn"
COURSE = Course.find(Path(__file__))
CELLS = notebook.cells_by_grade_id(notebook.read(COURSE.source_notebook(NAME)))
GIVEN = ("imports", "parameters", "seeds_and_device", "check_tools", "progress")


def solved(cell: str, *edits: tuple[str, str]) -> str:
    """A cell of the reference solution, with edits."""
    source = notebook.without_region_marks(CELLS[cell].source)
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


def run(namespace: dict[str, Any], *sources: str) -> str:
    """What cells print."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        for source in sources:
            exec(source, namespace)
    return shown.getvalue()


@pytest.fixture
def namespace() -> dict[str, Any]:
    """The notebook after its given cells and its first answers."""
    found: dict[str, Any] = {"loaders": {"train": None}}
    run(found, *(solved(cell) for cell in (*GIVEN, "softmax_regression_code", "accuracy_code")))
    return found


def test_the_split_is_seeded_and_as_large_as_stated() -> None:
    source = CELLS["load_data"].source
    assert "generator=torch.Generator().manual_seed(seed)" in source
    assert "num_val_images = num_train_images // 6" in source
    assert (
        "10,000 validation images are 78 batches of 128 images and a last one of 16"
        in CELLS["softmax_regression_task"].source
    )
    assert divmod(60_000 // 6, 128) == (78, 16)


def test_bounds_of_text_check_and_hidden_test_are_one(pytestconfig: pytest.Config) -> None:
    for mark in ("item(id, weight=1)", "needs(*ids)"):
        pytestconfig.addinivalue_line("markers", f"{mark}: a mark of hidden tests")
    results = own_files.module(COURSE.hidden_tests(NAME) / "test_results.py")
    for threshold, text, check in (
        (results.REGRESSION, "fit_task", "regression_accuracy"),
        (results.CNN, "train_cnn_task", "cnn_accuracy"),
        (results.BEST, "improvement_task", "improvement"),
    ):
        bound = threshold.bound("full")
        assert f"at least {bound:.0%}".replace("%", " %") in CELLS[text].source.replace("*", "")
        assert re.search(rf">= {bound}\b", CELLS[check].source)
    assert 0 < results.GAIN.bound("full") < 0.001


def test_visible_checks_pass_for_the_solution(namespace: dict[str, Any]) -> None:
    networks = ("cnn", "cnn_training", "cnn_v1", "cnn_v2", "cnn_v3")
    checks = ("cnn_architecture", "cnn_forward", "cnn_loop", "evaluate_model")
    checks += ("v1_architecture", "v2_architecture", "v3_architecture")
    shown = run(
        namespace, *(solved(cell) for cell in (*networks, *checks, "softmax_regression", "validation_epoch", "accuracy"))
    )
    for check in (*checks, "softmax_regression", "validation_epoch", "accuracy"):
        assert f"{check}: ok" in shown


@pytest.mark.parametrize(
    ("cell", "check", "edit", "expected"),
    [
        ("softmax_regression_code", "softmax_regression", ("nn.Linear(28 * 28, 10)", "nn.Linear(28 * 28, 100)"), "78,500"),
        ("softmax_regression_code", "softmax_regression", ("return self.linear", "self.linear"), "return missing"),
        ("softmax_regression_code", "validation_epoch", ("        return means", "        means"), "return missing"),
        ("accuracy_code", "accuracy", (".mean()", ".sum()"), "a count or percents"),
        ("accuracy_code", "accuracy", (".mean()", ".mean().item()"), "item()"),
        ("cnn", "cnn_architecture", ("nn.Conv2d(16, 32, kernel_size=5", "nn.Conv2d(16, 32, kernel_size=3"), "28,938"),
        ("cnn", "cnn_forward", ("(features), features", "(features)"), "a pair"),
        ("cnn_training", "cnn_loop", ("optimizer.step()", "pass"), "changed parameters"),
        ("cnn_training", "cnn_loop", ("    cnn.train()\n", ""), "training mode"),
        ("cnn_training", "evaluate_model", ("cnn.eval()", "pass"), "evaluation mode"),
        ("cnn_v2", "v2_architecture", ("(32, 64, 2)", "(32, 64, 1)"), "your code stopped"),
    ],
)
def test_visible_checks_name_the_cause(
    namespace: dict[str, Any], cell: str, check: str, edit: tuple[str, str], expected: str
) -> None:
    run(namespace, solved(cell, edit))
    with pytest.raises(AssertionError) as raised:
        run(namespace, CELLS[check].source)
    assert check in str(raised.value)
    assert expected in str(raised.value)


def test_a_check_knows_an_open_task_also_when_its_comment_is_gone(namespace: dict[str, Any]) -> None:
    stub = (
        "def accuracy(outputs, labels):\n    # TODO accuracy: the fraction of right predictions\n    ...  # your code here"
    )
    namespace["In"] = ["", stub]
    assert not namespace["attempted"]("accuracy")
    namespace["In"].append("def accuracy(outputs, labels):\n    return (outputs.argmax(1) == labels).float().mean()")
    assert namespace["attempted"]("accuracy")
    assert namespace["attempted"]("probs")


def test_results_of_the_training_cells_stay_when_a_network_fails(namespace: dict[str, Any]) -> None:
    run(namespace, solved("cnn_training"), solved("train_and_test"))
    namespace["loaders"] = {name: namespace["tiny_batches"]() for name in ("train", "test")}
    namespace["num_epochs"] = 1
    run(namespace, solved("cnn"))
    assert "CNN: accuracy" in run(namespace, CELLS["train_cnn"].source)
    shown = run(
        namespace,
        "class CNN_v1(nn.Module):\n    def forward(self, x):\n        return missing",
        CELLS["train_cnn_v1"].source,
    )
    assert "CNN_v1: stopped with" in shown
    assert set(namespace["networks"]) == {"CNN"}
