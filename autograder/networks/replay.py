"""Run a recorded network on the trusted side: an interpreter for an allow-list of ATen operations.

This gives the accuracy of a trained network of any architecture on images that never entered the box. It executes data,
not code: an operation that is not listed is refused, and sizes are bounded.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ..inside import trace as tracing
from ..runs.evidence import Spent

ALLOWED = {
    "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "_convolution", "_log_softmax", "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training", "_prelu_kernel", "_reshape_alias", "_safe_softmax",
    "_scaled_dot_product_flash_attention_for_cpu", "_softmax", "_to_copy", "_unsafe_view", "abs", "abs_", "acos",
    "acosh", "adaptive_max_pool2d", "add", "add_", "addcdiv", "addcdiv_", "addcmul", "addcmul_", "addmm", "addmv",
    "addr", "alias", "all", "amax", "amin", "aminmax", "any", "arange", "argmax", "argmin", "as_strided",
    "as_strided_", "asin", "asinh", "atan", "atan2", "atanh", "avg_pool2d", "avg_pool3d", "baddbmm", "bernoulli",
    "bernoulli_", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "bmm", "cat", "ceil", "ceil_", "celu",
    "channel_shuffle", "clamp", "clamp_", "clamp_max", "clamp_max_", "clamp_min", "clamp_min_", "clone", "col2im",
    "constant_pad_nd", "contiguous", "convolution", "copy_", "copysign", "cos", "cos_", "cosh", "cumprod", "cumsum",
    "detach", "diagonal", "div", "div_", "dot", "elu", "elu_", "empty", "empty_like", "eq", "erf", "erf_", "erfc",
    "exp", "exp2", "exp_", "expand", "expm1", "eye", "fill", "fill_", "flip", "floor", "floor_", "floor_divide",
    "fmax", "fmin", "fmod", "frac", "full", "full_like", "gather", "ge", "gelu", "gelu_", "glu", "gt", "hardshrink",
    "hardsigmoid", "hardswish", "hardswish_", "hardtanh", "hardtanh_", "heaviside", "hypot", "im2col", "index",
    "index_add", "index_put", "index_put_", "index_select", "isinf", "isnan", "le", "leaky_relu", "leaky_relu_",
    "lerp", "lift_fresh", "linalg_vector_norm", "linspace", "log", "log10", "log1p", "log2", "log_",
    "log_sigmoid_forward", "logaddexp", "logcumsumexp", "logical_and", "logical_not", "logical_not_", "logical_or",
    "logical_xor", "logit", "logsumexp", "lt", "masked_fill", "masked_fill_", "max", "max_pool2d_with_indices",
    "max_pool3d_with_indices", "maximum", "mean", "min", "minimum", "mish", "mish_", "mm", "mul", "mul_", "mv",
    "nan_to_num", "native_batch_norm", "native_dropout", "native_group_norm", "native_layer_norm", "ne", "neg",
    "neg_", "new_empty", "new_full", "new_ones", "new_zeros", "norm", "normal_", "ones", "ones_like", "permute",
    "pixel_shuffle", "pixel_unshuffle", "pow", "pow_", "prod", "rand", "rand_like", "randn", "randn_like",
    "reciprocal", "reciprocal_", "reflection_pad1d", "reflection_pad2d", "relu", "relu_", "remainder", "repeat",
    "replication_pad1d", "replication_pad2d", "roll", "rot90", "round", "round_", "rsqrt", "rsqrt_", "rsub",
    "scalar_tensor", "scatter", "scatter_", "scatter_add", "select", "sgn", "sigmoid", "sigmoid_", "sign", "sign_",
    "silu", "silu_", "sin", "sin_", "sinh", "slice", "softplus", "softshrink", "sort", "split", "split_with_sizes",
    "sqrt", "sqrt_", "squeeze", "squeeze_", "stack", "std", "sub", "sub_", "sum", "t", "t_", "tan", "tanh", "tanh_",
    "threshold", "threshold_", "topk", "transpose", "transpose_", "tril", "triu", "trunc", "trunc_", "unbind",
    "unfold", "uniform_", "unsafe_split", "unsafe_split_with_sizes", "unsqueeze", "unsqueeze_", "upsample_bicubic2d",
    "upsample_bilinear2d", "upsample_linear1d", "upsample_nearest1d", "upsample_nearest2d", "var", "var_mean",
    "view", "where", "zero_", "zeros", "zeros_like",
}  # fmt: skip
ELEMENTS = 200_000_000  # of one intermediate result
ALL_ELEMENTS = 1_000_000_000  # of all of them together
# Of a processor, for all recorded networks of one submission: processor seconds, since a busy machine must not cost anybody
# a grade. The dearest assignment, fashion_cnn, takes 24 of them for its five networks and 10,000 images on one core of an
# AMD EPYC; a slow machine may need several times that.
SECONDS = 180.0
# Of one operation: products of two numbers, a few seconds. Time is looked at between operations only.
PRODUCTS = 100_000_000_000
DTYPES = {
    str(kind).removeprefix("torch."): kind
    for kind in (torch.float16, torch.float32, torch.float64, torch.uint8, torch.int32, torch.int64, torch.bool)
}
NOT_FINITE = ("inf", "-inf", "nan")  # which evidence has as text, since JSON has no such numbers
FORMATS = {str(layout): layout for layout in (torch.contiguous_format, torch.preserve_format, torch.channels_last)}
# From no tensor, and so on no device.
MADE = {"arange", "empty", "eye", "full", "linspace", "ones", "rand", "randn", "scalar_tensor", "zeros"}


def _reshaped(tensor: Tensor, size: list[int], stride: list[int]) -> Tensor:
    """As ``aten._reshape_alias`` does where ``stride`` fits; it reads and writes beyond the tensor where it does not."""
    return tensor.reshape(size)


INSTEAD: dict[str, Callable[..., Any]] = {"_reshape_alias": _reshaped}


class NotReplayable(Exception):
    """The program uses an operation or an argument that the interpreter does not accept; the message names it."""


class NotSupported(NotReplayable):
    """The program uses an operation of PyTorch that the interpreter does not know: its limit, no verdict on a student."""


class Program:
    """A recorded forward pass with its weights; callable on images (N, 1, 28, 28) with the N of the recording.

    Args:
        document: what :meth:`autograder.inside.trace.Trace.document` gave.
        tensors: ``param.<name>`` and ``const.<number>`` as the box sent them.
        spent: what has been computed for the same submission before, at most ``SECONDS`` in all.

    Raises:
        NotSupported: an operation of PyTorch is not allowed.
        NotReplayable: it is none of PyTorch, the recording has no output, or a weight is missing or not finite.
    """

    def __init__(self, document: dict[str, Any], tensors: dict[str, Tensor], spent: Spent | None = None) -> None:
        if document.get("output") is None:
            raise NotReplayable(document.get("problem") or "the recorded forward pass has no output")
        self._nodes = document["nodes"]
        self._output = document["output"]
        self._alive = tracing.live(self._nodes, self._output)
        self._tensors = tensors
        self._checked: torch.Size | None = None
        self._spent = spent or Spent()
        for index in self._alive:
            _require_known(_name(self._nodes[index]))
        for name, tensor in tensors.items():
            if tensor.is_floating_point() and not torch.isfinite(tensor).all():
                raise NotReplayable(f"{name} of the trained network has values that are not finite (nan or inf)")

    def __call__(self, images: Tensor) -> Tensor:
        """Outputs of the network.

        Raises:
            NotReplayable: an operation refused its arguments, or an intermediate result would be too large.
        """
        if images.shape != self._checked:
            # Shapes first, on the meta device: a forged recording must not make this process allocate what it likes.
            self._run(images.to("meta"), {name: value.to("meta") for name, value in self._tensors.items()})
            self._checked = images.shape
        with torch.random.fork_rng(devices=[]):  # dropout that is still active is replayed, the same each time
            torch.default_generator.manual_seed(0)  # torch.manual_seed also formats stacks for GPUs, 0.5 ms each time
            # Clones, since a recording may hold operations that write in place: each batch starts from what was sent.
            found = self._run(images.clone(), {name: value.clone() for name, value in self._tensors.items()})
        if not isinstance(found, Tensor):
            raise NotReplayable("the recorded output is not a tensor")
        return found

    def computed(self, images: Tensor, tensors: dict[str, Tensor]) -> Any:
        """The output, or outputs, for weights of the caller's, which operations may write into.

        Raises:
            NotReplayable: as for a call.
        """
        with torch.random.fork_rng(devices=[]):  # noise of the trial is not that of the real run
            self._run(images.to("meta"), {name: value.to("meta") for name, value in tensors.items()})
        return self._run(images, tensors)

    def learning(self, images: Tensor, tensors: dict[str, Tensor]) -> Tensor:
        """The output for these weights, with gradients for those of them that require one.

        Raises:
            NotReplayable: as for a call.
        """
        if images.shape != self._checked:
            self._run(images.to("meta"), {name: value.detach().to("meta") for name, value in tensors.items()})
            self._checked = images.shape
        with torch.enable_grad():
            found = self._compute(images.clone(), tensors)
        if not isinstance(found, Tensor) or not found.is_floating_point():
            raise NotReplayable("the recorded output is not a tensor of numbers")
        return found

    @torch.no_grad()
    def _run(self, images: Tensor, tensors: dict[str, Tensor]) -> Any:
        return self._compute(images, tensors)

    def _compute(self, images: Tensor, tensors: dict[str, Tensor]) -> Any:
        results: dict[int, Any] = {}
        elements = 0
        for index in self._alive:
            begun = time.thread_time()
            node = self._nodes[index]
            function = _operation(str(node["op"]))
            args = [self._value(value, results, images, tensors) for value in node["args"]]
            kwargs = {
                key: self._value(value, results, images, tensors)
                for key, value in node["kwargs"].items()
                if key not in ("device", "generator", "pin_memory", "layout")
            }
            if _name(node) in MADE:
                kwargs["device"] = images.device
            if _name(node) in BATCH_NORMS:
                _require_sizes(node["op"], args)
            try:
                results[index] = function(*args, **kwargs)
            except Exception as error:
                raise NotReplayable(f"{node['op']}: {type(error).__name__}: {error}") from error
            elements += self._check_size(results[index])
            if elements > ALL_ELEMENTS:
                raise NotReplayable("the intermediate results are too large together")
            if images.is_meta and _products(_name(node), args, results[index]) > PRODUCTS:
                raise NotReplayable(f"{node['op']} would take too long")
            self._spent.seconds += time.thread_time() - begun
            if self._spent.seconds > SECONDS:
                raise NotReplayable(f"it takes more than {SECONDS:.0f} seconds")
            if "empty" in _name(node):
                results[index].zero_()
        return self._value(self._output, results, images, tensors)

    @staticmethod
    def _check_size(result: Any) -> int:
        """Elements of a result, if they are not too many."""
        sizes = [t.numel() for t in (result if isinstance(result, (list, tuple)) else [result]) if isinstance(t, Tensor)]
        if any(size > ELEMENTS for size in sizes):
            raise NotReplayable("an intermediate result is too large")
        return sum(sizes)

    def _value(self, value: Any, results: dict[int, Any], images: Tensor, tensors: dict[str, Tensor]) -> Any:
        if isinstance(value, list):
            return [self._value(item, results, images, tensors) for item in value]
        if not isinstance(value, dict):
            return float(value) if value in NOT_FINITE else value
        try:
            if "input" in value:
                return images
            if "param" in value:
                return tensors[f"param.{value['param']}"]
            if "const" in value:
                return tensors[f"const.{value['const']}"]
            if "node" in value:
                result = results[value["node"]]
                return result[value["out"]] if isinstance(result, (list, tuple)) else result
            return FORMATS[value["other"]] if "other" in value else DTYPES[value["dtype"]]
        except (KeyError, IndexError) as error:
            raise NotReplayable(f"the recording refers to {value}, which is not there") from error


def _name(node: dict[str, Any]) -> str:
    return str(node["op"]).removeprefix("aten.").split(".")[0]


BATCH_NORMS = {name for name in ALLOWED if "batch_norm" in name}


def _require_sizes(name: str, args: list[Any]) -> None:
    """Refuse a batch norm whose tensors do not fit: PyTorch itself checks that one level above, and here it would not."""
    tensors = [value for value in args if isinstance(value, Tensor)]
    fits = len(tensors) > 0 and isinstance(args[0], Tensor) and args[0].ndim > 1
    if not fits or any(value.shape != args[0].shape[1:2] for value in tensors[1:]):
        raise NotReplayable(f"{name} over tensors of shapes {[tuple(value.shape) for value in tensors]}")


def _products(name: str, args: list[Any], result: Any) -> int:
    """About how many products an operation computes: only these kinds take longer than their results are large."""
    first = result[0] if isinstance(result, (list, tuple)) else result
    if not isinstance(first, Tensor):
        return 0
    tensors = [value for value in args if isinstance(value, Tensor)]
    if "convolution" in name and len(tensors) > 1:
        image, weight = tensors[:2]
        return max(image.numel(), first.numel()) * weight[:1].numel()
    if name in ("mm", "bmm", "mv", "addmm", "baddbmm", "addmv") and tensors:
        return first.numel() * tensors[name.startswith(("add", "badd"))].shape[-1]
    if "adaptive" in name and tensors:  # windows overlap by a row and a column at most
        return 4 * tensors[0].numel()
    if "pool" in name and len(args) > 1:
        sizes = args[1] if isinstance(args[1], list) else [args[1]]
        return first.numel() * math.prod(int(size) for size in sizes * (3 - len(sizes)))
    return 0


def _require_known(name: str) -> None:
    if name in ALLOWED:
        return
    if name == "_local_scalar_dense":
        raise NotReplayable("the network takes numbers out of tensors, so that what it does with them cannot be followed")
    packet = None if name.startswith("__") else getattr(torch.ops.aten, name, None)
    kind = NotSupported if isinstance(packet, torch._ops.OpOverloadPacket) else NotReplayable
    raise kind(f"the network uses {name}, which is not replayed")


@lru_cache(maxsize=4096)
def _operation(full_name: str) -> Callable[..., Any]:
    """The ATen overload for a name such as ``aten.relu.default``.

    A name that a box sent is looked up among the overloads and never among the attributes: those of a packet lead to its
    class, to the module that defines it, and so to anything.
    """
    prefix, _, name = full_name.partition(".")
    packet, _, overload = name.partition(".")
    if prefix == "aten" and packet in ALLOWED and overload in getattr(torch.ops.aten, packet).overloads():
        found: torch._ops.OpOverload = getattr(getattr(torch.ops.aten, packet), overload)
        given, returned = found._schema.arguments, found._schema.returns
        # Others are for lists, text and numbers of TorchScript, or resize the tensor that they write to.
        if {str(one.type) for one in returned} <= {"Tensor", "List[Tensor]"} and not any(one.is_out for one in given):
            return INSTEAD.get(packet, found)
    raise NotReplayable(f"{full_name} is not an ATen operation on tensors of this torch")


def accuracy(program: Program, images: Tensor, labels: Tensor, batch: int) -> float:
    """Fraction of ``images`` (N, 1, 28, 28) whose largest output is at the label; N must be a multiple of ``batch``."""
    correct = 0
    for start in range(0, len(images), batch):
        outputs = program(images[start : start + batch])
        if outputs.ndim != 2 or len(outputs) != batch:
            raise NotReplayable(f"outputs of shape {tuple(outputs.shape)}, expected ({batch}, classes)")
        correct += int((outputs.argmax(1) == labels[start : start + batch]).sum())
    return correct / len(images)


def mean(program: Program, inputs: Tensor, targets: Tensor, figure: Callable[[Tensor, Tensor], Tensor], batch: int) -> float:
    """Mean of what ``figure`` gives for the outputs of a batch and its targets: one number for each input.

    The length of ``inputs`` and ``targets`` is a multiple of ``batch``.

    Raises:
        NotReplayable: the program cannot be run, or ``figure`` refuses its outputs.
    """
    total = 0.0
    for start in range(0, len(inputs), batch):
        outputs = program(inputs[start : start + batch])
        try:
            found = figure(outputs, targets[start : start + batch])
        except (RuntimeError, IndexError, ValueError) as error:
            raise NotReplayable(f"outputs of shape {tuple(outputs.shape)}: {str(error)[:200]}") from error
        if found.shape != (batch,):
            raise NotReplayable(f"outputs of shape {tuple(outputs.shape)} for a batch of {batch}")
        total += float(found.sum())
    return total / len(inputs)
