"""What is collected from a pa4_convnet notebook. Runs in the box after the cell that each probe names; knows no answer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from inside import draws, loop, trace
from inside.probing import Evidence, Student, probe
from torch import Tensor, nn

TRACE_IMAGES = 100  # the trusted side replays the trained network in batches of this size
CHALLENGE_IMAGES = 4
EPOCHS = 10  # of the plot


def _filled(student: Student) -> nn.Module:
    """A new network of the student's class with this grading's random weights."""
    network: nn.Module = student.namespace["ConvNet"]()
    network.to("cpu").train(False)
    with torch.no_grad():
        recorded = trace.record(network, trace.drawn_images(student.seed, (CHALLENGE_IMAGES, 1, 28, 28)))
    trace.fill(recorded, network, student.seed)
    return network


@probe(after="convnet")
def network(student: Student) -> Evidence:
    """The operations of one forward pass in training and in evaluation mode, and outputs for random weights."""
    made = student.namespace["ConvNet"]()
    if not isinstance(made, nn.Module):
        return Evidence({"problem": f"ConvNet() is a {type(made).__name__}, expected an nn.Module"})
    made.to("cpu")
    images = trace.drawn_images(student.seed, (CHALLENGE_IMAGES, 1, 28, 28))
    made.train(True)
    # Clones, since a network may write into its input.
    training = trace.record(made, images.clone())
    made.train(False)
    with torch.no_grad():
        evaluation = trace.record(made, images.clone())
    found = Evidence(
        {
            "modules": trace.modules(made),
            "parameters": [{"name": name, "shape": list(value.shape)} for name, value in made.named_parameters()],
            "training": training.document(),
            "evaluation": evaluation.document(),
            "size_linear": _integer(getattr(made, "size_linear", None)),
            "problem": None,
        }
    )
    if evaluation.problem is None:
        trace.fill(evaluation, made, student.seed)
        with torch.no_grad():
            found.tensors["evaluation"] = _first(made(images.clone()))
        made.train(True)
        torch.manual_seed(student.seed)
        found.tensors["training"] = _first(made(images.clone()))
    return found


def _first(output: Any) -> Tensor:
    return output[0] if isinstance(output, (tuple, list)) else output


def _integer(value: Any) -> int | None:
    try:
        return int(value) if float(value) == int(value) else None
    except (TypeError, ValueError):
        return None


@probe(after="network_graph")
def graph(student: Student) -> Evidence:
    """The graph's source text, and the names of the parameters that it should show."""
    drawn = student.namespace.get("graph")
    source = getattr(drawn, "source", None)
    net = student.namespace.get("net")
    names = [name for name, _ in net.named_parameters()] if isinstance(net, nn.Module) else None
    return Evidence(
        {
            "type": type(drawn).__name__,
            "source": source[:500_000] if isinstance(source, str) else None,
            "parameters": names,
        }
    )


@probe(after="trainer")
def trainer(student: Student) -> Evidence:
    """Two epochs of the student's ``Trainer`` on a small problem, with every event noted."""
    # A trainer that reaches for global names instead of its own would find the notebook's; keep it on the CPU here.
    namespace = student.namespace
    before = namespace.get("device")
    namespace["device"] = torch.device("cpu")

    def train(made: nn.Module, optimizer: Any, loss: nn.Module, batches: Any, epochs: int) -> Any:
        return namespace["Trainer"](made, optimizer, loss, batches).train(epochs)

    try:
        document, tensors = loop.watch(train, student.seed)
    finally:
        namespace["device"] = before
    return Evidence(document, tensors)


@probe(after="learning_rate")
def training(student: Student) -> Evidence:
    """The losses of the real run, and the trained network as a recorded program with its weights."""
    namespace = student.namespace
    losses = namespace.get("losses")
    try:
        values = None if losses is None else [float(value) for value in list(losses)[:100_000]]
    except (TypeError, ValueError):
        values = None
    found = Evidence(
        {"losses": values, "learning_rate": _number(namespace.get("learning_rate"))}, {"rng": torch.get_rng_state()}
    )
    net = namespace.get("net")
    if isinstance(net, nn.Module):
        trained = copy.deepcopy(net).to("cpu").train(False)
        with torch.no_grad():
            recorded = trace.record(trained, trace.drawn_images(student.seed, (TRACE_IMAGES, 1, 28, 28)))
        found.document["program"] = recorded.document()
        found.tensors |= {f"param.{name}": value for name, value in trained.named_parameters()}
        found.tensors |= {f"param.{name}": value for name, value in trained.named_buffers()}
        found.tensors |= {f"const.{index}": value for index, value in enumerate(recorded.constants)}
    return found


def resume(
    student: Student, document: dict[str, Any], tensors: dict[str, Tensor]
) -> tuple[dict[str, Any], Callable[[], bool]]:
    """Stand in for a training that already happened: the names to replace, and whether its state was reached again."""
    weights = {name.removeprefix("param."): value for name, value in tensors.items() if name.startswith("param.")}
    losses = list(document["losses"] or [])

    class Trained:
        """Takes the place of the student's Trainer."""

        def __init__(self, net: nn.Module, *parts: Any, **named: Any) -> None:
            self._net = net

        def train(self, epochs: int) -> list[float]:
            self._net.load_state_dict(weights)
            torch.set_rng_state(tensors["rng"])
            return list(losses)

    def same() -> bool:
        net, found = student.namespace.get("net"), student.namespace.get("losses")
        if not isinstance(net, nn.Module) or found != losses:
            return False
        return all(torch.equal(value.cpu(), weights[name]) for name, value in net.named_parameters())

    return {"Trainer": Trained}, same


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


@probe(after="loss_plot")
def loss_plot(student: Student) -> Evidence:
    """The figures of the plot cell for ten losses drawn now."""
    again = student.rerun("loss_plot", losses=draws.losses(student.seed, EPOCHS), num_epochs=EPOCHS)
    return Evidence({"figures": again.run.figures, "error": again.run.error})


class _StandIn(nn.Module):
    """A linear network that answers another class while it is in training mode, and notes in which modes it was used."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.modes: set[bool] = set()

    def forward(self, images: Tensor) -> Tensor:
        self.modes.add(self.training)
        return draws.answers(self.weight, images, self.training)


class _WatchedBatches(loop.Batches):
    """A loader that remembers the tensors it hands out, to see which of them are moved to a device."""

    def __init__(self, batches: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__(batches)
        self.moved: set[int] = set()
        self.handed: list[Tensor] = []

    def __iter__(self) -> Iterator[list[Tensor]]:
        for pair in super().__iter__():
            self.handed += pair
            yield pair


class _NoteMoves(torch.overrides.TorchFunctionMode):
    """Notes which of the loader's tensors are sent to a device, whatever the device is."""

    def __init__(self, loader: _WatchedBatches) -> None:
        super().__init__()
        self.loader = loader

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in ("to", "cuda", "cpu") and args:
            for position, tensor in enumerate(self.loader.handed):
                if tensor is args[0]:
                    self.loader.moved.add(position)
        return func(*args, **(kwargs or {}))


@probe(after="test_accuracy")
def accuracy_cell(student: Student) -> Evidence:
    """What the accuracy cell counts for a stand-in network and loader."""
    weight, images, labels = draws.classified(student.seed)
    loader = _WatchedBatches(list(zip(images, labels, strict=True)))
    stand_in = _StandIn(weight).train(True)
    with _NoteMoves(loader):
        again = student.rerun(
            "test_accuracy",
            net=stand_in,
            test_loader=loader,
            test_data=loader.dataset,
            device=torch.device("cpu"),
            num_epochs=10,
            err=None,
            tot=None,
            accuracy=None,
        )
    values = again.values
    return Evidence(
        {
            "error": again.run.error,
            "err": _number(values.get("err")),
            "tot": _number(values.get("tot")),
            "accuracy": _number(values.get("accuracy")),
            "moved": sorted(loader.moved),
            "handed": len(loader.handed),
            "used_in_training_mode": True in stand_in.modes,
            "used_in_evaluation_mode": False in stand_in.modes,
        }
    )


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
    again = student.rerun("filters", net=_filled(student), device=torch.device("cpu"), filters=None)
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
        seconds=60.0,
        net=_filled(student),
        device=torch.device("cpu"),
        examples=dict(enumerate(images)),
        output=None,
        feature_maps=None,
    )
    values = again.values
    evidence = Evidence({"error": again.run.error, "pictures": _picture_count(again.run.figures)})
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


def _picture_count(figures: list[Any]) -> int:
    return sum(len(axes["images"]) for figure in figures for axes in figure["axes"])
