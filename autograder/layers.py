"""The layers of a network as data: described in words, compared setting by setting, and aligned with a reference's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layer:
    """One step of a network: its kind and the settings that its specification names."""

    kind: str
    settings: tuple[tuple[str, Any], ...] = ()

    def __getitem__(self, name: str) -> Any:
        return dict(self.settings).get(name)

    def describe(self) -> str:
        """One short phrase, for example ``convolution 5x5, 1 -> 32 channels, padding 2``."""
        known = _DESCRIBE.get(self.kind)
        return known(self) if known else self.kind.replace("_", " ")


def _by(pair: Any) -> str:
    return f"{pair[0]}x{pair[1]}" if isinstance(pair, tuple) else str(pair)


def _describe_convolution(layer: Layer) -> str:
    text = f"convolution {_by(layer['kernel'])}, {layer['in']} -> {layer['out']} channels"
    text += f", stride {_by(layer['stride'])}, padding {_by(layer['padding'])}"
    return text + ("" if layer["bias"] else ", no bias")


_DESCRIBE: dict[str, Callable[[Layer], str]] = {
    "conv2d": _describe_convolution,
    "linear": lambda layer: f"linear {layer['in']} -> {layer['out']}" + ("" if layer["bias"] else ", no bias"),
    "maxpool2d": lambda layer: f"max pool {_by(layer['kernel'])}, stride {_by(layer['stride'])}",
    "avgpool2d": lambda layer: f"average pool {_by(layer['kernel'])}, stride {_by(layer['stride'])}",
    "relu": lambda layer: "ReLU",
    "batchnorm": lambda layer: f"batch norm over {layer['features']} channels",
    "dropout": lambda layer: f"dropout {layer['p']}",
}


def differences(found: Layer, expected: Layer) -> list[str]:
    """One phrase for each setting that differs, for example ``kernel 3x3, expected 5x5``."""
    if found.kind != expected.kind:
        return [f"{found.describe()}, expected {expected.describe()}"]
    return [
        f"{_NAMES.get(name, name)} {_by(found[name])}, expected {_by(value)}"
        for name, value in expected.settings
        if found[name] != value
    ]


_NAMES = {"in": "input size", "out": "output size", "p": "probability", "ceil": "ceil_mode"}


@dataclass
class Alignment:
    """For each layer of the reference the student's layer (None: missing), and the student's layers left over."""

    matched: list[Layer | None]
    extra: list[tuple[int, Layer]]  # (number of reference layers before it, the layer)


def align(found: list[Layer], expected: list[Layer]) -> Alignment:
    """Align by least cost: a layer of another kind never matches, a setting that differs costs less than a gap.

    Textbook edit distance (Needleman and Wunsch 1970) over layers.
    """
    rows, columns = len(found) + 1, len(expected) + 1
    cost = [[float(i + j) for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            pair = _distance(found[i - 1], expected[j - 1])
            cost[i][j] = min(cost[i - 1][j - 1] + pair, cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    matched: list[Layer | None] = [None] * len(expected)
    extra: list[tuple[int, Layer]] = []
    i, j = len(found), len(expected)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + _distance(found[i - 1], expected[j - 1]):
            i, j = i - 1, j - 1
            matched[j] = found[i]
        elif i and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
            extra.insert(0, (j, found[i]))
        else:
            j -= 1
    return Alignment(matched, extra)


def _distance(found: Layer, expected: Layer) -> float:
    if found.kind == expected.kind:
        return 0.9 * len(differences(found, expected)) / max(1, len(expected.settings))
    pools = {"maxpool2d", "avgpool2d"}
    return 1.5 if {found.kind, expected.kind} <= pools else 3.0
