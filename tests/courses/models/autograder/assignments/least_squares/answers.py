"""Whole submissions of least_squares, right and wrong, and the items at which each of them is wrong."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import replaced

AUTOGRAD = """def gradient(inputs, targets, weights, bias):
    weights, bias = weights.clone().requires_grad_(), bias.clone().requires_grad_()
    return torch.autograd.grad(loss(predict(inputs, weights, bias), targets), (weights, bias))
"""

LOOPS = """def predict(inputs, weights, bias):
    return torch.stack([sum(w * x for w, x in zip(weights, row)) + bias for row in inputs])


def loss(outputs, targets):
    return torch.nn.functional.mse_loss(outputs, targets)
"""

MATRIX = """def gradient(x, y, w, b):
    residual = (x * w).sum(1) + b - y
    return torch.einsum("n,nd->d", residual, x).mul(2 / len(y)), residual.sum() * 2 / y.numel()
"""

IN_PLACE = """def descend(inputs, targets, steps, learning_rate):
    theta = torch.zeros(inputs.shape[1] + 1)
    history = []
    while len(history) < steps:
        history.append(loss(predict(inputs, theta[:-1], theta[-1]), targets).item())
        theta -= learning_rate * torch.cat([part.reshape(-1) for part in gradient(inputs, targets, theta[:-1], theta[-1])])
    return theta[:-1], theta[-1], history
"""

NUMPY = """def standardise(inputs):
    values = inputs.numpy()
    return torch.from_numpy((values - values.mean(axis=0)) / values.std(axis=0))
"""

RIGHT = [
    Answer("right_reference", "right", "The reference solution."),
    Answer(
        "right_autograd",
        "right",
        "The gradient by autograd, which the task does not want but which is right.",
        cells={"gradient_code": AUTOGRAD},
    ),
    Answer("right_loops", "right", "Loops over rows and columns, the library's loss.", cells={"predict_code": LOOPS}),
    Answer("right_matrix", "right", "Other names, einsum.", cells={"gradient_code": MATRIX}),
    Answer(
        "right_in_place", "right", "One vector for weights and bias, changed in place.", cells={"descend_code": IN_PLACE}
    ),
    Answer("right_numpy", "right", "Standardised by numpy.", cells={"standardise_code": NUMPY}),
]

WRONG = [
    replaced("standardise_code", "correction=0", "correction=1", ["standardise"], "The deviation divides by N - 1."),
    replaced("standardise_code", "inputs.mean(dim=0)", "inputs.mean()", ["standardise"], "One mean for all columns."),
    replaced(
        "standardise_code",
        ".std(dim=0, correction=0)",
        ".var(dim=0, correction=0)",
        ["standardise"],
        "Divides by the variance.",
    ),
    replaced("predict_code", "inputs @ weights + bias", "inputs @ weights", ["predict"], "No bias."),
    replaced("predict_code", ".mean()", ".sum()", ["predict"], "The sum of the squared errors."),
    replaced(
        "predict_code",
        "((outputs - targets) ** 2).mean()",
        "(outputs - targets).abs().mean()",
        ["predict"],
        "Absolute errors.",
    ),
    replaced("gradient_code", "2 * inputs.T", "inputs.T", ["gradient"], "The factor 2 is missing."),
    replaced("gradient_code", "/ len(inputs)", "/ inputs.shape[1]", ["gradient"], "Divides by the number of columns."),
    replaced(
        "gradient_code",
        "predict(inputs, weights, bias) - targets",
        "targets - predict(inputs, weights, bias)",
        ["gradient"],
        "The wrong sign.",
    ),
    replaced("gradient_code", "2 * errors.mean()", "2 * errors.sum()", ["gradient"], "The derivative by the bias is a sum."),
    replaced("descend_code", "weights - learning_rate", "weights + learning_rate", ["descend"], "Up the slope."),
    replaced("descend_code", "bias = bias - learning_rate * by_bias", "pass", ["descend"], "The bias stays 0."),
    replaced("descend_code", "range(steps)", "range(1)", ["descend"], "One step only."),
]

UNFINISHED = [
    Answer(
        "untouched_release",
        "unfinished",
        "The release as it was handed out.",
        blank=("standardise_code", "predict_code", "gradient_code", "descend_code", "manual", "explain"),
        verdicts=dict.fromkeys(("standardise", "predict", "gradient", "descend"), "not_attempted"),
    ),
]

ANSWERS = [*RIGHT, *WRONG, *UNFINISHED]
