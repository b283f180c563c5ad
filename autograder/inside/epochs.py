"""Take the place of a notebook's own ``train`` and ``test`` functions: note how they are called, report drawn figures.

A cell that trains for some epochs then runs in milliseconds, and shows in which order, on what and with what it trains.
With a watch (:mod:`.effects`) the notebook's functions do run, on its few images, and what they do can be computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from . import draws, loop
from .effects import Watch
from .replacing import same

MOST_EPOCHS = 20
RUNNING = 2.0  # nats; how much larger than the epoch's loss the reported running loss is, so that it is like no other figure
SETTINGS = ("betas", "eps", "weight_decay", "amsgrad", "maximize")  # of an optimizer, besides the learning rate


def stand_in(base: Any, name: str, hidden: int) -> type[nn.Module]:
    """A class with the name and the methods of a student's, and a network of its own with 795 * hidden + 10 parameters."""

    def init(self: Any, *_: Any, **__: Any) -> None:
        nn.Module.__init__(self)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self: Any, images: Tensor) -> Tensor:
        found: Tensor = self.layers(images)
        return found

    own = isinstance(base, type) and issubclass(base, nn.Module)
    return type(name, (base if own else nn.Module,), {"__init__": init, "forward": forward})


class GivenFunctions:
    """``train(model, train_loader, loss_fn, optimizer, epoch)`` and ``test(model, test_loader, loss_fn, epoch)`` for a cell.

    Args:
        seed: of the images and labels.
        history: of the reported figures; see :func:`autograder.inside.draws.history`.
        classes: the classes of networks to tell apart, by a short name.
        own: the notebook's ``train`` and ``test``, which are called too.
        watch: its loaders are given to the cell, in place of drawn batches.

    ``trained`` is the network of the first call of ``train``. ``events`` holds each call: ``event``, number of the
    ``model``, its ``class``, ``loader``, ``loss`` of drawn logits; for ``train`` also number of the ``optimizer``, its
    ``kind``, ``rates`` and other ``settings``, and whether it changes all the model's parameters (``own``).
    """

    def __init__(
        self,
        seed: int,
        history: int,
        classes: dict[str, Any],
        own: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
        watch: Watch | None = None,
    ) -> None:
        _, images, labels = draws.classified(seed)
        self.loaders: dict[str, Any] = {
            "train_loader": loop.Batches(list(zip(images, labels, strict=True))[:2]),
            "test_loader": loop.Batches(list(zip(images, labels, strict=True))[2:]),
        }
        if watch is not None:
            self.loaders = {f"{name}_loader": watch.loaders[name] for name in ("train", "test")}
        self._functions = own
        self.trained: Any = None
        self.events: list[dict[str, Any]] = []
        self._images, self._labels = images[0], labels[0]
        self._drawn = draws.history(history, MOST_EPOCHS)
        self._of_others = draws.other_figures(history)
        self._classes = {name: kind for name, kind in classes.items() if isinstance(kind, type)}
        self._met: list[Any] = []

    def _number(self, thing: Any) -> int:
        """The same number for the same object, in the order in which objects were met."""
        if not any(known is thing for known in self._met):
            self._met.append(thing)
        return next(number for number, known in enumerate(self._met) if known is thing)

    def _note(self, event: str, model: Any, loader: Any, loss_fn: Any, **more: Any) -> dict[str, float]:
        # It may stand in a wrapper: compiled, or for several devices.
        parts = list(model.modules()) if isinstance(model, nn.Module) else []
        made = [name for name, kind in self._classes.items() if any(isinstance(part, kind) for part in parts)]
        self.events.append(
            {
                "event": event,
                "model": self._number(model),
                "class": made[0] if made else type(model).__name__,
                "loader": next((name for name, one in self.loaders.items() if same(loader, one)), "another loader"),
                "loss": self._loss(loss_fn),
                **more,
            }
        )
        epoch = [one["event"] for one in self.events].count("train")
        # Who tests before the first epoch, or with the training images, sees other figures than those to be kept.
        other = not epoch or (event == "test" and self.events[-1]["loader"] == "train_loader")
        return self._of_others if other else self._drawn[epoch - 1]

    def _loss(self, loss_fn: Any) -> float | None:
        """What the loss gives for ten pixels of each drawn image, taken for logits; None where it gives no number."""
        try:
            return float(loss_fn(self._images.flatten(1)[:, :10], self._labels))
        except Exception:
            return None

    def train(self, model: Any, train_loader: Any, loss_fn: Any, optimizer: Any, epoch: Any) -> dict[str, Any]:
        """In place of the notebook's ``train``."""
        groups = getattr(optimizer, "param_groups", [])
        held = {id(parameter) for group in groups for parameter in group["params"] if parameter.requires_grad}
        found = self._note(
            "train",
            model,
            train_loader,
            loss_fn,
            optimizer=self._number(optimizer),
            kind=type(optimizer).__name__,
            rates=sorted({float(group["lr"]) for group in groups}),
            settings={name: groups[0][name] for name in SETTINGS if groups and name in groups[0]},
            own=all(id(parameter) in held for parameter in model.parameters()),
        )
        self.trained = model if self.trained is None else self.trained
        if "train" in self._functions:
            self._functions["train"](model, train_loader, loss_fn, optimizer, epoch)
        kept = {key: found[key] for key in ("train_loss", "train_accuracy")}
        return kept | {"running_losses": [found["train_loss"] + RUNNING]}

    def test(self, model: Any, test_loader: Any, loss_fn: Any, epoch: Any) -> dict[str, float]:
        """In place of the notebook's ``test``."""
        found = self._note("test", model, test_loader, loss_fn)
        if "test" in self._functions:
            self._functions["test"](model, test_loader, loss_fn, epoch)
        return {key: found[key] for key in ("test_loss", "test_accuracy")}

    def names(self) -> dict[str, Any]:
        """The global names that are replaced while a cell trains."""
        return {
            "train": self.train,
            "test": self.test,
            "device": torch.device("cpu"),
        } | self.loaders
