"""Undo what editors do to the borders of cells: what was merged is cut at the released text, what was split is joined."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace

from nbformat import NotebookNode

from .notebook import role
from .recognise import CODE_STUB, Matches, StudentCell, distinctive, recognise, same, tight, worked

_WHOLE = 30  # characters without white space; a shorter released cell inside another is no sign of a merger


def cut_merged(
    cells: list[StudentCell], released: list[NotebookNode], matches: Matches
) -> tuple[list[StudentCell], set[int]]:
    """Code cells in which a whole missing cell of the release stands, or the marks of a missing answer, in pieces.

    Returns:
        The cells, and which of them are such pieces; the same list and nothing if no cell was merged.
    """
    code = [place for place, cell in enumerate(released) if cell.cell_type == "code"]
    missing = {place for place in code if place not in matches.copies}
    answers_missing = {place for place in missing if role(released[place]) == "answer"}
    owners = Counter(line for place in code for line in distinctive(released[place].source))
    marks = {line: place for place in answers_missing for line in distinctive(released[place].source) if owners[line] == 1}
    made: list[StudentCell] = []
    pieces: set[int] = set()
    for s, mine in enumerate(cells):
        own = matches.place.get(s)
        wanted = missing | ({own} if answers_missing and own is not None else set())
        locked = [place for place in code if place in wanted and role(released[place]) != "answer"]
        parts = _cut(mine, [(place, released[place].source) for place in locked], marks, own) if mine.kind == "code" else []
        if len(parts) < 2:
            made.append(mine)
            continue
        # An editor leaves the metadata of the first of the merged cells on the whole.
        first = next((n for n, (place, _) in enumerate(parts) if place == own), None)
        first = next((n for n, (place, _) in enumerate(parts) if place is None), 0) if first is None else first
        for n, (_, source) in enumerate(parts):
            pieces.add(len(made))
            named = replace(mine, source=source) if n == first else StudentCell("code", source)
            made.append(named)
    return (made, pieces) if pieces else (cells, pieces)


def _cut(
    mine: StudentCell, locked: list[tuple[int, str]], marks: dict[str, int], own: int | None
) -> list[tuple[int | None, str]]:
    """The parts of a cell's text: released cells with their place, and between them other text with None."""
    lines = mine.source.splitlines()
    filled = [(number, tight(line)) for number, line in enumerate(lines) if line.strip()]
    texts = [text for _, text in filled]
    at: dict[int, tuple[int, int | None]] = {}  # first line of a part -> line after it, place
    for place, source in locked:
        wanted = [tight(line) for line in source.splitlines() if line.strip()]
        if len("".join(wanted)) < _WHOLE:
            continue
        for start, text in enumerate(texts):
            if text == wanted[0] and texts[start : start + len(wanted)] == wanted:
                at[filled[start][0]] = filled[start + len(wanted) - 1][0] + 1, place
                break
    parts: list[tuple[int | None, str]] = []
    begun, number, answer = 0, 0, own
    while number < len(lines):
        end, found = at.get(number, (number, None))
        marked = marks.get(tight(lines[number]))
        if found is not None:
            parts += [(None, "\n".join(lines[begun:number])), (found, "\n".join(lines[number:end]))]
            begun, number, answer = end, end, None
            continue
        if marked is not None and marked != answer:
            if answer is not None:
                parts.append((None, "\n".join(lines[begun:number])))
                begun = number
            answer = marked
        number += 1
    parts.append((None, "\n".join(lines[begun:])))
    return [(place, source.strip("\n")) for place, source in parts if source.strip()]


def join_split(
    cells: list[StudentCell], released: list[NotebookNode], matches: Matches
) -> tuple[list[StudentCell], set[int]]:
    """Code answers that lie in cells directly below one another, as one cell each.

    A further copy of an answer repeats released lines of it, or gives the same names other values; a second half has
    released lines of its own, or uses what the first half made.

    Returns:
        The cells, and which of them were joined; the same list and nothing if none was split.
    """
    made: list[StudentCell] = []
    joined: set[int] = set()
    place_of_last: int | None = None
    for s, mine in enumerate(cells):
        place = matches.place.get(s)
        if (
            place_of_last is not None
            and made
            and _continues(made[-1], mine, released[place_of_last], place == place_of_last)
        ):
            if place in (place_of_last, None):
                made[-1] = replace(made[-1], source=f"{made[-1].source}\n{mine.source}")
                joined.add(len(made) - 1)
                continue
        made.append(mine)
        if mine.source.strip():
            answer = place is not None and role(released[place]) == "answer" and released[place].cell_type == "code"
            place_of_last = place if answer else None
    return (made, joined) if joined else (cells, joined)


def _continues(above: StudentCell, mine: StudentCell, released: NotebookNode, known: bool) -> bool:
    """Whether ``mine`` is the rest of the answer that ``above`` begins; ``known``: it was recognised as that answer's."""
    whole = StudentCell(released.cell_type, released.source)
    if mine.kind != "code" or not mine.source.strip() or same(above, whole) or same(mine, whole):
        return False
    marks = distinctive(released.source)
    here, there = marks & distinctive(above.source), marks & distinctive(mine.source)
    if here & there or not (known or there):
        return False
    if (here and there) or (here and not worked(above, released) and CODE_STUB not in above.source):
        return True
    bound, used = _names(mine.source)
    before, _ = _names(above.source)
    return bool(used & before - bound) or not bound & before


def _names(source: str) -> tuple[set[str], set[str]]:
    """Names that the code gives values to, and names that it uses; of code that does not parse, none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(), set()
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in found if isinstance(node.ctx, ast.Store)}
    bound |= {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return bound, {node.id for node in found if isinstance(node.ctx, ast.Load)}


def mend(cells: list[StudentCell], released: list[NotebookNode]) -> tuple[list[StudentCell], Matches, dict[int, str]]:
    """The cells with their borders as released, what they are copies of, and for each changed one what was done."""
    matches = recognise(cells, released)
    cells, pieces = cut_merged(cells, released, matches)
    if pieces:
        matches = recognise(cells, released)
    whole, joined = join_split(cells, released, matches)
    if joined:
        shift = {id(cell): s for s, cell in enumerate(whole)}
        pieces = {shift[id(cells[s])] for s in pieces if id(cells[s]) in shift}
        matches = recognise(whole, released)
    done = {s: "had been merged with a neighbour, they are separate cells again" for s in pieces}
    return whole, matches, done | {s: "had been split into several cells, they are one again" for s in joined}
