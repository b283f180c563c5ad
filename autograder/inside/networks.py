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
from .recorder import SameNoise, Trace

CHALLENGE = (4, 1, 28, 28)
TRACE_IMAGES = 100  # the trusted side replays trained networks in batches of this size


def describe(
    make: Callable[[], Any], seed: int, shape: tuple[int, ...] = CHALLENGE, attributes: tuple[str, ...] = ()
) -> Evidence:
    """The operations of one forward pass in training and in evaluation mode, and outputs for random weights.

    Of a network whose ``__init__`` raises, what it had built until then is described; its passes did not run.

    Args:
        make: builds the student's network, for example its class.
        seed: of the images (``shape``, float32) and of the weights that are loaded into it.
        attributes: names of attributes of the network that are numbers.

    Returns:
        document: ``modules``, ``parameters``, the recorded passes ``training`` and ``evaluation``, ``outputs`` (how many
        tensors forward returns), ``single_shape`` (of the output for one image) and ``single_problem``, and ``attributes``,
        None for what is there and is no number;
        tensors: the outputs ``evaluation`` and ``training``; where forward returns several, also ``evaluation.1`` and on.
    """
    network, stopped = _built(make)
    if not isinstance(network, nn.Module):
        return Evidence({"problem": f"it made a {type(network).__name__}, expected an nn.Module"})
    images = trace.drawn_images(seed, shape)
    training = evaluation = Trace(problem=stopped)
    if stopped is None:
        network.to("cpu").train(True)
        # Clones, since a network may write into its input.
        training = trace.record(network, images.clone())
        network.train(False)
        with torch.no_grad():
            evaluation = trace.record(network, images.clone())
    found = Evidence(
        {
            "modules": trace.modules(network),
            "parameters": [{"name": name, "shape": list(value.shape)} for name, value in network.named_parameters()],
            "training": training.document(),
            "evaluation": evaluation.document(),
            "outputs": 0,
            "single_shape": None,
            "single_problem": evaluation.problem,
            "attributes": {name: _number(getattr(network, name)) for name in attributes if hasattr(network, name)},
            "problem": None,
        }
    )
    if evaluation.problem is None:
        trace.fill(evaluation, network, seed)
        with torch.no_grad():
            outputs = _tensors(network(images.clone()))
        found.document["outputs"] = len(outputs)
        found.tensors = {
            f"evaluation.{number}": value for number, value in enumerate(outputs[:8]) if number and isinstance(value, Tensor)
        }
        found.tensors["evaluation"] = outputs[0]
        found.document["single_shape"], found.document["single_problem"] = _single(network, images[:1])
        network.train(True)
        torch.manual_seed(seed)
        with SameNoise():
            found.tensors["training"] = _tensors(network(images.clone()))[0]
    return found


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
def _single(network: nn.Module, image: Tensor) -> tuple[list[int] | None, str | None]:
    try:
        return list(_tensors(network(image.clone()))[0].shape), None
    except Exception as error:
        return None, f"{type(error).__name__}: {str(error)[:300]}"


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
    tensors = {f"param.{name}": value for name, value in [*own.named_parameters(), *own.named_buffers()]}
    tensors |= {f"const.{index}": value for index, value in enumerate(recorded.constants)}
    return Evidence({"program": recorded.document()}, tensors)
