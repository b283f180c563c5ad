"""Hidden tests of train and evaluate_model, by what they do with a few images."""

from collections.abc import Callable

import pytest

from autograder.assignment import Profile
from autograder.judging.effects import followed
from autograder.judging.evaluation import Batches, Evaluation
from autograder.judging.loops import require_whole_passes
from autograder.judging.optimizers import Adam
from autograder.judging.table import table
from autograder.judging.training import Training
from autograder.networks.comparison import require
from autograder.runs.evidence import Evidence

from . import reference

EPOCHS = 12
ADAM = f"Adam with learning rate {reference.ADAM_RATE}"
TRAINED = ("train_cnn", "train_cnn_v1", "train_cnn_v2", "train_cnn_v3")


@pytest.fixture
def training(evidence: Evidence) -> Training:
    """The student's `train` at work on a few images."""
    return followed(
        evidence,
        "training_loop",
        "cnn_training",
        network="cnn_network",
        optimizer=lambda: Adam(reference.ADAM_RATE),
        told=ADAM,
    )


def _fresh_gradients(training: Training) -> None:
    training.require_loss()
    training.require_cleared("zero_grad")


def _mean_losses(training: Training) -> None:
    require(training.problem is None, f"train stopped with {training.problem}", "a list of numbers", "see the error")
    training.require_mean_losses()


@table(
    ("cnn_loop", 2, "In each epoch, the network sees each batch of `loaders[\"train\"]` once.",
     lambda training: training.require_passes([EPOCHS], "cnn(images)")),
    ("cnn_loop", 2, "Each step uses the gradient of the cross-entropy of its own batch alone.", _fresh_gradients),
    ("cnn_loop", 2, "The optimizer is Adam with learning rate 0.01, for the network that was handed over.",
     lambda training: training.require_optimizer(ADAM, least=3)),
    ("cnn_loop", 1, "The network is in training mode while it is trained.",
     lambda training: training.require_training_mode("cnn.train()")),
    ("cnn_loop", 2, "`train` returns the mean loss per image of each epoch.", _mean_losses),
)  # fmt: skip
def test_loop(training: Training, required: Callable[[Training], None]) -> None:
    required(training)


@pytest.mark.item("cnn_loop", weight=2)
def test_steps(training: Training, evidence: Evidence, profile: Profile) -> None:
    """Each batch has one backward pass, then one step of the optimizer."""
    training.require_backward("backward is missing, or the loss does not depend on cnn")
    training.require_step("step() is missing, stands outside of the loop, or the optimizer has another network's parameters")
    if training.problem is None:  # an error, which train_and_test catches in the real run, is told below
        require_whole_passes(evidence, TRAINED, profile.number("num_epochs", reference.EPOCHS))


@pytest.fixture
def tested(evidence: Evidence) -> Evaluation:
    found = Evaluation.of(evidence, "testing", "cnn_training")
    stopped = found.document["stopped"]
    require(stopped is None, f"evaluate_model stopped with {stopped}", "an accuracy", "see the error")
    require(
        found.document["calls"] > 0,
        "the network handed over was not used",
        "a loop over the loader",
        "the function is open",
    )
    return found


@pytest.mark.item("evaluate_model", weight=4)
def test_fraction_of_all_images(tested: Evaluation, evidence: Evidence) -> None:
    """It returns the fraction of all images of the loader that the network classifies right."""
    now, earlier = tested.batches[0], Batches.drawn(evidence.record.seed + 1, training=len(tested.batches) > 1)
    twice = (sum(now.right) + sum(earlier.right)) / (sum(now.sizes) + sum(earlier.sizes))
    mistakes = {"the images of an earlier call are counted once more": twice}
    tested.require_share("accuracy", "return is missing", mistakes=mistakes)


@table(
    ("evaluate_model", 2, "The network is in evaluation mode while it is tested.",
     lambda tested: tested.require_evaluation_mode("cnn")),
    ("evaluate_model", 1, "No gradients are computed.", lambda tested: tested.require_no_gradients("cnn")),
    ("evaluate_model", 1, "It prints the name that was handed in.", lambda tested: require(
     tested.document["named"], "another text, or none", "a line with `name`", "the name of one network is written out")),
)  # fmt: skip
def test_use(tested: Evaluation, required: Callable[[Evaluation], None]) -> None:
    required(tested)
