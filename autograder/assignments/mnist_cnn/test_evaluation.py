"""Hidden tests of the accuracy: what its cell counts for a stand-in network, and what the trained network really reaches."""

from collections.abc import Callable

import pytest

from autograder.judging import held_out
from autograder.judging.evaluation import Evaluation
from autograder.judging.table import table
from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

ACCURACY = Threshold("test accuracy", at_least={"full": 0.98, "quick": 0.8, "proof": 0.3})
PUBLISHED_IMAGES = 10_000
BATCH = 100  # as in the probe


@pytest.fixture
def evaluation(evidence: Evidence) -> Evaluation:
    return Evaluation.of(evidence, "accuracy_cell", "evaluation", BATCH)


@table(
    ("test_accuracy", 6, "`test_accuracy` is the share of all test images that are classified right, a number from 0 to 1.",
     lambda found: found.require_share("test_accuracy", "the name, or the TODO is open", published=PUBLISHED_IMAGES)),
    ("test_accuracy", 2, "`model` is in evaluation mode while it is tested.",
     lambda found: found.require_evaluation_mode("model")),
    ("test_accuracy", 2, "No gradients are recorded while `model` is tested.",
     lambda found: found.require_no_gradients("model")),
)  # fmt: skip
@up_to_an_error("accuracy_cell")
def test_cell(evaluation: Evaluation, required: Callable[[Evaluation], None], evidence: Evidence) -> None:
    required(evaluation)


@pytest.mark.item("test_accuracy", weight=6)
@pytest.mark.needs("architecture", "forward", "training")
def test_accuracy_of_the_trained_network(evidence: Evidence) -> None:
    """Your trained network classifies enough of the real test images, which it never saw."""
    cause = "not trained enough; see the training"
    where = ("training", "training_code", cause)
    held_out.require_accuracy(ACCURACY, evidence, *where, dataset="mnist", normalised=reference.normalised)
