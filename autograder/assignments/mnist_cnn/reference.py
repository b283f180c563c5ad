"""The network that mnist_cnn specifies, as plain ``torch.nn`` modules with and without padding, and its formulas."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from torch import Tensor, nn

PERCEPTRON = (784, 120, 63, 52, 10)
"""Sizes of the multi-layer perceptron that the network is compared with."""
FACTS = {
    1_800: "batches of 3 epochs of 60,000 images in batches of 100",
    4_096: "inputs of AlexNet's last layer (Krizhevsky, Sutskever and Hinton 2012)",
    34_944: "parameters of AlexNet's first layer, 96 filters of 11 x 11 over 3 channels",
    4_097_000: "parameters of AlexNet's last layer, from 4,096 to 1,000 values",
}
"""Numbers of the notebook's text that are counts of other things than the networks below."""


def network(padding: int) -> nn.Sequential:
    """``MNIST_CNN``: images (N, 1, 28, 28) float32 -> logits (N, 10).

    ``padding`` 1 (870,634 parameters) and 0 (329,962 parameters) are both what is asked for.
    """
    layers: list[nn.Module] = []
    for channels, size in ((1, 32), (32, 64)):
        layers += [nn.Conv2d(channels, size, 3, padding=padding), nn.ReLU()]
        layers += [nn.Conv2d(size, size, 3, padding=padding), nn.ReLU(), nn.MaxPool2d(2, 2)]
    features = 64 * (7 * 7 if padding else 4 * 4)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 256), nn.ReLU(), nn.Linear(256, 10))


NETWORKS = (partial(network, 1), partial(network, 0))
"""What makes the two right networks: with padding 1, and without padding."""


def networks() -> Iterator[nn.Sequential]:
    """The two right networks."""
    for make in NETWORKS:
        yield make()


def count(module: nn.Module) -> int:
    """The number of learnable parameters."""
    return sum(parameter.numel() for parameter in module.parameters())


def w_out(w_in: int, k: int, p: int, s: int = 1) -> int:
    """Size after a convolution with kernel ``k``, padding ``p`` and stride ``s``; see ``torch.nn.Conv2d``."""
    return (w_in + 2 * p - k) // s + 1


def learn_conv(w: int, h: int, d: int, k: int) -> int:
    """Parameters of ``k`` filters of ``w`` x ``h`` over ``d`` channels, biases included."""
    return (w * h * d + 1) * k


def learn_full(n: int, m: int) -> int:
    """Parameters of a fully connected layer from ``n`` to ``m`` values, biases included."""
    return (n + 1) * m


def logistic_regression() -> nn.Sequential:
    """The simpler of the two models to compare with: 7,850 parameters."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def perceptron() -> nn.Sequential:
    """The multi-layer perceptron to compare with, :data:`PERCEPTRON` with ReLU between: 105,681 parameters."""
    layers = [layer for n, m in pairwise(PERCEPTRON) for layer in (nn.Linear(n, m), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *layers[:-1])


def normalised(images: Tensor) -> Tensor:
    """The notebook's transform: uint8 (N, 28, 28) -> float32 (N, 1, 28, 28) in [0, 1]."""
    return images.unsqueeze(1).float() / 255
