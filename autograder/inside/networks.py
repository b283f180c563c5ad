"""Evidence of a network: what it executes, what it gives for weights drawn now, and what it has learnt."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from . import trace
from .probing import Evidence

CHALLENGE = (4, 1, 28, 28)
TRACE_IMAGES = 100  # the trusted side replays trained networks in batches of this size


def describe(make: Callable[[], Any], seed: int, shape: tuple[int, ...] = CHALLENGE) -> Evidence:
    """The operations of one forward pass in training and in evaluation mode, and outputs for random weights.

    Args:
        make: builds the student's network, for example its class.
        seed: of the images (``shape``, float32) and of the weights that are loaded into it.

    Returns:
        document: ``modules``, ``parameters``, the recorded passes ``training`` and ``evaluation``, ``outputs`` (how many
        tensors forward returns), ``single_shape`` (of the output for one image) and ``single_problem``;
        tensors: the outputs ``evaluation`` and ``training``; where forward returns several, also ``evaluation.1`` and on.
    """
    network = make()
    if not isinstance(network, nn.Module):
        return Evidence({"problem": f"it made a {type(network).__name__}, expected an nn.Module"})
    network.to("cpu")
    images = trace.drawn_images(seed, shape)
    network.train(True)
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
        found.tensors["training"] = _tensors(network(images.clone()))[0]
    return found


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
