"""What may be required of a network in a table of hidden tests: a layer, its use, nothing more, logits, the wiring."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from ..networks.comparison import Comparison, require

Required = Callable[[Comparison], None]


def each(*parts: Required) -> Required:
    """All of these."""

    def required(network: Comparison) -> None:
        for part in parts:
            part(network)

    return required


def layer(place: int, attribute: str = "", settings: Collection[str] | None = None) -> Required:
    """The reference's layer, see :meth:`.Comparison.require_layer`."""
    return lambda network: network.require_layer(place, attribute, settings)


def used(place: int, cause: str) -> Required:
    """The forward pass executes the reference's layer on the way to its output."""
    return lambda network: network.require_used(place, cause)


def nothing_between(first: int, last: int, cause: str) -> Required:
    """There is nothing more between these layers."""
    return lambda network: network.require_nothing_between(first, last, cause)


def logits(cause: str, classes: int = 10, outputs: int = 1) -> Required:
    """The images of a batch give logits (N, classes), which are the first of so many ``outputs``."""

    def required(network: Comparison) -> None:
        wanted = [network.images, classes]
        require(
            outputs > 1 or network.outputs == 1,
            f"forward returns {network.outputs} values",
            f"the logits alone, {tuple(wanted)}",
            "return the logits and nothing else",
        )
        observed = f"{network.images} images give {network.output()}"
        require(network.output_shape == wanted, observed, tuple(wanted), network.shape_cause(cause))

    return required


def one_image(cause: str, classes: int = 10) -> Required:
    """A batch of one image gives (1, classes), the same as within a batch."""

    def required(network: Comparison) -> None:
        observed = network.single_problem or f"shape {tuple(network.single_shape or ())}"
        require(network.single_shape == [1, classes], f"one image gives {observed}", (1, classes), cause)
        require(
            network.independent,
            f"an image alone gives other logits than among {network.images} images",
            "the same logits for an image in any batch",
            "one image is treated as a special case, or the images of a batch are mixed",
        )

    return required


def wired(network: Comparison) -> None:
    """Layers that are right are connected as in the reference."""
    network.require_wired()


def values_before_linear(network: Comparison) -> int:
    """How many values of an image the student's own layers leave for the first fully connected one; 0 if unknown."""
    kinds = [layer.kind for layer in network.executed.layers]
    last = kinds.index("linear") - 1 if "linear" in kinds else len(kinds) - 1
    sizes = network.executed.sizes
    return math.prod((sizes[last] or [0])[1:]) if 0 <= last < len(sizes) else 0
