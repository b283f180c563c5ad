"""Read the table of tasks at the head of a notebook: the title, points and minutes that a student is told for each item."""

from __future__ import annotations

from dataclasses import dataclass

from nbformat import NotebookNode

HEAD = ("id", "task", "points", "minutes", "graded")


@dataclass(frozen=True)
class Task:
    """A row of the table: the item's id, its title, and the other columns as they are written there."""

    id: str
    title: str
    points: str
    minutes: str
    graded: str


def tasks(notebook: NotebookNode) -> dict[str, Task]:
    """The rows by id, in their order; the row of totals, which has no id, is left out. Empty where there is no table."""
    for cell in notebook.cells:
        rows = [_columns(line) for line in cell.source.splitlines()] if cell.cell_type == "markdown" else []
        if HEAD in rows:
            below = rows[rows.index(HEAD) + 2 :]
            return {row[0]: Task(*row) for row in below if len(row) == len(HEAD) and row[0]}
    return {}


def _columns(line: str) -> tuple[str, ...]:
    line = line.strip()
    return tuple(part.strip().strip("`") for part in line.strip("|").split("|")) if line.startswith("|") else ()
