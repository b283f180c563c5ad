"""Keep the outcome of a submission in its executed notebook: for nbgrader points, for a marker a card, for the page all."""

from __future__ import annotations

from typing import Any, TypeVar

from nbformat import NotebookNode
from pydantic import ValidationError

from ..notebooks.notebook import grade_id, items, new_output, role
from ..outcomes import ItemOutcome, SubmissionOutcome
from ..pages.marks import marks_of
from ..pages.render import render
from ..pages.rows import Row, rows

OUTCOME = "autograder"
"""Key of the metadata that hold an item cell's outcome, and in a notebook's metadata all else of the submission's."""

_OF_A_RUN = {"items", "seconds"}  # items have cells; how long a run took is the same outcome


def write_outcomes(notebook: NotebookNode, outcome: SubmissionOutcome) -> NotebookNode:
    """Replace the outputs of each item cell by a card that a marker reads and the points that nbgrader reads, and keep the
    outcome in the metadata, where :func:`read_outcomes` finds it.

    nbgrader takes the first ``execute_result`` that is a number as the points, and no output at all as full
    marks; so an item without an outcome raises rather than passes, and one that could not be graded says 0
    here until ``FlagUngraded`` has taken that score back.

    Returns:
        The same notebook, changed.

    Raises:
        KeyError: the outcome lacks an item of the notebook.
    """
    told = {row.item.id: row for row in rows(notebook, outcome, marks_of(notebook, outcome))}
    notebook.metadata[OUTCOME] = outcome.model_dump(mode="json", exclude=_OF_A_RUN)
    for cell in notebook.cells:
        if role(cell) != "item":
            continue
        item = outcome.items[grade_id(cell)]
        points = item.score or 0.0
        cell.metadata[OUTCOME] = item.model_dump(mode="json")
        cell.outputs = [
            new_output("display_data", data=_card(told[grade_id(cell)], item, outcome), metadata={}),
            new_output("execute_result", data={"text/plain": repr(float(points))}, metadata={}, execution_count=None),
        ]
        cell.execution_count = None
    return notebook


def read_outcomes(notebook: NotebookNode) -> SubmissionOutcome:
    """The outcome that :func:`write_outcomes` left; of an earlier version's notebook, as much of it as is there."""
    found = {}
    for item in items(notebook):
        cell = next(cell for cell in notebook.cells if grade_id(cell) == item.id)
        if OUTCOME in cell.metadata:
            kept = {"points": 0.0, "max_points": item.max_points, **_part(cell)}
            if judged := _valid(ItemOutcome, kept, ("outcome", "points", "max_points", "message")):
                found[item.id] = judged
    kept = {"status": "graded", **_part(notebook)}
    outcome = _valid(SubmissionOutcome, kept, ("status", "reason", "repairs", "flags"))
    return (outcome or SubmissionOutcome(status="graded")).model_copy(update={"items": found})


def _part(of: NotebookNode) -> dict[str, Any]:
    part = of.metadata.get(OUTCOME, {})
    return dict(part) if isinstance(part, dict) else {}


_Model = TypeVar("_Model", ItemOutcome, SubmissionOutcome)


def _valid(model: type[_Model], kept: dict[str, Any], oldest: tuple[str, ...]) -> _Model | None:
    """The model of what was kept; of another version's, of those fields alone that each version has."""
    for fields in (kept, {name: kept[name] for name in oldest if name in kept}):
        try:
            return model.model_validate(fields)
        except ValidationError:
            continue
    return None


def _card(row: Row, item: ItemOutcome, outcome: SubmissionOutcome) -> dict[str, str]:
    title = f"{row.item.id}: {row.word}" + ("" if row.waits else f", {row.points} points")
    cause = outcome.root_causes[item.root_cause].what if item.root_cause is not None else ""
    page = render("card.html.j2", row=row, cause=cause)
    return {"text/plain": f"{title}\n{item.message}".rstrip(), "text/html": page}
