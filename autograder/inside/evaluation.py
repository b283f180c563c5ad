"""Ask what an answer cell counts that tests a trained network: the kind *evaluation*, judged by `judging/evaluation`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from . import draws, loop, standins, values
from .probing import Evidence, Student


def counted(
    student: Student, cell: str, network: str, numbers: Sequence[str], batch: int | None = None, **replaced: Any
) -> Evidence:
    """Run a cell again with a stand-in for the trained network and stand-ins for the loaders.

    Args:
        network: the name of the trained network.
        numbers: names of the numbers that the cell gives.
        batch: images in each batch, where those of the notebook are full; see :func:`.draws.classified`.
        replaced: other names with their values.

    Returns:
        document: the ``numbers`` by name, ``type`` of the first; the cell's ``error``; how the stand-in was used; places of
        the tensors that the loader ``handed`` out, were ``sent`` to a device and ``moved``; ``train_loader_used``.
    """
    own = student.namespace.get(network)
    stand_in, loader = standins.stand_ins(student.seed, batch)
    stand_in.alike(loop.likeness(lambda: own)).train(standins.mode(own))
    # In either mode no image of the training set is right: as many as in the test set could be so by chance.
    weight, far = stand_in.weight.detach(), draws.CLASSES // 2
    pairs = [(x, (draws.answers(weight, x, False).argmax(1) + far) % draws.CLASSES) for x, _ in loader.batches[1:]]
    training = standins.WatchedBatches(pairs)
    names: dict[str, Any] = {network: stand_in, "device": torch.device("cpu"), "batch_size": loader.batch_size}
    for name, made in (("test", loader), ("train", training)):
        made.dataset.data, made.dataset.targets = made.dataset.tensors[0][:, 0], made.dataset.tensors[1]
        names |= {f"{name}_loader": made, f"{name}_data": made.dataset, f"num_{name}_images": len(made.dataset)}
    with standins.NoteMoves(loader, stand_in) as moves, standins.loaded(stand_in, own):
        again = student.rerun(cell, **names | dict.fromkeys(numbers) | replaced)
    given = [again.values.get(name) for name in numbers]
    return Evidence(
        {
            **{name: values.number(value) for name, value in zip(numbers, given, strict=True)},
            "type": type(given[0]).__name__,
            "error": again.run.error,
            "handed": len(loader.handed),
            "sent": moves.sent(),
            "moved": moves.moved(again.values.values(), bool(again.run.error)),
            "train_loader_used": bool(training.handed),
        }
        | stand_in.document()
    )
