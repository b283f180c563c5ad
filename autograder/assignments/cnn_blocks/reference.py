"""The networks that cnn_blocks specifies, as plain ``torch.nn`` modules: shapes, counts and outputs derive from here."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

CHANNELS = (1, 32, 64, 100)


def maxpool() -> nn.Sequential:
    """``ConvMaxPoolNetwork``: images (N, 1, 28, 28) float32 -> logits (N, 10); 85,526 parameters."""
    blocks: list[nn.Module] = []
    for before, after in pairwise(CHANNELS):
        blocks += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2)]
    return nn.Sequential(*blocks, nn.Flatten(), nn.Linear(900, 10))


def batchnorm() -> nn.Sequential:
    """``ConvBatchNormNetwork``: images (N, 1, 28, 28) float32 -> logits (N, 10); 77,918 parameters."""
    blocks: list[nn.Module] = []
    for before, after in pairwise(CHANNELS):
        blocks += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(after)]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(100, 10))


def multilayer_perceptron() -> nn.Sequential:
    """``MultiLayerPerceptron``, given: images (N, 1, 28, 28) float32 -> logits (N, 10); 79,510 parameters."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))


def normalised(images: Tensor) -> Tensor:
    """The notebook's transform: uint8 (N, 28, 28) -> float32 (N, 1, 28, 28), to [0, 1], then mean 0.1307 and std 0.3081."""
    return (images.unsqueeze(1).float() / 255 - 0.1307) / 0.3081
