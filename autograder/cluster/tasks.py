"""The two dask tasks, apart from what they need: the scheduler imports this module too, and needs no torch for it."""

from __future__ import annotations


def examine(assignment: str, device: str, isolation: str) -> str:
    """See :func:`autograder.cluster.worker.examine`."""
    from . import worker

    return worker.examine(assignment, device, isolation)


def run(packed: bytes) -> bytes:
    """See :func:`autograder.cluster.worker.run`."""
    from . import worker

    return worker.run(packed)
