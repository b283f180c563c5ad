"""What a forward pass computes, recorded, and given weights put into the network in the order they are used."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from .recorder import Recorder, Trace, memory

SPREAD = 8.0  # of drawn images and of what drawn weights add to them


def record(network: nn.Module, images: Tensor) -> Trace:
    """One forward pass of ``network`` over ``images`` (N, C, H, W), in the mode that the network is in. Never raises."""
    trace = Trace()
    try:
        if any(nn.parameter.is_lazy(tensor) for tensor in [*network.parameters(), *network.buffers()]):
            with torch.no_grad():
                network(images.clone())  # lazy modules make their parameters in their first pass
        recorder = Recorder(trace, network, images)
        with _plain_operations(), recorder:
            output = network(images)
        trace.returned = output
        if isinstance(output, (tuple, list)) and output:
            output = output[0]
        if not isinstance(output, Tensor):
            trace.problem = f"forward returned {type(output).__name__}, expected a tensor"
        else:
            trace.output = recorder.reference(output)
            trace.output_shape = list(output.shape)
            if torch.is_grad_enabled():
                trace.unlearned = _unlearned(trace, network, output)
    except Exception as error:
        trace.problem = f"{type(error).__name__}: {str(error)[:500]}"
    return trace


@contextlib.contextmanager
def _plain_operations() -> Iterator[None]:
    """Without oneDNN, in which an LSTM is one operation, which no interpreter can follow."""
    enabled = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(enabled)


def _unlearned(trace: Trace, network: nn.Module, output: Tensor) -> list[str]:
    if not output.is_floating_point():
        return []  # classes in place of logits: the mistake is at the end, not in each layer
    own = dict(network.named_parameters(remove_duplicate=False))
    named = [value.get("param") for index in live(trace.nodes, trace.output) for value in references(trace.nodes[index])]
    used = [name for name in dict.fromkeys(named) if name in own]
    learnable = [name for name in used if output.requires_grad and own[name].requires_grad]
    if not learnable:
        return used
    try:
        gradients = torch.autograd.grad(output.sum(), [own[name] for name in learnable], allow_unused=True)
    except Exception:
        return []  # a backward pass that raises says so where the network is trained
    reached = {name for name, gradient in zip(learnable, gradients, strict=True) if gradient is not None}
    return [name for name in used if name not in reached]


def references(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The arguments of a node that refer to tensors."""
    values = [*node["args"], *node["kwargs"].values()]
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [item for item in flat if isinstance(item, dict)]


def referenced(value: Any) -> list[int]:
    """Indices of the nodes that an argument refers to."""
    if isinstance(value, dict):
        return [index for index in [value.get("node"), *value.get("after", [])] if isinstance(index, int)]
    if isinstance(value, list):
        return [index for item in value for index in referenced(item)]
    return []


def named(nodes: list[dict[str, Any]]) -> set[str]:
    """Names of the parameters and buffers that nodes use."""
    return {str(value["param"]) for node in nodes for value in references(node) if "param" in value}


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


def ends(nodes: list[dict[str, Any]]) -> list[int]:
    """Indices of the nodes that the images pass and whose results no such node uses: all that became of the images."""
    passed: dict[int, set[int]] = {}
    for index, node in enumerate(nodes):
        values = [*node["args"], *node["kwargs"].values()]
        before = {each for value in values for each in referenced(value)} & passed.keys()
        if before or any("input" in value for value in references(node)):
            passed[index] = before
    return sorted(passed.keys() - set().union(*passed.values()))


CONVOLUTIONS = ("aten.convolution.default", "aten.convolution_overrideable.default")
BATCH_NORMS = (
    "aten.native_batch_norm.default",
    "aten._native_batch_norm_legit.default",
    "aten._native_batch_norm_legit_no_training.default",
    "aten._batch_norm_with_update.default",
    "aten._batch_norm_no_update.default",
    "aten.cudnn_batch_norm.default",
)


WEIGHTED = {*CONVOLUTIONS, *BATCH_NORMS, "aten.addmm.default", "aten.mm.default", "aten.bmm.default", "aten.baddbmm.default"}


NORMS = {"aten.native_layer_norm.default": 2, "aten.native_group_norm.default": 1}  # which argument the weight is
ADDITIONS = ("aten.add.Tensor", "aten.add_.Tensor")


def weights(trace: Trace, network: nn.Module) -> list[dict[str, Tensor]]:
    """The weights of each weighted operation on the way to the output, as writable views of the network's own parameters.

    A convolution gives ``weight`` (O, I, kH, kW), a linear map ``weight`` (O, I) whatever way it is stored, a batch
    norm ``weight``, ``bias``, ``running_mean``, ``running_var`` (C,); a bias added by its own operation counts with the
    operation before it; a weight that is used again counts once.
    """
    storages = {memory(tensor) for tensor in [*network.parameters(), *network.buffers()]}

    def own(tensor: Any) -> bool:
        return isinstance(tensor, Tensor) and tensor.numel() > 0 and memory(tensor) in storages

    found: list[dict[str, Tensor]] = []
    seen: set[tuple[int, int]] = set()
    for index in live(trace.nodes, trace.output):
        op, args = trace.nodes[index]["op"], trace.handles[index]
        if op in ADDITIONS and found and "bias" not in found[-1]:
            biases = [tensor for tensor in args[:2] if own(tensor)]
            found[-1] |= {"bias": biases[0].detach()} if biases else {}
            continue
        kept = {name: tensor.detach() for name, tensor in _operands(op, args, own).items() if own(tensor)}
        if "weight" in kept and (place := (kept["weight"].data_ptr(), kept["weight"].numel())) not in seen:
            seen.add(place)
            found.append(kept)
    return found


def _operands(op: str, args: tuple[Any, ...], own: Callable[[Any], bool]) -> dict[str, Any]:
    if op in CONVOLUTIONS:
        return {"weight": args[1], "bias": args[2]}
    if op == "aten.addmm.default" and own(args[2]):
        return {"weight": args[2].t(), "bias": args[0]}
    if op == "aten.mm.default" and (own(args[1]) or own(args[0])):
        return {"weight": args[1].t() if own(args[1]) else args[0]}
    if op == "aten.mv.default":
        return {"weight": args[0]}
    if op == "aten.bmm.default" and own(args[1]) and args[1].shape[0] == 1:  # einsum
        return {"weight": args[1][0].t()}
    if op == "aten.baddbmm.default" and own(args[2]) and args[2].shape[0] == 1:
        return {"weight": args[2][0].t(), "bias": args[0]}
    if op in NORMS:
        return {"weight": args[NORMS[op]], "bias": args[NORMS[op] + 1]}
    if op in BATCH_NORMS:
        return dict(zip(("weight", "bias", "running_mean", "running_var"), args[1:5], strict=True))
    return {}


def drawn_weights(operation: int, shapes: dict[str, list[int]], seed: int) -> dict[str, Tensor]:
    """Random weights for the ``operation``-th weighted operation, float32; the same for the same shapes and seed.

    They keep the ``SPREAD`` of the images: a network of these weights scales with it.
    """
    drawn: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        stream = ("weight", "bias", "running_mean", "running_var").index(name)
        generator = torch.Generator().manual_seed((seed * 1_000 + operation) * 4 + stream)
        noise = torch.randn(shape, generator=generator)
        if name == "running_var":
            drawn[name] = SPREAD**2 * (0.5 + noise.abs())
        elif name == "weight" and len(shape) > 1:
            fan_in = max(1, noise[0].numel())
            drawn[name] = noise * (2.0 / fan_in) ** 0.5
        elif name == "weight":
            drawn[name] = SPREAD * (1.0 + 0.3 * noise)
        else:
            drawn[name] = SPREAD * 0.3 * noise
    return drawn


@torch.no_grad()
def fill(trace: Trace, network: nn.Module, seed: int) -> set[int]:
    """Overwrite the network's weights, in the order of use, by :func:`drawn_weights`; the memory of those it has filled."""
    used = weights(trace, network)
    filled = {memory(tensor) for named in used for tensor in named.values()}
    # What else is learned must not hide behind its first value, a factor of 1 or a term of 0.
    others = {memory(tensor): tensor.detach() for tensor in network.parameters() if tensor.numel() > 0}
    met = [memory(t) for i in live(trace.nodes, trace.output) for t in trace.handles[i] if isinstance(t, Tensor)]
    used += [{"bias": others[place]} for place in dict.fromkeys(met) if place in others and place not in filled]
    for operation, tensors in enumerate(used):
        drawn = drawn_weights(operation, {name: list(tensor.shape) for name, tensor in tensors.items()}, seed)
        for name, tensor in tensors.items():
            tensor.copy_(drawn[name])
    return {memory(tensor) for tensors in used for tensor in tensors.values()}


def drawn_images(seed: int, shape: tuple[int, ...]) -> Tensor:
    """Random images (N, ..., H, W), float32, mean 0: single pixels and 3x3 patches.

    Patches make whole pooling windows negative here and there: else the largest value of a window would be positive with
    or without a ReLU before. The standard deviation goes through a quarter of ``SPREAD``, once, four times and sixteen
    times: small images tell smooth activations from ReLU, large ones those that have an upper bound.
    """
    generator = torch.Generator().manual_seed(seed)
    pixels, patches = torch.randn(shape, generator=generator), torch.randn((*shape[:-2], 3, 3), generator=generator)
    row, column = (torch.arange(size) * 3 // size for size in shape[-2:])
    scale = SPREAD * 4.0 ** (torch.arange(shape[0]) % 4 - 1) / 2**0.5
    return scale.view(-1, *[1] * (len(shape) - 1)) * (pixels + patches[..., row[:, None], column])


def modules(network: nn.Module) -> list[dict[str, Any]]:
    """Leaf modules with the settings that their type has: what was declared, whether or not forward uses it."""
    fields = (
        "in_channels", "out_channels", "kernel_size", "stride", "padding", "padding_mode", "dilation", "groups", "ceil_mode",
        "in_features", "out_features", "num_features", "output_size", "p",
    )  # fmt: skip
    listed = []
    for name, module in network.named_modules():
        if next(module.children(), None) is None:
            settings = {key: getattr(module, key) for key in fields if hasattr(module, key)}
            settings["bias"] = getattr(module, "bias", None) is not None
            listed.append({"name": name, "type": type(module).__name__, "settings": settings})
    return listed
