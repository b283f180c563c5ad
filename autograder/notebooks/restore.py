"""Put a student's answers back into the cells of the released notebook, whatever happened to the file.

The release is the truth: given, item and manual cells, their order, types and metadata come from it, and only
the text of answers comes from the student. A student's cell is recognised by its ``grade_id``, else by its
cell id, else by its content, else by its place (:mod:`autograder.notebooks.recognise`), after cells that were merged or
split have their borders back (:mod:`autograder.notebooks.borders`). What became of locked cells is told, and imports added
to them are kept (:mod:`autograder.notebooks.locked`). Own cells below an answer that hold the rest of it are tagged
(:mod:`autograder.notebooks.split`). Nothing that a student wrote is dropped: what has no place in the release stays where it
was, as an extra cell.
"""

from __future__ import annotations

import copy
import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode

from .borders import mend, names
from .locked import Locked, answered
from .notebook import as_notebook, grade_id, role
from .recognise import CODE_STUB, TEXT_STUB, StudentCell, by_place, chosen, same, theirs, worked
from .repairs import Repairs
from .split import mark

__all__ = ["CODE_STUB", "NOT_RUN", "TEXT_STUB", "Restored", "restore"]

NOT_RUN = "not-graded"
"""Tag of cells that grading does not execute."""


@dataclass(frozen=True)
class Restored:
    """A submission as it is graded: the repaired notebook, a sentence for each kind of repair, what a person should look at.

    ``recognised`` counts the released cells found by id or content, ``answers`` those of them that are
    answered in, and ``answered`` those in which something of the student's stands.
    """

    notebook: NotebookNode
    repairs: list[str]
    flags: list[str]
    recognised: int
    answers: int
    answered: int


def restore(cells: list[StudentCell], release: NotebookNode) -> Restored:
    """The release's cells with the student's answers in them, and the student's own cells between them."""
    cells, matches, mended = mend(cells, release.cells)
    recognised = len(matches.copies)
    answers = sum(1 for place in matches.copies if role(release.cells[place]) in ("answer", "manual"))
    by_place(cells, release.cells, matches)

    repairs, flags = Repairs(), []
    for s, what in sorted(mended.items()):
        if s in matches.place:
            found = release.cells[matches.place[s]]
            repairs.add(what, grade_id(found) or str(found.get("id", "an unlocked cell")))
    picks = {place: chosen(cells, cell, matches.copies.get(place, [])) for place, cell in enumerate(release.cells)}
    anchors = _anchors(len(cells), picks)
    after: dict[int, list[int]] = defaultdict(list)
    locked = Locked(cells, release.cells, repairs)
    restored: list[NotebookNode] = []
    for place, cell in enumerate(release.cells):
        copies, pick = matches.copies.get(place, []), picks[place]
        restored.append(copy.deepcopy(cell))
        if theirs(cell):
            _answer(cells, restored[place], pick, repairs, matches.how)
            _report_copies(cells, cell, pick, copies, repairs)
        else:
            locked.put_back(place, pick, copies, matches.how.get(pick, "") if pick is not None else "")
        for s in copies:
            taken = (s == pick and theirs(cell)) or s in locked.dropped
            if not taken and worked(cells[s], cell) and (s == pick or not same(cells[s], cells[pick or 0])):
                after[anchors[s]].append(s)
    locked.report_older()
    order = [pick for pick in picks.values() if pick is not None]
    if order != sorted(order):
        repairs.add("cells were moved, they are in the released order again", "notebook")

    copied = {s for copies in matches.copies.values() for s in copies}
    extras = [s for s in range(len(cells)) if s not in copied and cells[s].source.strip()]
    _adopt_prose(cells, release.cells, restored, extras, anchors, repairs)
    flags += _adopt_code(cells, release.cells, restored, extras, anchors, repairs)
    for s in extras:
        after[anchors[s]].append(s)

    notebook = as_notebook({**release, "cells": []})
    numbers = (n for n in itertools.count(1) if all(cell.get("id") != f"extra-{n}" for cell in release.cells))
    for place in range(-1, len(release.cells)):
        if place >= 0:
            for statement in locked.imports.get(place, ()):
                notebook.cells.append(_extra(StudentCell("code", statement), f"extra-{next(numbers)}", run=True))
            notebook.cells.append(restored[place])
        for s in sorted(after[place]):
            notebook.cells.append(_extra(cells[s], f"extra-{next(numbers)}", run=s not in copied))
    for name in mark(notebook, release):
        repairs.add("goes on in an added cell below, which is run as a part of it", name)
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):  # a release from before cells had ids
        for cell in notebook.cells:
            cell.pop("id", None)
    for cell in notebook.cells:
        name = grade_id(cell) or f"added cell {cell.get('id', '')}".rstrip()
        flags += [f"{name}: {what}." for what in _suspicious(cell.source)]
    mine = {place: None if pick is None else cells[pick] for place, pick in picks.items()}
    worked_at = [
        place for place, cell in enumerate(release.cells)
        if role(cell) in ("answer", "manual") and answered(mine[place], restored[place], cell)
    ]  # fmt: skip
    return Restored(notebook, repairs.sentences(), flags, recognised, answers, len(worked_at))


def _anchors(count: int, picks: dict[int, int | None]) -> list[int]:
    """For each student cell, the released cell that it comes after; -1 before the first."""
    place_of = {s: place for place, s in picks.items() if s is not None}
    anchors, last = [], -1
    for s in range(count):
        last = place_of.get(s, last)
        anchors.append(last)
    return anchors


def _answer(cells: list[StudentCell], cell: NotebookNode, pick: int | None, repairs: Repairs, how: dict[int, str]) -> None:
    """Write the student's text into the released answer cell."""
    name = grade_id(cell) or str(cell.get("id", "an unlocked cell"))
    if pick is None:
        repairs.add("the cell is missing, the empty one was put back", name)
        return
    mine = cells[pick]
    if cell.cell_type == "code" or worked(mine, cell):
        cell.source = mine.source
    if cell.cell_type == "markdown" and mine.attachments:
        cell["attachments"] = dict(mine.attachments)
    if how[pick] != "grade_id" and grade_id(cell):
        repairs.add(f"nbgrader's metadata was lost, recognised by {how[pick]}", name)
    if mine.kind != cell.cell_type:
        repairs.add(f"the cell's type had changed, it is {cell.cell_type} again", name)


def _report_copies(
    cells: list[StudentCell], released: NotebookNode, pick: int | None, copies: list[int], repairs: Repairs
) -> None:
    if pick is None or len(copies) < 2:
        return
    name = grade_id(released) or str(released.get("id", "an unlocked cell"))
    others = [s for s in copies if s != pick and not same(cells[s], cells[pick]) and worked(cells[s], released)]
    if others:
        which = "first" if pick == min(copies) else "more complete"
        repairs.add(
            f"{len(others) + 1} different copies of the cell, the {which} one is graded, the rest not run",
            name,
        )
    else:
        repairs.add("the cell was duplicated, the worked copy is graded", name)


def _adopt_prose(
    cells: list[StudentCell],
    released: list[NotebookNode],
    restored: list[NotebookNode],
    extras: list[int],
    anchors: list[int],
    repairs: Repairs,
) -> None:
    """Take text added directly below an untouched written answer as that answer, and out of ``extras``."""
    for place, cell in enumerate(released):
        if role(cell) != "manual" or restored[place].source != cell.source:
            continue
        below = [s for s in extras if anchors[s] == place and cells[s].kind == "markdown"]
        if below:
            restored[place].source = "\n\n".join(cells[s].source for s in below)
            pictures = {name: data for s in below for name, data in cells[s].attachments.items()}
            if pictures:
                restored[place]["attachments"] = pictures
            repairs.add("answered in an added cell below, which is taken as the answer", grade_id(cell))
            extras[:] = [s for s in extras if s not in below]


def _adopt_code(
    cells: list[StudentCell],
    released: list[NotebookNode],
    restored: list[NotebookNode],
    extras: list[int],
    anchors: list[int],
    repairs: Repairs,
) -> list[str]:
    """Take code added directly below an answer cell with nothing of the student's in it as that answer, if it defines what
    the answer must define, and out of ``extras``; of other code there, say that a person should look.
    """
    flags = []
    for place, cell in enumerate(released):
        mine = StudentCell(cell.cell_type, restored[place].source)
        if role(cell) != "answer" or cell.cell_type != "code" or worked(mine, cell):
            continue
        below = [s for s in extras if anchors[s] == place and cells[s].kind == "code"]
        if any(names(cells[s].source)[0] & names(cell.source)[0] for s in below):
            restored[place].source = "\n".join([mine.source, *(cells[s].source for s in below)])
            repairs.add("answered in an added cell below, which is taken as the answer", grade_id(cell))
            extras[:] = [s for s in extras if s not in below]
        elif below:
            flags.append(f"{grade_id(cell)}: nothing was written in this cell, but there is code in a cell added below it.")
    return flags


def _extra(mine: StudentCell, cell_id: str, *, run: bool) -> NotebookNode:
    """A cell of the student's own, without their metadata; ``run=False`` keeps code from being executed."""
    make: dict[str, Any] = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    cell: NotebookNode = make[mine.kind](mine.source, id=cell_id)
    if mine.kind == "code" and not run:
        cell.metadata["tags"] = [NOT_RUN]
    if mine.kind == "markdown" and mine.attachments:
        cell["attachments"] = dict(mine.attachments)
    return cell


_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LONG = 50_000
"""Characters that nobody types into a cell. The weights of a small network, as text, are more."""
_CONTROL = frozenset(map(chr, range(32))) - frozenset("\t\n\f")


def _suspicious(source: str) -> list[str]:
    found, used = [], set(source)
    if used & _BIDI:
        found.append("has bidi control characters, the text may not read as it runs")
    if used & _CONTROL:
        found.append("has control characters")
    if len(source) > _LONG:
        found.append(f"has {len(source):,} characters; see whether it brings along what it should compute")
    return found
