"""Hidden tests of train and evaluate_model, by what they do with stand-in networks."""

from typing import Any

import pytest
import torch

from autograder.assignment import Profile
from autograder.inside import draws, stepwise
from autograder.judging.loops import Watched, how_far, require_whole_passes, same_number
from autograder.networks.comparison import close, require
from autograder.runs.evidence import Evidence

from . import reference

TRAINED = ("train_cnn", "train_cnn_v1", "train_cnn_v2", "train_cnn_v3")


@pytest.fixture
def watched(evidence: Evidence) -> Watched:
    return Watched.of(evidence, "training_loop", "cnn_training", stepwise.EPOCHS)


@pytest.mark.item("cnn_loop", weight=2)
def test_forward(watched: Watched) -> None:
    """In each epoch, the network sees each batch of `loaders["train"]` once."""
    watched.require_forward("cnn(images)")


@pytest.mark.item("cnn_loop", weight=2)
def test_fresh_gradients(watched: Watched) -> None:
    """Each step uses the gradient of the cross-entropy of its own batch alone."""
    watched.require_fresh_gradients()


@pytest.mark.item("cnn_loop", weight=2)
def test_steps(watched: Watched, evidence: Evidence, profile: Profile) -> None:
    """Each batch has one backward pass, then one step of the optimizer."""
    watched.require_backward()
    watched.require_step()
    if watched.problem is None:  # an error, which train_and_test catches in the real run, is told below
        require_whole_passes(evidence, TRAINED, profile.number("num_epochs", reference.EPOCHS))


@pytest.mark.item("cnn_loop", weight=2)
def test_adam(watched: Watched) -> None:
    """The optimizer is Adam with learning rate 0.01, for the network that was handed over."""
    places = watched.where("step")
    gradients = [watched.tensors[f"{place}.grad"] for place in places if f"{place}.grad" in watched.tensors]
    cause = "no optimizer for this network's parameters"
    require(bool(gradients), "no step with a gradient", "a step of Adam for each batch", cause)
    start = watched.tensors[f"{watched.where('forward')[0]}.weight"]
    wanted = reference.stepped(start, gradients, torch.optim.Adam, lr=reference.ADAM_RATE)[-1]
    found = watched.tensors["final.weight"]
    require(
        close(found, wanted, 1e-5),
        how_far(start, found, wanted),
        f"those of Adam with learning rate {reference.ADAM_RATE}",
        "another optimizer, learning rate or setting, a scheduler, or an optimizer made anew in each epoch",
    )


@pytest.mark.item("cnn_loop", weight=1)
def test_training_mode(watched: Watched, evidence: Evidence) -> None:
    """The network is in training mode while it is trained."""
    modes = evidence.document("training_loop", "cnn_training")["modes"]
    both = len(modes) > 1
    require(
        modes == [True],
        f"evaluation mode{' for some of the batches' * both}" if modes else "the network was not used",
        "training mode for each batch",
        "something in the loop calls eval(): cnn.train() belongs at the start of each epoch"
        if both
        else "cnn.train() is missing",
    )


@pytest.mark.item("cnn_loop", weight=2)
def test_mean_losses(watched: Watched) -> None:
    """`train` returns the mean loss per image of each epoch."""
    require(watched.problem is None, f"train stopped with {watched.problem}", "a list of numbers", "see the error")
    watched.require_mean_losses()


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
