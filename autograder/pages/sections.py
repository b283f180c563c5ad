"""The student's notebook in sections: answers with what was found, the student's own cells, and what was given, folded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby

from markupsafe import Markup
from nbformat import NotebookNode

from ..notebooks.notebook import grade_id, role, tags
from .clean import clean_markdown
from .marks import Marks
from .rows import Row
from .shown import Output, Shown

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass
class Cell:
    """One cell as it is shown: ``shown`` its source; ``outputs`` what it put out."""

    is_code: bool
    shown: Markup
    outputs: list[Output] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether it stopped with an error."""
        return any(output.kind == "error" for output in self.outputs)


@dataclass
class Section:
    """``answer``: one answer cell with the rows of its items; ``own``: the student's own cell; ``given``: folded cells."""

    kind: str
    title: str
    anchor: str
    cells: list[Cell]
    rows: list[Row] = field(default_factory=list)
    comment: Markup | None = None

    @property
    def errors(self) -> int:
        """How many of its cells stopped with an error."""
        return sum(cell.failed for cell in self.cells)


def sections(notebook: NotebookNode, found: list[Row], marks: Marks, lines: dict[str, set[int]]) -> list[Section]:
    """The notebook's cells in their order; ``lines`` of answer cells, by ``grade_id``, are marked.

    Items stand below the answer cell that they judge; an item that judges none stands below its own cell.
    """
    shown, made = Shown(), []
    answers = {row.item.answer for row in found}
    for kind, group in groupby(enumerate(notebook.cells), lambda numbered: _kind(numbered[1])):
        cells = list(group)
        if kind == "given":
            made.append(_given(cells, shown, found, answers))
            continue
        for number, cell in cells:
            name = grade_id(cell)
            below = [row for row in found if name and row.item.answer == name]
            comment = Markup(clean_markdown(marks.comments[name])) if name in marks.comments else None  # noqa: S704
            anchor = f"cell-{number}"
            made.append(Section(kind, name, anchor, [_cell(cell, number, shown, lines.get(name, set()))], below, comment))
    return made


def _kind(cell: NotebookNode) -> str:
    """Cells of the release that no item judges are given, also those without an id, which carry the tag ``not-graded``."""
    kind = role(cell)
    if kind in ("answer", "manual"):
        return "answer"
    return "own" if kind == "extra" and "not-graded" not in tags(cell) else "given"


def _given(cells: list[tuple[int, NotebookNode]], shown: Shown, found: list[Row], answers: set[str]) -> Section:
    headings = [
        match[1] for _, cell in cells if cell.cell_type == "markdown" for match in [_HEADING.search(cell.source)] if match
    ]
    checks = [grade_id(cell) for _, cell in cells if role(cell) == "item"]
    if headings:
        title = ", ".join(re.sub(r"[`*]", "", heading) for heading in headings)
    elif checks:
        title = f"checks of {checks[0]}" + (f" to {checks[-1]}" if len(checks) > 1 else "")
    else:
        title = "code"
    orphans = [row for row in found if row.item.id in checks and not row.item.answer]
    return Section("given", title, f"cell-{cells[0][0]}", [_cell(cell, number, shown) for number, cell in cells], orphans)


def _cell(cell: NotebookNode, number: int, shown: Shown, lines: set[int] | frozenset[int] = frozenset()) -> Cell:
    if cell.cell_type != "code":
        return Cell(False, shown.prose(cell))
    name = grade_id(cell) or f"number {number + 1}"
    # An item's cell holds its points and its card, which stand beside the answer.
    outputs = [] if role(cell) == "item" else shown.outputs(cell, f"picture made by the cell {name}")
    return Cell(True, shown.code(cell.source, f"line-{number}", lines), outputs)
