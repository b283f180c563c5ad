"""Lay out findings and root causes as text: for the terminal, nbgrader's cell, and ``message`` in ``outcomes.json``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..outcomes import Finding, ItemOutcome, Place, RootCause
from ..runs.cells import named

NOT_ATTEMPTED = "Not attempted: the placeholder is still in the answer cell."
INDENT = "  "


def message(item: ItemOutcome, root_causes: Sequence[RootCause] = ()) -> str:
    """What a student reads of one item: a line for each thing asked for, below it what was seen and expected instead."""
    if item.outcome == "not_attempted":
        return NOT_ATTEMPTED
    faults = [finding.fault for finding in item.findings if finding.fault]
    if faults:
        return f"The grader failed at this item ({faults[0]}); this is not your mistake, and a person will look at it."
    return "\n".join([*_first(item, root_causes), *(line for each in item.findings for line in _lines(each)), *_note(item)])


def root_cause(cause: RootCause) -> str:
    """What a student reads of a mistake that keeps items from being judged: what happened, where, and what to do."""
    lines = [cause.what]
    if cause.place is not None and cause.place.line is not None:
        lines.append(f"{INDENT}line {cause.place.line}: {cause.place.code}".rstrip(": "))
    return "\n".join([*lines, *_labelled("next step", cause.next_step)])


def summary(cause: RootCause) -> str:
    """The same in one line: what happened and where."""
    line = f" (line {cause.place.line})" if cause.place is not None and cause.place.line is not None else ""
    return " ".join(f"{cause.what}{line}".split())


def in_one_line(item: ItemOutcome) -> str:
    """Why an item lost points, by the first of its findings that did."""
    lost = next((finding for finding in item.findings if not finding.passed), None)
    if lost is None:
        return item.message.partition("\n")[0]
    if lost.fault:
        return lost.fault
    said = (("observed", lost.observed), ("expected", lost.expected), ("likely cause", lost.cause))
    parts = [lost.task, *(f"{label}: {' '.join(text.split())}" for label, text in said if text)]
    return "; ".join(part.rstrip(".") for part in parts)


def where(place: Place) -> str:
    """A place in the notebook as a phrase."""
    return named(place.cell) + (f", line {place.line}" if place.line is not None else "")


def listed(names: Iterable[str]) -> str:
    """Names as a phrase: ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _first(item: ItemOutcome, root_causes: Sequence[RootCause]) -> list[str]:
    """What explains the loss of an item is said first: one mistake, one report."""
    lines = []
    if item.root_cause is not None and item.root_cause < len(root_causes):
        place = root_causes[item.root_cause].place
        lines.append(f"See above: the error in {where(place)}." if place else "See above.")
    if item.rests_on and any(not finding.passed and not finding.stopped_by for finding in item.findings):
        lines.append(f"Depends on {listed(item.rests_on)}; fix {'that' if len(item.rests_on) == 1 else 'those'} first.")
    return lines


def _lines(finding: Finding) -> list[str]:
    if finding.passed:
        return [f"ok: {finding.task}"]
    if finding.stopped_by:
        return [f"not judged: {finding.task}"]
    said = (("observed", finding.observed), ("expected", finding.expected), ("likely cause", finding.cause))
    return [f"not yet: {finding.task}", *(line for label, text in said for line in _labelled(label, text))]


def _labelled(label: str, text: str) -> list[str]:
    words = " ".join(text.split())
    return [f"{INDENT}{label}: {words}"] if words else []


def _note(item: ItemOutcome) -> list[str]:
    return [item.note] if item.note else []
