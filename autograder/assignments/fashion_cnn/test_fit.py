"""Hidden tests of evaluate, fit, history and the curves, by what they do with a small problem."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

from autograder.assignment import Profile
from autograder.inside import draws, stepwise
from autograder.judging.curves import Curve, Figures
from autograder.judging.diagnosis import alike
from autograder.judging.effects import followed, multiplied
from autograder.judging.loops import require_whole_passes
from autograder.judging.optimizers import Momentum
from autograder.judging.table import table
from autograder.judging.training import Training
from autograder.networks.comparison import Complaint, require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

RESULTS = 8  # of the history that is drawn anew: another number than the published one
EPOCHS, SHOWN = 12, 3  # of the watched trainings: of fit alone, and of the whole cell
Result = dict[str, float]
Drawn = dict[str, list[float]]


def _training(evidence: Evidence, probe: str, rate: float, momentum: float = 0.0) -> Training:
    """The training that ``probe`` watched, which asks for steps of SGD and for the loss of the model's own steps."""
    return followed(
        evidence,
        probe,
        "fit_code",
        network="regression_network",
        optimizer=lambda: Momentum(rate, momentum),
        told=f"SGD with learning rate {rate}" + (f" and momentum {momentum}" if momentum else ""),
        losses=LOSSES,
    )


LOSSES = multiplied(
    stepwise.LOSS_FACTOR,
    "the loss that model.training_step gives",
    "fit computes a loss of its own: it would not fit a model with another one",
)


def _validated(training: Training, evidence: Evidence, batches: int) -> Result:
    """What ``evaluate`` must find after so many training batches; empty where the parameters then are unknown."""
    state, network = training.state(batches), training.network
    if not state or network is None:
        return {}
    size, data = draws.lesson(evidence.record.seed)
    pairs = list(zip(*(torch.split(part, size) for part in data["val"]), strict=True))
    with torch.no_grad():
        logits = torch.cat([network(state, images) for images, _ in pairs])
    labels = data["val"][1]
    right = (logits.argmax(1) == labels).double().mean()
    losses = [
        float(LOSSES[training.asked](*each)) * len(each[1])
        for each in zip(torch.split(logits, size), torch.split(labels, size), strict=True)
    ]
    return {"val_loss": sum(losses) / len(labels), "val_acc": float(right)}


def _is_result(found: Any, wanted: Result) -> bool:
    """Whether a result has the numbers that it must have; any numbers, where nobody knows which."""
    if not isinstance(found, dict) or not all(isinstance(found.get(name), float) for name in ("val_loss", "val_acc")):
        return False
    return all(alike(found[name], value) for name, value in wanted.items())


@pytest.mark.item("fit", weight=2)
def test_evaluate(evidence: Evidence) -> None:
    """`evaluate` gives what `validation_epoch_end` makes of the `validation_step` of each batch."""
    document, seen = evidence.document("evaluating", "fit_code"), _training(evidence, "evaluating", 0)
    require(seen.problem is None, f"evaluate stopped with {seen.problem}", "a result", "see the error")
    asked = [index for batch in seen.batches if batch.loader == "val" for index in batch.images]
    images = len(draws.lesson(evidence.record.seed)[1]["val"][1])
    require(
        set(asked) == set(range(images)),
        f"{len(set(asked))} of the loader's {images} images were asked for",
        "validation_step of each batch of the loader",
        "another loader than the one handed over, or the function is open",
    )
    found = document.get("result")
    require(isinstance(found, dict), "no dictionary", "what validation_epoch_end gives", "return is missing")
    cause = "not all results were handed on, or another model than the one handed over was used"
    require(_is_result(found, _validated(seen, evidence, 0)), "another result", "that of all batches", cause)


@pytest.mark.item("fit", weight=2)
def test_evaluate_without_gradients(evidence: Evidence) -> None:
    """`evaluate` computes no gradients."""
    document = evidence.document("evaluating", "fit_code")
    seen, own = document.get("gradients") or [], document.get("own_gradients") or []
    require(bool(seen or own), "nothing was evaluated", "validation_step of each batch", "the function is open")
    # no_grad may as well stand at the student's own validation_step.
    right = True not in seen or (bool(own) and not any(own))
    require(right, "gradients are on", "torch.no_grad()", "no_grad is missing")


@pytest.fixture
def training(evidence: Evidence) -> Training:
    """The student's `fit` at work on a few images."""
    return _training(evidence, "fitting", stepwise.RATE, stepwise.MOMENTUM)


@pytest.mark.item("fit", weight=2)
def test_training_steps(training: Training, evidence: Evidence, profile: Profile) -> None:
    """In each epoch, each training batch has a forward pass, a backward pass and one step of the optimizer."""
    training.require_passes([EPOCHS], "model.training_step(batch)")
    training.require_backward("backward is missing, or the loss does not depend on the model")
    training.require_step("the optimizer's step() is missing, or stands outside of the loop")
    if training.problem is None:
        require_whole_passes(evidence, ["fit_code"], profile.number("num_epochs_regression", reference.EPOCHS))


@table(
    ("fit", 2, "Each step uses the gradient of its own batch alone.",
     lambda training: training.require_cleared("zero_grad")),
    ("fit", 1, "The loss of each batch is the one that `model.training_step` gives, whatever the model is.",
     Training.require_loss),
    ("fit", 1, "The steps are those of `opt_func` with the learning rate `lr`.",
     lambda training: training.require_optimizer("opt_func with learning rate lr", least=3)),
)  # fmt: skip
def test_loop(training: Training, required: Callable[[Training], None]) -> None:
    required(training)


@pytest.mark.item("fit", weight=2)
def test_fit_returns_the_history(evidence: Evidence, training: Training) -> None:
    """`fit` returns one result of `evaluate` on the validation loader for each epoch, taken after it."""
    found = evidence.document("fitting", "fit_code").get("history")
    shown = isinstance(found, list) and training.problem is None
    require(shown, f"no list ({training.problem})", "a list", "return is missing")
    _require_results(found, training, evidence, EPOCHS, first=0)


def _require_results(found: Any, training: Training, evidence: Evidence, epochs: int, first: int) -> None:
    """One result for each epoch, after ``first`` results of the untrained model, each of the network of that moment."""
    count = epochs + first
    require(
        len(found) == count,
        f"{len(found)} results",
        f"{count}: {'that of the untrained model, then ' if first else ''}one for each of {epochs} epochs",
        "appended for each batch, or the untrained result is missing" if first else "appended for each batch, or not at all",
    )
    size, data = draws.lesson(evidence.record.seed)
    batches = len(torch.split(data["train"][1], size))
    for number, result in enumerate(found):
        epoch = number + 1 - first
        when = f"epoch {epoch}" if epoch else "the untrained model"
        require(
            _is_result(result, _validated(training, evidence, epoch * batches)),
            f"result {number + 1} is not that of the validation images after {epoch * batches} training batches",
            f"evaluate(model, val_loader) of {when}",
            "another loader, or taken at another moment",
        )


@pytest.mark.item("fit", weight=0.5)
def test_each_epoch_is_shown(evidence: Evidence) -> None:
    """The result of each epoch is printed."""
    shown = evidence.document("fitting", "fit_code").get("shown")
    require(
        isinstance(shown, int) and shown >= EPOCHS,
        f"{shown} lines",
        f"one for each of {EPOCHS} epochs",
        "model.epoch_end is not called",
    )


@pytest.fixture
@up_to_an_error("history")
def again(evidence: Evidence) -> Training:
    """The whole answer cell at work on a few images."""
    return _training(evidence, "history", reference.REGRESSION_RATE)


@pytest.mark.item("fit", weight=1.5)
@up_to_an_error("history")
def test_history(evidence: Evidence, again: Training) -> None:
    """`history` holds the result of the untrained model, then those of the epochs."""
    found = evidence.document("history", "fit_code").get("history")
    require(isinstance(found, list), "no list history", "a list", "history was not set")
    # The number of epochs as published may have been written out.
    again.require_passes([SHOWN, reference.EPOCHS], "fit(num_epochs_regression, 0.001, model, ...)")
    _require_results(found, again, evidence, len(again.passes()), first=1)


@pytest.mark.item("fit", weight=1)
@up_to_an_error("history")
def test_learning_rate_of_history(again: Training, evidence: Evidence) -> None:
    """It was trained by plain SGD with learning rate 0.001."""
    again.require_optimizer(f"SGD with learning rate {reference.REGRESSION_RATE}", least=3)


@pytest.fixture
@up_to_an_error("curves")
def figures(evidence: Evidence) -> Figures:
    return Figures.of(evidence, "curves", "regression_curves_code")


@pytest.fixture
def drawn(evidence: Evidence) -> Drawn:
    """The history that the box drew for the plot, by what its numbers are."""
    seed = evidence.record.seed
    return {"accuracy": [1 - miss / 2.1 for miss in draws.losses(seed + 1, RESULTS)], "loss": draws.losses(seed, RESULTS)}


def _there(figures: Figures, drawn: Drawn) -> dict[str, Curve]:
    """The curves of accuracy and loss that are there; at least one must be."""
    found = {shows: curve for shows, values in drawn.items() if (curve := figures.curve(values))}
    require(bool(found), "neither curve is there", "accuracy and loss", "see the lines above")
    return found


def _accuracy_is_drawn(figures: Figures, drawn: Drawn) -> None:
    figures.require_curve(drawn["accuracy"], f"val_acc, for a run of {RESULTS - 1} epochs")


def _loss_is_drawn(figures: Figures, drawn: Drawn) -> None:
    loss, other = figures.require_curve(drawn["loss"], f"val_loss, for a run of {RESULTS - 1} epochs"), drawn["accuracy"]
    accuracy = figures.curve(other)
    apart = accuracy is None or loss.axes is not accuracy.axes
    require(apart, "both curves on the same axes", "each on axes of its own", "drawn into left or right twice")


def _epochs_from_zero(figures: Figures, drawn: Drawn) -> None:
    for curve in _there(figures, drawn).values():
        curve.require_epochs((0,), f"0, the untrained model, to {RESULTS - 1}")


def _labels(figures: Figures, drawn: Drawn) -> None:
    for shows, curve in _there(figures, drawn).items():
        curve.require_labels(shows)
        everything = " ".join([*curve.texts.values(), curve.figure["suptitle"]])
        if re.search(r"(?<!fashion)(?<!fashion[^a-z])mnist(?!model)", everything.lower()):
            raise Complaint(
                f"a title says MNIST: {everything[:120]}", "Fashion-MNIST", "MNIST holds digits, these are clothes"
            )


@table(
    ("regression_curves", 2, "One curve shows the validation accuracy of each result in history.", _accuracy_is_drawn),
    ("regression_curves", 2, "Another one shows the validation loss.", _loss_is_drawn),
    ("regression_curves", 1,
     "The x axis counts epochs from 0, the untrained model, and all points are within the limits of the axes.",
     _epochs_from_zero),
    ("regression_curves", 2,
     "Both axes are labelled and have a title, which calls the data by their name if it names them.", _labels),
)  # fmt: skip
@up_to_an_error("curves")
def test_curves(figures: Figures, drawn: Drawn, required: Callable[[Figures, Drawn], None], evidence: Evidence) -> None:
    required(figures, drawn)
