"""A stand-in network and loader, to see what an evaluation in student code counts, in which mode, and on what device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from . import draws, loop


class StandIn(loop.StandingIn):
    """A linear network that answers another class while it is in training mode, and notes how it was used.

    ``modes`` holds the values of ``training``, ``grads`` whether gradients were on, ``calls`` how often it was called.
    """

    def __init__(self, weight: Tensor, like: nn.Module | None = None) -> None:
        super().__init__(like)
        self.weight = nn.Parameter(weight.clone())
        self.modes: set[bool] = set()
        self.grads: set[bool] = set()
        self.calls = 0

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of images (N, 1, 28, 28)."""
        self.modes.add(self.training)
        self.grads.add(torch.is_grad_enabled())
        self.calls += 1
        if images.is_floating_point():
            images = images.to(self.weight.dtype)  # float64 is no mistake
        return draws.answers(self.weight, images, self.training)

    def document(self) -> dict[str, Any]:
        """How it was used."""
        return {
            "used_in_training_mode": True in self.modes,
            "used_in_evaluation_mode": False in self.modes,
            "used_with_gradients": True in self.grads,
            "calls": self.calls,
        }


class WatchedBatches(loop.Batches):
    """A loader that remembers the tensors it hands out, to see which of them are moved to a device."""

    def __init__(self, batches: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__(batches)
        self.moved: set[int] = set()
        self.handed: list[Tensor] = []

    def __iter__(self) -> Iterator[list[Tensor]]:
        for pair in super().__iter__():
            self.handed += pair
            yield pair


class NoteMoves(torch.overrides.TorchFunctionMode):
    """Notes which of the loader's tensors are sent to a device, whatever the device is."""

    def __init__(self, loader: WatchedBatches) -> None:
        super().__init__()
        self.loader = loader

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in ("to", "cuda", "cpu") and args:
            for position, tensor in enumerate(self.loader.handed):
                if tensor is args[0]:
                    self.loader.moved.add(position)
        return func(*args, **(kwargs or {}))


def stand_ins(seed: int, like: nn.Module | None = None) -> tuple[StandIn, WatchedBatches]:
    """A network in training mode, with what else ``like`` has, and a loader.

    It gets about a third of the loader's images (:func:`.draws.classified`) wrong.
    """
    weight, images, labels = draws.classified(seed)
    return StandIn(weight, like).train(True), WatchedBatches(list(zip(images, labels, strict=True)))
