"""Training and validation steps for the models of any class, and stand-ins for networks that return a pair."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import standins
from .loop import Alike

RATE, MOMENTUM, LOSS_FACTOR = 0.003, 0.5, 3.0  # of :func:`optimizer` and of :class:`Steps`


class Steps:
    """The steps of a model as the task asks for them, of another loss than cross-entropy.

    ``gradients``: whether they were on in the validation steps; ``shown`` counts the calls of ``epoch_end``.
    """

    def __init__(self) -> None:
        self.gradients: set[bool] = set()
        self.shown = 0

    @contextlib.contextmanager
    def of(self, kind: type[nn.Module]) -> Iterator[None]:
        """Meanwhile all models of the class have these methods in place of their own."""

        def training_step(model: nn.Module, batch: Any) -> Tensor:
            images, labels = batch
            return LOSS_FACTOR * functional.cross_entropy(_quietly(model, images), labels)

        def validation_step(model: nn.Module, batch: Any) -> dict[str, Any]:
            images, labels = batch
            self.gradients.add(torch.is_grad_enabled())
            logits = _quietly(model, images)
            loss, right = LOSS_FACTOR * functional.cross_entropy(logits, labels), (logits.argmax(1) == labels).float().mean()
            return {"val_loss": loss, "val_acc": right, "num_images": len(labels)}

        def validation_epoch_end(_: nn.Module, outputs: Any) -> dict[str, float]:
            results = list(outputs)
            total = sum(result["num_images"] for result in results)
            return {
                name: sum(float(torch.as_tensor(result[name]).detach()) * result["num_images"] for result in results) / total
                for name in ("val_loss", "val_acc")
            }

        def epoch_end(_: nn.Module, epoch: int, result: Any) -> None:
            self.shown += 1
            print(epoch, result)

        with contextlib.ExitStack() as until_then:
            for method in (training_step, validation_step, validation_epoch_end, epoch_end):
                until_then.enter_context(mock.patch.object(kind, method.__name__, method, create=True))
            yield


def _quietly(model: nn.Module, images: Tensor) -> Tensor:
    """What the model gives; what it prints is no result that is shown."""
    with contextlib.redirect_stdout(io.StringIO()):
        logits: Tensor = model(images)
    return logits


def optimizer(params: Any, lr: float = RATE, **settings: Any) -> torch.optim.Optimizer:
    """SGD with momentum, to be handed over as the way to make an optimizer: another one in its place shows in the steps.

    Its arguments have the names that those of torch's optimizers have.
    """
    return torch.optim.SGD(params, lr=lr, **{"momentum": MOMENTUM, **settings})


class Pair(Alike):
    """Gives the logits of another network, and its flattened input."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and features."""
        return self.network(images), images.flatten(1)


class BatchesOnly(standins.StandIn):
    """Refuses an image that is not in a batch."""

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of images (N, 1, 28, 28)."""
        if images.ndim != 4:
            raise ValueError(f"expected images of shape (N, 1, 28, 28), got {tuple(images.shape)}")
        return super().forward(images)


class Fixed(Alike):
    """Gives the same logits for whatever images."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, images: Tensor) -> Tensor:
        """The logits (N, 10), as many as there are images."""
        return self.logits[: len(images)].clone()
