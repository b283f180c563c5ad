"""Hidden tests of evaluate, fit, history and the curves, by what they do with a small problem."""

import re
from typing import Any

import pytest
import torch

from autograder.assignment import Profile
from autograder.inside import draws, loop, stepwise
from autograder.judging.loops import Watched, require_whole_passes
from autograder.networks.comparison import Complaint, close, require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

RESULTS = 8  # of the history that is drawn anew: another number than the published one
NAMES = ("val_loss", "val_acc")
Result = dict[str, float | None]


class Validations:
    """What the stand-in model saw of validation: one event a batch, in order."""

    def __init__(self, evidence: Evidence, probe: str) -> None:
        document = evidence.document(probe, "fit_code")
        self.tensors = evidence.tensors_of(probe)
        self.places = [place for place, event in enumerate(document["events"]) if event["event"] == "validation"]
        self.batches = stepwise.validation_batches(evidence.record.seed).batches

    def of_val_batches(self, place: int) -> bool:
        """Whether the event at ``place`` starts a pass over the validation batches, each once and in order."""
        start = self.places.index(place)
        run = self.places[start : start + len(self.batches)]
        images = [self.tensors[f"{one}.images"] for one in run]
        return len(run) == len(self.batches) and all(
            close(seen, batch[0]) for seen, batch in zip(images, self.batches, strict=True)
        )

    def fits(self, result: Any, place: int) -> bool:
        """Whether ``result`` is what the model's methods make of a pass that starts at ``place``; true means fit too."""
        if not isinstance(result, dict) or None in result.values():
            return False
        weight, bias = self.tensors[f"{place}.weight"], self.tensors[f"{place}.bias"]
        pairs = [
            reference.loss_and_accuracy(reference.linear(images, weight, bias), labels) for images, labels in self.batches
        ]
        sizes = [len(labels) for _, labels in self.batches]
        for number, name in enumerate(NAMES):
            values = [pair[number] for pair in pairs]
            mean = sum(value * size for value, size in zip(values, sizes, strict=True)) / sum(sizes)
            if min(abs(result[name] - stepwise.signature(values)), abs(result[name] - mean)) > 1e-3:
                return False
        return True


@pytest.mark.item("fit", weight=2)
def test_evaluate(evidence: Evidence) -> None:
    """`evaluate` gives what `validation_epoch_end` makes of the `validation_step` of each batch."""
    document = evidence.document("evaluating", "fit_code")
    require(document["stopped"] is None, f"evaluate stopped with {document['stopped']}", "a result", "see the error")
    seen = Validations(evidence, "evaluating")
    count = len(seen.batches)
    require(
        len(seen.places) == count and seen.of_val_batches(seen.places[0]),
        f"validation_step was called {len(seen.places)} times",
        f"once for each of the {count} batches of the loader",
        "another loader or another model than the ones handed over, or the function is open",
    )
    found = document["result"]
    require(found is not None, "no dictionary", "what validation_epoch_end gives", "return is missing")
    require(seen.fits(found, seen.places[0]), "another result", "that of all batches", "not all results were handed on")


@pytest.mark.item("fit", weight=2)
def test_evaluate_without_gradients(evidence: Evidence) -> None:
    """`evaluate` computes no gradients."""
    document = evidence.document("evaluating", "fit_code")
    seen = Validations(evidence, "evaluating")
    own = document["own_gradients"]
    require(bool(seen.places or own), "nothing was evaluated", "validation_step of each batch", "the function is open")
    on = any(bool(seen.tensors[f"{place}.gradients"]) for place in seen.places)
    # no_grad may as well stand at the student's own validation_step.
    require(not on or (bool(own) and not any(own)), "gradients are on", "torch.no_grad()", "no_grad is missing")


@pytest.fixture
def watched(evidence: Evidence) -> Watched:
    return Watched.of(evidence, "fitting", "fit_code", stepwise.EPOCHS)


@pytest.mark.item("fit", weight=2)
def test_training_steps(watched: Watched, evidence: Evidence, profile: Profile) -> None:
    """In each epoch, each training batch has a forward pass, a backward pass and one step of the optimizer."""
    watched.require_forward("model.training_step(batch)")
    watched.require_backward()
    watched.require_step()
    if watched.problem is None:
        require_whole_passes(evidence, ["fit_code"], profile.number("num_epochs_regression", reference.EPOCHS))


@pytest.mark.item("fit", weight=2)
def test_fresh_gradients(watched: Watched) -> None:
    """Each step uses the gradient of its own batch alone."""
    watched.require_fresh_gradients()


@pytest.mark.item("fit", weight=1)
def test_loss_of_training_step(watched: Watched) -> None:
    """The loss of each batch is the one that `model.training_step` gives, whatever the model is."""
    places, forwards = watched.where("backward"), watched.where("forward")
    require(bool(places and forwards), "no backward pass", "one for each training batch", "the loop is open, or stops early")
    images, labels = watched.batches[0]
    weight = watched.tensors[f"{forwards[0]}.weight"].clone().requires_grad_()
    logits = reference.linear(images, weight, watched.tensors[f"{forwards[0]}.bias"])
    (own,) = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, labels), [weight])
    # The stand-in model's loss is a multiple of it. What else may be minimised has the line above.
    found = watched.tensors.get(f"{places[0]}.grad")
    require(
        found is None or not close(found, own),
        "cross-entropy, with a model whose training_step gives another loss",
        "model.training_step(batch)",
        "fit computes a loss of its own: it would not fit a model with another one",
    )


def _require_steps(watched: Watched, cause: str, rate: float, momentum: float = 0.0) -> None:
    """Complain unless SGD leads from the recorded gradients to the recorded weights."""
    gradients = any(f"{place}.grad" in watched.tensors for place in watched.where("step"))
    require(gradients and watched.count("forward") > 0, "no step of an optimizer", "a step for each batch", cause)
    watched.require_steps_of_sgd(cause, rate, momentum)


@pytest.mark.item("fit", weight=1)
def test_the_optimizer_handed_over(watched: Watched) -> None:
    """The steps are those of `opt_func` with the learning rate `lr`."""
    cause = "another optimizer or learning rate than the ones handed over"
    _require_steps(watched, cause, loop.RATE, loop.MOMENTUM)


@pytest.mark.item("fit", weight=2)
def test_fit_returns_the_history(evidence: Evidence, watched: Watched) -> None:
    """`fit` returns one result of `evaluate` on the validation loader for each epoch, taken after it."""
    seen, found = Validations(evidence, "fitting"), evidence.document("fitting", "fit_code")["history"]
    require(found is not None and watched.problem is None, f"no list ({watched.problem})", "a list", "return is missing")
    _require_results(found, seen, watched, stepwise.EPOCHS, first=0)


def _require_results(found: list[Any], seen: Validations, watched: Watched, epochs: int, first: int) -> None:
    """One result for each epoch, after ``first`` results of the untrained model, each of the network of that moment."""
    count = epochs + first
    require(
        len(found) == count,
        f"{len(found)} results",
        f"{count}: {'that of the untrained model, then ' if first else ''}one for each of {epochs} epochs",
        "appended for each batch, or the untrained result is missing" if first else "appended for each batch, or not at all",
    )
    per_epoch, forwards = len(watched.batches), watched.where("forward")
    for number, result in enumerate(found):
        # The pass over the validation batches that came after so many training batches.
        trained = (number + 1 - first) * per_epoch
        starts = [place for place in seen.places if sum(forward < place for forward in forwards) == trained]
        right = bool(starts) and seen.of_val_batches(starts[0]) and seen.fits(result, starts[0])
        when = "the untrained model" if trained == 0 else f"epoch {trained // per_epoch}"
        require(
            right,
            f"result {number + 1} is not that of the validation batches after {trained} training batches",
            f"evaluate(model, val_loader) of {when}",
            "another loader, or taken at another moment",
        )


@pytest.mark.item("fit", weight=0.5)
def test_each_epoch_is_shown(evidence: Evidence) -> None:
    """The result of each epoch is printed."""
    shown = evidence.document("fitting", "fit_code")["shown"]
    require(
        shown >= stepwise.EPOCHS,
        f"{shown} lines",
        f"one for each of {stepwise.EPOCHS} epochs",
        "model.epoch_end is not called",
    )


@pytest.fixture
@up_to_an_error("history")
def again(evidence: Evidence) -> Watched:
    return Watched.of(evidence, "history", "fit_code")


@pytest.mark.item("fit", weight=1.5)
@up_to_an_error("history")
def test_history(evidence: Evidence, again: Watched) -> None:
    """`history` holds the result of the untrained model, then those of the epochs."""
    found = evidence.document("history", "fit_code")["history"]
    require(found is not None, "no list history", "a list", "history was not set")
    seen = Validations(evidence, "history")
    # The number of epochs as published may have been written out.
    per_epoch = len(again.batches)
    epochs = again.count("forward") // per_epoch
    require(
        epochs in (loop.EPOCHS, reference.EPOCHS) and again.count("forward") % per_epoch == 0,
        f"{again.count('forward')} training batches of {per_epoch} in train_loader",
        "num_epochs_regression epochs of train_loader",
        "another number of epochs, or other loaders than the given ones",
    )
    _require_results(found, seen, again, epochs, first=1)


@pytest.mark.item("fit", weight=1)
@up_to_an_error("history")
def test_learning_rate_of_history(again: Watched, evidence: Evidence) -> None:
    """It was trained by plain SGD with learning rate 0.001."""
    _require_steps(again, "another learning rate or optimizer", reference.REGRESSION_RATE)


@pytest.fixture
@up_to_an_error("curves")
def figures(evidence: Evidence) -> list[dict[str, Any]]:
    document = evidence.document("curves", "regression_curves_code")
    require(bool(document["figures"]), "no figure was shown", "a figure", "plt.show() is missing, or the figure was closed")
    found: list[dict[str, Any]] = document["figures"]
    return found


def _curve(
    figures: list[dict[str, Any]], values: list[float]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]] | None:
    """The figure, axes and line that show ``values``, as they are or in percent."""
    for figure in figures:
        for axes in figure["axes"]:
            for line in axes["lines"]:
                for factor in (1.0, 100.0):
                    if len(line["y"]) == len(values) and all(
                        abs(a - factor * b) < 1e-4 * factor for a, b in zip(line["y"], values, strict=True)
                    ):
                        return figure, axes, line
    return None


def _accuracies(evidence: Evidence) -> list[float]:
    return [1 - miss / 2.1 for miss in draws.losses(evidence.record.seed + 1, RESULTS)]


def _require_drawn(figures: list[dict[str, Any]], values: list[float], what: str) -> None:
    drawn = [len(line["y"]) for figure in figures for axes in figure["axes"] for line in axes["lines"]]
    require(
        _curve(figures, values) is not None,
        f"curves with {drawn} points, none of them {what}",
        f"{what} of all {RESULTS} results, for a run of {RESULTS - 1} epochs",
        "results are left out, or something else is drawn",
    )


@pytest.mark.item("regression_curves", weight=2)
@up_to_an_error("curves")
def test_accuracy_is_drawn(figures: list[dict[str, Any]], evidence: Evidence) -> None:
    """One curve shows the validation accuracy of each result in history."""
    _require_drawn(figures, _accuracies(evidence), "val_acc")


@pytest.mark.item("regression_curves", weight=2)
@up_to_an_error("curves")
def test_loss_is_drawn(figures: list[dict[str, Any]], evidence: Evidence) -> None:
    """Another one shows the validation loss."""
    losses = draws.losses(evidence.record.seed, RESULTS)
    _require_drawn(figures, losses, "val_loss")
    drawn, other = _curve(figures, losses), _curve(figures, _accuracies(evidence))
    apart = drawn is None or other is None or drawn[1] is not other[1]
    require(apart, "both curves on the same axes", "each on axes of its own", "drawn into left or right twice")


def _curves(
    figures: list[dict[str, Any]], evidence: Evidence
) -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """The curves of accuracy and loss that are there; at least one must be."""
    values = [_accuracies(evidence), draws.losses(evidence.record.seed, RESULTS)]
    found = [curve for curve in (_curve(figures, one) for one in values) if curve is not None]
    require(bool(found), "neither curve is there", "accuracy and loss", "see the lines above")
    return found


@pytest.mark.item("regression_curves", weight=1)
@up_to_an_error("curves")
def test_epochs_from_zero(figures: list[dict[str, Any]], evidence: Evidence) -> None:
    """The x axis counts epochs from 0, the untrained model, and all points are within its limits."""
    for _, axes, line in _curves(figures, evidence):
        require(
            all(abs(x - epoch) < 1e-6 for epoch, x in enumerate(line["x"])),
            f"x from {line['x'][0]:g} to {line['x'][-1]:g}",
            f"0 to {RESULTS - 1}",
            "the untrained model is epoch 0",
        )
        low, high = sorted(axes["xlim"])
        hidden = sum(not low - 1e-9 <= x <= high + 1e-9 for x in line["x"])
        require(hidden == 0, f"{hidden} points outside of {low:g} to {high:g}", "all points visible", "limits of the x axis")


@pytest.mark.item("regression_curves", weight=2)
@up_to_an_error("curves")
def test_labels(figures: list[dict[str, Any]], evidence: Evidence) -> None:
    """Both axes are labelled and have a title, which calls the data by their name if it names them."""
    for figure, axes, _ in _curves(figures, evidence):
        texts = {
            "x label": axes["xlabel"] or figure["supxlabel"],
            "y label": axes["ylabel"] or figure["supylabel"],
            "title": axes["title"] or figure["suptitle"],
        }
        missing = [name for name, text in texts.items() if not text]
        require(not missing, f"no {', no '.join(missing)}", "x label, y label and title", "a call was left out")
        everything = " ".join([*texts.values(), figure["suptitle"]])
        if re.search(r"(?<!fashion)(?<!fashion[^a-z])mnist(?!model)", everything.lower()):
            raise Complaint(
                f"a title says MNIST: {everything[:120]}", "Fashion-MNIST", "MNIST holds digits, these are clothes"
            )
