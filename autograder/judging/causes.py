"""Find the mistakes that keep items from being judged: a cell that failed, or the first one of a chain of cells."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from ..notebooks.python import given, words
from ..outcomes import ItemOutcome, Place, RootCause
from ..runs.evidence import TIMEOUT, CellError, Record
from .wording import listed

CODE = 200  # characters of a line that is shown
SYNTAX = ("SyntaxError", "IndentationError", "TabError")
NO_LIBRARY = "ModuleNotFoundError"
MOST = 1_000  # names that are followed to the cells that give them
NOTHING = "NoneType"  # in what Python says of an error, where a value is missing


def root_causes(
    outcomes: Mapping[str, ItemOutcome], record: Record, sources: Mapping[str, str], released: Mapping[str, str]
) -> list[RootCause]:
    """The mistakes for which findings of these items have ``stopped_by``, in the order of the first item of each.

    Each such item gets its ``root_cause``, and the places of all findings the text of their lines.

    Args:
        sources: of all code cells that are run, by the names under which they are, in the order of the notebook.
        released: the same cells as they were handed out; they say what a cell should define that does not.
    """
    for item in outcomes.values():
        item.findings = [
            finding.model_copy(update={"place": _with_code(finding.place, sources)}) if finding.place else finding
            for finding in item.findings
        ]
    waiting = [
        (name, finding)
        for name, item in outcomes.items()
        for finding in item.findings
        if item.outcome in ("failed", "partial") and finding.stopped_by and not finding.passed
    ]
    unusable = {finding.stopped_by: finding.observed for _, finding in reversed(waiting)}
    cells = _Cells(record, sources, released, {cell: why for cell, why in unusable.items() if not record.failed(cell)})
    told: dict[tuple[str, str], RootCause] = {}
    for name, finding in waiting:
        cell = cells.first(finding.stopped_by)
        key, cause = cells.cause(cell, finding.observed if cell == finding.stopped_by else unusable.get(cell, ""))
        known = told.setdefault(key, cause)
        if name not in known.items:
            told[key] = known.model_copy(update={"items": (*known.items, name)})
        if outcomes[name].root_cause is None:
            outcomes[name].root_cause = list(told).index(key)
    return list(told.values())


class _Cells:
    """The cells of a notebook: which failed, which define what cannot be used (``unusable``: why), which gives what."""

    def __init__(
        self, record: Record, sources: Mapping[str, str], released: Mapping[str, str], unusable: Mapping[str, str]
    ) -> None:
        self._record, self._sources, self._released, self._unusable = record, sources, released, unusable
        self._order = list(sources)

    @cached_property
    def _given(self) -> dict[str, list[tuple[int, list[str]]]]:
        """For each global name, in the order of the notebook, the places of the cells that give it, with their lines."""
        found: dict[str, list[tuple[int, list[str]]]] = {}
        for number, cell in enumerate(self._order):
            for name, lines in given(f"{self._sources[cell]}\n{self._released.get(cell, '')}").items():
                found.setdefault(name, []).append((number, lines))
        return found

    def first(self, cell: str) -> str:
        """The cell in which a chain of failures that leads to this one begins; the cell itself, if none leads to it."""
        if cell in self._sources and cell not in self._record.cells:  # the run was ended before, or here
            ended = [each for each in self._order[: self._order.index(cell) + 1] if each in self._record.stopped]
            return ended[-1] if ended else cell
        while (error := self._record.error(cell)) is not None and cell in self._sources:
            if error.ename in SYNTAX or (before := self._before(error, cell)) is None:
                break
            cell = before
        return cell

    def _before(self, error: CellError, cell: str) -> str | None:
        """The earlier cell from which the error of a cell follows, if there is one.

        It should have given a name that has no value, or what is None; or what it gives cannot be used elsewhere either.
        """
        used = words(_with_code(Place(cell=cell, line=error.line), self._sources).code)
        place, useless = self._order.index(cell), set(self._unusable)
        earlier = useless.union(each for each in self._order[:place] if self._record.failed(each))
        if error.undefined:
            found = self._giver({error.undefined}, place, earlier)
        else:  # the cell may have put None into the name itself, for want of what it needs
            found = self._giver(used, place + 1, earlier) if NOTHING in error.evalue else None
        return found or self._giver(used, place + 1, useless)

    def _giver(self, names: Iterable[str], until: int, wanted: Collection[str]) -> str | None:
        """Which of the ``wanted`` cells gave these names last before a place, or the names from which they were made."""
        queue = deque((name, until) for name in sorted(names))
        seen: set[tuple[str, int]] = set()
        while queue and len(seen) < MOST:
            name, until = queue.popleft()
            number, lines = next((one for one in reversed(self._given.get(name, [])) if one[0] < until), (-1, []))
            if number < 0 or (name, number) in seen:
                continue
            if self._order[number] in wanted:
                return self._order[number]
            seen.add((name, number))
            queue.extend((word, number) for word in sorted(set().union(*map(words, lines))))
        return None

    def cause(self, cell: str, why: str) -> tuple[tuple[str, str], RootCause]:
        """What is wrong with a cell, and what it has in common with others of one mistake; ``why`` is for one that ran."""
        if not self._record.failed(cell):
            next_step = "Correct what the cell defines, then run it and the check below it."
            return (cell, why), RootCause(what=_sentence(why), next_step=next_step, items=(), place=Place(cell=cell))
        error = self._record.error(cell)
        place = _with_code(Place(cell=cell, line=error.line if error else None), self._sources)
        lacking = error.module if error is not None and error.ename == NO_LIBRARY else None
        what = _sentence(self._record.why_failed(cell))
        cause = RootCause(what=what, next_step=_next_step(error), items=(), place=place)
        return ("library", lacking) if lacking else (cell, ""), cause


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
