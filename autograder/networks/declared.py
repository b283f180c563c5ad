"""The layers that a network's modules declare: what a student built even where forward does not use it."""

from __future__ import annotations

from typing import Any

from .aten import pair
from .layers import KINDS, Layer

_MODULES = {name: kind for kind, record in KINDS.items() for name in record.modules}
_PAIRS = ("kernel", "stride", "padding", "dilation", "output")


def declared(modules: list[dict[str, Any]]) -> dict[str, Layer]:
    """Layers by attribute name, from :func:`autograder.inside.trace.modules`."""
    found: dict[str, Layer] = {}
    for module in modules:
        kind = _MODULES.get(module["type"].removeprefix("Lazy"))
        if kind is not None:
            given = {ours: module["settings"].get(theirs) for ours, theirs in KINDS[kind].settings.items()}
            settings = {name: pair(value) if name in _PAIRS else value for name, value in given.items()}
            settings |= {"padding": _padding(settings)} if isinstance(given.get("padding"), str) else {}
            found[module["name"]] = Layer(kind, tuple(settings.items()))
    return found


def _padding(settings: dict[str, Any]) -> tuple[int, ...]:
    """Rows and columns that the words ``"same"`` and ``"valid"`` stand for."""
    if settings["padding"][0] != "same":
        return (0, 0)
    return tuple(d * (k - 1) // 2 for k, d in zip(settings["kernel"], settings["dilation"], strict=True))
