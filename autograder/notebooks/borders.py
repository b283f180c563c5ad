"""Undo what editors do to the borders of cells: what was merged is cut at the released text, what was split is joined."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace

from nbformat import NotebookNode

from .notebook import role
from .python import tree_of
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
    if not missing:
        return cells, set()
    answers_missing = {place for place in missing if role(released[place]) == "answer"}
    owners = Counter(line for place in code for line in distinctive(released[place].source))
    marks = {
        place: {line for line in distinctive(released[place].source) if owners[line] == 1}
        for place in sorted(answers_missing)
    }
    made: list[StudentCell] = []
    pieces: set[int] = set()
    for s, mine in enumerate(cells):
        own = matches.place.get(s)
        wanted = missing | ({own} if answers_missing and own is not None else set())
        locked = [place for place in code if place in wanted and role(released[place]) != "answer"]
        parts: list[tuple[int | None, str]] = []
        if mine.kind == "code":
            there = distinctive(mine.source)
            held = {place: lines for place, lines in marks.items() if 2 * len(lines & there) >= len(lines)}
            begins = {line: place for place, lines in held.items() for line in lines}
            parts = _cut(mine, [(place, released[place].source) for place in locked], begins, own)
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
        marked = None if lines[number][:1].isspace() else marks.get(tight(lines[number]))
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
    above: int | None = None  # the place of the last cell that is not empty
    for s, mine in enumerate(cells):
        place = matches.place.get(s)
        answer = above if place is None else place
        known = above is not None, place is not None
        one = made and answer is not None and (not all(known) or above == place)
        if one and _continues(made[-1], mine, released[answer or 0], *known):
            whole = f"{made[-1].source}\n{mine.source}"
            made[-1] = replace(mine if above is None else made[-1], source=whole, untouched=False)
            joined.add(len(made) - 1)
            above = answer
            continue
        made.append(mine)
        if mine.source.strip():
            above = place
    return (made, joined) if joined else (cells, joined)


def _continues(above: StudentCell, mine: StudentCell, released: NotebookNode, first_known: bool, known: bool) -> bool:
    """Whether ``mine`` is the rest of the answer that ``above`` begins; known is what was recognised as that answer's."""
    whole = StudentCell(released.cell_type, released.source)
    if role(released) != "answer" or {above.kind, mine.kind, released.cell_type} != {"code"} or not mine.source.strip():
        return False
    if same(above, whole) or same(mine, whole):
        return False
    marks = distinctive(released.source)
    here, there = marks & distinctive(above.source), marks & distinctive(mine.source)
    if here and there:
        return not here & there
    if not first_known or not (known or there):
        return False
    if here and not worked(above, released) and CODE_STUB not in above.source:
        return True
    bound, used = names(mine.source)
    before, _ = names(above.source)
    return bool(used & before - bound) or not bound & before


def names(source: str) -> tuple[set[str], set[str]]:
    """Names that the code gives values to, and names that it uses; of code that does not parse, none."""
    try:
        tree = tree_of(source)
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
    done = dict.fromkeys(pieces, "had been merged with a neighbour, they are separate cells again")
    return whole, matches, done | dict.fromkeys(joined, "had been split into several cells, they are one again")
