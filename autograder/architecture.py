"""Turn a recorded forward pass into layers.

The trace is data from the box. Here synonyms are brought to one form (``addmm`` and ``mm`` + ``add``, ``clamp(min=0)``
and ``relu``), and operations that only change the view are dropped; :mod:`autograder.layers` compares what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from .inside import trace as tracing
from .layers import Layer

VIEWS = {
    "_reshape_alias", "_to_copy", "_unsafe_view", "alias", "clone", "contiguous", "detach", "expand", "flatten",
    "permute", "reshape", "squeeze", "squeeze_", "t", "transpose", "unsqueeze", "unsqueeze_", "view", "copy",
    "lift_fresh", "select", "unflatten",
}  # fmt: skip
MADE_LIKE = {"empty_like", "full_like", "new_empty", "new_full", "new_ones", "new_zeros", "ones_like", "zeros_like"}
"""Operations that take the shape of a tensor, not its values."""


@dataclass
class Network:
    """The layers on the way from the images to the output, and whether they form a chain (no branch, no merge)."""

    layers: list[Layer]
    chain: bool
    problem: str | None = None
    sizes: list[list[int] | None] = field(default_factory=list)  # output shape of each layer


def _pair(value: Any) -> Any:
    numbers = list(value) if isinstance(value, (list, tuple)) else [value]
    return (numbers[0], numbers[0]) if len(numbers) == 1 else tuple(numbers)


def _at(args: Sequence[Any], index: int, default: Any) -> Any:
    return args[index] if len(args) > index and args[index] not in (None, []) else default


def _layer(operation: str, args: list[Any], shapes: dict[str, list[int]]) -> Layer | None:
    """The layer of one ATen operation; None for an operation that changes nothing but the view."""
    if operation == "convolution":
        weight = shapes.get("1", [0, 0, 0, 0])
        groups = _at(args, 8, 1)
        if len(weight) != 4:
            return Layer("convolution_not_2d")
        return Layer(
            "conv2d",
            (
                ("in", weight[1] * groups),
                ("out", weight[0]),
                ("kernel", (weight[2], weight[3])),
                ("stride", _pair(args[3])),
                ("padding", _pair(args[4])),
                ("dilation", _pair(args[5])),
                ("groups", groups),
                ("bias", args[2] is not None),
            ),
        )
    if operation in ("addmm", "mm"):
        left, right = (shapes.get("1"), shapes.get("2")) if operation == "addmm" else (shapes.get("0"), shapes.get("1"))
        if left and right and len(right) == 2:
            return Layer("linear", (("in", right[0]), ("out", right[1]), ("bias", operation == "addmm")))
    if operation == "bmm" and (shapes.get("1") or [0])[0] == 1:  # einsum
        return Layer("linear", (("in", shapes["1"][1]), ("out", shapes["1"][2]), ("bias", False)))
    if operation in ("max_pool2d_with_indices", "max_pool2d", "avg_pool2d"):
        kernel = _pair(args[1])
        settings = [
            ("kernel", kernel),
            ("stride", _pair(_at(args, 2, kernel))),
            ("padding", _pair(_at(args, 3, 0))),
        ]
        if operation == "avg_pool2d":
            return Layer("avgpool2d", (*settings, ("ceil", bool(_at(args, 4, False)))))
        settings += [("dilation", _pair(_at(args, 4, 1))), ("ceil", bool(_at(args, 5, False)))]
        return Layer("maxpool2d", tuple(settings))
    if operation in ("_adaptive_avg_pool2d", "adaptive_avg_pool2d"):
        return Layer("adaptive_avgpool2d", (("output", _pair(args[1])),))
    if operation == "mean" and sorted(d % 4 for d in _at(args, 1, [])) == [2, 3]:
        return Layer("adaptive_avgpool2d", (("output", (1, 1)),))
    if operation in ("relu", "relu_") or _is_clamp_at_zero(operation, args):
        return Layer("relu")
    if f"aten.{operation}.default" in tracing.BATCH_NORMS:
        return Layer("batchnorm", (("features", (shapes.get("1") or [0])[0]),))
    if operation == "native_dropout":
        return Layer("dropout", (("p", args[1]),))
    if operation in ("_softmax", "_log_softmax"):
        return Layer(operation.removeprefix("_"))
    if operation == "constant_pad_nd" and not _at(args, 2, 0):
        return Layer("zero_padding", (("sides", tuple(args[1])),))
    return None if operation in VIEWS else Layer(operation.rstrip("_"))


def _is_clamp_at_zero(operation: str, args: list[Any]) -> bool:
    if operation in ("clamp_min", "clamp_min_"):
        return bool(_at(args, 1, None) == 0)
    if operation in ("clamp", "clamp_"):
        return bool(_at(args, 1, None) == 0 and _at(args, 2, None) is None)
    return operation in ("threshold", "threshold_") and args[1:3] == [0, 0]


def network(document: dict[str, Any], parameters: dict[str, list[int]]) -> Network:
    """Layers of a recorded forward pass.

    Args:
        document: what :meth:`autograder.inside.trace.Trace.document` gave.
        parameters: shape of each parameter and buffer by name.
    """
    nodes = document["nodes"]

    def shape(value: Any) -> list[int] | None:
        if isinstance(value, dict) and "node" in value:
            known: list[int] | None = nodes[value["node"]]["shapes"][value["out"]]
            return known
        return parameters.get(value["param"]) if isinstance(value, dict) and "param" in value else None

    layers: list[Layer] = []
    sizes: list[list[int] | None] = []
    used_by: dict[int, int] = {}
    alive = tracing.live(nodes, document["output"])
    carries_images = _carriers(nodes, alive)
    merges = 0
    for index in alive:
        if index not in carries_images:
            continue
        node = nodes[index]
        operation = node["op"].removeprefix("aten.").split(".")[0]
        args = list(node["args"])
        if operation.startswith("clamp") and node["kwargs"]:
            args = [args[0], node["kwargs"].get("min", _at(args, 1, None)), node["kwargs"].get("max", _at(args, 2, None))]
        inputs = [i for value in node["args"] for i in tracing.referenced(value) if i in carries_images]
        for source in set(inputs):
            used_by[source] = used_by.get(source, 0) + 1
        shapes = {str(k): s for k, value in enumerate(node["args"]) if (s := shape(value)) is not None}
        if operation == "add" and layers and layers[-1].kind == "linear" and _is_bias(node["args"], shapes, carries_images):
            layers[-1] = Layer("linear", (*layers[-1].settings[:2], ("bias", True)))
            continue
        merges += len(set(inputs)) > 1
        layer = _with_made_tensor(operation, node["args"], nodes, carries_images) or _layer(operation, args, shapes)
        if layer is not None:
            layers.append(layer)
            sizes.append(node["shapes"][0])
    branches = any(count > 1 for count in used_by.values())
    layers, sizes = _canonical(layers, sizes)
    return Network(layers, not branches and not merges, document["problem"], sizes)


def _is_bias(args: list[Any], shapes: dict[str, list[int]], carriers: set[int]) -> bool:
    others = [k for k, value in enumerate(args[:2]) if not any(index in carriers for index in tracing.referenced(value))]
    return len(others) == 1 and len(shapes.get(str(others[0]), [])) == 1


def _with_made_tensor(operation: str, args: list[Any], nodes: list[dict[str, Any]], carriers: set[int]) -> Layer | None:
    """Dropout as a product with a random mask, and ReLU as the maximum with zeros; None for anything else."""
    made = [index for value in args[:2] for index in tracing.referenced(value) if index not in carriers]
    if operation not in ("mul", "maximum") or len(made) != 1:
        return None
    index = made[0]
    while True:
        name = nodes[index]["op"].removeprefix("aten.").split(".")[0]
        if operation == "mul" and name == "bernoulli_":
            return Layer("dropout", (("p", round(1 - float(_at(nodes[index]["args"], 1, 0.5)), 6)),))
        if operation == "maximum" and name in ("zeros", "zeros_like", "new_zeros"):
            return Layer("relu")
        # Only backwards: a forged trace may refer to itself.
        before = [i for value in nodes[index]["args"] for i in tracing.referenced(value) if i < index]
        if not before:
            return None
        index = before[0]


def _carriers(nodes: list[dict[str, Any]], alive: list[int]) -> set[int]:
    """Nodes whose value depends on the images, as opposed to prepared weights and tensors of their shape alone."""
    found: set[int] = set()
    for index in alive:
        if nodes[index]["op"].removeprefix("aten.").split(".")[0] in MADE_LIKE:
            continue
        values = [*nodes[index]["args"], *nodes[index]["kwargs"].values()]
        flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
        from_images = any(isinstance(value, dict) and "input" in value for value in flat)
        if from_images or any(i in found for value in values for i in tracing.referenced(value)):
            found.add(index)
    return found


def _canonical(layers: list[Layer], sizes: list[Any]) -> tuple[list[Layer], list[Any]]:
    """Bring equal functions to one form: ReLU before max pool, one ReLU for several, zero padding into the convolution."""
    kept: list[Layer] = []
    kept_sizes: list[Any] = []
    for layer, size in zip(layers, sizes, strict=True):
        previous = kept[-1].kind if kept else ""
        if layer.kind == "relu" and previous == "maxpool2d":
            if len(kept) > 1 and kept[-2].kind == "relu":
                continue
            before = list(kept_sizes[-2]) if len(kept_sizes) > 1 and kept_sizes[-2] else size
            kept.insert(-1, layer)
            kept_sizes.insert(-1, before)
            continue
        if layer.kind == "relu" and previous == "relu":
            continue
        if layer.kind == "conv2d" and previous == "zero_padding" and len(set(kept[-1]["sides"])) == 1:
            extra = kept.pop()["sides"][0]
            kept_sizes.pop()
            padding = tuple(value + extra for value in layer["padding"])
            layer = Layer("conv2d", tuple((k, padding if k == "padding" else v) for k, v in layer.settings))
        kept.append(layer)
        kept_sizes.append(size)
    return kept, kept_sizes


def of(module: nn.Module, images: torch.Tensor, training: bool = False) -> Network:
    """Layers of a trusted reference network, recorded as a student's is."""
    was_training = module.training
    module.train(training)
    recorded = tracing.record(module, images)
    module.train(was_training)
    shapes = {name: list(value.shape) for name, value in [*module.named_parameters(), *module.named_buffers()]}
    return network(recorded.document(), shapes)


_DECLARED = {
    "Conv2d": (
        "conv2d",
        {
            "in_channels": "in",
            "out_channels": "out",
            "kernel_size": "kernel",
            "stride": "stride",
            "padding": "padding",
            "dilation": "dilation",
            "groups": "groups",
            "bias": "bias",
        },
    ),
    "Linear": ("linear", {"in_features": "in", "out_features": "out", "bias": "bias"}),
    "MaxPool2d": (
        "maxpool2d",
        {
            "kernel_size": "kernel",
            "stride": "stride",
            "padding": "padding",
            "dilation": "dilation",
            "ceil_mode": "ceil",
        },
    ),
    "AvgPool2d": (
        "avgpool2d",
        {"kernel_size": "kernel", "stride": "stride", "padding": "padding", "ceil_mode": "ceil"},
    ),
    "BatchNorm2d": ("batchnorm", {"num_features": "features"}),
    "ReLU": ("relu", {}),
    "Dropout": ("dropout", {"p": "p"}),
}
_PAIRS = ("kernel", "stride", "padding", "dilation")


def declared(modules: list[dict[str, Any]]) -> dict[str, Layer]:
    """Layers as the modules declare them, by attribute name: what a student built even where forward does not use it."""
    found: dict[str, Layer] = {}
    for module in modules:
        if module["type"].removeprefix("Lazy") in _DECLARED:
            kind, names = _DECLARED[module["type"].removeprefix("Lazy")]
            given = {ours: module["settings"].get(theirs) for theirs, ours in names.items()}
            if given.get("padding") == "same" and isinstance(given.get("kernel"), list):
                given["padding"] = [size // 2 for size in given["kernel"]]
            settings = {name: _pair(value) if name in _PAIRS else value for name, value in given.items()}
            found[module["name"]] = Layer(kind, tuple(settings.items()))
    return found
