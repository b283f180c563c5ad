"""Stand-ins for models that carry their own training and validation steps, and for networks that return a pair."""

from __future__ import annotations

import inspect
import types
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import loop, standins

EPOCHS = 12  # of a watched training: more than are published, so that what changes on the way is seen


class Alike(nn.Module):
    """Takes what it does not have itself, for example a layer that is printed, from a :func:`.loop.likeness`."""

    def alike(self, like: nn.Module | None) -> Any:
        """This network, which from now on has what ``like`` has; a method of that is one of this network."""
        object.__setattr__(self, "like", like)  # no part of this network
        return self

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            like = self.__dict__.get("like")
            if like is None or not hasattr(like, name):
                raise
        found = getattr(like, name)
        return types.MethodType(found.__func__, self) if inspect.ismethod(found) and found.__self__ is like else found


def _logits(network: nn.Module, images: Tensor) -> Tensor:
    """The network's logits; a look at a watched network without gradients is no forward pass of its training."""
    if isinstance(network, loop.WatchedNetwork) and not torch.is_grad_enabled():
        return images.flatten(1) @ network.weight.t() + network.bias
    logits: Tensor = network(images)
    return logits


class StepModel(Alike):
    """A model with ``training_step``, ``validation_step``, ``validation_epoch_end`` and ``epoch_end`` on a watched problem.

    Training is noted by the watch as of any network; validations are events ``validation`` of their own, with images,
    parameters, and whether gradients were on. ``shown`` counts the calls of ``epoch_end``.
    """

    def __init__(self, watch: loop.Watch) -> None:
        super().__init__()
        self.network = watch.network
        self.note = watch.note
        self.shown = 0

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 3) of images (N, 1, 2, 3)."""
        return _logits(self.network, images)

    def training_step(self, batch: Any) -> Tensor:
        """The cross-entropy of a batch (images, labels) times ``LOSS_FACTOR``, so that another loss in its place shows."""
        images, labels = batch
        return loop.LOSS_FACTOR * functional.cross_entropy(self(images), labels)

    def validation_step(self, batch: Any) -> dict[str, Any]:
        """``val_loss``, ``val_acc`` and ``num_images`` of a batch."""
        images, labels = batch
        weight, bias, gradients = self.network.weight, self.network.bias, torch.tensor(torch.is_grad_enabled())
        self.note("validation", images=images, weight=weight, bias=bias, gradients=gradients)
        logits = images.flatten(1) @ weight.t() + bias
        right = (logits.argmax(1) == labels).float().mean()
        return {"val_loss": functional.cross_entropy(logits, labels), "val_acc": right, "num_images": len(labels)}

    def validation_epoch_end(self, outputs: Any) -> dict[str, float]:
        """:func:`signature` in place of means: whoever asks this method shows that it did, and for which batches."""
        results = list(outputs)
        return {name: signature([float(result[name].detach()) for result in results]) for name in ("val_loss", "val_acc")}

    def epoch_end(self, epoch: int, result: Any) -> None:
        """Show the result of an epoch."""
        self.shown += 1
        print(epoch, result)


def signature(values: list[float]) -> float:
    """A number that follows from each value and its place."""
    return sum((place + 1) * value for place, value in enumerate(values))


def validation_batches(seed: int) -> loop.Batches:
    """Batches of the watched problem's kind, other ones than it trains on."""
    return loop.Batches(loop.problem(seed + 1)[2])


def optimizer(params: Any, lr: float = loop.RATE, **settings: Any) -> torch.optim.Optimizer:
    """SGD with momentum, to be handed over as the way to make an optimizer: another one in its place shows in the steps.

    Its arguments have the names that those of torch's optimizers have.
    """
    return torch.optim.SGD(params, lr=lr, **{"momentum": loop.MOMENTUM, **settings})


class Pair(Alike):
    """Gives the logits of another network, and its flattened input; ``modes`` are those of passes with gradients."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.modes: set[bool] = set()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and features."""
        if torch.is_grad_enabled():
            self.modes.add(self.training)
        return _logits(self.network, images), images.flatten(1)


class BatchesOnly(Alike, standins.StandIn):
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
