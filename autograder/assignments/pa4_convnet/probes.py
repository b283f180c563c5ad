"""What is collected from a pa4_convnet notebook. Runs in the box after the cell that each probe names; knows no answer."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from inside import draws, effects, evaluation, given, networks, trace, values
from inside.probing import Evidence, Student, probe
from inside.replacing import each_new
from torch import Tensor, nn

EPOCHS, TRAINED = 10, 4  # of the plot, and of the training on a few images
SMALL = (
    0.05  # what the loss is multiplied by, so that a step shows also what the optimizer adds to gradients, as weight decay
)
FUNCTIONS = 6  # drawn, behind the network whose graph is shown
MOST_PICTURES = 640  # of feature maps, twice as many as there are


@probe(after="convnet")
def network(student: Student) -> Evidence:
    """The operations of one forward pass in training and in evaluation mode, and outputs for random weights."""
    return networks.describe(student.namespace["ConvNet"], student.seed, attributes=("size_linear",))


def _mark(net: nn.Module, seed: int) -> None:
    """Let a network's outputs pass functions drawn now, and then a factor that is a parameter.

    A graph that was brought along, or put together of words, does not show them.
    """
    forward = net.forward

    def marked(*args: Any, **named: Any) -> Any:
        output = forward(*args, **named)
        if not isinstance(output, Tensor):
            return output
        for name in draws.functions(seed, FUNCTIONS):
            output = getattr(torch, name)(output)
        return output * getattr(net, f"drawn_{seed}")

    net.register_parameter(f"drawn_{seed}", nn.Parameter(torch.ones(())))
    net.forward = marked


@contextmanager
def _marking(made: Any, seed: int) -> Iterator[None]:
    """Mark each network of the class ``made`` that is made meanwhile."""
    if not isinstance(made, type) or made.__module__.startswith("torch."):
        yield
        return

    def mark(net: Any) -> None:
        if type(net) is made and isinstance(net, nn.Module):
            _mark(net, seed)

    with each_new(made, mark):
        yield


@probe(after="network_graph")
def graph(student: Student) -> Evidence:
    """The source text of a graph drawn again, of a network marked now, and the parameters' names that it should show."""
    drawn, net = student.namespace.get("graph"), student.namespace.get("net")
    if drawn is None:  # nothing to draw again, and a cell that never ends would not end again
        return Evidence({"error": None, "type": "NoneType", "source": None, "parameters": None})
    given = {}
    if isinstance(net, nn.Module):
        given["net"] = copy.deepcopy(net)
        _mark(given["net"], student.seed)
    with _marking(student.namespace.get("ConvNet"), student.seed):
        again = student.rerun("network_graph", graph=None, **given)
    drawn, net = again.values.get("graph"), again.values.get("net")
    source = getattr(drawn, "source", None)
    return Evidence(
        {
            "error": again.run.error,
            "type": type(drawn).__name__,
            "source": source[:500_000] if isinstance(source, str) else None,
            "parameters": [name for name, _ in net.named_parameters()] if isinstance(net, nn.Module) else None,
        }
    )


@probe(after="trainer")
def trainer(student: Student) -> Evidence:
    """Two epochs of the student's ``Trainer`` with a network of the student's on a few images."""
    # A trainer that reaches for global names instead of its own would find the notebook's; keep it on the CPU here.
    namespace = student.namespace
    made = namespace["Trainer"]

    def train(network: nn.Module, optimizer: Any, loss: nn.Module, loader: Any, epochs: int) -> Any:
        return made(network, optimizer, loss, loader).train(epochs)

    with student.on_the_cpu():
        return Evidence(*given.watched(train, namespace["ConvNet"], namespace.data, student.seed))


@probe(after="learning_rate")
def training(student: Student) -> Evidence:
    """The losses of the real run, and the trained network as a recorded program with its weights."""
    namespace = student.namespace
    found = networks.trained(namespace.get("net"), student.seed)
    found.document["losses"] = values.numbers(namespace.get("losses"))
    found.document["learning_rate"] = values.number(namespace.get("learning_rate"))
    return found


class RightTrainer:
    """Takes what the student's ``Trainer`` is made with, in any order and by any name, and trains by a right loop."""

    def __init__(self, *parts: Any, **named: Any) -> None:
        self._parts = [*parts, *named.values()]
        names = ("net", "optim", "loss_function", "train_loader")
        vars(self).update({**dict(zip(names, parts, strict=False)), **named})

    def _part(self, kind: type) -> Any:
        return next(part for part in self._parts if isinstance(part, kind) and not isinstance(part, nn.modules.loss._Loss))

    def train(self, epochs: int) -> list[float]:
        """The mean loss of each epoch."""
        network, optimizer, loader = map(self._part, (nn.Module, torch.optim.Optimizer, torch.utils.data.DataLoader))
        means = []
        for _ in range(epochs):
            losses = []
            for images, labels in loader:
                optimizer.zero_grad()
                loss = SMALL * nn.functional.cross_entropy(network(images), labels)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(loss.item())
            means.append(sum(losses) / len(losses))
        return means


@probe(after="learning_rate")
def training_again(student: Student) -> Evidence:
    """The cell again, with a right trainer on a few images, and the learning rate that it sets."""
    with effects.lesson(student.namespace["ConvNet"], student.seed) as (watch, make, described):
        again = student.rerun(
            "learning_rate",
            ConvNet=make,
            Trainer=RightTrainer,
            net=make(),
            **{f"{name}_loader": watch.loaders[name] for name in ("train", "test")},
            **{f"{name}_data": watch.data[name] for name in ("train", "test")},
            device=torch.device("cpu"),
            num_epochs=TRAINED,
        )
        document, tensors = watch.evidence(again.values.get("net"))
    rate = values.number(again.values.get("learning_rate"))
    return Evidence(document | described | {"problem": again.problem, "learning_rate": rate}, tensors)


@probe(after="loss_plot")
def loss_plot(student: Student) -> Evidence:
    """The figures of the plot cell for ten losses drawn now."""
    again = student.rerun("loss_plot", losses=draws.losses(student.seed, EPOCHS), num_epochs=EPOCHS)
    return Evidence({"figures": again.run.figures, "error": again.run.error})


@probe(after="test_accuracy")
def accuracy_cell(student: Student) -> Evidence:
    """What the accuracy cell counts for a stand-in network and loader."""
    return evaluation.counted(student, "test_accuracy", "net", ["err", "tot", "accuracy"], num_epochs=EPOCHS)


def _arrays(value: Any, limit: int = 64) -> list[Tensor] | None:
    """A list of float tensors from an array, a tensor or a list of either; None when it is something else."""
    try:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, Tensor):
            value = value.detach().cpu().numpy()
        return [
            torch.tensor(np.asarray(item.detach().cpu() if isinstance(item, Tensor) else item, dtype=np.float32))
            for item in list(value)[:limit]
        ]
    except (TypeError, ValueError):
        return None


def _is_numpy(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype != object
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, np.ndarray) for item in value)


@probe(after="filters")
def filters(student: Student) -> Evidence:
    """``filters`` and the pictures of its cell, for a network with weights drawn now."""
    again = student.rerun(
        "filters", net=networks.filled(student.namespace["ConvNet"], student.seed), device=torch.device("cpu"), filters=None
    )
    found = again.values.get("filters")
    arrays = _arrays(found)
    evidence = Evidence(
        {
            "error": again.run.error,
            "count": None if arrays is None else len(arrays),
            "numpy": _is_numpy(found),
            "shapes": None if arrays is None else [list(array.shape) for array in arrays],
            "figures": again.run.figures,
        }
    )
    if arrays:
        evidence.tensors = {str(index): array for index, array in enumerate(arrays)}
    return evidence


@probe(after="feature_maps")
def feature_maps(student: Student) -> Evidence:
    """``output`` and ``feature_maps`` for weights and images drawn now, one image a digit."""
    images = trace.drawn_images(student.seed + 1, (10, 1, 1, 28, 28))
    again = student.rerun(
        "feature_maps",
        60.0,
        net=networks.filled(student.namespace["ConvNet"], student.seed),
        device=torch.device("cpu"),
        examples=dict(enumerate(images)),
        output=None,
        feature_maps=None,
    )
    values = again.values
    evidence = Evidence({"error": again.run.error})
    if (shown := _pictures(again.run.figures)) is not None:
        evidence.tensors["pictures"] = shown
    for name in ("output", "data"):
        if isinstance(values.get(name), Tensor) and values[name].numel() <= 1_000_000:
            evidence.tensors[name] = values[name].detach().float()
    maps = values.get("feature_maps")
    evidence.document["digits"] = None
    if isinstance(maps, dict):
        kept = {key: value for key, value in maps.items() if isinstance(value, Tensor) and value.numel() <= 50_000}
        evidence.document["digits"] = len(kept)
        for key, value in list(kept.items())[:10]:
            evidence.tensors[f"map.{key}"] = value.detach().float()
    return evidence


def _pictures(figures: list[Any]) -> Tensor | None:
    """The pictures of the size that most have, (N, H, W) with N at most ``MOST_PICTURES``; None where there is none."""
    images = [image for figure in figures for axes in figure["axes"] for image in axes["images"]]
    plain = [(tuple(image["shape"]), image["pixels"]) for image in images if len(image["shape"]) == 2 and "pixels" in image]
    if not plain:
        return None
    ((shape, _),) = Counter(shape for shape, _ in plain).most_common(1)
    return torch.tensor([pixels for own, pixels in plain if own == shape][:MOST_PICTURES]).reshape(-1, *shape)
