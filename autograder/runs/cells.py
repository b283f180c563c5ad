"""Say what of a notebook is run, in which order and for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from ..assignment import Profile
from ..notebooks.notebook import grade_id, role, tags
from ..notebooks.split import PART


@dataclass(frozen=True)
class Cell:
    """A code cell to run: its ``grade_id``, its source, its time limit in seconds, and the cells below that belong to it."""

    id: str
    source: str
    seconds: float
    training: bool = False
    below: tuple[str, ...] = ()

    @property
    def with_below(self) -> str:
        """The name under which a run of the cell is stopped that may be stopped by what is below it."""
        return f"{self.id}, with the added cells below"


def key(cell: NotebookNode, number: int) -> str:
    """The name under which a cell is run: its ``grade_id``, or its place if it is the student's own."""
    return grade_id(cell) or f"extra_{number}"


_OWN = re.compile(r"extra_\d+")


def named(cell: str) -> str:
    """A cell that is run under the name ``cell``, in the words of a message."""
    return "a cell of your own" if _OWN.fullmatch(cell) else f"the cell `{cell}`"


def _override(profile: Profile) -> str:
    return "\n".join(f"{name} = {value!r}" for name, value in profile.parameters.items())


def cells_to_run(notebook: NotebookNode, profile: Profile, everything: bool) -> tuple[Cell, ...]:
    """The code cells to run, in order, with the profile's parameters after the cell tagged ``parameters``."""
    chosen: list[Cell] = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if not everything and (role(cell) == "item" or "not-graded" in tags(cell)):
            continue
        if PART in tags(cell):
            chosen[-1] = replace(chosen[-1], below=(*chosen[-1].below, cell.source))
            continue
        long = {"training", "not-graded"} & set(tags(cell))  # what is not graded runs for its author alone
        seconds = profile.training_seconds if long else profile.cell_seconds
        chosen.append(Cell(key(cell, number), cell.source, seconds, "training" in tags(cell)))
        if "parameters" in tags(cell) and profile.parameters:
            chosen.append(Cell("injected_parameters", _override(profile), profile.cell_seconds))
    return tuple(chosen)
