"""Hidden tests of the accuracy: what its cell counts for a stand-in network, and what the trained network really reaches."""

import math
from typing import Any

import pytest
import torch

from autograder.inside import draws
from autograder.judging import held_out
from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

ACCURACY = Threshold("test accuracy", at_least={"full": 0.98, "quick": 0.8, "proof": 0.3})
TEST_IMAGES = {"full": 10_000, "quick": 2_000, "proof": 200}
PUBLISHED_IMAGES = 10_000
BATCH, BATCHES = 100, 3


@pytest.fixture
def counted(evidence: Evidence) -> dict[str, Any]:
    return evidence.document("accuracy_cell", "evaluation")


def _right(seed: int, training: bool) -> list[int]:
    """How many images of each stand-in batch are classified rightly; those that evaluation mode gets right come first."""
    weight, images, labels = draws.classified(seed)
    pictures, digits = (torch.cat(part * BATCHES)[: BATCH * BATCHES] for part in (images, labels))
    order = (draws.answers(weight, pictures, False).argmax(1) == digits).int().argsort(descending=True, stable=True)
    right = draws.answers(weight, pictures[order], training).argmax(1) == digits[order]
    return [int(part) for part in right.reshape(BATCHES, BATCH).sum(1)]


@pytest.mark.item("test_accuracy", weight=6)
@up_to_an_error("accuracy_cell")
def test_accuracy_counts_images(counted: dict[str, Any], evidence: Evidence) -> None:
    """`test_accuracy` is the share of all test images that are classified rightly, a number from 0 to 1."""
    found = counted["test_accuracy"]
    cause = "the name, or the TODO is open" if counted["type"] == "NoneType" else "a text or a tensor of several values"
    require(found is not None, f"test_accuracy is a {counted['type']}", "a number from 0 to 1", cause)
    # That the network was left in training mode has a line of its own; the count may still be right.
    for training in (True, False) if counted["used_in_training_mode"] else (False,):
        right = _right(evidence.record.seed, training)
        # The number of test images may stand in the cell as a number; the result may be rounded to three digits.
        allowed = ((BATCH * BATCHES, 6e-4), (PUBLISHED_IMAGES, 1e-5))
        if any(math.isclose(found, sum(right) / images, rel_tol=0.0, abs_tol=slack) for images, slack in allowed):
            return
    require(
        False,
        f"{found:g} for a network that gets {sum(right)} of {BATCH * BATCHES} images right",
        f"{sum(right) / (BATCH * BATCHES):g}",
        _cause(found, right, bool(counted["train_loader_used"])),
    )


def _cause(found: float, right: list[int], train_loader_used: bool) -> str:
    images, total = BATCH * BATCHES, sum(right)
    causes = {
        "a percentage in place of a share": 100 * total / images,
        "divided by the number of batches": total / BATCHES,
        "the number of right images, not divided by the number of all": total,
        "the share of wrong images": 1 - total / images,
        "batches are counted, not images": sum(batch == BATCH for batch in right) / BATCHES,
        "right batches divided by the number of images": sum(batch == BATCH for batch in right) / images,
        "only the last batch counts: the sum is not kept from batch to batch": right[-1] / images,
        "only the last batch counts": right[-1] / BATCH,
        "only the first batch counts": right[0] / BATCH,
    }
    if train_loader_used:
        return "train_loader in place of test_loader: accuracy on images that it has learnt from"
    return next(
        (why for why, value in causes.items() if math.isclose(found, value, rel_tol=0.0, abs_tol=6e-4)),
        "something else is counted",
    )


@pytest.mark.item("test_accuracy", weight=2)
@up_to_an_error("accuracy_cell")
def test_evaluation_mode(counted: dict[str, Any], evidence: Evidence) -> None:
    """`model` is in evaluation mode while it is tested."""
    require(
        counted["used_in_evaluation_mode"] and not counted["used_in_training_mode"],
        "model was used in training mode" if counted["used_in_training_mode"] else "model was not used",
        "model.eval() before the loop",
        "model.eval() is missing: dropout or batch norm would falsify the accuracy",
    )


@pytest.mark.item("test_accuracy", weight=2)
@up_to_an_error("accuracy_cell")
def test_no_gradients(counted: dict[str, Any], evidence: Evidence) -> None:
    """No gradients are recorded while `model` is tested."""
    require(
        counted["calls"] > 0 and not counted["used_with_gradients"],
        "gradients were recorded" if counted["used_with_gradients"] else "model was not used",
        "torch.no_grad() around the loop",
        "torch.no_grad() is missing: it costs time and memory for nothing",
    )


@pytest.mark.item("test_accuracy", weight=6)
@pytest.mark.needs("architecture", "forward", "training")
def test_accuracy_of_the_trained_network(evidence: Evidence) -> None:
    """Your trained network classifies enough of the real test images, which it never saw."""
    count = TEST_IMAGES[evidence.record.profile]
    found = held_out.accuracy(
        evidence, "training", "training_code", dataset="mnist", normalised=reference.normalised, count=count
    )
    ACCURACY.require(found, evidence.record.profile, "not trained enough; see the training", f"of {count:,} images")
