"""ReLU and dropout written by hand are ReLU and dropout; what only looks like them is not."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from autograder.inside import trace
from autograder.networks import architecture
from autograder.networks.layers import Layer

IMAGES = trace.drawn_images(3, (4, 2, 8, 8))


def layers(function: Callable[[Tensor], Tensor]) -> list[Layer]:
    class Written(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return function(x)

    found = architecture.of(Written(), IMAGES, training=True)
    assert found.problem is None
    assert found.chain or len(found.layers) > 1
    return found.layers


def assigned(x: Tensor) -> Tensor:
    x = x.clone()
    x[x < 0] = 0
    return x


RELUS: dict[str, Callable[[Tensor], Tensor]] = {
    "maximum with zeros": lambda x: torch.maximum(x, torch.zeros_like(x)),
    "maximum with one zero": lambda x: torch.maximum(torch.zeros(1), x),
    "maximum with a number": lambda x: torch.max(x, torch.tensor(0.0)),
    "clamp with a tensor": lambda x: torch.clamp(x, min=torch.tensor(0.0)),
    "where": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "where, a number": lambda x: torch.where(x >= 0, x, 0.0),
    "where, the other way": lambda x: torch.where(x < 0, 0.0, x),
    "product": lambda x: x * (x > 0),
    "product of floats": lambda x: (x > 0).float() * x,
    "filled": lambda x: x.masked_fill(x <= 0, 0),
    "assigned": assigned,
    "leaky by nothing": lambda x: F.leaky_relu(x, 0.0),
    "threshold": lambda x: F.threshold(x, 0, 0),
    "in place on a view": lambda x: (x.view(-1).relu_(), x)[1],
}


@pytest.mark.parametrize("style", RELUS)
def test_relu_in_any_style(style: str) -> None:
    assert layers(RELUS[style]) == [Layer("relu")]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.maximum(x, torch.zeros_like(x) + 1),
        lambda x: torch.maximum(x, torch.tensor(1.0)),
        lambda x: torch.minimum(x, torch.tensor(0.0)),
        lambda x: torch.where(x > 0, torch.zeros_like(x), x),
        lambda x: torch.where(x > 0, x, torch.ones_like(x)),
        lambda x: torch.where(x > 1, x, torch.zeros_like(x)),
        lambda x: torch.where(x > 0, x * 2, torch.zeros_like(x)),
        lambda x: x * (x < 0),
        lambda x: x * (x.flip(0) > 0),
        lambda x: x.masked_fill(x > 0, 0),
        lambda x: x.masked_fill(x < 0, 1),
        lambda x: x * torch.zeros_like(x),
        lambda x: x.clamp(0, 6),
    ],
)
def test_what_is_no_relu(function: Callable[[Tensor], Tensor]) -> None:
    assert Layer("relu") not in layers(function)


DROPOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "function": lambda x: F.dropout(x, 0.25),
    "in place": lambda x: F.dropout(x, 0.25, inplace=True),
    "random numbers": lambda x: x * (torch.rand_like(x) > 0.25) / 0.75,
    "random numbers, of a shape": lambda x: (torch.rand(x.shape) < 0.75).float() * x / 0.75,
    "scaled mask": lambda x: x * ((torch.rand_like(x) >= 0.25).float() / 0.75),
    "scaled first": lambda x: (x / 0.75) * torch.bernoulli(torch.full_like(x, 0.75)),
    "multiplied": lambda x: x * torch.bernoulli(torch.full(x.shape, 0.75)) * (1 / 0.75),
}


@pytest.mark.parametrize("style", DROPOUTS)
def test_dropout_in_any_style(style: str) -> None:
    assert layers(DROPOUTS[style]) == [Layer("dropout", (("p", 0.25), ("drops", "single values")))]


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (lambda x: F.dropout(x), Layer("dropout", (("p", 0.5), ("drops", "single values")))),
        (lambda x: F.dropout2d(x, 0.25), Layer("dropout", (("p", 0.25), ("drops", "whole channels")))),
        (
            lambda x: F.alpha_dropout(x, 0.25, training=True),
            Layer("alpha_dropout", (("p", 0.25), ("drops", "single values"))),
        ),
        (lambda x: x * (torch.rand_like(x) > 0.25), Layer("mask", (("p", 0.25), ("drops", "single values")))),
    ],
)
def test_other_dropouts_are_told_apart(function: Callable[[Tensor], Tensor], found: Layer) -> None:
    assert layers(function)[0] == found
