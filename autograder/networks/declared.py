"""The layers that a network's modules declare: what a student built even where forward does not use it."""

from __future__ import annotations

from typing import Any

from .aten import pair
from .layers import Layer

_WINDOW = {"kernel_size": "kernel", "stride": "stride", "padding": "padding"}
_KINDS = {
    "Conv2d": (
        "conv2d",
        {"in_channels": "in", "out_channels": "out"}
        | _WINDOW
        | {"dilation": "dilation", "groups": "groups", "bias": "bias", "padding_mode": "filled"},
    ),
    "Linear": ("linear", {"in_features": "in", "out_features": "out", "bias": "bias"}),
    "MaxPool2d": ("maxpool2d", _WINDOW | {"dilation": "dilation", "ceil_mode": "ceil"}),
    "AvgPool2d": ("avgpool2d", _WINDOW | {"ceil_mode": "ceil"}),
    "AdaptiveAvgPool2d": ("adaptive_avgpool2d", {"output_size": "output"}),
    "BatchNorm1d": ("batchnorm", {"num_features": "features"}),
    "BatchNorm2d": ("batchnorm", {"num_features": "features"}),
    "ReLU": ("relu", {}),
    "Dropout": ("dropout", {"p": "p"}),
}
_PAIRS = ("kernel", "stride", "padding", "dilation", "output")


def declared(modules: list[dict[str, Any]]) -> dict[str, Layer]:
    """Layers by attribute name, from :func:`autograder.inside.trace.modules`."""
    found: dict[str, Layer] = {}
    for module in modules:
        if module["type"].removeprefix("Lazy") in _KINDS:
            kind, names = _KINDS[module["type"].removeprefix("Lazy")]
            given = {ours: module["settings"].get(theirs) for theirs, ours in names.items()}
            settings = {name: pair(value) if name in _PAIRS else value for name, value in given.items()}
            settings |= {"padding": _padding(settings)} if isinstance(given.get("padding"), str) else {}
            found[module["name"]] = Layer(kind, tuple(settings.items()))
    return found


def _padding(settings: dict[str, Any]) -> tuple[int, ...]:
    """Rows and columns that the words ``"same"`` and ``"valid"`` stand for."""
    if settings["padding"][0] != "same":
        return (0, 0)
    return tuple(d * (k - 1) // 2 for k, d in zip(settings["kernel"], settings["dilation"], strict=True))
