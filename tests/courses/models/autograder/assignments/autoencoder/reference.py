"""The network that autoencoder specifies, and the small problem on which a training loop is tried."""

from __future__ import annotations

from torch import Tensor, nn, optim
from torch.nn.functional import mse_loss

from autograder.inside import draws

EPOCHS, BATCHES, LEARNING_RATE = 2, 3, 0.5


def autoencoder() -> nn.Sequential:
    """``Autoencoder``: pictures (N, 1, 28, 28) float32 -> pictures of the same shape; 103,504 parameters."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 64),
        nn.ReLU(),
        nn.Linear(64, 16),
        nn.Linear(16, 64),
        nn.ReLU(),
        nn.Linear(64, 784),
        nn.Sigmoid(),
        nn.Unflatten(1, (1, 28, 28)),
    )


def after_training(seed: int, cleared: bool = True, epochs: int = EPOCHS) -> tuple[Tensor, list[float]]:
    """Weight (6, 6) of a linear model, and losses, after ``epochs`` epochs over the small problem."""
    model = nn.Linear(6, 6, bias=False)
    model.weight.data = draws.normal(seed, 6, 6) / 3
    optimizer, losses = optim.SGD(model.parameters(), lr=LEARNING_RATE), []
    for _ in range(epochs):
        total = 0.0
        for number in range(BATCHES):
            inputs = draws.normal(seed + 1 + number, 5, 6)
            loss = mse_loss(model(inputs), inputs)
            if cleared:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / BATCHES)
    return model.weight.detach(), losses
