"""What takes the place of a student's network or loader, and what is no mistake and hides what happens."""

from __future__ import annotations

import contextlib
import copy
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader


class Batches(DataLoader[Any]):
    """Given batches with the parts of a ``DataLoader`` that loops use: iteration, length, ``dataset``, ``batch_size``.

    It is one by its class alone, which lets a real one become like it (:mod:`.replacing`).
    """

    dataset: Any

    def __init__(self, batches: list[tuple[Tensor, Tensor]]) -> None:
        self.batches = batches
        self.dataset = torch.utils.data.TensorDataset(*(torch.cat(part) for part in zip(*batches, strict=True)))
        self.batch_size = len(batches[0][0])

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Any:
        for images, labels in self.batches:
            yield [images.clone(), labels.clone()]


def likeness(make: Callable[[], Any]) -> nn.Module | None:
    """A copy on the CPU of the network that ``make`` gives; None if there is none.

    Its gradients are zeros, since student code may look at them, and nothing is learnt there.
    """
    try:
        own: nn.Module = copy.deepcopy(make()).to("cpu")
        for parameter in own.parameters():
            if not nn.parameter.is_lazy(parameter):
                parameter.grad = torch.zeros_like(parameter)
    except Exception:
        return None
    return own


class Alike(nn.Module):
    """Takes what it does not have itself, for example a layer that is printed, from a :func:`likeness`."""

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


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Without what is no mistake and hides what happens.

    Gradients in mixed precision are not exact enough to tell mistakes by, and TorchScript compiles no network that notes
    what it is used for.
    """
    enter, init = torch.autocast.__enter__, torch.amp.GradScaler.__init__

    def enter_exactly(mixed: Any) -> Any:
        mixed._enabled = False
        return enter(mixed)  # type: ignore[no-untyped-call]

    def init_without_effect(scaler: Any, *args: Any, **kwargs: Any) -> None:
        init(scaler, *args, **kwargs)
        scaler._enabled = False

    def as_it_is(thing: Any = None, *_: Any, **__: Any) -> Any:
        return thing

    with (
        mock.patch.object(torch.autocast, "__enter__", enter_exactly),
        mock.patch.object(torch.amp.GradScaler, "__init__", init_without_effect),
        mock.patch.object(torch.jit, "script", as_it_is),
        mock.patch.object(torch.jit, "trace", as_it_is),
    ):
        yield
