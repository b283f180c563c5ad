"""What is collected from a mnist_cnn notebook. Runs in the box after the cell that each probe names; knows no answer."""

from __future__ import annotations

from typing import Any

import torch
from inside import draws, effects, evaluation, formulas, networks, values
from inside.probing import Evidence, Student, probe
from torch import Tensor

CALLS = 40
SIZES = (7, 64), (1, 7), (0, 3), (1, 4)
FILTERS = (1, 11), (1, 11), (1, 64), (1, 96)
FEATURES = (2, 5000), (2, 1000)
EPOCHS = 4  # of the watched loop; another number than the notebook's
BATCH = 100  # images of the stand-in for the test set


@probe(after="output_size_code")
def sizes(student: Student) -> Evidence:
    """What ``w_out`` gives for arguments drawn now, with a stride and without."""
    function, drawn = student.namespace["w_out"], draws.integers(student.seed, CALLS, *SIZES)
    return Evidence(
        {
            "with_stride": formulas.called(function, drawn),
            "without_stride": formulas.called(function, [arguments[:3] for arguments in drawn]),
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
    found.document["loss_history"] = values.numbers(student.namespace.get("loss_history"))
    return found


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
    history = again.values.get("loss_history")
    kept = {"returned": values.numbers(history), "tensors": _holds_tensors(history)}
    return Evidence(document | described | kept | {"problem": again.problem}, tensors)


def _holds_tensors(history: Any) -> bool:
    return isinstance(history, list) and any(isinstance(entry, Tensor) for entry in history)


@probe(after="evaluation")
def accuracy_cell(student: Student) -> Evidence:
    """What the accuracy cell finds for a stand-in network; the batches of the notebook are full."""
    return evaluation.counted(student, "evaluation", "model", ["test_accuracy"], batch=BATCH)


@probe(after="parameter_formulas")
def convolutions(student: Student) -> Evidence:
    """What ``learn_conv`` gives for arguments drawn now."""
    drawn = draws.integers(student.seed, CALLS, *FILTERS)
    return Evidence({"calls": formulas.called(student.namespace["learn_conv"], drawn)})


@probe(after="parameter_formulas")
def fully_connected(student: Student) -> Evidence:
    """What ``learn_full`` gives for arguments drawn now."""
    drawn = draws.integers(student.seed, CALLS, *FEATURES)
    return Evidence({"calls": formulas.called(student.namespace["learn_full"], drawn)})


@probe(after="parameter_formulas")
def totals(student: Student) -> Evidence:
    """The numbers that the student worked out."""
    names = ("total_parameters", "parameter_ratio")
    return Evidence({name: values.number(student.namespace.get(name)) for name in names})
