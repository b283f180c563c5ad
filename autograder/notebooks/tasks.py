"""Read the table of tasks at the head of a notebook, and compare what it tells students with the graded cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from .notebook import items

HEAD = ("id", "task", "points", "minutes", "graded")
BY_TESTS, BY_A_PERSON, NOT_GRADED = GRADED = ("hidden tests", "by a person", "not graded")
"""What the column ``graded`` may say."""


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
    return {row.id: row for row in _rows(notebook) if row.id}


def differences(notebook: NotebookNode) -> list[str]:
    """One line for each place where the table of tasks and the graded cells disagree; none where there is no table."""
    rows = _rows(notebook)
    return list(_differences(rows, notebook)) if rows else []


def _differences(rows: list[Task], notebook: NotebookNode) -> Iterator[str]:
    cells = {item.id: item for item in items(notebook)}
    for name, times in Counter(row.id for row in rows if row.id).items():
        if times > 1:
            yield f"row `{name}`: it is there {times} times"
    for row in rows:
        if not row.id:
            yield from _wrong_totals(row, rows, notebook)
        elif row.graded not in GRADED:
            yield f"row `{row.id}`: graded is {row.graded!r}; write one of {', '.join(GRADED)}"
        elif row.id not in cells:
            if row.graded != NOT_GRADED or _number(row.points):
                yield f"row `{row.id}`: the notebook has no graded cell {row.id}"
        else:
            cell = cells[row.id]
            if _number(row.points) != cell.max_points:
                yield f"row `{row.id}`: {row.points or 'no'} points in the table, {cell.max_points:g} in the cell {cell.id}"
            by = BY_A_PERSON if cell.manual else BY_TESTS
            if row.graded != by:
                yield f"row `{row.id}`: graded {row.graded!r} in the table, {by!r} in the cell {cell.id}"
    told = {row.id for row in rows}
    for cell in cells.values():
        if cell.id not in told:
            yield f"cell {cell.id}: {cell.max_points:g} points, and the table has no row `{cell.id}`"


def _wrong_totals(total: Task, rows: list[Task], notebook: NotebookNode) -> Iterator[str]:
    points = sum(item.max_points for item in items(notebook))
    if total.points and _number(total.points) != points:
        yield f"row of totals: {total.points} points in the table, {points:g} in the cells"
    minutes = sum(_number(row.minutes) or 0.0 for row in rows if row.id)
    if total.minutes and _number(total.minutes) != minutes:
        yield f"row of totals: {total.minutes} minutes, {minutes:g} in the rows above"


def _rows(notebook: NotebookNode) -> list[Task]:
    """All rows below the head of the first table with the columns ``HEAD``; the id is empty in a row of totals."""
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        lines = iter(cell.source.splitlines())
        if any(tuple(part.lower() for part in _columns(line)) == HEAD for line in lines):
            next(lines, None)  # the line under the head
            rows = []
            for line in lines:
                if not line.strip().startswith("|"):
                    break
                name, title, *others = (*_columns(line), *[""] * len(HEAD))[: len(HEAD)]
                rows.append(Task(name.strip("`*"), title, *(part.strip("`*") for part in others)))
            return rows
    return []


def _columns(line: str) -> tuple[str, ...]:
    """The cells of a row of a Markdown table."""
    found = re.fullmatch(r"\s*\|(.*?)\|?\s*", line)
    return tuple(part.strip().replace(r"\|", "|") for part in re.split(r"(?<!\\)\|", found[1])) if found else ()


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
