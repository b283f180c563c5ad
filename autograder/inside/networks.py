"""Evidence of a network: what it executes, what it gives for weights drawn now, and what it has learnt."""

from __future__ import annotations

import copy
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor, nn

from . import trace
from .probing import Evidence
from .recorder import MAX_CONSTANT, SameNoise, Trace, memory

CHALLENGE = (4, 1, 28, 28)
MOST_ENDS = 16  # of a pass that broke off
TRACE_IMAGES = 100  # the trusted side replays trained networks in batches of this size


def describe(
    make: Callable[[], Any], seed: int, shape: tuple[int, ...] = CHALLENGE, attributes: tuple[str, ...] = ()
) -> Evidence:
    """The operations of one forward pass in training and in evaluation mode, and what they give for random weights.

    Of a network whose ``__init__`` raises, what it had built until then is described; its passes did not run.

    Args:
        make: builds the student's network, for example its class.
        seed: of the images (``shape``, float32) and of the weights that are loaded into it.
        attributes: names of attributes of the network that are numbers.

    Returns:
        document: ``modules``, ``parameters``, the recorded passes ``training`` and ``evaluation``, ``outputs`` (how many
        tensors forward returns), ``single_shape`` (of the output for one image) and ``single_problem``, and ``attributes``,
        None for what is there and is no number;
        tensors: the outputs ``evaluation`` and ``training``; where forward returns several, also ``evaluation.1`` and on;
        ``single``, the output for the first image alone;
        of a pass that broke off, what the images had become, ``<pass>.end.<node>``; ``<pass>.const.<number>`` and
        ``buffer.<name>``, what else they use beside drawn weights, so that they can be computed again.
    """
    network, stopped = _built(make)
    if not isinstance(network, nn.Module):
        return Evidence({"problem": f"it made a {type(network).__name__}, expected an nn.Module"})
    images = trace.drawn_images(seed, shape)
    found = Evidence({}, {})
    training = evaluation = Trace(problem=stopped)
    alone, alone_problem = None, stopped
    if stopped is None:
        network.to("cpu").train(False)
        # Clones, since a network may write into its input.
        with torch.no_grad():
            filled = trace.fill(trace.record(network, images.clone()), network, seed)
            own = [*network.named_parameters(), *network.named_buffers()]
            kept = {name: value.clone() for name, value in own if _is_small(value) and memory(value) not in filled}
            evaluation = _recorded(network, images, seed)
        if (alone_problem := evaluation.problem) is None:
            alone, alone_problem = _alone(network, images[:1])
        network.train(True)
        training = _recorded(network, images, seed)
        used = trace.named(evaluation.nodes) | trace.named(training.nodes)
        found.tensors |= {f"buffer.{name}": value for name, value in kept.items() if name in used}
    for name, recorded in (("evaluation", evaluation), ("training", training)):
        found.tensors |= _computed(name, recorded)
    found.tensors |= {} if alone is None else {"single": alone}
    found.document = {
        "modules": trace.modules(network),
        "parameters": [{"name": name, "shape": list(value.shape)} for name, value in network.named_parameters()],
        "training": training.document(),
        "evaluation": evaluation.document(),
        "outputs": 0 if evaluation.problem else len(_tensors(evaluation.returned)),
        "single_shape": None if alone is None else list(alone.shape),
        "single_problem": alone_problem,
        "attributes": {name: _number(getattr(network, name)) for name in attributes if hasattr(network, name)},
        "problem": None,
    }
    return found


def _recorded(network: nn.Module, images: Tensor, seed: int) -> Trace:
    """A pass whose noise, if it has any, follows from the seed."""
    torch.manual_seed(seed)
    with SameNoise():
        return trace.record(network, images.clone())


def _computed(name: str, recorded: Trace) -> dict[str, Tensor]:
    """What the pass ``name`` gave, or what it had computed where it broke off, and the constants that it used."""
    constants = enumerate(recorded.constants)
    found = {f"{name}.const.{number}": value for number, value in constants if _is_small(value)}
    if recorded.problem is None:
        first, *others = _tensors(recorded.returned)
        found |= {f"{name}.{number}": value for number, value in enumerate(others[:7], 1) if isinstance(value, Tensor)}
        return found | {name: first}
    for index in trace.ends(recorded.nodes)[:MOST_ENDS]:
        found |= {f"{name}.end.{index}": value for value in _tensors(recorded.results[index])[:1] if _is_small(value)}
    return found


def _is_small(value: Any) -> bool:
    """Whether a value is a tensor that can be sent."""
    plain = isinstance(value, Tensor) and value.layout == torch.strided and value.device.type == "cpu"
    return plain and not value.is_complex() and value.numel() <= MAX_CONSTANT


def _built(make: Callable[[], Any]) -> tuple[Any, str | None]:
    """What ``make`` gives; if it raises inside a module's ``__init__``, that module as far as it got, and the error."""
    begun: list[nn.Module] = []
    init = nn.Module.__init__

    def noted(module: nn.Module, *args: Any, **kwargs: Any) -> None:
        begun.append(module)
        init(module, *args, **kwargs)

    nn.Module.__init__ = noted  # type: ignore[assignment,method-assign]
    try:
        return make(), None
    except Exception as error:
        if not begun or type(begun[0]).__module__.startswith("torch."):
            raise
        return begun[0], f"{type(error).__name__}: {str(error)[:500]}"
    finally:
        nn.Module.__init__ = init  # type: ignore[method-assign]


def _number(value: Any) -> int | float | None:
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else None


def _tensors(output: Any) -> list[Tensor]:
    return list(output) if isinstance(output, (tuple, list)) else [output]


@torch.no_grad()
def _alone(network: nn.Module, image: Tensor) -> tuple[Tensor | None, str | None]:
    """What the network gives for a batch of one image, or the error in which it stopped."""
    try:
        output = _tensors(network(image.clone()))[0]
    except Exception as error:
        return None, f"{type(error).__name__}: {str(error)[:300]}"
    return (output, None) if _is_small(output) else (None, f"it made a {type(output).__name__}")


def filled(make: Callable[[], Any], seed: int, shape: tuple[int, ...] = CHALLENGE) -> nn.Module:
    """A new network of the student's with the seed's weights, on the CPU, in evaluation mode."""
    network: nn.Module = make()
    network.to("cpu").train(False)
    with torch.no_grad():
        recorded = trace.record(network, trace.drawn_images(seed, shape))
    trace.fill(recorded, network, seed)
    return network


def trained(network: Any, seed: int, shape: tuple[int, ...] = (TRACE_IMAGES, 1, 28, 28)) -> Evidence:
    """A trained network as a recorded program with its weights, for the interpreter outside.

    Returns:
        document: ``program`` (None if ``network`` is no module); tensors: ``param.<name>``, ``const.<number>``.
    """
    if not isinstance(network, nn.Module):
        return Evidence({"program": None})
    own = copy.deepcopy(network).to("cpu").train(False)
    with torch.no_grad():
        recorded = trace.record(own, trace.drawn_images(seed, shape))
        if recorded.problem and any(_is_small(value) and value.dtype == torch.float64 for value in own.parameters()):
            recorded = trace.record(own.float(), trace.drawn_images(seed, shape))  # it learned from images as float64
    tensors = {f"param.{name}": value for name, value in [*own.named_parameters(), *own.named_buffers()]}
    tensors |= {f"const.{index}": value for index, value in enumerate(recorded.constants)}
    return Evidence({"program": recorded.document()}, tensors)
