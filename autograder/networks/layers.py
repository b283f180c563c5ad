"""The layers of a network as data, and one record of all that is known of each kind of layer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

NO_GRADIENT, NO_PARAMETER, USED_BEFORE = (
    "reached by no gradient",
    "no parameters of the network",
    "those of an earlier layer",
)
"""What the weights of a layer may be, other than ``learned``."""
STEPS = ("stride", "padding", "dilation", "ceil")
"""Settings that say where filters and windows stand; the others (``SIZES``) say what they are."""
SIZES = ("in", "out", "kernel", "groups", "bias", "features", "output", "p")
USUAL = {"filled", "weights", "affine", "statistics", "drops", "evaluation"}
"""Settings that no specification names, since it means the usual ones; unknown of a layer that is declared only."""


@dataclass(frozen=True)
class Layer:
    """One step of a network: its kind and the settings that its specification names."""

    kind: str
    settings: tuple[tuple[str, Any], ...] = ()

    def __getitem__(self, name: str) -> Any:
        return dict(self.settings).get(name)

    def describe(self) -> str:
        """One short phrase, for example ``convolution 5x5, 1 -> 32 channels, padding 2``."""
        return KINDS[self.kind].words(self) if self.kind in KINDS else self.kind.replace("_", " ")


@dataclass(frozen=True)
class Kind:
    """What is known of a kind of layer.

    ``words`` describe a layer. ``modules`` are its classes in ``torch.nn``, ``settings`` their attributes, by our names.
    ``named`` are words for settings that are wrong. ``gap`` is what one too many or too few costs in an alignment.
    ``weights``: how many of the tensors that are no images must be learned (None: all). ``commutes``: with ReLU.
    """

    words: Callable[[Layer], str]
    settings: dict[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    named: dict[str, str] = field(default_factory=dict)
    gap: float = 1.0
    weights: int | None = 0
    commutes: bool = False


def _by(pair: Any) -> str:
    if isinstance(pair, tuple) and len(pair) == 4:
        return "left {}, right {}, top {}, bottom {}".format(*pair)
    return f"{pair[0]}x{pair[1]}" if isinstance(pair, tuple) else str(pair)


def _convolution(layer: Layer) -> str:
    text = f"convolution {_by(layer['kernel'])}, {layer['in']} -> {layer['out']} channels"
    text += f", stride {_by(layer['stride'])}, padding {_by(layer['padding'])}"
    text += f", {layer['groups']} groups" if layer["groups"] not in (None, 1) else ""
    return text + ("" if layer["bias"] else ", no bias")


_WINDOW = {"kernel": "kernel_size", "stride": "stride", "padding": "padding"}
_OF_WINDOW = {"kernel": "the size of the window"}
KINDS = {
    "conv2d": Kind(
        _convolution,
        {"in": "in_channels", "out": "out_channels", **_WINDOW, "dilation": "dilation", "groups": "groups", "bias": "bias",
         "filled": "padding_mode"},
        ("Conv2d",),
        {"in": "the number of input channels", "out": "the number of filters", "kernel": "the size of the filters"},
        gap=1.25,
        weights=None,
    ),
    "transposed_conv2d": Kind(lambda _: "transposed conv2d", weights=None),
    "linear": Kind(
        lambda layer: f"linear {layer['in']} -> {layer['out']}" + ("" if layer["bias"] else ", no bias"),
        {"in": "in_features", "out": "out_features", "bias": "bias"},
        ("Linear",),
        {"in": "the number of inputs", "out": "the number of outputs"},
        gap=1.25,
        weights=None,
    ),
    "maxpool2d": Kind(
        lambda layer: f"max pool {_by(layer['kernel'])}, stride {_by(layer['stride'])}",
        _WINDOW | {"dilation": "dilation", "ceil": "ceil_mode"},
        ("MaxPool2d",),
        _OF_WINDOW,
        commutes=True,
    ),
    "avgpool2d": Kind(
        lambda layer: f"average pool {_by(layer['kernel'])}, stride {_by(layer['stride'])}",
        _WINDOW | {"ceil": "ceil_mode"},
        ("AvgPool2d",),
        _OF_WINDOW,
    ),
    "adaptive_avgpool2d": Kind(
        lambda layer: f"adaptive average pool to {_by(layer['output'])}",
        {"output": "output_size"},
        ("AdaptiveAvgPool2d",),
        {"output": "the size that the pooling leaves"},
    ),
    "adaptive_maxpool2d": Kind(
        lambda layer: f"adaptive max pool to {_by(layer['output'])}",
        named={"output": "the size that the pooling leaves"},
        commutes=True,
    ),
    "relu": Kind(lambda _: "ReLU", modules=("ReLU",)),
    "batchnorm": Kind(
        lambda layer: f"batch norm over {layer['features']} channels",
        {"features": "num_features"},
        ("BatchNorm1d", "BatchNorm2d"),
        {"features": "the number of channels"},
        gap=1.125,
        weights=2,
    ),
    "dropout": Kind(
        lambda layer: f"dropout {layer['p']}",
        {"p": "p"},
        ("Dropout",),
        {"p": "the probability to drop a value"},
        commutes=True,
    ),
}  # fmt: skip

_NAMES = {
    "in": "input size", "out": "output size", "p": "probability", "ceil": "ceil_mode", "filled": "padding with",
    "affine": "learned scale and shift", "evaluation": "evaluation mode",
}  # fmt: skip
_CAUSES: dict[tuple[str, Any], str] = {
    ("bias", False): "bias=False was set",
    ("bias", True): "there should be no bias (bias=False)",
    ("ceil", True): "ceil_mode=True was set",
    ("weights", NO_PARAMETER): (
        "the layer is made in forward, or kept in a plain list: make it in __init__ as self.name, or use nn.ModuleList"
    ),
    ("weights", USED_BEFORE): "the same layer is used twice",
    ("weights", NO_GRADIENT): "its weights are detached or frozen (requires_grad_(False), .data)",
    ("affine", False): "affine=False was set",
    ("statistics", "batch in training, batch in evaluation"): "track_running_stats=False was set",
    ("statistics", "running in training, running in evaluation"): "batch norm is held in evaluation mode (training=False)",
    ("drops", "whole channels"): "Dropout2d, or a mask for whole channels",
    ("evaluation", "drops values"): "F.dropout without training=self.training drops in evaluation mode too",
}


def differing(found: Layer, expected: Layer) -> list[str]:
    """The names of the settings that differ; what is unknown of a layer that is declared only does not."""
    return [
        name for name, value in expected.settings if found[name] != value and not (name in USUAL and found[name] is None)
    ]


def differences(found: Layer, expected: Layer) -> list[str]:
    """One phrase for each setting that differs, for example ``kernel 3x3, expected 5x5``."""
    if found.kind != expected.kind:
        return [f"{found.describe()}, expected {expected.describe()}"]
    return [
        f"{_NAMES.get(name, name)} {_by(found[name])}, expected {_by(expected[name])}" for name in differing(found, expected)
    ]


def cause_of(found: Layer, expected: Layer, names: Collection[str]) -> str:
    """What was probably done, by the settings ``names`` that differ, or by the kind; empty where they say it all."""
    if found.kind != expected.kind:
        kinds = {found.kind.removeprefix("adaptive_"), expected.kind.removeprefix("adaptive_")}
        return f"the pooling takes {_TAKEN[found.kind[-9:]]}" if kinds <= set(_TAKEN) and len(kinds) > 1 else ""
    named = KINDS[expected.kind].named if expected.kind in KINDS else {}
    causes = [_CAUSES.get((name, found[name])) or named.get(name) or f"the {name}" for name in names]
    return " and ".join(dict.fromkeys(causes))


_TAKEN = {"maxpool2d": "the largest value in place of the average", "avgpool2d": "the average in place of the largest value"}
