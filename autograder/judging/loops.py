"""Judge a real training by the passes over its loaders: a loop may act otherwise once there are many batches."""

from __future__ import annotations

from collections.abc import Iterable

from ..networks.comparison import Complaint
from ..runs.evidence import Evidence


def require_whole_passes(evidence: Evidence, cells: Iterable[str], epochs: int) -> None:
    """In the real run too, each batch has its step: a loop may act otherwise once there are many, or their losses small.

    ``epochs`` whole passes are enough, whatever else was tried beside them. A tenth of the steps may be missing: a gradient
    scaler leaves some out. Loops that step without an optimizer, or over something else than a loader, are not seen here;
    nor is a run that an error ended, which has lines of its own.
    """
    for cell in cells:
        ran = evidence.record.cells.get(cell)
        passes = ran.passes if ran is not None and ran.error is None else []
        short = [(batches, steps) for batches, steps in passes if steps < 0.9 * batches]
        if short and len(passes) - len(short) < epochs:
            batches, steps = short[-1]
            raise Complaint(
                f"in the real training, the optimizer stepped {steps} times in a pass over {batches} batches",
                "one step for each batch there too",
                "a break that was left in the loop, or a step that depends on the batch",
            )
