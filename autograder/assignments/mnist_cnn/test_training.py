"""Hidden tests of the training: what the loop does with a few images, and what the real run left behind."""

import math
from collections.abc import Callable

import pytest

from autograder.assignment import Profile
from autograder.judging import held_out
from autograder.judging.diagnosis import diagnose
from autograder.judging.effects import followed
from autograder.judging.loops import require_whole_passes
from autograder.judging.optimizers import Adam
from autograder.judging.table import table
from autograder.judging.training import Training
from autograder.networks.comparison import require
from autograder.runs.evidence import Evidence

from . import reference

EPOCHS, PUBLISHED_EPOCHS = 4, 3
PUBLISHED_IMAGES, PUBLISHED_BATCH = 60_000, 100
RATE = 0.001
ADAM = f"Adam with learning rate {RATE}"
rests_on_the_network = pytest.mark.needs("architecture", "forward")


@pytest.fixture
def training(evidence: Evidence) -> Training:
    """The student's training on the few images."""
    return followed(
        evidence,
        "training_loop",
        "training_code",
        network="network",
        optimizer=lambda: Adam(RATE),
        told=ADAM,
    )


@table(
    ("training", 2, "A new MNIST_CNN sees each batch of train_loader once in each epoch.", lambda training:
     training.require_passes((EPOCHS, PUBLISHED_EPOCHS), "model(images), once for each batch of train_loader")),
    ("training", 3, "What is minimised is the cross-entropy of logits and labels.", Training.require_loss),
    ("training", 3, "Each step uses the gradients of its own batch alone.", lambda training:
     training.require_cleared("optimizer.zero_grad()")),
    ("training", 3, "Each batch has one backward pass.", lambda training:
     training.require_backward("backward is missing, or the loss does not depend on model")),
    ("training", 3, f"The optimizer is {ADAM}, from the first step to the last.", lambda training:
     training.require_optimizer(ADAM, least=3)),
)  # fmt: skip
def test_loop(training: Training, required: Callable[[Training], None]) -> None:
    required(training)


@pytest.mark.item("training", weight=3)
def test_step(training: Training, evidence: Evidence, profile: Profile) -> None:
    """The optimizer changes the parameters of model once a batch, after the backward pass."""
    training.require_step("step() is missing, stands outside of the loop, or the optimizer has another network's parameters")
    require_whole_passes(evidence, ["training_code"], profile.number("num_epochs", PUBLISHED_EPOCHS))


@pytest.mark.item("training", weight=1)
def test_losses_are_kept(training: Training, evidence: Evidence) -> None:
    """`loss_history` has the loss of each batch, in order, as plain numbers."""
    found = training.returned
    require(isinstance(found, list), "no list loss_history", "a list of numbers", "the name, or append is missing")
    assert isinstance(found, list)
    batches = training.losses()
    size = len(training.passes()[0]) if batches else 1
    require(
        not evidence.document("training_loop", "training_code").get("tensors"),
        "loss_history holds tensors",
        "plain numbers",
        "loss is appended in place of loss.item(): each tensor keeps the whole graph of its batch in memory",
    )
    require(bool(batches), f"{len(found)} numbers", "one loss for each batch", "model is not trained in this cell")
    differs = [
        place for place, pair in enumerate(zip(found, batches, strict=False)) if not _near([pair[0]], [pair[1]], 0.01)
    ]
    first = min([*differs, len(found), len(batches)])
    require(
        len(found) == len(batches) and _near(found, batches, 0.01),
        f"{len(found)} numbers, {_entry(found, first)}{training.stopped}",
        f"{len(batches)} numbers, {_entry(batches, first)}",
        _kept_cause(found, batches, size),
    )


def _entry(numbers: list[float | None] | list[float], place: int) -> str:
    value = numbers[place] if place < len(numbers) else None
    return f"{value:.4f} for batch {place + 1}" if value is not None else f"none for batch {place + 1}"


def _kept_cause(found: list[float | None], batches: list[float], size: int) -> str:
    sums = [sum(batches[start : start + size]) for start in range(0, len(batches), size)]
    means = [total / size for total in sums]
    so_far = [sum(batches[: place + 1]) / (place + 1) for place in range(len(batches))]
    kinds = {
        "the mean of each epoch: append stands outside of the loop over batches": means,
        "the sums over the epochs": sums,
        "the last epoch alone: the list is emptied in each epoch": batches[-size:],
        "the last batch of each epoch: append stands outside of the loop over batches": batches[size - 1 :: size],
        "the mean of all losses so far, not the loss of the batch": so_far,
    }
    otherwise = "nothing is appended, it is appended outside of the loop, or something else than the loss"
    return diagnose(found, {cause: kind for cause, kind in kinds.items() if kind}, otherwise, 0.01)


def _near(found: list[float | None], wanted: list[float], slack: float) -> bool:
    pairs = zip(found, wanted, strict=True)
    # What could not be computed is not judged.
    return all(a is not None and (math.isnan(b) or math.isclose(a, b, rel_tol=slack, abs_tol=1e-3)) for a, b in pairs)


@pytest.mark.item("training", weight=2)
@rests_on_the_network
def test_losses_of_the_real_run(evidence: Evidence, profile: Profile) -> None:
    """The trained `model` has about the loss that its `loss_history` ends with."""
    found = evidence.document("training", "training_code").get("loss_history")
    if evidence.record.failed("training_code"):
        raise evidence.not_shown("training_code")
    require(bool(found), "no losses", "a list of losses", "the training did not run")
    assert isinstance(found, list)
    cause = "the training diverged, or something else than numbers is kept"
    require(None not in found, "entries that are no finite numbers", "finite losses", cause)
    epochs = profile.number("num_epochs", PUBLISHED_EPOCHS)
    images = profile.number("num_train_images", PUBLISHED_IMAGES)
    size = math.ceil(images / profile.number("batch_size", PUBLISHED_BATCH))
    require(
        len(found) in (epochs * size, PUBLISHED_EPOCHS * size),
        f"{len(found)} losses",
        f"{epochs * size} of {epochs} epochs",
        "epochs or batches are left out",
    )
    last = found[-size:] if len(found) >= size else found[-1:]
    held_out.require_network_behind(
        sum(last) / len(last), evidence, "training", "training_code", dataset="mnist", normalised=reference.normalised
    )
