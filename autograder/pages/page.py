"""Make the result page of a submission, the same for ``autograder grade``, for nbgrader and for a service."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from ..notebooks.notebook import grade_id, role
from ..outcomes import RootCause, SubmissionOutcome
from ..sandbox.tiers import WARNING
from .marks import Marks
from .render import render
from .rows import Row, first_to_mend, rows
from .sections import sections
from .shown import code_style

NOTES = 200  # repairs and flags that a page tells

_TITLE = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True)
class Cause:
    """A mistake that voids several items, with its number on the page and the place where the student's line stands."""

    number: int
    cause: RootCause
    link: str


def result_page(assignment: str, student: str, notebook: NotebookNode, outcome: SubmissionOutcome, marks: Marks) -> str:
    """One HTML file of at most 20 MB that asks nobody for anything and runs nothing.

    Args:
        notebook: as it was run, with outputs; of a submission that could not be graded the release, whose title is shown.
        marks: the points that count, those of a person among them.
    """
    found = rows(notebook, outcome, marks)
    numbers = {grade_id(cell): number for number, cell in enumerate(notebook.cells) if grade_id(cell)}
    graded = outcome.status == "graded"
    return render(
        "page.html.j2",
        title=title(notebook) or assignment,
        assignment=assignment,
        student=student,
        outcome=outcome,
        graded=graded,
        marks=marks,
        rows=found,
        by_id={row.item.id: row for row in found},
        first=None if outcome.root_causes else first_to_mend(found),
        causes=[Cause(number, cause, _link(cause, numbers)) for number, cause in enumerate(outcome.root_causes, 1)],
        warning=WARNING if WARNING in outcome.flags else "",
        profile=outcome.profile,
        notes=[*outcome.repairs, *(flag for flag in outcome.flags if flag != WARNING)][:NOTES],
        late=_duration(marks.seconds_late),
        sections=sections(notebook, found, marks, _lines(found, outcome)) if graded else [],
        code_style=code_style(),
    )


def title(notebook: NotebookNode) -> str:
    """The first heading of the assignment; empty where there is none."""
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown" and role(cell) == "given")
    return next((match[1] for match in map(_TITLE.search, texts) if match), "")


def _lines(found: list[Row], outcome: SubmissionOutcome) -> dict[str, set[int]]:
    """The lines of answer cells that findings and causes are about."""
    places = [told.finding.place for row in found for told in row.wrong] + [cause.place for cause in outcome.root_causes]
    lines: dict[str, set[int]] = {}
    for place in places:
        if place and place.line:
            lines.setdefault(place.cell, set()).add(place.line)
    return lines


def _link(cause: RootCause, numbers: dict[str, int]) -> str:
    place = cause.place
    if place is None or place.cell not in numbers:
        return ""
    return f"line-{numbers[place.cell]}-{place.line}" if place.line else f"cell-{numbers[place.cell]}"


def _duration(seconds: float) -> str:
    """Seconds as a person says them, rounded down."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
