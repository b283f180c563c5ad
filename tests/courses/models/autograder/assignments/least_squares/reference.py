"""What is right in least_squares: the model, its loss, its gradient and the descent, as plain functions of tensors."""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from torch import Tensor

HOUSES = Path(__file__).parents[3] / "source" / "least_squares" / "houses.csv"


def houses() -> tuple[Tensor, Tensor]:
    """Inputs (N, 3) and targets (N,), float32, of the notebook's file."""
    with HOUSES.open(newline="") as file:
        rows = torch.tensor([[float(value) for value in row] for row in list(csv.reader(file))[1:]])
    return rows[:, :3], rows[:, 3]


def standardise(inputs: Tensor) -> Tensor:
    """Inputs (N, D) with mean 0 and standard deviation 1 in each column."""
    return (inputs - inputs.mean(0)) / inputs.std(0, correction=0)


def predict(inputs: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    """Outputs (N,) of inputs (N, D), weights (D,) and a bias ()."""
    return inputs @ weights + bias


def loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """The mean squared error, ()."""
    return ((outputs - targets) ** 2).mean()


def gradient(inputs: Tensor, targets: Tensor, weights: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The derivatives of the loss by weights (D,) and bias ()."""
    errors = predict(inputs, weights, bias) - targets
    return 2 * inputs.T @ errors / len(inputs), 2 * errors.mean()


def descend(inputs: Tensor, targets: Tensor, steps: int, learning_rate: float) -> tuple[Tensor, Tensor, list[float]]:
    """Weights (D,), bias () and the loss before each step."""
    weights, bias, losses = torch.zeros(inputs.shape[1]), torch.tensor(0.0), []
    for _ in range(steps):
        losses.append(float(loss(predict(inputs, weights, bias), targets)))
        by_weights, by_bias = gradient(inputs, targets, weights, bias)
        weights, bias = weights - learning_rate * by_weights, bias - learning_rate * by_bias
    return weights, bias, losses
