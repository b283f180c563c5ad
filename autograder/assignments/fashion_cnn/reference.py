"""The networks that fashion_cnn specifies, as plain ``torch.nn`` modules: shapes, counts and outputs derive from here."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

ADAM_RATE = 0.01
REGRESSION_RATE = 0.001
EPOCHS = 10


def softmax_regression() -> nn.Sequential:
    """``MnistModel``: images (N, 1, 28, 28) float32 -> logits (N, 10); 7,850 parameters."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def cnn() -> nn.Sequential:
    """``CNN``: images (N, 1, 28, 28) -> logits (N, 10), of the features (N, 1568); 28,938 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1568, 10),
    )


def _block(inputs: int, outputs: int, kernel: int, padding: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=padding)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]


def cnn_v1() -> nn.Sequential:
    """``CNN_v1``: images (N, 1, 28, 28) -> logits (N, 10), of the features (N, 3136); 83,658 parameters."""
    return nn.Sequential(*_block(1, 32, 5, 2), *_block(32, 64, 5, 2), nn.Flatten(), nn.Linear(3136, 10))


def _three_blocks() -> list[nn.Module]:
    """Sizes 28 -> 30 -> 15 -> 17 -> 8 -> 8 -> 4."""
    return [*_block(1, 32, 3, 2), *_block(32, 64, 3, 2), *_block(64, 128, 3, 1)]


def cnn_v2() -> nn.Sequential:
    """``CNN_v2``: images (N, 1, 28, 28) -> logits (N, 10), of the features (N, 2048); 113,610 parameters."""
    return nn.Sequential(*_three_blocks(), nn.Flatten(), nn.Linear(2048, 10))


def cnn_v3() -> nn.Sequential:
    """``CNN_v3``: images (N, 1, 28, 28) -> logits (N, 10), of the features (N, 2048); 620,746 parameters."""
    hidden = [nn.Linear(2048, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*_three_blocks(), nn.Flatten(), *hidden, nn.Linear(256, 10))


def normalised(images: Tensor) -> Tensor:
    """The notebook's transform: uint8 (N, 28, 28) -> float32 (N, 1, 28, 28) in [0, 1]."""
    return images.unsqueeze(1).float() / 255


def loss_and_accuracy(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean cross-entropy in nats and fraction of right predictions, of logits (N, classes) and labels (N,)."""
    right = (logits.argmax(1) == labels).double().mean()
    return float(functional.cross_entropy(logits, labels)), float(right)
