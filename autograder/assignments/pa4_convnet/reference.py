"""The networks that pa4_convnet specifies, as plain ``torch.nn`` modules: shapes, counts and outputs derive from here."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

EPOCHS = 10  # as published
MOMENTUM = 0.9  # of the given optimizer, stochastic gradient descent


def convnet() -> nn.Sequential:
    """``ConvNet``: images (N, 1, 28, 28) float32 -> logits (N, 10); 1,663,370 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Conv2d(32, 64, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Flatten(),
        nn.Linear(3136, 512),
        nn.ReLU(),
        nn.Linear(512, 10),
    )


def train(network: nn.Module, optimizer: Any, loss_function: nn.Module, batches: Any, epochs: int) -> list[float]:
    """What ``Trainer.train`` does: the mean loss over the images of each epoch."""
    means = []
    for _ in range(epochs):
        total, seen = 0.0, 0
        for images, labels in batches:
            optimizer.zero_grad()
            loss = loss_function(network(images), labels)
            loss.backward()
            optimizer.step()
            total, seen = total + loss.item() * len(labels), seen + len(labels)
        means.append(total / seen)
    return means


def normalised(images: Tensor) -> Tensor:
    """The notebook's transform: uint8 (N, 28, 28) -> float32 (N, 1, 28, 28), to [0, 1], then mean 0.5 and std 0.5."""
    return (images.unsqueeze(1).float() / 255 - 0.5) / 0.5
