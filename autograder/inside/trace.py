"""Record the ATen operations of a forward pass, and put given weights into the network in the order they are used.

The recorder sees every style of PyTorch code alike: modules, functional calls, operators. A trace is a list of nodes

    {"op": "aten.relu.default", "args": [...], "kwargs": {...}, "shapes": [[2, 32, 28, 28]]}

whose arguments are JSON values or references: ``{"node": i, "out": j}`` an earlier result, ``{"param": name}`` a
parameter or buffer, ``{"const": k}`` another tensor, ``{"input": 0}`` the images.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

MAX_NODES = 2_000
MAX_CONSTANT = 1_000_000  # elements kept of tensors that are neither parameter nor result


class TraceTooLong(RuntimeError):
    """A forward pass of more than ``MAX_NODES`` operations."""


@dataclass
class Trace:
    """One recorded forward pass. ``problem`` is set when the pass raised; the nodes up to there are kept."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    output: Any = None
    output_shape: list[int] | None = None
    problem: str | None = None
    constants: list[Tensor] = field(default_factory=list)
    handles: list[tuple[Any, ...]] = field(default_factory=list)  # tensor arguments of each node, never sent

    def document(self) -> dict[str, Any]:
        """The part that travels as JSON."""
        return {
            "nodes": self.nodes,
            "output": self.output,
            "output_shape": self.output_shape,
            "problem": self.problem,
        }


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, trace: Trace, network: nn.Module, images: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.trace = trace
        self.references: dict[int, Any] = {id(images): {"input": 0}}
        self.keep: list[Any] = [images]
        self.by_storage: dict[tuple[Any, ...], str] = {}
        named = list(network.named_parameters(remove_duplicate=False)) + list(network.named_buffers())
        for name, tensor in named:
            self.references.setdefault(id(tensor), {"param": name})
            self.by_storage.setdefault(_place(tensor), name)

    def _reference(self, tensor: Tensor) -> Any:
        found = self.references.get(id(tensor))
        if found is not None:
            return found
        name = self.by_storage.get(_place(tensor))
        if name is not None:
            return {"param": name}
        reference = {"const": len(self.trace.constants)}
        self.trace.constants.append(
            tensor.detach().clone() if tensor.numel() <= MAX_CONSTANT else torch.zeros(0, dtype=tensor.dtype)
        )
        self.references[id(tensor)] = reference
        self.keep.append(tensor)
        return reference

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self._reference(value)
        if isinstance(value, (list, tuple)):
            return [self._argument(item) for item in value]
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, torch.dtype):
            return {"dtype": str(value).removeprefix("torch.")}
        return {"other": str(value)[:100]}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if len(self.trace.nodes) >= MAX_NODES:
            raise TraceTooLong(f"more than {MAX_NODES} operations in one forward pass")
        node = {
            "op": str(func),
            "args": [self._argument(value) for value in args],
            "kwargs": {key: self._argument(value) for key, value in kwargs.items()},
        }
        result = func(*args, **kwargs)
        outputs = result if isinstance(result, (list, tuple)) else [result]
        index = len(self.trace.nodes)
        shapes = []
        for position, tensor in enumerate(outputs):
            shapes.append(list(tensor.shape) if isinstance(tensor, Tensor) else None)
            if isinstance(tensor, Tensor):
                self.references[id(tensor)] = {"node": index, "out": position}
                self.keep.append(tensor)
        self.trace.nodes.append(node | {"shapes": shapes})
        self.trace.handles.append(tuple(args))
        return result


def _place(tensor: Tensor) -> tuple[Any, ...]:
    return (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)


def record(network: nn.Module, images: Tensor) -> Trace:
    """One forward pass of ``network`` over ``images`` (N, C, H, W), in the mode that the network is in. Never raises."""
    trace = Trace()
    try:
        if any(nn.parameter.is_lazy(tensor) for tensor in [*network.parameters(), *network.buffers()]):
            with torch.no_grad():
                network(images.clone())  # lazy modules make their parameters in their first pass
        recorder = _Recorder(trace, network, images)
        with recorder:
            output = network(images)
        if isinstance(output, (tuple, list)) and output:
            output = output[0]
        if not isinstance(output, Tensor):
            trace.problem = f"forward returned {type(output).__name__}, expected a tensor"
        else:
            trace.output = recorder.references.get(id(output))
            trace.output_shape = list(output.shape)
    except Exception as error:
        trace.problem = f"{type(error).__name__}: {str(error)[:500]}"
    return trace


def referenced(value: Any) -> list[int]:
    """Indices of the nodes that an argument refers to."""
    if isinstance(value, dict):
        return [value["node"]] if isinstance(value.get("node"), int) else []
    if isinstance(value, list):
        return [index for item in value for index in referenced(item)]
    return []


def live(nodes: list[dict[str, Any]], output: Any) -> list[int]:
    """Indices of the nodes that the output depends on, in order; all of them when there is no output."""
    if output is None:
        return list(range(len(nodes)))
    needed, queue = set(), referenced(output)
    while queue:
        index = queue.pop()
        if index not in needed and 0 <= index < len(nodes):
            needed.add(index)
            queue += [i for value in nodes[index]["args"] for i in referenced(value)]
            queue += [i for value in nodes[index]["kwargs"].values() for i in referenced(value)]
    return sorted(needed)


CONVOLUTIONS = ("aten.convolution.default", "aten.convolution_overrideable.default")
BATCH_NORMS = (
    "aten.native_batch_norm.default",
    "aten._native_batch_norm_legit.default",
    "aten._native_batch_norm_legit_no_training.default",
    "aten._batch_norm_with_update.default",
    "aten._batch_norm_no_update.default",
    "aten.cudnn_batch_norm.default",
)


def weights(trace: Trace, network: nn.Module) -> list[dict[str, Tensor]]:
    """The weights of each weighted operation on the way to the output, as writable views of the network's own parameters.

    A convolution gives ``weight`` (O, I, kH, kW), a linear map ``weight`` (O, I) whatever way it is stored, a batch
    norm ``weight``, ``bias``, ``running_mean``, ``running_var`` (C,); a bias added by its own operation counts with the
    operation before it.
    """
    storages = {tensor.untyped_storage().data_ptr() for tensor in [*network.parameters(), *network.buffers()]}

    def own(tensor: Any) -> bool:
        return isinstance(tensor, Tensor) and tensor.numel() > 0 and tensor.untyped_storage().data_ptr() in storages

    found: list[dict[str, Tensor]] = []
    for index in live(trace.nodes, trace.output):
        op, args = trace.nodes[index]["op"], trace.handles[index]
        named: dict[str, Any] = {}
        if op in CONVOLUTIONS:
            named = {"weight": args[1], "bias": args[2]}
        elif op == "aten.addmm.default" and own(args[2]):
            named = {"weight": args[2].t(), "bias": args[0]}
        elif op == "aten.mm.default" and (own(args[1]) or own(args[0])):
            named = {"weight": args[1].t() if own(args[1]) else args[0]}
        elif op == "aten.bmm.default" and own(args[1]) and args[1].shape[0] == 1:  # einsum
            named = {"weight": args[1][0].t()}
        elif op in BATCH_NORMS:
            named = dict(zip(("weight", "bias", "running_mean", "running_var"), args[1:5], strict=True))
        elif op == "aten.add.Tensor" and found and "bias" not in found[-1]:
            biases = [tensor for tensor in args[:2] if own(tensor)]
            if biases:
                found[-1]["bias"] = biases[0].detach()
            continue
        kept = {name: tensor.detach() for name, tensor in named.items() if own(tensor)}
        if "weight" in kept:
            found.append(kept)
    return found


def drawn_weights(operation: int, shapes: dict[str, list[int]], seed: int) -> dict[str, Tensor]:
    """Random weights for the ``operation``-th weighted operation, float32; the same for the same shapes and seed."""
    drawn: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        stream = ("weight", "bias", "running_mean", "running_var").index(name)
        generator = torch.Generator().manual_seed((seed * 1_000 + operation) * 4 + stream)
        noise = torch.randn(shape, generator=generator)
        if name == "running_var":
            drawn[name] = 0.5 + noise.abs()
        elif name == "weight" and len(shape) > 1:
            fan_in = max(1, noise[0].numel())
            drawn[name] = noise * (2.0 / fan_in) ** 0.5
        elif name == "weight":
            drawn[name] = 1.0 + 0.3 * noise
        else:
            drawn[name] = 0.3 * noise
    return drawn


@torch.no_grad()
def fill(trace: Trace, network: nn.Module, seed: int) -> None:
    """Overwrite the network's weights, in the order of use, by :func:`drawn_weights`."""
    for operation, named in enumerate(weights(trace, network)):
        drawn = drawn_weights(operation, {name: list(tensor.shape) for name, tensor in named.items()}, seed)
        for name, tensor in named.items():
            tensor.copy_(drawn[name])


def drawn_images(seed: int, shape: tuple[int, ...]) -> Tensor:
    """Random images, float32, standard normal."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def modules(network: nn.Module) -> list[dict[str, Any]]:
    """Leaf modules with the settings that their type has: what was declared, whether or not forward uses it."""
    fields = (
        "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "ceil_mode",
        "in_features", "out_features", "num_features", "p",
    )  # fmt: skip
    listed = []
    for name, module in network.named_modules():
        if next(module.children(), None) is None:
            settings = {key: getattr(module, key) for key in fields if hasattr(module, key)}
            settings["bias"] = getattr(module, "bias", None) is not None
            listed.append({"name": name, "type": type(module).__name__, "settings": settings})
    return listed
