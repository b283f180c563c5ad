"""The two dask tasks, apart from what they need: the scheduler imports this module too, and needs no torch for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ..datasets.data import DatasetName


def examine(dataset: DatasetName | Literal["none"], device: str, isolation: str) -> str:
    """See :func:`autograder.cluster.worker.examine`."""
    from . import worker

    return worker.examine(dataset, device, isolation)


def run(packed: bytes) -> bytes:
    """See :func:`autograder.cluster.worker.run`."""
    from . import worker

    return worker.run(packed)
