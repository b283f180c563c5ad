"""What is collected from a least_squares notebook: what its functions give for numbers drawn now. Knows no answer."""

from __future__ import annotations

from typing import Any

import torch
from inside import draws
from inside.probing import Evidence, Student, probe

STEPS, LEARNING_RATE = 5, 0.05


def given(*values: Any) -> Evidence:
    """What a function gave, each value as a tensor."""
    return Evidence({}, {str(place): torch.as_tensor(value).detach().float() for place, value in enumerate(values)})


@probe(after="standardise_code")
def standardise(student: Student) -> Evidence:
    """Columns of other means and deviations, standardised."""
    return given(student.namespace["standardise"](3 + 5 * draws.normal(student.seed, 9, 4)))


@probe(after="predict_code")
def predict(student: Student) -> Evidence:
    """Outputs for drawn inputs, weights and bias, and the loss for drawn outputs and targets."""
    inputs, weights, bias = (draws.normal(student.seed + place, *shape) for place, shape in enumerate(((9, 4), (4,), ())))
    outputs, targets = draws.normal(student.seed + 3, 9), draws.normal(student.seed + 4, 9)
    return given(student.namespace["predict"](inputs, weights, bias), student.namespace["loss"](outputs, targets))


@probe(after="gradient_code")
def gradient(student: Student) -> Evidence:
    """The derivatives for drawn inputs, targets, weights and bias."""
    shapes = ((9, 4), (9,), (4,), ())
    drawn = (draws.normal(student.seed + place, *shape) for place, shape in enumerate(shapes))
    return given(*student.namespace["gradient"](*drawn))


@probe(after="descend_code")
def descend(student: Student) -> Evidence:
    """A few steps on drawn inputs and targets."""
    inputs, targets = draws.normal(student.seed, 9, 4), draws.normal(student.seed + 1, 9)
    weights, bias, losses = student.namespace["descend"](inputs, targets, STEPS, LEARNING_RATE)
    return given(weights, bias, losses)


@probe(after="fit")
def fitted(student: Student) -> Evidence:
    """Weights and bias for the houses."""
    return given(student.namespace["weights"], student.namespace["bias"])
