"""Judge a real training by the passes over its loaders: a loop may act otherwise once there are many batches."""

from __future__ import annotations

from collections.abc import Iterable

from ..networks.comparison import Complaint
from ..runs.evidence import Evidence

MOST_LEFT_OUT = 0.1  # of the steps of a pass: a gradient scaler leaves some out


def whole_passes(evidence: Evidence, cell: str) -> tuple[int, list[tuple[int, int]]]:
    """How many passes over a loader in the real run of a cell had their steps; batches and steps of each of the others."""
    ran = evidence.record.cells.get(cell)
    passes = ran.passes if ran is not None else []
    short = [(batches, steps) for batches, steps in passes if steps < (1 - MOST_LEFT_OUT) * batches]
    return len(passes) - len(short), short


def require_whole_passes(evidence: Evidence, cells: Iterable[str], epochs: int) -> None:
    """In the real run too, each batch has its step: a loop may act otherwise once there are many, or their losses small.

    ``epochs`` whole passes are enough, whatever else was tried beside them. Loops that step without an optimizer, or over
    something else than a loader, are not seen here; nor is a run that an error ended, which has lines of its own.
    """
    for cell in cells:
        whole, short = whole_passes(evidence, cell)
        if short and whole < epochs and evidence.record.error(cell) is None:
            batches, steps = short[-1]
            raise Complaint(
                f"in the real training, the optimizer stepped {steps} times in a pass over {batches} batches",
                "one step for each batch there too",
                "a break that was left in the loop, or a step that depends on the batch",
            )
