"""Find the mistakes that keep items from being judged: a cell that failed, or the first one of a chain of cells."""

from __future__ import annotations

from collections.abc import Mapping

from ..notebooks.python import gives
from ..outcomes import ItemOutcome, Place, RootCause
from ..runs.evidence import TIMEOUT, CellError, Record
from .wording import listed

CODE = 200  # characters of a line that is shown
SYNTAX = ("SyntaxError", "IndentationError", "TabError")
NO_LIBRARY = "ModuleNotFoundError"


def root_causes(outcomes: Mapping[str, ItemOutcome], record: Record, sources: Mapping[str, str]) -> list[RootCause]:
    """The mistakes for which findings of these items have ``stopped_by``, in the order of the first item of each.

    Each such item gets its ``root_cause``, and the places of all findings the text of their lines.

    Args:
        sources: of all code cells that are run, by the names under which they are, in the order of the notebook.
    """
    told: dict[tuple[str, ...], RootCause] = {}
    for name, item in outcomes.items():
        item.findings = [
            finding.model_copy(update={"place": _with_code(finding.place, sources)}) if finding.place else finding
            for finding in item.findings
        ]
        if item.outcome not in ("failed", "partial"):
            continue
        for finding in item.findings:
            if finding.passed or not finding.stopped_by:
                continue
            cell = _first_failure(finding.stopped_by, record, sources)
            key, cause = _cause(cell, record, sources) or (
                ("", cell, finding.observed),
                _of_a_problem(finding.observed, cell),
            )
            known = told.setdefault(key, cause)
            if name not in known.items:
                told[key] = known.model_copy(update={"items": (*known.items, name)})
            if item.root_cause is None:
                item.root_cause = list(told).index(key)
    return list(told.values())


def _first_failure(cell: str, record: Record, sources: Mapping[str, str]) -> str:
    """Where a chain of failures begins: a name that has no value would have got it in an earlier cell, which failed too."""
    order = list(sources)
    while (error := record.error(cell)) is not None and error.undefined and cell in sources:
        earlier = [each for each in order[: order.index(cell)] if record.failed(each)]
        giver = next((each for each in reversed(earlier) if gives(sources[each], error.undefined)), None)
        if giver is None:
            break
        cell = giver
    return cell


def _cause(cell: str, record: Record, sources: Mapping[str, str]) -> tuple[tuple[str, ...], RootCause] | None:
    """The failure of a cell and what it has in common with others of one cause; None if the cell ran to its end."""
    if not record.failed(cell):
        return None
    error = record.error(cell)
    place = _with_code(Place(cell=cell, line=error.line if error else None), sources)
    key: tuple[str, ...] = ("cell", cell)
    if error is not None and error.ename == NO_LIBRARY and error.module:
        key = "library", error.module
    next_step = _next_step(error)
    return key, RootCause(what=_sentence(record.why_failed(cell)), next_step=next_step, items=(), place=place)


def _of_a_problem(observed: str, cell: str) -> RootCause:
    """A cell that ran, but defines what cannot be used."""
    next_step = "Correct what the cell defines, then run it and the check below it."
    return RootCause(what=_sentence(observed), next_step=next_step, items=(), place=Place(cell=cell))


def _next_step(error: CellError | None) -> str:
    """What to do about the error of a cell; without one, the cell was stopped."""
    if error is None or error.ename == TIMEOUT:
        return "Let this cell come to an end within its time and memory, then run the whole notebook from the top."
    if error.ename == NO_LIBRARY and error.module:
        from ..notebooks.header import LIBRARIES  # with nbgrader, which takes a second to import and is rarely asked for

        return f"{error.module} is not installed where the notebook is graded. These libraries are: {listed(LIBRARIES)}."
    if error.undefined:
        what = f"Give {error.undefined} a value before this line"
    elif error.ename in SYNTAX:
        what = "Correct this line, or the one above it"
    else:
        what = "Correct this line" if error.line else "Correct this cell"
    return f"{what}, then run the whole notebook from the top."


def _with_code(place: Place, sources: Mapping[str, str]) -> Place:
    """The place with the text of its line, from the student's own cell."""
    lines = sources.get(place.cell, "").splitlines() if place.line is not None else []
    if place.line is None or not 1 <= place.line <= len(lines):
        return place
    return place.model_copy(update={"code": lines[place.line - 1].strip()[:CODE]})


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:]
