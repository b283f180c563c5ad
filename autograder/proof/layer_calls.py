"""What a student may get wrong in one call: of a layer, a function of tensors, an optimizer, a loop's range.

A layer is known by the last part of its name (``nn.Conv2d``, ``F.max_pool2d``), whatever stands before it, and its arguments
by their names in PyTorch's signature, given by position or by keyword.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

Edits = Iterator[tuple[str, str]]
"""Names of operators, and the new text of the call."""

_CONVOLUTION = "kernel_size stride padding dilation groups bias"
_POOL = "kernel_size stride padding dilation"
SIGNATURES = {
    "Conv2d": f"in_channels out_channels {_CONVOLUTION}",
    "LazyConv2d": f"out_channels {_CONVOLUTION}",
    "conv2d": "input weight bias stride padding dilation groups",
    "MaxPool2d": _POOL,
    "max_pool2d": f"input {_POOL}",
    "AvgPool2d": "kernel_size stride padding",
    "avg_pool2d": "input kernel_size stride padding",
    "AdaptiveAvgPool2d": "output_size",
    "AdaptiveMaxPool2d": "output_size",
    "adaptive_avg_pool2d": "input output_size",
    "adaptive_max_pool2d": "input output_size",
    "Linear": "in_features out_features bias",
    "LazyLinear": "out_features bias",
    "BatchNorm2d": "num_features eps momentum affine",
    "BatchNorm1d": "num_features eps momentum affine",
    "Dropout": "p inplace",
    "Dropout2d": "p inplace",
    "dropout": "input p training inplace",
    "Flatten": "start_dim end_dim",
    "flatten": "input start_dim end_dim",
    "Softmax": "dim",
    "LogSoftmax": "dim",
    "softmax": "input dim",
    "log_softmax": "input dim",
    "SGD": "params lr momentum",
    "Adam": "params lr",
    **dict.fromkeys(("argmax", "max", "mean", "sum", "squeeze"), "input dim keepdim"),
}
OTHER_KIND = {
    "MaxPool2d": "AvgPool2d", "max_pool2d": "avg_pool2d", "AvgPool2d": "MaxPool2d", "avg_pool2d": "max_pool2d",
    "AdaptiveAvgPool2d": "AdaptiveMaxPool2d", "adaptive_avg_pool2d": "adaptive_max_pool2d",
    "AdaptiveMaxPool2d": "AdaptiveAvgPool2d", "adaptive_max_pool2d": "adaptive_avg_pool2d",
    "Softmax": "LogSoftmax", "softmax": "log_softmax", "LogSoftmax": "Softmax", "log_softmax": "softmax",
    "CrossEntropyLoss": "NLLLoss", "cross_entropy": "nll_loss", "Adam": "SGD", "SGD": "Adam",
    "argmax": "argmin", "mean": "sum",
}  # fmt: skip
ACTIVATIONS = {"ReLU": ("nn.Sigmoid()", "nn.Tanh()", "nn.LeakyReLU()")}
FUNCTIONS = {"relu": ("torch.sigmoid", "torch.tanh", "F.leaky_relu")}
CLASSES = {
    "Conv2d", "LazyConv2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "Linear", "LazyLinear",
    "BatchNorm2d", "BatchNorm1d", "Dropout", "Dropout2d", "Flatten", "Softmax", "LogSoftmax", "ReLU", "Sigmoid", "Tanh",
}  # fmt: skip
OTHER_MODE = {"eval": "train", "train": "eval"}


def last_name(function: ast.expr) -> str:
    """``Conv2d`` of ``torch.nn.Conv2d``; empty where there is no name."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def arguments(call: ast.Call) -> list[ast.expr]:
    """Positional and keyword arguments."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _position(call: ast.Call, name: str) -> int | None:
    """Where a positional argument ``name`` stands; a method of a tensor has no ``input``."""
    names = SIGNATURES[last_name(call.func)].split()
    on_tensor = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) not in ("F", "torch", "nn", "np")
    if names[0] == "input" and on_tensor and "functional" not in ast.unparse(call.func):
        names = names[1:]
    return names.index(name) if name in names else None


def _given(call: ast.Call, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name or (name == "dim" and keyword.arg == "axis"):
            return keyword.value
    place = _position(call, name)
    return call.args[place] if place is not None and place < len(call.args) else None


def _number(node: ast.expr | None) -> int | None:
    """The int that a node stands for; a tuple of equal ints counts as one."""
    try:
        value = ast.literal_eval(node) if node is not None else None
    except ValueError:
        return None
    if isinstance(value, tuple) and len(set(value)) == 1:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _with(call: ast.Call, **values: str) -> str:
    """The call's text with arguments set, where they stand or else as keywords."""
    made = copy.deepcopy(call)
    for name, text in values.items():
        value, place = ast.parse(text, mode="eval").body, _position(made, name)
        named = [word for word in made.keywords if word.arg == name or (name == "dim" and word.arg == "axis")]
        if named:
            named[0].value = value
        elif place is not None and place < len(made.args):
            made.args[place] = value
        else:
            made.keywords.append(ast.keyword(name, value))
    return ast.unparse(made)


def _renamed(call: ast.Call, name: str) -> str:
    made = copy.deepcopy(call)
    if isinstance(made.func, ast.Attribute):
        made.func.attr = name
    elif isinstance(made.func, ast.Name):
        made.func.id = name
    return ast.unparse(made)


def of_call(call: ast.Call) -> Edits:
    """Mutations of a call."""
    name = last_name(call.func)
    first = ast.unparse(call.args[0]) if call.args else ""
    if name in ("Conv2d", "LazyConv2d", "conv2d"):
        yield from _convolution(call)
    elif name in ("MaxPool2d", "AvgPool2d", "max_pool2d", "avg_pool2d"):
        yield from _pool(call)
    elif name in ("Linear", "LazyLinear"):
        yield from _sizes(call, "in_features", "out_features")
        yield "bias", _with(call, bias="False" if _is_true(_given(call, "bias")) else "True")
    elif name in ("BatchNorm2d", "BatchNorm1d"):
        yield from _sizes(call, "num_features")
        yield "not_affine", _with(call, affine="False")
    elif name in ("Dropout", "Dropout2d", "dropout"):
        given = _given(call, "p")
        yield "p", _with(call, p="0.5" if given is not None and ast.unparse(given) != "0.5" else "0.25")
    elif name.startswith(("Adaptive", "adaptive")):
        yield "output_size", _with(call, output_size="2" if _number(_given(call, "output_size")) == 1 else "1")
    elif name == "range" and call.args:
        yield from _range(call)
    elif name in OTHER_MODE and not call.args and not call.keywords:
        yield f"{OTHER_MODE[name]}_mode", _renamed(call, OTHER_MODE[name])
    elif name in ("no_grad", "inference_mode"):
        yield "with_gradients", "torch.enable_grad()"
    elif name == "len":
        yield "counted_once", "1"
    elif name in ("SGD", "Adam") and (rate := _given(call, "lr")) is not None:
        yield "rate", _with(call, lr=f"{ast.unparse(rate)} / 1000")
    elif name == "Sequential":
        yield from _order(call)
    if name in SIGNATURES and (axis := _given(call, "dim")) is not None and name not in ("Dropout", "dropout"):
        yield "axis", _with(call, dim="1" if _number(axis) == 0 else "0")
    if name in ("Flatten", "flatten") and _number(_given(call, "start_dim")) == 1:
        yield "axis", _with(call, start_dim="0")
    for other in ACTIVATIONS.get(name, ()):
        yield other.split(".")[1].removesuffix("()"), other
    if name in FUNCTIONS:
        value = first or ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else first
        for other in FUNCTIONS[name]:
            yield other.split(".")[1], f"{other}({value})"
    if name in OTHER_KIND:
        yield OTHER_KIND[name], _renamed(call, OTHER_KIND[name])
    yield from _removed(call, name, first)


def _is_true(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is True)


def _removed(call: ast.Call, name: str, first: str) -> Edits:
    """Leave a layer out: a module is replaced by the identity, a call of one by what it was given."""
    of_self = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in ("self", "F", "torch", "net", "model")
    if name in CLASSES:
        yield f"without_{name}", "nn.Identity()"
    elif of_self and first and (len(call.args) == 1 or name in SIGNATURES):
        yield f"without_{name}", first
        inner = call.args[0]
        if isinstance(inner, ast.Call) and len(inner.args) == 1 and len(call.args) == 1:
            outer, within = ast.unparse(call.func), ast.unparse(inner.func)
            if outer != within:
                yield f"order_{last_name(inner.func)}_{name}", f"{within}({outer}({ast.unparse(inner.args[0])}))"
    elif name in FUNCTIONS and not first and isinstance(call.func, ast.Attribute):
        yield f"without_{name}", ast.unparse(call.func.value)


def _sizes(call: ast.Call, *names: str) -> Edits:
    """Half as many channels or features (one more where there are few), and three in place of one."""
    for name in names:
        given = _given(call, name)
        if given is None:
            continue
        number = _number(given)
        if number is None:
            yield name, _with(call, **{name: f"({ast.unparse(given)}) // 2"})
        else:
            yield name, _with(call, **{name: "3" if number == 1 else str(number // 2 if number > 16 else number + 1)})


def _convolution(call: ast.Call) -> Edits:
    yield from _sizes(call, "in_channels", "out_channels")
    kernel, padding = _number(_given(call, "kernel_size")), _given(call, "padding")
    if kernel is not None:
        other = 3 if kernel == 5 else kernel + 2
        yield "kernel", _with(call, kernel_size=str(other))
        if _number(padding) is not None and (kept := (_number(padding) or 0) + (other - kernel) // 2) >= 0:
            yield "kernel_of_same_size", _with(call, kernel_size=str(other), padding=str(kept))
    stride = _number(_given(call, "stride")) or 1
    yield "stride", _with(call, stride="1" if stride > 1 else "2")
    named = padding is not None and isinstance(padding, ast.Constant) and isinstance(padding.value, str)
    given = named or bool(_number(padding))
    yield "padding", _with(call, padding="0" if given else "1")
    yield "dilation", _with(call, dilation="2")
    if last_name(call.func) != "conv2d":
        yield "bias", _with(call, bias="False" if _is_true(_given(call, "bias")) else "True")
        if not any((_number(_given(call, name)) or 1) % 2 for name in ("in_channels", "out_channels")):
            yield "groups", _with(call, groups="2")


def _pool(call: ast.Call) -> Edits:
    window = _number(_given(call, "kernel_size"))
    stride = _number(_given(call, "stride")) or window
    if window is not None:
        yield "window", _with(call, kernel_size=str(window + 1))
        yield "window_of_same_stride", _with(call, kernel_size=str(window + 1), stride=str(stride))
    yield "stride", _with(call, stride="1" if stride != 1 else "2")
    yield "padding", _with(call, padding="0" if _number(_given(call, "padding")) else "1")


def _range(call: ast.Call) -> Edits:
    """One step less at the end, one more, and counting from one where it began at zero."""
    place = 1 if len(call.args) > 1 else 0
    end = ast.unparse(call.args[place])
    for operator, text in (("one_less", f"{end} - 1"), ("one_more", f"{end} + 1")):
        made = copy.deepcopy(call)
        made.args[place] = ast.parse(text, mode="eval").body
        yield operator, ast.unparse(made)


def _order(call: ast.Call) -> Edits:
    """Two neighbouring layers of a Sequential exchanged."""
    for place in range(len(call.args) - 1):
        made = copy.deepcopy(call)
        made.args[place], made.args[place + 1] = made.args[place + 1], made.args[place]
        pair = call.args[place : place + 2]
        names = (last_name(each.func) if isinstance(each, ast.Call) else "layer" for each in pair)
        yield f"order_{'_'.join(names)}", ast.unparse(made)
