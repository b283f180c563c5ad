"""The notebook of cnn_blocks: its given functions, its visible checks, and the bounds and figures that its text states."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from autograder import own_files
from autograder.course import Course
from autograder.inside import standins
from autograder.notebooks import notebook

NAME = "cnn_blocks"
COURSE = Course.find(Path(__file__))
CELLS = notebook.cells_by_grade_id(notebook.read(COURSE.source_notebook(NAME)))
GIVEN = ("imports", "parameters", "seeds_and_device", "check_tools", "train_and_test", "multilayer_perceptron")


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
    """The notebook after its given cells."""
    found: dict[str, Any] = {}
    run(found, *(CELLS[cell].source for cell in GIVEN))
    return found


def test_given_functions_return_what_they_print(namespace: dict[str, Any]) -> None:
    network, loader = standins.stand_ins(7)
    namespace |= {"model": network, "loader": loader, "device": "cpu"}
    printed = run(
        namespace,
        "optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)",
        "trained = train(model, loader, nn.CrossEntropyLoss(), optimizer, 1)",
        "seen_in_training = model.document()\nmodel._seen.__init__()",
        "tested = test(model, loader, nn.CrossEntropyLoss(), 1)",
    )
    returned = namespace["trained"] | namespace["tested"]
    assert set(returned) == {"train_loss", "train_accuracy", "running_losses", "test_loss", "test_accuracy"}
    for kind in ("train", "test"):
        line = f"loss {returned[f'{kind}_loss']:.4f}, accuracy {returned[f'{kind}_accuracy']:.2f} %"
        assert re.search(rf"epoch 1, {kind}\w*: +{re.escape(line)}", printed), printed
    assert namespace["seen_in_training"]["used_in_training_mode"]
    assert not network.document()["used_in_training_mode"]
    assert not network.document()["used_with_gradients"]


def test_running_loss_is_reported_each_100_batches(namespace: dict[str, Any]) -> None:
    network, loader = standins.stand_ins(7)
    namespace |= {"model": network, "device": "cpu", "loader": [batch for _ in range(60) for batch in loader]}
    printed = run(
        namespace,
        "trained = train(model, loader, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.0), 3)",
    )
    found = re.findall(r"epoch 3, batch (\d+): running loss ([\d.]+)", printed)
    assert [number for number, _ in found] == ["100", "200"]
    assert [f"{loss:.4f}" for loss in namespace["trained"]["running_losses"]] == [loss for _, loss in found]


PARTS = ("block1", "block2", "block3", "output", "forward")
CHECKED = [f"{network}_{part}" for network in ("maxpool", "batchnorm") for part in PARTS] + ["batchnorm_single_image"]


def test_the_solution_passes_the_visible_checks_of_both_networks(namespace: dict[str, Any]) -> None:
    printed = run(namespace, solved("conv_maxpool"), solved("conv_batchnorm"), *(CELLS[item].source for item in CHECKED))
    assert printed.splitlines() == [f"{item}: ok" for item in CHECKED]


@pytest.mark.parametrize(
    ("cell", "item", "old", "new", "message"),
    [
        (
            "conv_maxpool",
            "maxpool_block1",
            "nn.Conv2d(1, 32, 3,",
            "nn.Conv2d(1, 32, 5,",
            r"832 parameters\n.*expected: +320",
        ),
        ("conv_maxpool", "maxpool_block3", '64, 100, 3, padding="same"', "64, 100, 3", r"becomes \(2, 100, 2, 2\)"),
        ("conv_maxpool", "maxpool_output", "100 * 3 * 3", "100", "self.output stops with RuntimeError"),
        ("conv_maxpool", "maxpool_forward", "x = torch.flatten(x, start_dim=1)", "pass", "forward stops with RuntimeError"),
        (
            "conv_batchnorm",
            "batchnorm_block3",
            "100, 3, stride=2, padding=1",
            "100, 3, stride=2",
            r"becomes \(2, 100, 3, 3\)",
        ),
        ("conv_batchnorm", "batchnorm_block1", ", nn.BatchNorm2d(32)", "", r"320 parameters\n.*expected: +384"),
        (
            "conv_batchnorm",
            "batchnorm_single_image",
            "torch.flatten(x, start_dim=1)",
            "x.squeeze()",
            r"one image gives \(10,\)",
        ),
    ],
)
def test_visible_checks_say_what_is_wrong(
    namespace: dict[str, Any], cell: str, item: str, old: str, new: str, message: str
) -> None:
    run(namespace, solved(cell, (old, new)))
    with pytest.raises(AssertionError, match=message) as caught:
        run(namespace, CELLS[item].source)
    for part in ("observed:", "expected:", "likely cause:", "next step:"):
        assert part in str(caught.value)


def test_bounds_in_the_text_are_those_of_the_hidden_tests(pytestconfig: pytest.Config) -> None:
    for line in ("item(id, weight=1)", "needs(*ids)"):
        pytestconfig.addinivalue_line("markers", f"{line}: a mark of hidden tests")
    hidden = own_files.module(COURSE.hidden_tests(NAME) / "test_training.py")
    text = CELLS["training_task"].source
    assert f"training loss below {hidden.MAXPOOL_LOSS.bound('full')}" in text
    for threshold in (hidden.MAXPOOL_ACCURACY, hidden.BATCHNORM_ACCURACY):
        assert f"test accuracy at least {100 * threshold.bound('full'):.0f} %" in text


def test_the_solution_reaches_the_published_figures() -> None:
    path = COURSE.solutions / NAME / f"{NAME}.ipynb"
    if not path.is_file():
        pytest.skip("not written yet")
    shown = {cell.id: str(cell.get("outputs", "")) for cell in notebook.read(path).cells}
    for cell, least in (("train_maxpool", 95.0), ("train_batchnorm", 98.0)):
        found = re.findall(r"epoch \d, test: +loss [\d.]+, accuracy ([\d.]+) %", shown[cell])
        assert len(found) == 5
        assert max(map(float, found)) >= least, "in the best epoch, as the item asks"
