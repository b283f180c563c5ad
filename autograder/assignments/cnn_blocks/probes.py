"""What is collected from a cnn_blocks notebook. Runs in the box after the cell that each probe names; knows no answer."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator, Mapping
from typing import Any

from inside import draws, effects, epochs, loop, networks
from inside.probing import Evidence, Rerun, Student, probe
from torch import Tensor, nn
from torchinfo import ModelStatistics, summary

EPOCHS = 5
CELL_SECONDS, RERUN_SECONDS = 10.0, 20.0
MODELS = {"mlp": "MultiLayerPerceptron", "maxpool": "ConvMaxPoolNetwork", "batchnorm": "ConvBatchNormNetwork"}
TRAINED = ("maxpool", "batchnorm")
WATCHED = "watched"


@probe(after="conv_maxpool")
def maxpool(student: Student) -> Evidence:
    """The network of ``ConvMaxPoolNetwork``."""
    return networks.describe(student.namespace["ConvMaxPoolNetwork"], student.seed)


@probe(after="conv_batchnorm")
def batchnorm(student: Student) -> Evidence:
    """The network of ``ConvBatchNormNetwork``."""
    return networks.describe(student.namespace["ConvBatchNormNetwork"], student.seed)


def _seed_of(student: Student, name: str) -> int:
    return student.seed + TRAINED.index(name)


def _classes(student: Student) -> dict[str, type[nn.Module]]:
    return {
        name: epochs.stand_in(student.namespace.get(known), known, hidden)
        for (name, known), hidden in zip(MODELS.items(), draws.sizes(student.seed, len(MODELS)), strict=True)
    }


def _own(student: Student) -> dict[str, Any]:
    return {name: student.namespace[known] for name, known in MODELS.items() if known in student.namespace}


def _with_stand_ins(
    student: Student, cell: str, name: str, /, *choices: dict[str, Any], **replaced: Any
) -> tuple[epochs.GivenFunctions, Rerun, dict[str, Any]]:
    """Run a cell with stand-ins for ``train``, ``test`` and networks; what was noted, the run, and the names that it bound.

    Classes of networks are the first of ``choices`` with which the cell runs to its end, else the last: a cell may need
    parts that only the student's own networks have.
    """
    for classes in choices:
        given = epochs.GivenFunctions(student.seed, _seed_of(student, name), classes)
        names = replaced | given.names() | {"num_epochs": EPOCHS, "learning_rate": 1e-2}
        names |= {MODELS[key]: kind for key, kind in classes.items()}
        before = dict(student.namespace) | names
        with loop.plainly():
            again = student.rerun(cell, CELL_SECONDS, **names)
        if again.run.error is None:
            break
    return given, again, {key: value for key, value in again.values.items() if before.get(key) is not value}


def _numbers(value: Any, place: str = "", depth: int = 4) -> Iterator[tuple[str, float]]:
    """The numbers of an entry with their places in it, whatever containers the student keeps them in."""
    if isinstance(value, Mapping) and depth:
        for key, item in list(value.items())[:50]:
            yield from _numbers(item, f"{place}.{key}", depth - 1)
    elif isinstance(value, (list, tuple)) and depth:
        for number, item in enumerate(value[:50]):
            yield from _numbers(item, f"{place}.{number}", depth - 1)
    elif not isinstance(value, str):
        with contextlib.suppress(TypeError, ValueError, RuntimeError):
            yield place, float(value)


def _entries(history: Any) -> list[dict[str, float]] | None:
    """The numbers of each epoch of a history: a list of entries, a table, or a dictionary of one list a figure."""
    if hasattr(history, "to_dict"):
        history = history.to_dict("records")
    if isinstance(history, dict):
        lists = {key: value for key, value in history.items() if isinstance(value, (list, tuple))}
        turned = [dict(zip(lists, row, strict=False)) for row in zip(*lists.values(), strict=False)]
        history = turned or list(history.values())
    if not isinstance(history, (list, tuple)):
        return None
    return [dict(_numbers(entry)) for entry in history[:1_000]]


_tested_weights: list[tuple[Any, dict[str, Tensor]]] = []  # each network that ``test`` was given, as it was then


@probe(after="train_and_test")
def tested_networks(student: Student) -> Evidence:
    """Let the given ``test`` keep the weights of what it tests, so that every epoch can be judged, not only the last."""
    test = student.namespace["test"]

    @functools.wraps(test)
    def keeping(model: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(model, nn.Module):
            named = [*model.named_parameters(), *model.named_buffers()]
            _tested_weights.append((model, {key: value.detach().cpu().clone() for key, value in named}))
            del _tested_weights[: -epochs.MOST_EPOCHS]
        return test(model, *args, **kwargs)

    student.namespace["test"] = keeping
    return Evidence()


def _epochs(model: Any) -> dict[str, Tensor]:
    """The weights of a network at the end of each epoch but the last, as ``epoch.<number>.<name>``."""
    kept = [weights for tested, weights in _tested_weights if tested is model][:-1]
    return {f"epoch.{number}.{name}": value for number, weights in enumerate(kept) for name, value in weights.items()}


def _training(student: Student, name: str) -> Evidence:
    """The history and the network of the real run, and of the cell run again, on a few images with drawn figures."""
    cell, namespace = f"train_{name}", student.namespace
    found = networks.trained(namespace.get(f"{name}_model"), student.seed)
    found.tensors |= _epochs(namespace.get(f"{name}_model"))
    empty: dict[str, Any] = {f"{name}_history": [], f"{name}_model": None, "num_epochs": EPOCHS, "learning_rate": 1e-2}
    known = namespace.get(MODELS[name], MODELS[name])
    with contextlib.ExitStack() as watching:
        watch, make, described = watching.enter_context(effects.lesson(known, student.seed))
        classes = _classes(student) | _own(student) | {name: make}
        for other in {key: kind for key, kind in classes.items() if key != name}.values():
            watching.enter_context(effects.tracking(watch, other))  # the cell may train a network of a wrong class
        own = {key: namespace[key] for key in ("train", "test")}
        given = epochs.GivenFunctions(student.seed, _seed_of(student, name), classes, own, watch)
        names = empty | given.names() | {MODELS[key]: kind for key, kind in classes.items()}
        again = student.rerun(cell, CELL_SECONDS, **names)
        watched, tensors = watch.evidence(given.trained)
    watched |= described | {"problem": again.problem}
    found.document |= {
        "history": _entries(namespace.get(f"{name}_history")),
        "events": given.events,
        "error": again.run.error,
        "kept": _entries(again.values.get(f"{name}_history")),
        "runs": {WATCHED: watched},
    }
    found.tensors |= {f"{WATCHED}.{key}": value for key, value in tensors.items()}
    return found


@probe(after="train_maxpool")
def maxpool_training(student: Student) -> Evidence:
    """The training of the max-pool network."""
    return _training(student, "maxpool")


@probe(after="train_batchnorm")
def batchnorm_training(student: Student) -> Evidence:
    """The training of the batch-norm network."""
    return _training(student, "batchnorm")


def _count(value: Any) -> int | None:
    return int(value.total_params) if isinstance(value, ModelStatistics) else None


@probe(after="summaries")
def summaries(student: Student) -> Evidence:
    """The counts of the summaries, and of those that the cell makes of other networks in place of the student's."""
    classes = _classes(student)
    replaced: dict[str, Any] = {f"{name}_summary": None for name in MODELS}
    replaced |= {f"{name}_model": classes[name]() for name in TRAINED}
    _, again, _ = _with_stand_ins(student, "summaries", "maxpool", classes, _own(student), **replaced)
    kept = {name: again.values.get(f"{name}_summary") for name in MODELS}
    types = {name: type(value).__name__ for name, value in kept.items()}
    return Evidence(
        {"error": again.run.error, "types": types, "counts": {name: _count(value) for name, value in kept.items()}}
    )


@probe(after="results_table_code")
def table(student: Student) -> Evidence:
    """The table for drawn histories and other networks; for the student's own where its cells cannot do without them."""
    again = _table(student, _classes(student))
    if again.run.error:
        again = _table(student, _classes(student) | _own(student))
    return Evidence(
        {"error": again.run.error, "rows": _rows(again.values.get("results")), "shown": _shown(again.run.outputs)}
    )


def _table(student: Student, classes: dict[str, Any]) -> Rerun:
    """All of the student's cells from the trainings on, run again with other networks.

    What one binds is handed on to the next, so that the table is made from the student's own containers; where these do not
    hold what training returned, from those of the text.
    """
    *before, last = student.cells("train_maxpool", "results_table_code")
    bound: dict[str, Any] = {}
    begun = time.monotonic()
    for cell in before:
        if time.monotonic() - begun < RERUN_SECONDS:
            trained = "batchnorm" if cell == "train_batchnorm" else "maxpool"
            bound |= _with_stand_ins(student, cell, trained, classes, **bound)[-1]
    for name, kind in _classes(student).items():
        if not isinstance(bound.get(f"{name}_summary"), ModelStatistics):
            bound[f"{name}_summary"] = summary(kind(), input_size=(1, 1, 28, 28), verbose=0)
        drawn = draws.history(_seed_of(student, name), EPOCHS) if name in TRAINED else []
        if not _carries(bound.get(f"{name}_history", []), drawn):
            bound[f"{name}_history"] = drawn
        if not isinstance(bound.get(f"{name}_model"), nn.Module):
            bound[f"{name}_model"] = kind()
    return _with_stand_ins(student, last, "maxpool", classes, **{"results": None} | bound)[1]


def _carries(history: Any, drawn: list[dict[str, float]]) -> bool:
    """Whether a history holds these training losses and test accuracies, one entry an epoch, in whatever places."""
    entries = _entries(history) or []
    pairs = [(list(entry.values()), one) for entry, one in zip(entries, drawn, strict=False)]
    found = [any(abs(value - one["train_loss"]) < 0.006 for value in values) for values, one in pairs]
    found += [any(abs(value - one["test_accuracy"]) < 0.06 for value in values) for values, one in pairs]
    return all(found) and len(entries) == len(drawn)


def _rows(results: Any) -> list[dict[str, Any]] | None:
    """The rows of a table: the model's name as text, all else as numbers (None for what is no number)."""
    if hasattr(results, "reset_index"):
        results = results.reset_index().to_dict("records")
    if not isinstance(results, (list, tuple)) or not all(isinstance(row, dict) for row in results):
        return None
    return [
        {str(key): str(value)[:200] if key == "model" else _number(value) for key, value in row.items()}
        for row in results[:50]
    ]


def _number(value: Any) -> float | None:
    """A number, also one written for people: ``85,526`` or ``97.1 %``."""
    if isinstance(value, str):
        value = value.strip().rstrip("%").replace(",", "").replace("_", "").replace(" ", "")
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return None


def _shown(outputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Whether a cell showed a table as HTML, and the start of what it showed as text."""
    pages = [str(output.get("data", {}).get("text/html", "")) for output in outputs]
    texts = [str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", "")) for output in outputs]
    return {"html": any("<table" in page for page in pages), "text": "\n".join(texts)[:10_000]}
