"""Record every ATen operation that runs, whatever the style of the code: modules, functional calls, operators.

A trace is a list of nodes

    {"op": "aten.relu.default", "args": [...], "kwargs": {...}, "shapes": [[2, 32, 28, 28]]}

whose arguments are JSON values or references: ``{"node": i, "out": j}`` an earlier result, ``{"param": name}`` a
parameter or buffer, ``{"const": k}`` another tensor (with its ``value`` if it is one number), ``{"input": 0}`` the
images; all but results with their ``shape``. ``"after": [i]`` says that node ``i`` wrote into the tensor's memory since.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from .reports import MAX_NODES

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
    handles: list[tuple[Any, ...]] = field(default_factory=list)  # arguments of each node, never sent
    results: list[Any] = field(default_factory=list)  # of each node, never sent
    returned: Any = None  # what forward returned, never sent
    stopped_at: list[Any] | None = None  # the arguments of the operation that raised, if it was one
    unlearned: list[str] = field(default_factory=list)  # parameters in use to which no gradient of the output comes

    def document(self) -> dict[str, Any]:
        """The part that travels as JSON."""
        return {
            "nodes": self.nodes,
            "output": self.output,
            "output_shape": self.output_shape,
            "problem": self.problem,
            "stopped_at": self.stopped_at,
            "unlearned": self.unlearned,
        }


class _Mode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A mode in which nothing is compiled: guarding against that imports PyTorch's compiler, for a second or two."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


class Recorder(_Mode):  # type: ignore[no-untyped-call]
    """Notes into ``trace`` what runs while it is entered."""

    def __init__(self, trace: Trace, network: nn.Module, images: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.trace = trace
        self.references: dict[int, Any] = {id(images): {"input": 0, "shape": list(images.shape)}}
        self.keep: list[Any] = [images]
        self.by_place: dict[tuple[Any, ...], Any] = {}
        self.written: dict[int, int] = {}  # memory -> the last node that wrote into it
        named = list(network.named_parameters(remove_duplicate=False)) + list(network.named_buffers())
        for name, tensor in named:
            reference = {"param": name, "shape": list(tensor.shape)}
            self.references.setdefault(id(tensor), reference)
            self.by_place.setdefault(_place(tensor), reference)

    def reference(self, tensor: Tensor) -> Any:
        """How a trace refers to ``tensor``, in its present state."""
        found = self.references.get(id(tensor)) or self.by_place.get(_place(tensor)) or self._constant(tensor)
        last = self.written.get(memory(tensor))
        return found if last is None or found.get("node", -1) >= last else found | {"after": [last]}

    def _constant(self, tensor: Tensor) -> Any:
        reference: dict[str, Any] = {"const": len(self.trace.constants), "shape": list(tensor.shape)}
        if tensor.numel() == 1:
            reference["value"] = tensor.item()
        self.trace.constants.append(
            tensor.detach().clone() if tensor.numel() <= MAX_CONSTANT else torch.zeros(0, dtype=tensor.dtype)
        )
        self.references[id(tensor)] = reference
        self.keep.append(tensor)
        return reference

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.reference(value)
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
        node: dict[str, Any] = {
            "op": str(func),
            "args": [self._argument(value) for value in args],
            "kwargs": {key: self._argument(value) for key, value in kwargs.items()},
        }
        self.trace.stopped_at = [node["args"], *node["kwargs"].values()]
        result = func(*args, **kwargs)
        self.trace.stopped_at = None
        outputs = result if isinstance(result, (list, tuple)) else [result]
        index = len(self.trace.nodes)
        shapes = []
        for position, tensor in enumerate(outputs):
            shapes.append(list(tensor.shape) if isinstance(tensor, Tensor) else None)
            if isinstance(tensor, Tensor):
                self.references[id(tensor)] = {"node": index, "out": position}
                self.keep.append(tensor)
        self.written |= {memory(tensor): index for tensor in _written(func, args, kwargs)}
        self.trace.nodes.append(node | {"shapes": shapes})
        self.trace.handles.append(tuple(args))
        self.trace.results.append(result)
        return result


class SameNoise(_Mode):  # type: ignore[no-untyped-call]
    """While it is entered, dropout depends on the seed and on shapes alone, not on how the memory is laid out."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.bernoulli_.float:
            noise = torch.empty(args[0].shape, dtype=args[0].dtype)
            return args[0].copy_(noise.bernoulli_(*args[1:], **(kwargs or {})))
        return func(*args, **(kwargs or {}))


def _place(tensor: Tensor) -> tuple[Any, ...]:
    return (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)


def memory(tensor: Tensor) -> int:
    """Address of the memory that a tensor shares with its views."""
    return tensor.untyped_storage().data_ptr()


def _written(func: Any, args: Any, kwargs: Any) -> list[Tensor]:
    """Tensors that an operation writes into: the first argument of ``relu_``, running statistics of a batch norm."""
    declared = func._schema.arguments
    given = [*zip(declared, args, strict=False), *((a, kwargs[a.name]) for a in declared if a.name in kwargs)]
    values = [value for a, value in given if a.alias_info is not None and a.alias_info.is_write]
    flat = [item for value in values for item in (value if isinstance(value, (list, tuple)) else [value])]
    return [item for item in flat if isinstance(item, Tensor) and item.numel() > 0]
