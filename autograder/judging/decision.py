"""Decide on one submission: the outcome that evidence leads to, and the notebook with the outputs of its run."""

from __future__ import annotations

import copy
from itertools import groupby

from nbformat import NotebookNode

from ..assignment import Assignment
from ..inside import screen
from ..notebooks.notebook import cells_by_grade_id, grade_id, items, new_output, tags
from ..outcomes import ItemOutcome, SubmissionOutcome
from ..runs.cells import key
from ..runs.evidence import Evidence
from ..sandbox.tiers import UNISOLATED, WARNING
from .attempts import not_attempted
from .hidden_tests import JudgeError
from .judge import judge
from .wording import message

NO_EFFECT = "whole passes over the images changed no weight of any network, so the rest of it ran on few images"


def decide(notebook: NotebookNode, release: NotebookNode, assignment: Assignment, found: Evidence) -> SubmissionOutcome:
    """Judge evidence: the outcome of each item and the sum."""
    profile, isolation = found.record.profile, found.record.isolation
    try:
        sources = {key(cell, number): cell.source for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
        released = {name: cell.source for name, cell in cells_by_grade_id(release).items()}
        judged, causes = judge(assignment, found, items(release), not_attempted(notebook, release), sources, released)
    except JudgeError as error:
        return SubmissionOutcome(
            status="could_not_grade",
            reason=str(error),
            seconds=found.record.seconds,
            profile=profile,
            isolation=isolation,
        )
    flags = [WARNING] if found.record.isolation == UNISOLATED else []
    flags += [f"the cell `{cell}` was stopped: {why}" for cell, why in found.record.stopped.items()]
    if found.record.shortened:
        flags.append(f"a training was cut short: {NO_EFFECT}")
        _note_cut_short(release, judged)
    for item in judged.values():
        item.message = message(item, causes)
    return SubmissionOutcome(
        status="graded",
        points=round(sum(outcome.points for outcome in judged.values()), 2),
        max_points=sum(outcome.max_points for outcome in judged.values()),
        seconds=round(found.record.seconds, 2),
        flags=flags,
        items=judged,
        root_causes=causes,
        profile=profile,
        isolation=isolation,
    )


def _note_cut_short(release: NotebookNode, judged: dict[str, ItemOutcome]) -> None:
    """Items that a training decides and that were lost say why the figures are of so few images."""
    trainings = {grade_id(cell) for cell in release.cells if "training" in tags(cell)}
    own = {item.id for item in items(release) if item.answer in trainings}
    for name, item in judged.items():
        if name in own and item.outcome in ("failed", "partial"):
            item.note = f"The training was cut short: {NO_EFFECT}."


def executed(notebook: NotebookNode, found: Evidence) -> NotebookNode:
    """A copy of the notebook with the outputs of the run."""
    shown = copy.deepcopy(notebook)
    count = 0
    for number, cell in enumerate(shown.cells):
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        record = found.record.cells.get(key(cell, number))
        if record is None:
            continue
        count += 1
        cell.execution_count = count
        for stream, outputs in groupby(record.outputs, lambda output: output.get("name", "")):
            if stream:
                # A progress bar redraws its line hundreds of times; a reader wants its last state.
                text = screen.shown("".join(output["text"] for output in outputs))
                cell.outputs += [new_output("stream", name=stream, text=text)] if text else []
                continue
            for output in outputs:
                fields = {key: value for key, value in output.items() if key != "output_type"}
                if output["output_type"] == "execute_result":
                    fields["execution_count"] = count
                cell.outputs.append(new_output(output["output_type"], **fields))
    return shown
