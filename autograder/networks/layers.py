"""The layers of a network as data: described in words, compared setting by setting, and aligned with a reference's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
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
    if isinstance(pair, tuple) and len(pair) == 4:
        return "left {}, right {}, top {}, bottom {}".format(*pair)
    return f"{pair[0]}x{pair[1]}" if isinstance(pair, tuple) else str(pair)


def _describe_convolution(layer: Layer) -> str:
    text = f"convolution {_by(layer['kernel'])}, {layer['in']} -> {layer['out']} channels"
    text += f", stride {_by(layer['stride'])}, padding {_by(layer['padding'])}"
    text += f", {layer['groups']} groups" if layer["groups"] not in (None, 1) else ""
    return text + ("" if layer["bias"] else ", no bias")


_DESCRIBE: dict[str, Callable[[Layer], str]] = {
    "conv2d": _describe_convolution,
    "linear": lambda layer: f"linear {layer['in']} -> {layer['out']}" + ("" if layer["bias"] else ", no bias"),
    "maxpool2d": lambda layer: f"max pool {_by(layer['kernel'])}, stride {_by(layer['stride'])}",
    "avgpool2d": lambda layer: f"average pool {_by(layer['kernel'])}, stride {_by(layer['stride'])}",
    "adaptive_avgpool2d": lambda layer: f"adaptive average pool to {_by(layer['output'])}",
    "adaptive_maxpool2d": lambda layer: f"adaptive max pool to {_by(layer['output'])}",
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
        if found[name] != value and not (name in USUAL and found[name] is None)
    ]


_NAMES = {
    "in": "input size", "out": "output size", "p": "probability", "ceil": "ceil_mode", "filled": "padding with",
    "affine": "learned scale and shift", "evaluation": "evaluation mode",
}  # fmt: skip
USUAL = {"filled", "weights", "affine", "statistics", "drops", "evaluation"}
"""Settings that no specification names, since it means the usual ones; unknown of a layer that is declared only."""


@dataclass
class Alignment:
    """For each layer of the reference the student's layer (None: missing), and the student's layers left over."""

    matched: list[Layer | None]
    extra: list[tuple[int, Layer]]  # (number of reference layers before it, the layer)


def align(found: list[Layer], expected: list[Layer]) -> Alignment:
    """Align by least cost: a layer of another kind never matches, a setting that differs costs less than a gap.

    Textbook edit distance (Needleman and Wunsch 1970) over layers. Of two layers in the wrong order, the one without
    weights has moved.
    """
    rows, columns = len(found) + 1, len(expected) + 1
    lost = [_GAPS.get(layer.kind, 1.0) for layer in expected]
    more = [_GAPS.get(layer.kind, 1.0) for layer in found]
    first = list(accumulate(lost, initial=0.0))
    cost = [[start + gaps for gaps in first] for start in accumulate(more, initial=0.0)]
    for i in range(1, rows):
        for j in range(1, columns):
            pair = _distance(found[i - 1], expected[j - 1])
            cost[i][j] = min(cost[i - 1][j - 1] + pair, cost[i - 1][j] + more[i - 1], cost[i][j - 1] + lost[j - 1])
    matched: list[Layer | None] = [None] * len(expected)
    extra: list[tuple[int, Layer]] = []
    i, j = len(found), len(expected)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + _distance(found[i - 1], expected[j - 1]):
            i, j = i - 1, j - 1
            matched[j] = found[i]
        elif i and cost[i][j] == cost[i - 1][j] + more[i - 1]:
            i -= 1
            extra.insert(0, (j, found[i]))
        else:
            j -= 1
    return Alignment(matched, extra)


def align_from_the_front(found: list[Layer], expected: list[Layer]) -> Alignment:
    """:func:`align` of a forward pass that broke off: of alignments that cost the same, the one that takes early layers."""
    turned = align(found[::-1], expected[::-1])
    extra = [(len(expected) - place, layer) for place, layer in turned.extra[::-1]]
    return Alignment(turned.matched[::-1], extra)


_GAPS = {"conv2d": 1.25, "linear": 1.25, "batchnorm": 1.125}


def _distance(found: Layer, expected: Layer) -> float:
    if found.kind == expected.kind:
        return 0.9 * len(differences(found, expected)) / max(1, len(expected.settings))
    pools = {"maxpool2d", "avgpool2d"}
    return 1.5 if {found.kind, expected.kind} <= pools else 3.0
