"""Hidden tests of the accuracy: what its cell counts for a stand-in network, and what the trained network really reaches."""

import pytest

from autograder.judging import held_out
from autograder.judging.evaluation import Evaluation
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


@pytest.mark.item("test_accuracy", weight=6)
@up_to_an_error("accuracy_cell")
def test_accuracy_counts_images(evaluation: Evaluation, evidence: Evidence) -> None:
    """`test_accuracy` is the share of all test images that are classified rightly, a number from 0 to 1."""
    evaluation.require_share("test_accuracy", "the name, or the TODO is open", published=PUBLISHED_IMAGES)


@pytest.mark.item("test_accuracy", weight=2)
@up_to_an_error("accuracy_cell")
def test_evaluation_mode(evaluation: Evaluation, evidence: Evidence) -> None:
    """`model` is in evaluation mode while it is tested."""
    evaluation.require_evaluation_mode("model")


@pytest.mark.item("test_accuracy", weight=2)
@up_to_an_error("accuracy_cell")
def test_no_gradients(evaluation: Evaluation, evidence: Evidence) -> None:
    """No gradients are recorded while `model` is tested."""
    evaluation.require_no_gradients("model")


@pytest.mark.item("test_accuracy", weight=6)
@pytest.mark.needs("architecture", "forward", "training")
def test_accuracy_of_the_trained_network(evidence: Evidence) -> None:
    """Your trained network classifies enough of the real test images, which it never saw."""
    cause = "not trained enough; see the training"
    where = ("training", "training_code", cause)
    held_out.require_accuracy(ACCURACY, evidence, *where, dataset="mnist", normalised=reference.normalised)
