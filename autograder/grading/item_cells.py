"""Write outcomes into the item cells of an executed notebook, for students and for nbgrader to read."""

from __future__ import annotations

import html

from nbformat import NotebookNode

from ..notebooks.notebook import grade_id, new_output, role
from ..outcomes import ItemOutcome, SubmissionOutcome

OUTCOME = "autograder"
"""Key of the metadata that hold an item cell's outcome, and a notebook's repairs, flags and lost items."""

_TITLES = {
    "passed": "passed",
    "partial": "partly right",
    "failed": "not right yet",
    "not_attempted": "not attempted",
    "could_not_grade": "could not be graded, a person will look at it",
}


def write_outcomes(notebook: NotebookNode, outcome: SubmissionOutcome) -> NotebookNode:
    """Replace the outputs of each item cell by the message a student reads and the points that nbgrader
    reads.

    nbgrader takes the first ``execute_result`` that is a number as the points, and no output at all as full
    marks; so an item without an outcome raises rather than passes, and one that could not be graded says 0
    here until ``FlagUngraded`` has taken that score back.

    Returns:
        The same notebook, changed.

    Raises:
        KeyError: the outcome lacks an item of the notebook.
    """
    lost = [_title(name, item) for name, item in outcome.items.items() if item.outcome != "passed"]
    notebook.metadata[OUTCOME] = {
        "repairs": outcome.repairs,
        "flags": outcome.flags,
        "lost": lost,
        "profile": outcome.profile,
    }
    for cell in notebook.cells:
        if role(cell) != "item":
            continue
        item = outcome.items[grade_id(cell)]
        points = item.score or 0.0
        cell.metadata[OUTCOME] = {"outcome": item.outcome, "message": item.message}
        cell.outputs = [
            new_output("display_data", data=_card(grade_id(cell), item), metadata={}),
            new_output("execute_result", data={"text/plain": repr(float(points))}, metadata={}, execution_count=None),
        ]
        cell.execution_count = None
    return notebook


def _title(name: str, item: ItemOutcome) -> str:
    title = f"{name}: {_TITLES[item.outcome]}"
    return title if item.outcome == "could_not_grade" else f"{title}, {item.points:g} of {item.max_points:g} points"


def _card(name: str, item: ItemOutcome) -> dict[str, str]:
    title = _title(name, item)
    page = f"<p><strong>{html.escape(title)}</strong></p>"
    if item.message:
        page += f"<pre>{html.escape(item.message)}</pre>"
    return {"text/plain": f"{title}\n{item.message}".rstrip(), "text/html": page}
