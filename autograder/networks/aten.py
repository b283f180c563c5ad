"""The layer of one recorded ATen operation: its kind and settings, in the words of ``torch.nn``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..inside import trace as tracing
from .layers import Layer

VIEWS = {
    "_reshape_alias", "_to_copy", "_unsafe_view", "alias", "as_strided", "as_strided_", "clone", "contiguous", "detach",
    "expand", "flatten", "permute", "reshape", "squeeze", "squeeze_", "t", "transpose", "unsqueeze", "unsqueeze_",
    "view", "copy", "lift_fresh", "select", "unflatten",
}  # fmt: skip
PADS = {"reflection_pad2d": "reflected values", "replication_pad2d": "repeated values"}


@dataclass(frozen=True)
class Operation:
    """A node of a trace with what is known of its arguments."""

    name: str  # without namespace and overload
    args: list[Any]
    shapes: list[list[int] | None]  # of each tensor among the arguments
    from_images: list[bool]  # which arguments depend on the images
    output: list[int]

    def setting(self, index: int, default: Any) -> Any:
        """A positional argument, or ``default`` where it was left out."""
        return self.args[index] if len(self.args) > index and self.args[index] not in (None, []) else default


def layer_of(operation: Operation) -> Layer | None:
    """The layer that an operation is; None for one that changes nothing but the view."""
    name, args = operation.name, operation.args
    if name in ("convolution", "_convolution"):
        return _convolution(operation)
    if name in ("addmm", "mm", "bmm", "baddbmm"):
        return _linear(operation)
    if name in ("max_pool2d_with_indices", "max_pool2d", "avg_pool2d"):
        return _pool(operation)
    if name in ("_adaptive_avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"):
        kind = "adaptive_maxpool2d" if "max" in name else "adaptive_avgpool2d"
        return Layer(kind, (("output", pair(args[1])),))
    if name in ("mean", "amax"):
        return _over_all_places(operation)
    if _is_relu(operation):
        return Layer("relu")
    if f"aten.{name}.default" in tracing.BATCH_NORMS:
        return _batch_norm(operation)
    if name == "native_dropout":
        return Layer("dropout", (("p", args[1]), ("drops", "single values"))) if args[2] else None
    if name in ("_softmax", "_log_softmax"):
        return Layer(name.removeprefix("_"))
    if name == "constant_pad_nd":
        fill = operation.setting(2, 0)
        return Layer("padding", (("sides", tuple(args[1])), ("filled", f"the number {fill}" if fill else "zeros")))
    if name in PADS:
        return Layer("padding", (("sides", tuple(args[1])), ("filled", PADS[name])))
    if name in ("div", "mul") and len(args) > 1 and isinstance(args[1], (int, float)):
        return Layer(name, (("by", float(args[1])),))
    same_shape = operation.output == operation.shapes[0] if operation.shapes else False
    return None if name in VIEWS or (name == "slice" and same_shape) else Layer(name.strip("_"))


def pair(value: Any) -> Any:
    """One number for height and width as two; more than one as a tuple."""
    numbers = list(value) if isinstance(value, (list, tuple)) else [value]
    return (numbers[0], numbers[0]) if len(numbers) == 1 else tuple(numbers)


def _convolution(operation: Operation) -> Layer:
    args, weight, groups = operation.args, operation.shapes[1] or [0, 0, 0, 0], operation.setting(8, 1)
    if len(weight) != 4:
        return Layer("convolution_not_2d")
    backwards = bool(operation.setting(6, False))
    return Layer(
        "transposed_conv2d" if backwards else "conv2d",
        (
            ("in", weight[0] if backwards else weight[1] * groups),
            ("out", weight[1] * groups if backwards else weight[0]),
            ("kernel", (weight[2], weight[3])),
            ("stride", pair(args[3])),
            ("padding", pair(args[4])),
            ("dilation", pair(args[5])),
            ("groups", groups),
            ("bias", args[2] is not None),
            ("filled", "zeros"),
        ),
    )


def _linear(operation: Operation) -> Layer:
    first = 1 if operation.name in ("addmm", "baddbmm") else 0
    left, right = operation.shapes[first], operation.shapes[first + 1]
    moving = operation.from_images[first : first + 2]
    if operation.name in ("bmm", "baddbmm"):  # einsum makes a stack of one matrix
        stack = (right if moving == [True, False] else left) or [0]
        if stack[0] != 1:
            return Layer(operation.name)
        left, right = (left or [])[1:], (right or [])[1:]
    if moving == [True, False] and right:
        sizes: Sequence[int] = right
    elif moving == [False, True] and left:
        sizes = left[::-1]
    else:
        return Layer("matrix_product")
    return Layer("linear", (("in", sizes[0]), ("out", sizes[1]), ("bias", first == 1)))


def _pool(operation: Operation) -> Layer:
    average, size = operation.name == "avg_pool2d", operation.shapes[0]
    kernel = pair(operation.args[1])
    stride, padding = pair(operation.setting(2, kernel)), pair(operation.setting(3, 0))
    dilation = (1, 1) if average else pair(operation.setting(4, 1))
    if average and size and tuple(size[-2:]) == kernel and operation.output[-2:] == [1, 1]:
        return Layer("avgpool2d_of_all", (("kernel", kernel), ("stride", stride), ("padding", padding), ("ceil", False)))
    ceil = bool(operation.setting(4 if average else 5, False))
    if ceil and size:  # it matters only where the windows do not fit
        reach = [n + 2 * p - d * (k - 1) - 1 for n, p, d, k in zip(size[-2:], padding, dilation, kernel, strict=True)]
        ceil = operation.output[-2:] != [n // s + 1 for n, s in zip(reach, stride, strict=True)]
    settings = (("kernel", kernel), ("stride", stride), ("padding", padding))
    if average:
        return Layer("avgpool2d", (*settings, ("ceil", ceil)))
    return Layer("maxpool2d", (*settings, ("dilation", dilation), ("ceil", ceil)))


def _over_all_places(operation: Operation) -> Layer:
    size = operation.shapes[0] or [0, 0, 0, 0]
    sides = [side % len(size) for side in _sequence(operation.setting(1, []))]
    kind = "adaptive_avgpool2d" if operation.name == "mean" else "adaptive_maxpool2d"
    if sorted(sides) == list(range(2, len(size))):
        return Layer(kind, (("output", (1, 1)),))
    if len(size) == 4 and sides in ([2], [3]):
        return Layer(f"{kind}_of_one_side")
    return Layer(operation.name)


def _sequence(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _is_relu(operation: Operation) -> bool:
    name, args = operation.name.rstrip("_"), operation.args
    if name == "relu":
        return True
    if name == "leaky_relu":
        return bool(operation.setting(1, 0.01) == 0)
    if name == "clamp_min" or (name == "clamp" and operation.setting(2, None) is None):
        return is_zero(operation.setting(1, None))
    if name == "hardtanh":
        return bool(operation.setting(1, -1) == 0 and args[2:] and args[2] in ("inf", float("inf")))
    return name == "threshold" and args[1:3] == [0, 0]


def is_zero(value: Any) -> bool:
    """Whether an argument is the number 0 or a tensor of that one number."""
    number = value.get("value") if isinstance(value, dict) else value
    return isinstance(number, (int, float)) and number == 0


def _batch_norm(operation: Operation) -> Layer:
    name, args = operation.name, operation.args
    has_statistics = "no_stats" not in name
    running = has_statistics and (name.endswith(("no_training", "no_update")) or args[5] is False)
    # Instance norm runs as the batch norm of one image that has the channels of all.
    kind = "instance_norm" if not running and operation.output[0] == 1 else "batchnorm"
    return Layer(
        kind,
        (
            ("features", operation.output[1]),
            ("affine", isinstance(args[1], dict)),
            ("statistics", "running" if running else "batch"),
        ),
    )
