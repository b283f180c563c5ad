"""Judge submissions in children: what judging computes on came from them, weights and operations that are run again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..child import Plain
from ..limited import Budget, Children, Ended, Failed
from ..outcomes import SubmissionOutcome, grader_fault

if TYPE_CHECKING:
    from ..assignment import Assignment

MODULES = ("autograder.judging.decision", "autograder.runs.apart", "autograder.notebooks.reading", "safetensors.torch")
"""What the children that grade have imported; see :func:`autograder.limited.begin`."""
MOST = 4  # judges at once; trainings take the time, not they
SECONDS = 300.0
"""Of each processor thread, for all judging of one submission; the networks alone may take 180, honest ones take 24."""
MEMORY = 3 << 30


def judge(
    children: Children, notebook: bytes, evidence: Path, assignment: Assignment, release: bytes, threads: int
) -> tuple[SubmissionOutcome, bytes]:
    """The outcome of a restored notebook, and that notebook with the outputs of its run. Never raises for a submission.

    Args:
        notebook, release: JSON.
        evidence: the folder of its evidence.
    """
    budget = Budget("to judge", SECONDS * threads, 1800.0, MEMORY)
    try:
        answer = children.ask(
            _judge,
            budget,
            notebook=notebook,
            evidence=str(evidence),
            assignment=str(assignment.folder),
            release=release,
            threads=threads,
        )
    except Failed as error:
        return SubmissionOutcome(status="could_not_grade", reason=f"the grader failed: {error}"), notebook
    except Ended as error:
        reason = f"what its run showed {error}; look at this submission by hand"
        return SubmissionOutcome(status="could_not_grade", reason=reason), notebook
    return SubmissionOutcome.model_validate(answer["outcome"]), answer.get("notebook", notebook)


def _judge(notebook: bytes, evidence: str, assignment: str, release: bytes, threads: int) -> Plain:
    import torch

    from ..notebooks.notebook import as_notebook, to_text
    from ..notebooks.reading import parsed
    from ..runs.apart import assignment_of
    from ..runs.evidence import Evidence
    from .decision import decide, executed

    begun = time.monotonic()
    torch.set_num_threads(threads)
    submitted = as_notebook(json.loads(notebook))
    try:
        found = Evidence.load(Path(evidence))
        if found is None:
            raise FileNotFoundError(f"{evidence} has no evidence any more")
        outcome = decide(submitted, parsed(release), assignment_of(assignment), found)
        shown = to_text(executed(submitted, found)).encode("utf-8", "surrogatepass")
    except MemoryError:
        raise
    except Exception as error:
        return {"outcome": SubmissionOutcome(status="could_not_grade", reason=grader_fault(error)).model_dump(mode="json")}
    outcome.seconds = round(outcome.seconds + time.monotonic() - begun, 2)
    return {"outcome": outcome.model_dump(mode="json"), "notebook": shown}
