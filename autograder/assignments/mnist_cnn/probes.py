"""What is collected from a mnist_cnn notebook. Runs in the box after the cell that each probe names; knows no answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from inside import draws, effects, loop, networks, standins, stepwise
from inside.probing import Evidence, Student, probe
from torch import Tensor

CALLS = 40
SIZES = (7, 64), (1, 7), (0, 3), (1, 4)
FILTERS = (1, 11), (1, 11), (1, 64), (1, 96)
FEATURES = (2, 5000), (2, 1000)
EPOCHS = 4  # of the watched loop; another number than the notebook's
BATCH, BATCHES = 100, 3  # of the stand-in for the test set


def _number(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return found if math.isfinite(found) else None


def _call(function: Callable[..., Any], arguments: tuple[int, ...]) -> dict[str, Any]:
    """What a student's function gives: its ``value``, whether that is an ``integer``, and how it ``shows``."""
    try:
        value = function(*arguments)
    except Exception as error:
        return {"value": None, "integer": False, "shows": f"{type(error).__name__}: {str(error)[:200]}"}
    integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return {"value": _number(value), "integer": integer, "shows": f"{type(value).__name__} {str(value)[:60]}"}


@probe(after="output_size_code")
def sizes(student: Student) -> Evidence:
    """What ``w_out`` gives for arguments drawn now, with a stride and without."""
    function, drawn = student.namespace["w_out"], draws.integers(student.seed, CALLS, *SIZES)
    return Evidence(
        {
            "with_stride": [_call(function, arguments) for arguments in drawn],
            "without_stride": [_call(function, arguments[:3]) for arguments in drawn],
        }
    )


@probe(after="mnist_cnn")
def network(student: Student) -> Evidence:
    """The operations of one forward pass in training and in evaluation mode, and outputs for random weights."""
    return networks.describe(student.namespace["MNIST_CNN"], student.seed)


@probe(after="training_code")
def training(student: Student) -> Evidence:
    """The losses of the real run, and the trained network as a recorded program with its weights."""
    found = networks.trained(student.namespace.get("model"), student.seed)
    found.document["loss_history"] = _losses(student.namespace.get("loss_history"))
    return found


def _losses(value: Any) -> list[float | None] | None:
    """Numbers of a list, an array or a tensor; None for anything else, and in place of what is no finite number."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().reshape(-1).tolist()
    if not isinstance(value, (list, tuple, np.ndarray)):
        return None
    return [_number(loss) for loss in list(value)[:20_000]]


@probe(after="training_code")
def training_loop(student: Student) -> Evidence:
    """The training cell again, with the student's own class, on a few images."""
    with effects.lesson(student.namespace["MNIST_CNN"], student.seed) as (watch, make, described):
        again = student.rerun(
            "training_code",
            MNIST_CNN=make,
            model=make(),
            loss_history=[],
            train_loader=watch.loaders["train"],
            train_data=watch.data["train"],
            test_loader=watch.loaders["test"],
            test_data=watch.data["test"],
            device=torch.device("cpu"),
            num_epochs=EPOCHS,
            batch_size=watch.loaders["train"].batch_size,
            num_train_images=len(watch.data["train"]),
            num_test_images=len(watch.data["test"]),
        )
        document, tensors = watch.evidence(again.values.get("model"))
    error = again.run.error
    problem = f"{error['ename']}: {error['evalue']}" if error else None
    losses = _losses(again.values.get("loss_history"))
    return Evidence(document | described | {"problem": problem, "returned": losses}, tensors)


class _StandIn(stepwise.Alike, standins.StandIn):
    """A stand-in with the layers of the student's network, to be looked at."""


@probe(after="evaluation")
def accuracy_cell(student: Student) -> Evidence:
    """What the accuracy cell finds for a stand-in network and stand-in loaders."""
    weight, images, labels = draws.classified(student.seed)
    pictures, digits = (torch.cat(part * BATCHES)[: BATCH * BATCHES] for part in (images, labels))
    # Right answers first, so that no batch is like the whole; full batches, since the notebook's are.
    answers = draws.answers(weight, pictures, False).argmax(1)
    order = (answers == digits).int().argsort(descending=True, stable=True)
    model = student.namespace.get("model")
    stand_in = _StandIn(weight).alike(loop.likeness(lambda: model)).train(standins.mode(model))
    test_loader = _loader(pictures[order], digits[order])
    # None right, in either mode: as many as in the test images could be right by chance, for some seeds.
    train_loader = _loader(pictures[BATCH:], (answers[BATCH:] + draws.CLASSES // 2) % draws.CLASSES)
    with standins.loaded(stand_in, model):
        again = student.rerun(
            "evaluation",
            model=stand_in,
            test_loader=test_loader,
            test_data=test_loader.dataset,
            train_loader=train_loader,
            train_data=train_loader.dataset,
            device=torch.device("cpu"),
            batch_size=BATCH,
            num_test_images=len(test_loader.dataset),
            num_train_images=len(train_loader.dataset),
            test_accuracy=None,
        )
    return Evidence(
        {
            "error": again.run.error,
            "test_accuracy": _number(again.values.get("test_accuracy")),
            "type": type(again.values.get("test_accuracy")).__name__,
            "train_loader_used": bool(train_loader.handed),
        }
        | stand_in.document()
    )


def _loader(images: Tensor, labels: Tensor) -> standins.WatchedBatches:
    made = standins.WatchedBatches(
        list(zip(images.reshape(-1, BATCH, *images.shape[1:]), labels.reshape(-1, BATCH), strict=True))
    )
    made.dataset.data, made.dataset.targets = images[:, 0], labels
    return made


@probe(after="parameter_formulas")
def convolutions(student: Student) -> Evidence:
    """What ``learn_conv`` gives for arguments drawn now."""
    function = student.namespace["learn_conv"]
    return Evidence({"calls": [_call(function, drawn) for drawn in draws.integers(student.seed, CALLS, *FILTERS)]})


@probe(after="parameter_formulas")
def fully_connected(student: Student) -> Evidence:
    """What ``learn_full`` gives for arguments drawn now."""
    function = student.namespace["learn_full"]
    return Evidence({"calls": [_call(function, drawn) for drawn in draws.integers(student.seed, CALLS, *FEATURES)]})


@probe(after="parameter_formulas")
def totals(student: Student) -> Evidence:
    """The numbers that the student worked out."""
    names = ("total_parameters", "parameter_ratio")
    return Evidence({name: _number(student.namespace.get(name)) for name in names})
