"""A trusted reference network: its layers, recorded once, and its outputs for weights that are drawn for a submission."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import FunctionType

import torch
from torch import Tensor, nn

from ..inside import trace
from ..runs.keys import code_beside_tests
from . import architecture

Make = Callable[[], nn.Module]
"""Makes the reference network of an assignment."""


class Reference:
    """What ``make`` makes, for images of the shape ``images`` (N, C, H, W).

    Layers do not depend on weights or pixels, so they are found once; weights are drawn anew for each submission.
    """

    def __init__(self, make: Make, images: tuple[int, ...]) -> None:
        self._network = make()
        drawn = trace.drawn_images(0, images)
        self.network = architecture.both_modes(
            *(architecture.of(self._network, drawn, training=mode) for mode in (True, False))
        )
        self._network.train(False)
        with torch.no_grad():
            self._recorded = trace.record(self._network, drawn)

    def filled(self, seed: int) -> nn.Module:
        """The network in evaluation mode with the weights that the box drew for this seed, until the next call."""
        self._network.train(False)
        trace.fill(self._recorded, self._network, seed)
        return self._network

    def outputs(self, images: Tensor, seed: int) -> Iterator[tuple[str, Tensor]]:
        """Of ``images``, in evaluation mode and then in training mode, with the weights that the box drew for this seed."""
        network = self.filled(seed)
        for mode in ("evaluation", "training"):
            network.train(mode == "training")
            torch.default_generator.manual_seed(seed)
            with torch.no_grad():
                yield mode, network(images.clone())


@lru_cache(maxsize=32)
def known(make: Make, images: tuple[int, ...]) -> Reference:
    """The reference that ``make`` makes, recorded at its first use in this process."""
    return Reference(make, images)


@lru_cache(maxsize=32)
def source_of(make: Make) -> str | None:
    """What changes with the code that makes a reference network: its file's name, a hash of it and of those beside it.

    None where the name of ``make`` does not say which of several it is, or where its file is a test.
    """
    if not isinstance(make, (type, FunctionType)) or "<" in make.__qualname__:
        return None
    file = inspect.getsourcefile(make)
    if file is None or Path(file).name.startswith("test_"):
        return None
    return f"{Path(file).name} {code_beside_tests(Path(file).parent)}"
