"""What is collected from a fashion_cnn notebook. Runs in the box after the cell that each probe names; knows no answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from inside import draws, effects, loop, networks, standins, stepwise, trace, values
from inside.probing import Evidence, Student, attempt, probe
from torch import Tensor, nn

# Epochs of the curves, and of the trainings on a few images: other numbers than the notebook's.
EPOCHS, SHOWN = 7, 3
FITTED = TRAINED = 12  # more than the notebook's, so that what changes on the way is seen
BATCHES = (24, 24, 5)  # images in the batches of the validation
PRINTED_IMAGES = STEP_IMAGES = 8
CPU = torch.device("cpu")


def _described(student: Student, name: str) -> Evidence:
    """The network that the class ``name`` makes, and how many characters one forward pass prints."""
    make = student.namespace[name]
    with student.on_the_cpu() as shown:
        found = networks.describe(make, student.seed)
        if (found.document.get("evaluation") or {}).get("problem", "") is None:
            made = networks.filled(make, student.seed)
            shown.truncate(shown.seek(0))
            # That it cannot take so many images is judged by itself.
            with torch.no_grad(), contextlib.suppress(Exception):
                made(trace.drawn_images(student.seed, (PRINTED_IMAGES, 1, 28, 28)))
            found.document["printed"] = len(shown.getvalue())
    return found


def _own(student: Student, name: str) -> nn.Module | None:
    """A network of the student's class ``name``, from which a stand-in takes what it does not have itself."""
    return loop.likeness(lambda: student.namespace[name]())


@probe(after="softmax_regression_code")
def training_step(student: Student) -> Evidence:
    """The loss that ``training_step`` gives for a batch drawn now, beside the logits of the same model."""
    images, labels = draws.batch(student.seed, STEP_IMAGES)
    with student.on_the_cpu():
        model = networks.filled(student.namespace["MnistModel"], student.seed).train(True)
        logits, problem = attempt(lambda: model(images.clone()))
        loss, stopped = attempt(lambda: model.training_step((images.clone(), labels.clone())))
    document = {
        "loss": values.number(loss),
        "tensor": isinstance(loss, Tensor) and loss.numel() == 1,
        "gradient": isinstance(loss, Tensor) and loss.requires_grad,
        "stopped": stopped or problem,
        "problem": None,
    }
    return Evidence(document, {"logits": logits.detach()} if isinstance(logits, Tensor) else {})


@probe(after="accuracy_code")
def validation(student: Student) -> Evidence:
    """What ``validation_step`` gives for three batches, and ``validation_epoch_end`` for their results."""
    namespace = student.namespace
    model = networks.filled(namespace["MnistModel"], student.seed)
    own = namespace.get("accuracy")
    shares: dict[int, float | None] = dict.fromkeys(range(len(BATCHES)))

    stand_ins = draws.losses(student.seed, len(BATCHES))

    def noted(*args: Any, **named: Any) -> Any:
        asked, number = [*args, *named.values()], len(steps)
        share, stopped = attempt(lambda: own(*args, **named)) if callable(own) else (None, None)
        if stopped:  # a mistake of another answer: the validation is seen with a number that nobody knows beforehand
            share = torch.tensor(stand_ins[number])
        if _same_tensors(asked, [logits[number], images_and_labels[number][1]]):
            shares[number] = values.number(share)
        return share

    logits, steps, images_and_labels = [], [], []
    stopped, result = None, None
    with student.on_the_cpu(), torch.no_grad():
        for number, size in enumerate(BATCHES):
            images, labels = draws.batch(student.seed + number, size)
            logits.append(model(images.clone()))
            # All of the last, short batch are right, so that means over batches and over images differ.
            images_and_labels.append((images, logits[-1].argmax(1) if size == BATCHES[-1] else labels))
        attempt(lambda: _validated(model, student.seed))  # what is kept from one epoch for the next shows in the second
        namespace["accuracy"] = noted
        try:
            for batch in images_and_labels:
                step, stopped = attempt(lambda batch=batch: model.validation_step(batch))
                steps.append(step)
            if stopped is None:
                result, stopped = attempt(lambda: model.validation_epoch_end(list(steps)))
        finally:
            namespace.pop("accuracy") if own is None else namespace.update(accuracy=own)
    document = {
        "steps": [_result(step) for step in steps],
        "shares": list(shares.values()),
        "result": _result(result),
        "stopped": stopped,
        "problem": None,
    }
    return Evidence(document, {"logits": torch.cat(logits), "labels": torch.cat([pair[1] for pair in images_and_labels])})


def _validated(model: Any, seed: int) -> Any:
    """The result of two batches, other ones than are judged."""
    batches = [draws.batch(seed + len(BATCHES) + number, size) for number, size in enumerate(BATCHES[1:])]
    return model.validation_epoch_end([model.validation_step(batch) for batch in batches])


def _same_tensors(found: list[Any], wanted: list[Tensor]) -> bool:
    pairs = zip(found, wanted, strict=False)
    return len(found) == len(wanted) and all(isinstance(one, Tensor) and torch.equal(one, other) for one, other in pairs)


def _result(value: Any) -> dict[str, float | None] | None:
    """``val_loss`` and ``val_acc`` of a dictionary as floats."""
    if not isinstance(value, dict):
        return None
    return {name: values.number(value.get(name)) for name in ("val_loss", "val_acc")}


@probe(after="softmax_probabilities_code")
def probabilities(student: Student) -> Evidence:
    """``probs`` for logits drawn now, whether the cell takes them from ``outputs`` or asks the model again."""
    logits = draws.logits(student.seed, 12)
    images, labels = draws.batch(student.seed, 12)
    model = stepwise.Fixed(logits).alike(_own(student, "MnistModel"))
    again = student.rerun(
        "softmax_probabilities_code",
        outputs=logits.clone(), images=images, labels=labels, model=model, MnistModel=lambda: model,
        train_loader=loop.Batches([(images, labels)]), device=CPU, probs=None,
    )  # fmt: skip
    found = again.values.get("probs")
    right = isinstance(found, Tensor) and found.numel() <= 10_000
    document = {"error": again.run.error, "type": type(found).__name__}
    return Evidence(document, {"probs": found.detach().float()} if right else {})


@probe(after="accuracy_code")
def accuracies(student: Student) -> Evidence:
    """What ``accuracy`` gives for batches of several sizes; ten images, as many as classes, among them."""
    accuracy: Callable[..., Any] = student.namespace["accuracy"]
    shares, tensors, problems = [], [], []
    for number, rows in enumerate((17, 10, 1, 40)):
        logits, labels = draws.logits(student.seed + number, rows), draws.batch(student.seed + number, rows)[1]
        found, problem = attempt(lambda outputs=logits, right=labels: accuracy(outputs, right))
        shares.append(values.number(found))
        tensors.append(isinstance(found, Tensor) and found.is_floating_point() and found.numel() == 1)
        problems.append(problem)
    document = {"values": shares, "tensors": tensors, "type": type(found).__name__, "problems": problems, "problem": None}
    return Evidence(document)


@contextlib.contextmanager
def _steps_of(make: Any) -> Iterator[stepwise.Steps]:
    """Right steps for the models that ``make`` gives: those that the student wrote are judged elsewhere."""
    steps = stepwise.Steps()
    with steps.of(make if isinstance(make, type) else type(make())):
        yield steps


@probe(after="fit_code")
def evaluating(student: Student) -> Evidence:
    """What ``evaluate`` gives for a new model, and whether gradients were on, then or in the student's own steps."""
    evaluate = student.namespace["evaluate"]
    with (
        student.on_the_cpu(),
        effects.lesson(student.namespace.get("MnistModel"), student.seed) as (watch, make, document),
        _steps_of(make) as steps,
    ):
        model = make()
        result, stopped = attempt(lambda: evaluate(model, watch.loaders["val"]))
        seen, tensors = watch.evidence(model)
    own = attempt(lambda: _gradients_of_own(student))[0]
    document |= {"result": _result(result), "problem": stopped, "gradients": sorted(steps.gradients), "own_gradients": own}
    return Evidence(seen | document, tensors)


def _gradients_of_own(student: Student) -> list[bool]:
    """Whether gradients were on in the forward passes of the student's model while ``evaluate`` used it."""
    with student.on_the_cpu():
        model, seen = student.namespace["MnistModel"]().to(CPU), []
        for module in model.modules():
            module.register_forward_pre_hook(lambda *_: seen.append(torch.is_grad_enabled()))
        student.namespace["evaluate"](model, loop.Batches([draws.batch(student.seed, 4)]))
    return seen


@probe(after="fit_code")
def fitting(student: Student) -> Evidence:
    """Some epochs of ``fit`` with a new model and an optimizer of this probe."""
    fit = student.namespace["fit"]
    with (
        student.on_the_cpu() as shown,
        effects.lesson(student.namespace.get("MnistModel"), student.seed) as (watch, make, document),
        _steps_of(make) as steps,
    ):
        model, parts = make(), (watch.loaders["train"], watch.loaders["val"], stepwise.optimizer)
        history, stopped = attempt(lambda: fit(FITTED, stepwise.RATE, model, *parts))
        seen, tensors = watch.evidence(model)
    document |= {"history": _history(history), "problem": stopped}
    return Evidence(seen | document | {"shown": max(steps.shown, shown.getvalue().count("\n"))}, tensors)


def _history(value: Any) -> list[Any] | None:
    return [_result(entry) for entry in value[:200]] if isinstance(value, (list, tuple)) else None


@probe(after="fit_code")
def history(student: Student) -> Evidence:
    """The whole cell once more with small loaders: what ``history`` holds then."""
    with effects.lesson(student.namespace.get("MnistModel"), student.seed) as (watch, make, document), _steps_of(make):
        again = student.rerun(
            "fit_code",
            model=make(), MnistModel=make, loaders=watch.loaders, num_epochs_regression=SHOWN, num_epochs=SHOWN,
            **{f"{name}_loader": loader for name, loader in watch.loaders.items()},
            **{f"{name}_data": data for name, data in watch.data.items()},
            device=CPU, history=None,
        )  # fmt: skip
        # The last one that was trained, in whichever variable it is: with which one the student goes on is judged elsewhere.
        seen, tensors = watch.evidence()
    return Evidence(seen | document | {"problem": again.problem, "history": _history(again.values.get("history"))}, tensors)


@probe(after="fit_code")
def regression(student: Student) -> Evidence:
    """The trained regression."""
    return networks.trained(student.namespace.get("model"), student.seed)


@probe(after="regression_curves_code")
def curves(student: Student) -> Evidence:
    """The figures of the curves' cell for a history drawn now, its entries of the kind that the student's are."""
    real = student.namespace.get("history")
    first = real[0] if isinstance(real, list) and real and isinstance(real[0], dict) else {}
    drawn = []
    for loss, miss in zip(draws.losses(student.seed, EPOCHS + 1), draws.losses(student.seed + 1, EPOCHS + 1), strict=True):
        pair = {"val_loss": loss, "val_acc": 1 - miss / 2.1}
        kept = {key: torch.tensor(value) if isinstance(first.get(key), Tensor) else value for key, value in pair.items()}
        drawn.append({**first, **kept})
    again = student.rerun("regression_curves_code", history=drawn, num_epochs=EPOCHS, num_epochs_regression=EPOCHS)
    return Evidence({"figures": again.run.figures, "error": again.run.error})


@probe(after="predict_image_code")
def predicted(student: Student) -> Evidence:
    """What ``predict_image`` says of single images, with a stand-in model in evaluation mode."""
    weight, images, _ = draws.classified(student.seed)
    model = stepwise.BatchesOnly(weight).alike(_own(student, "MnistModel")).train(False)
    predict_image: Callable[..., Any] = student.namespace["predict_image"]
    found, problems = [], []
    with student.on_the_cpu():
        for image in images[-1]:
            value, problem = attempt(lambda image=image: predict_image(image.clone(), model))
            found.append(values.number(value))
            problems.append(problem)
    return Evidence({"classes": found, "type": type(value).__name__, "stopped": problems[0], "problem": None})


@probe(after="cnn_training")
def training_loop(student: Student) -> Evidence:
    """Some epochs of ``train`` with a new network in evaluation mode, and the losses that it returns."""
    train: Callable[..., Any] = student.namespace["train"]
    with (
        student.on_the_cpu(),
        effects.lesson(student.namespace.get("CNN"), student.seed, outputs=2) as (watch, make, document),
    ):
        network = make().train(False)
        returned, stopped = attempt(lambda: train(TRAINED, network, watch.loaders))
        seen, tensors = watch.evidence(network)
    return Evidence(seen | document | {"returned": values.numbers(returned), "problem": stopped}, tensors)


@probe(after="cnn_training")
def testing(student: Student) -> Evidence:
    """What ``evaluate_model`` gives and prints for a stand-in network, and how it uses it, after another network."""
    stand_in, loader = standins.stand_ins(student.seed)
    name, (other, others) = f"network-{student.seed % 10_000}", standins.stand_ins(student.seed + 1)
    own, evaluate_model = _own(student, "CNN"), student.namespace["evaluate_model"]
    network = stepwise.Pair(stand_in).alike(own).train(True)
    with student.on_the_cpu():
        attempt(lambda: evaluate_model(stepwise.Pair(other).alike(own), others, "another network"))
    with student.on_the_cpu() as shown:
        found, stopped = attempt(lambda: evaluate_model(network, loader, name))
    document = stand_in.document() | {
        "accuracy": values.number(found),
        "type": type(found).__name__,
        "named": name in shown.getvalue(),
        "stopped": stopped,
    }
    return Evidence(document | {"batches": len(loader), "problem": None})


def _register(probe_name: str, cell: str, collect: Callable[[Student, str], Evidence], network: str) -> None:
    """A probe for one of several networks."""

    def collect_it(student: Student) -> Evidence:
        return collect(student, network)

    collect_it.__name__ = probe_name
    probe(after=cell)(collect_it)


def _trained(student: Student, network: str) -> Evidence:
    return networks.trained((student.namespace.get("networks") or {}).get(network), student.seed)


_register("regression_network", "softmax_regression_code", _described, "MnistModel")
for network in ("CNN", "CNN_v1", "CNN_v2", "CNN_v3"):
    cell = network.lower()
    _register(f"{cell}_network", cell, _described, network)
    _register(f"{cell}_trained", f"train_{cell}", _trained, network)
