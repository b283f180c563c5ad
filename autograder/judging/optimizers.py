"""Steps of optimizers, written out: torch's own import its compiler, which takes longer than all the rest of judging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]
OTHERS = ("SGD", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adamax", "Adadelta", "ASGD")


class Optimizer(Protocol):
    """Something that makes steps of gradients."""

    rate: float

    def steps(self, gradients: Weights) -> Weights:
        """What to add to each tensor, of the same shapes."""


Factory = Callable[[], Optimizer]


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1)."""

    def __init__(self, rate: float, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8) -> None:
        self.rate, self._betas, self._epsilon, self._number = rate, betas, epsilon, 0
        self._mean: Weights = {}
        self._square: Weights = {}

    def steps(self, gradients: Weights) -> Weights:
        """What to add to each tensor."""
        self._number += 1
        first, second = self._betas
        found = {}
        for name, gradient in gradients.items():
            self._mean[name] = mean = first * self._mean.get(name, 0) + (1 - first) * gradient
            self._square[name] = square = second * self._square.get(name, 0) + (1 - second) * gradient.square()
            root = (square / (1 - second**self._number)).sqrt() + self._epsilon
            found[name] = -self.rate * (mean / (1 - first**self._number)) / root
        return found


class Momentum:
    """Stochastic gradient descent with momentum."""

    def __init__(self, rate: float, momentum: float = 0.0) -> None:
        self.rate, self._momentum = rate, momentum
        self._velocity: Weights = {}

    def steps(self, gradients: Weights) -> Weights:
        """What to add to each tensor."""
        self._velocity = {name: self._momentum * self._velocity.get(name, 0) + value for name, value in gradients.items()}
        return {name: -self.rate * value for name, value in self._velocity.items()}


def other_optimizer(gradients: list[Tensor], change: Tensor, same: Callable[[Tensor, Tensor], bool]) -> str | None:
    """The optimizer of torch that, at any learning rate, makes ``change`` in its last step with these gradients, if any."""
    for name in OTHERS:
        parameter = nn.Parameter(torch.zeros_like(change))
        optimizer = getattr(torch.optim, name)([parameter], lr=0.001)
        for gradient in gradients:
            before, parameter.grad = parameter.detach().clone(), gradient.clone()
            optimizer.step()
        made = parameter.detach() - before
        length = float(made @ made)
        factor = float(change @ made) / length if length else 0.0
        if factor > 0 and same(change, made * factor):
            return name
    return None
