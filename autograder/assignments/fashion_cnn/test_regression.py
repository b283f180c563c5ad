"""Hidden tests of the softmax regression: its network, its steps, probabilities, accuracy and single images."""

from typing import Any

import pytest
import torch

from autograder.inside import draws
from autograder.judging.diagnosis import alike, diagnose, require_alike, shown
from autograder.networks.comparison import Comparison, Complaint, close, require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import judged, reference

LINEAR = 0
BATCHES = (24, 24, 5)
STEP_IMAGES = 8
ROWS = (17, 10, 1, 40)  # images in the batches of accuracy
TOLERANCE = 1e-4


@pytest.fixture
def network(evidence: Evidence) -> Comparison:
    return judged.network(evidence, "softmax_regression_code")


@pytest.mark.item("softmax_regression", weight=3)
def test_one_linear_layer(network: Comparison) -> None:
    """The model is one linear layer from 784 pixels to 10 classes, with bias."""
    network.require_layer(LINEAR, "linear")
    network.require_nothing_between(-1, LINEAR, "a layer too many")
    network.require_wired()


@pytest.mark.item("softmax_regression", weight=2)
def test_logits(network: Comparison) -> None:
    """Four images give logits of shape (4, 10): nothing follows the layer, cross-entropy does the softmax itself."""
    network.require_used(LINEAR, "the layer is not called, or its result is not returned")
    cause = network.shape_cause("images are not flattened, or nothing returned")
    require(network.output_shape == [4, 10], network.output(), "(4, 10)", cause)
    network.require_nothing_between(LINEAR, LINEAR + 1, "a softmax or an activation after the layer")


@pytest.mark.item("softmax_regression", weight=1)
def test_forward_prints_nothing(network: Comparison, evidence: Evidence) -> None:
    """The forward pass prints nothing."""
    network.require_used(LINEAR, "the layer is not called, or its result is not returned")
    judged.require_quiet(evidence, "softmax_regression_code")


@pytest.mark.item("softmax_regression", weight=3)
def test_training_step(evidence: Evidence) -> None:
    """`training_step` gives the cross-entropy of the model's logits for its batch."""
    found = evidence.document("training_step", "softmax_regression_code")
    require(found["stopped"] is None, f"it stopped with {found['stopped']}", "a loss", "see the error")
    logits = evidence.tensor("training_step", "logits")
    if logits is None or logits.shape != (STEP_IMAGES, 10):
        raise Complaint("the model gives no logits", f"logits of shape ({STEP_IMAGES}, 10)", "see forward")
    labels = draws.batch(evidence.record.seed, STEP_IMAGES)[1]
    wanted = reference.loss_and_accuracy(logits, labels)[0]
    require(found["loss"] is not None, "no loss", f"{wanted:.4f}", "return is missing, or not a tensor with one value")
    doubled = reference.loss_and_accuracy(logits.softmax(1), labels)[0]
    mistakes = {
        "the sum over the batch in place of its mean": STEP_IMAGES * wanted,
        "a softmax before cross-entropy, which applies one itself": doubled,
        "nll_loss of logits, which expects logarithms of probabilities": -float(logits.gather(1, labels[:, None]).mean()),
    }
    require_alike(found["loss"], wanted, mistakes, "another loss, or of another batch", tolerance=TOLERANCE)


@pytest.mark.item("softmax_regression", weight=1)
def test_loss_has_a_gradient(evidence: Evidence) -> None:
    """The loss is a tensor that `backward` can start from."""
    found = evidence.document("training_step", "softmax_regression_code")
    require(found["stopped"] is None, f"it stopped with {found['stopped']}", "a loss", "see the error")
    require(found["tensor"], "not a tensor with one value", "a tensor with one value", "item() in training_step")
    require(
        found["gradient"], "a tensor without a gradient", "a loss with a gradient", "detach() or no_grad in training_step"
    )


@pytest.fixture
def validated(evidence: Evidence) -> dict[str, Any]:
    found = evidence.document("validation", "accuracy_code")
    if any(step is None for step in found["steps"]):
        raise Complaint(
            f"validation_step stopped with {found['stopped']}"
            if found["stopped"]
            else "validation_step gives no dictionary",
            "a dictionary with val_loss and val_acc",
            "the method is open, or stops with an error",
        )
    return found


def _by_batch(evidence: Evidence) -> list[tuple[float, float]]:
    """Loss and accuracy of each batch, of the logits that the student's own model gave."""
    logits, labels = evidence.tensor("validation", "logits"), evidence.tensor("validation", "labels")
    assert logits is not None
    assert labels is not None
    require(logits.shape == (sum(BATCHES), 10), f"logits of shape {tuple(logits.shape)}", "(N, 10)", "see forward")
    pairs = zip(torch.split(logits, list(BATCHES)), torch.split(labels, list(BATCHES)), strict=True)
    return [reference.loss_and_accuracy(outputs, right) for outputs, right in pairs]


@pytest.mark.item("validation_epoch", weight=2)
@pytest.mark.needs("softmax_regression")
def test_validation_loss(validated: dict[str, Any], evidence: Evidence) -> None:
    """`validation_step` gives the cross-entropy of its batch as `val_loss`."""
    for step, (loss, share) in zip(validated["steps"], _by_batch(evidence), strict=True):
        mistakes = {"val_loss and val_acc are exchanged": share}
        otherwise = "another loss, or under another key"
        require_alike(step["val_loss"], loss, mistakes, otherwise, of="as val_loss", tolerance=TOLERANCE)


@pytest.mark.item("validation_epoch", weight=1)
@pytest.mark.needs("softmax_regression", "accuracy")
def test_validation_accuracy(validated: dict[str, Any], evidence: Evidence) -> None:
    """And the accuracy of its batch as `val_acc`."""
    for number, (step, (_, share)) in enumerate(zip(validated["steps"], _by_batch(evidence), strict=True)):
        # What is wrong in `accuracy` is reported there.
        own = validated["shares"][number]
        accepted = [share] if own is None else [share, own]
        found = step["val_acc"]
        cause = "not that of this batch, or under another key"
        require(
            any(alike(found, value, TOLERANCE) for value in accepted), f"{shown(found)} as val_acc", f"{share:.4f}", cause
        )


@pytest.mark.item("validation_epoch", weight=3)
@pytest.mark.needs("softmax_regression", "accuracy")
def test_means_over_images(validated: dict[str, Any], evidence: Evidence) -> None:
    """`validation_epoch_end` gives the means over all images, whatever the sizes of the batches."""
    result = validated["result"]
    if validated["stopped"] or result is None:
        raise Complaint(
            f"validation_epoch_end stopped with {validated['stopped']}" if validated["stopped"] else "no dictionary",
            "a dictionary with val_loss and val_acc",
            "the method is open, or stops with an error",
        )
    batches = [(step["val_loss"], step["val_acc"]) for step in validated["steps"]]
    _by_batch(evidence)
    for place, name in enumerate(("val_loss", "val_acc")):
        values = [batch[place] for batch in batches]
        if None in values:
            raise Complaint(f"no {name} of a batch", f"{name} of each batch", "see validation_step")
        require(
            len(set(values)) > 1, f"{name} {shown(values[0])} for each batch", "that of the batch", "see validation_step"
        )
        wanted = sum(value * size for value, size in zip(values, BATCHES, strict=True)) / sum(BATCHES)
        mistakes = {"batches are averaged, not images: the short last batch counts too much": sum(values) / len(values)}
        of, otherwise = (
            f"as {name} for batches of {', '.join(map(str, BATCHES))} images",
            "a sum, or only some of the batches",
        )
        require_alike(result[name], wanted, mistakes, otherwise, of=of, tolerance=TOLERANCE)


@pytest.mark.item("softmax_probabilities")
@up_to_an_error("probabilities")
def test_softmax_over_classes(evidence: Evidence) -> None:
    """`probs` is the softmax of `outputs` over the classes."""
    document = evidence.document("probabilities", "softmax_probabilities_code")
    found = evidence.tensor("probabilities", "probs")
    logits = draws.logits(evidence.record.seed, 12)
    wanted = logits.softmax(1)
    if found is None:
        raise Complaint(f"probs is a {document['type']}", "a tensor of shape (N, 10)", "probs was not set")
    require(
        found.shape == wanted.shape, f"shape {tuple(found.shape)}", f"{tuple(wanted.shape)}", "only one image, or transposed"
    )
    sums = found.sum(1)
    mistakes = {
        "softmax over the images in place of the classes (dim)": logits.softmax(0),
        "the logarithm of the softmax": logits.log_softmax(1),
        "a sigmoid, which looks at each class by itself": logits.sigmoid(),
        "divided by the sum over all images, not by that of the row": logits.exp() / logits.exp().sum(),
        "the exponentials are not divided by their sum": logits.exp(),
    }
    require(
        close(found, wanted, TOLERANCE),
        f"rows that sum to {float(sums.min()):.3f} .. {float(sums.max()):.3f}",
        "the softmax of each row, which sums to 1",
        diagnose(found, mistakes, "another function", TOLERANCE),
    )


def _wanted_accuracies(seed: int) -> list[float]:
    """The accuracies of the batches that the probe drew."""
    pairs = [(draws.logits(seed + number, rows), draws.batch(seed + number, rows)[1]) for number, rows in enumerate(ROWS)]
    return [reference.loss_and_accuracy(logits, labels)[1] for logits, labels in pairs]


@pytest.mark.item("accuracy", weight=4)
def test_fraction_of_right_predictions(evidence: Evidence) -> None:
    """`accuracy` gives the fraction of images whose largest output is at the label."""
    document = evidence.document("accuracies", "accuracy_code")
    cases = zip(ROWS, document["values"], document["problems"], _wanted_accuracies(evidence.record.seed), strict=True)
    for rows, found, problem, wanted in cases:
        require(problem is None, f"it stopped with {problem} for {rows} images", "a fraction", "see the error")
        otherwise = "the largest value along the wrong dimension, or divided by another number than that of the images"
        require_alike(
            found,
            wanted,
            {
                "percents in place of a fraction": 100 * wanted,
                "a count in place of a fraction": wanted * rows,
                "the share of wrong predictions": 1 - wanted,
            },
            "return is missing" if found is None else otherwise,
            of=f"for {rows} images",
            tolerance=TOLERANCE,
        )


@pytest.mark.item("accuracy", weight=1)
def test_accuracy_is_a_tensor(evidence: Evidence) -> None:
    """It is a float tensor with a single value."""
    document = evidence.document("accuracies", "accuracy_code")
    varies = len(set(document["values"])) > 1 or len(set(_wanted_accuracies(evidence.record.seed))) == 1
    require(varies, "the same for any batch", "what the batch gives", "see the line above")
    require(
        all(document["tensors"]),
        f"a {document['type']}" if document["type"] != "Tensor" else "a tensor of integers, or of several values",
        "a float tensor with one value",
        "item(), or a fraction for each class",
    )


@pytest.mark.item("predict_image")
def test_class_of_one_image(evidence: Evidence) -> None:
    """`predict_image` gives the class with the largest logit for one image of shape (1, 28, 28)."""
    document = evidence.document("predicted", "predict_image_code")
    require(
        document["stopped"] is None, f"it stopped with {document['stopped']}", "a class", "the batch dimension is missing"
    )
    weight, images, _ = draws.classified(evidence.record.seed)
    wanted = draws.answers(weight, images[-1], training=False).argmax(1).tolist()
    found = document["classes"]
    cause = "a name or a text in place of the number" if document["type"] == "str" else "return or item() is missing"
    require(None not in found, f"a {document['type']}", "the number of a class, an int", cause)
    right = sum(a == b for a, b in zip(found, wanted, strict=True))
    require(
        right == len(wanted), f"{right} of {len(wanted)} images", "all as the model says", "the wrong dimension, or a logit"
    )
