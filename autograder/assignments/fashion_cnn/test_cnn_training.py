"""Hidden tests of train and evaluate_model, by what they do with a few images."""

from typing import Any

import pytest

from autograder.assignment import Profile
from autograder.inside import draws
from autograder.judging.effects import followed
from autograder.judging.loops import require_whole_passes
from autograder.judging.optimizers import Adam
from autograder.judging.training import Training, same_number
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


@pytest.mark.item("cnn_loop", weight=2)
def test_forward(training: Training) -> None:
    """In each epoch, the network sees each batch of `loaders["train"]` once."""
    training.require_passes([EPOCHS], "cnn(images)")


@pytest.mark.item("cnn_loop", weight=2)
def test_fresh_gradients(training: Training) -> None:
    """Each step uses the gradient of the cross-entropy of its own batch alone."""
    training.require_loss()
    training.require_cleared("zero_grad")


@pytest.mark.item("cnn_loop", weight=2)
def test_steps(training: Training, evidence: Evidence, profile: Profile) -> None:
    """Each batch has one backward pass, then one step of the optimizer."""
    training.require_backward("backward is missing, or the loss does not depend on cnn")
    training.require_step("step() is missing, stands outside of the loop, or the optimizer has another network's parameters")
    if training.problem is None:  # an error, which train_and_test catches in the real run, is told below
        require_whole_passes(evidence, TRAINED, profile.number("num_epochs", reference.EPOCHS))


@pytest.mark.item("cnn_loop", weight=2)
def test_adam(training: Training) -> None:
    """The optimizer is Adam with learning rate 0.01, for the network that was handed over."""
    training.require_optimizer(ADAM, least=3)


@pytest.mark.item("cnn_loop", weight=1)
def test_training_mode(training: Training) -> None:
    """The network is in training mode while it is trained."""
    training.require_training_mode("cnn.train()")


@pytest.mark.item("cnn_loop", weight=2)
def test_mean_losses(training: Training) -> None:
    """`train` returns the mean loss per image of each epoch."""
    require(training.problem is None, f"train stopped with {training.problem}", "a list of numbers", "see the error")
    training.require_mean_losses()


@pytest.fixture
def tested(evidence: Evidence) -> dict[str, Any]:
    found = evidence.document("testing", "cnn_training")
    require(found["stopped"] is None, f"evaluate_model stopped with {found['stopped']}", "an accuracy", "see the error")
    require(found["calls"] > 0, "the network handed over was not used", "a loop over the loader", "the function is open")
    return found


def _counts(seed: int, training: bool) -> tuple[list[float], list[int]]:
    """How many images of each batch of a stand-in loader are classified right, and how many there are."""
    weight, images, labels = draws.classified(seed)
    pairs = zip(images, labels, strict=True)
    right = [float((draws.answers(weight, x, training).argmax(1) == y).sum()) for x, y in pairs]
    return right, [len(batch) for batch in labels]


@pytest.mark.item("evaluate_model", weight=4)
def test_fraction_of_all_images(tested: dict[str, Any], evidence: Evidence) -> None:
    """It returns the fraction of all images of the loader that the network classifies right."""
    # That the network was left in training mode has a test of its own; the count may still be right.
    mode, found = tested["used_in_training_mode"], tested["accuracy"]
    (counts, sizes), earlier = (_counts(evidence.record.seed + later, mode) for later in (0, 1))
    total = sum(sizes)
    wanted = sum(counts) / total
    require(found is not None, "no number", f"{wanted:.4f}", "return is missing")
    shares = [count / size for count, size in zip(counts, sizes, strict=True)]
    causes = {
        sum(shares) / len(shares): "batches are averaged, not images",
        shares[-1]: "the accuracy of the last batch alone",
        sum(counts): "a count in place of a fraction",
        sum(counts) / len(sizes): "divided by the number of batches",
        1 - wanted: "the share of wrong predictions",
        100 * wanted: "percents in place of a fraction",
        (sum(counts) + sum(earlier[0])) / (total + sum(earlier[1])): "the images of an earlier call are counted once more",
    }
    cause = next((text for value, text in causes.items() if same_number(found, value)), "something else is counted")
    require(abs(found - wanted) < 1e-3, f"{found:.4f} for {total} images", f"{wanted:.4f}", cause)


@pytest.mark.item("evaluate_model", weight=2)
def test_evaluation_mode(tested: dict[str, Any]) -> None:
    """The network is in evaluation mode while it is tested."""
    used = tested["used_in_training_mode"]
    require(not used, "training mode", "cnn.eval() before the loop", "dropout and batch norm falsify the accuracy")


@pytest.mark.item("evaluate_model", weight=1)
def test_without_gradients(tested: dict[str, Any]) -> None:
    """No gradients are computed."""
    require(not tested["used_with_gradients"], "gradients are on", "torch.no_grad()", "no_grad is missing")


@pytest.mark.item("evaluate_model", weight=1)
def test_name_is_printed(tested: dict[str, Any]) -> None:
    """It prints the name that was handed in."""
    require(tested["named"], "another text, or none", "a line with `name`", "the name of one network is written out")
