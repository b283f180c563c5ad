"""Find, for each cell of a release, the cells of a damaged submission that are copies of it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from nbformat import NotebookNode

from .notebook import grade_id, role

CODE_STUB = "...  # your code here"
TEXT_STUB = "*Your answer here.*"
"""What stands in a released answer cell where the solution was (:mod:`autograder.grading.configuration` takes both).
"""

LINE = 200  # characters; what is kept of longer texts would be without bound
SURE, LIKELY = 0.6, 0.3  # share of a released cell's distinctive lines
# difflib takes quadratic time: pairs of cells, their characters, and the products of these are bounded.
_FUZZY, _FUZZY_PAIRS, _FUZZY_LENGTH, _FUZZY_PRODUCTS = 0.7, 3_000, 4_000, 30_000_000


@dataclass
class StudentCell:
    """What is taken from a submitted cell; everything else in the file is ignored.

    ``kind`` is code, markdown or raw; ``ids`` are the cell's own ids (nbformat's, and Colab's in the
    metadata). ``untouched`` says that the text is the one that nbgrader released, by the checksum beside it: a student can
    write one too, so this chooses words and never points.
    """

    kind: str
    source: str
    grade_id: str = ""
    ids: tuple[str, ...] = ()
    attachments: dict[str, Any] = field(default_factory=dict)
    untouched: bool = False


@dataclass
class Matches:
    """Which student cells are copies of which released cell, and by what each was recognised."""

    copies: dict[int, list[int]] = field(default_factory=dict)
    place: dict[int, int] = field(default_factory=dict)
    how: dict[int, str] = field(default_factory=dict)

    def add(self, place: int, s: int, how: str) -> None:
        """Student cell ``s`` is a copy of the released cell at ``place``."""
        self.copies[place] = sorted([*self.copies.get(place, []), s])
        self.place[s] = place
        self.how[s] = how


def tight(text: str) -> str:
    """The text without white space: editors rewrite that, and it is never the difference that matters."""
    return _tight(text) if len(text) < LINE else "".join(text.split())


@lru_cache(maxsize=16_384)
def _tight(line: str) -> str:
    return "".join(line.split())  # of a class most lines are the release's, and each is asked for several times


def recognise(cells: list[StudentCell], released: list[NotebookNode]) -> Matches:
    """Match student cells to released cells by ``grade_id``, then by a cell id that one cell has, then content."""
    matches = identify(cells, released)
    _by_likeness(cells, released, matches)
    return matches


def identify(cells: list[StudentCell], released: list[NotebookNode]) -> Matches:
    """As :func:`recognise`, but of the content only whole lines count: likeness takes seconds to find none in what is
    another's.
    """
    matches = Matches()
    by_grade_id = {grade_id(cell): place for place, cell in enumerate(released) if grade_id(cell)}
    by_id = {cell["id"]: place for place, cell in enumerate(released) if cell.get("id")}
    for s, mine in enumerate(cells):
        if mine.grade_id in by_grade_id:
            matches.add(by_grade_id[mine.grade_id], s, "grade_id")
    bearers = Counter(name for mine in cells for name in set(mine.ids))
    for s, mine in enumerate(cells):
        place = next((by_id[name] for name in mine.ids if name in by_id and bearers[name] == 1), None)
        if s not in matches.place and place is not None:
            matches.add(place, s, "its cell id")
    by_lines(cells, released, matches)
    return matches


_STUBS = {tight(CODE_STUB), tight(TEXT_STUB)}


def distinctive(text: str) -> set[str]:
    """Distinctive lines, without white space; stubs and scraps are not."""
    return {line for line in map(tight, text.splitlines()) if len(line) > 5} - _STUBS


@lru_cache(maxsize=16)
def _weights(released: tuple[str, ...]) -> tuple[dict[str, list[int]], dict[str, float], list[float]]:
    """The released cells that have each distinctive line, the weight of each line, and the sum of each cell's.

    The same for all of a class.
    """
    lines = [distinctive(source) for source in released]
    owners: dict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(lines):
        for line in own:
            owners[line].append(place)
    weight = {line: (5.0 if re.match(r"#+ACT\d", line) else 1.0) / len(where) for line, where in owners.items()}
    return dict(owners), weight, [sum(weight[line] for line in own) for own in lines]


def by_lines(cells: list[StudentCell], released: list[NotebookNode], matches: Matches) -> None:
    """Match by shared lines; a line weighs less the more released cells have it, an ``### ACT`` marker more.

    A released cell already found takes a further copy only if it is surely one, of an answer or unchanged; what is surely
    a copy of one cell is not taken for another.
    """
    owners, weight, total = _weights(tuple(cell.source for cell in released))
    scored = []
    for s, mine in enumerate(cells):
        if s in matches.place:
            continue
        shared: Counter[int] = Counter()
        for line in distinctive(mine.source):
            for place in owners.get(line, ()):
                shared[place] += weight[line]  # type: ignore[assignment]
        scored += [(score / total[place], place, s) for place, score in shared.items()]
    best: dict[int, float] = {}
    for score, place, s in sorted(scored, key=lambda entry: (-entry[0], entry[1:])):
        best.setdefault(s, score)
        if place not in matches.copies:
            enough = LIKELY
        elif role(released[place]) == "answer" or tight(cells[s].source) == tight(released[place].source):
            enough = SURE
        else:
            continue
        another = best[s] >= SURE and score < best[s]
        if s not in matches.place and score >= enough and not another:
            matches.add(place, s, "its content")


def _by_likeness(cells: list[StudentCell], released: list[NotebookNode], matches: Matches) -> None:
    """Match what is left by similar text: short cells whose every line was edited."""
    places = [p for p, c in enumerate(released) if p not in matches.copies and role(c) != "manual"]
    loose = [s for s in range(len(cells)) if s not in matches.place and len(cells[s].source) < _FUZZY_LENGTH]
    if len(places) * len(loose) > _FUZZY_PAIRS:
        return
    scored, left = [], _FUZZY_PRODUCTS
    for place in places:
        matcher, length = SequenceMatcher(autojunk=False), len(released[place].source)
        sizes = {s: len(cells[s].source) for s in loose}
        near = [s for s, size in sizes.items() if 2 * min(size, length) >= _FUZZY * (size + length)]
        if near:  # difflib reads the second text at once, whatever its length
            matcher.set_seq2(released[place].source)
        for s in near:
            matcher.set_seq1(cells[s].source)
            if matcher.quick_ratio() >= _FUZZY:
                left -= length * sizes[s]
                if left < 0:  # what only looks alike is not recognised, as where there are too many
                    return
                scored.append((matcher.ratio(), place, s))
    for score, place, s in sorted(scored, key=lambda entry: (-entry[0], entry[1:])):
        if score >= _FUZZY and place not in matches.copies and s not in matches.place:
            matches.add(place, s, "its content")


def by_place(cells: list[StudentCell], released: list[NotebookNode], matches: Matches) -> None:
    """Match each missing answer to the first unknown cell of its type between its released neighbours."""
    for place, cell in enumerate(released):
        if role(cell) not in ("answer", "manual") or place in matches.copies:
            continue
        above = max((s for p in range(place) for s in matches.copies.get(p, [])), default=-1)
        later = (s for p in range(place + 1, len(released)) for s in matches.copies.get(p, []) if s > above)
        below = min(later, default=len(cells))
        for s in range(above + 1, below):
            if s not in matches.place and cells[s].kind == cell.cell_type and cells[s].source.strip():
                matches.add(place, s, "its place")
                break


def theirs(released: NotebookNode) -> bool:
    """Whether the cell's text is the student's: answers, and released cells that nbgrader does not lock."""
    return role(released) in ("answer", "manual", "extra")


def worked(mine: StudentCell, released: NotebookNode) -> bool:
    """Whether there is a line in it that was not released: text that a student wrote."""
    given = _given(released.source)
    return any(tight(line) not in given for line in mine.source.splitlines())


@lru_cache(maxsize=512)
def _given(source: str) -> frozenset[str]:
    return frozenset({*map(tight, source.splitlines()), ""})


def same(one: StudentCell, other: StudentCell) -> bool:
    """Whether two cells differ in blank lines and at line ends at most: indentation means something."""
    return _ends_aside(one.source) == _ends_aside(other.source)


def _ends_aside(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def chosen(cells: list[StudentCell], released: NotebookNode, copies: list[int]) -> int | None:
    """The copy that stands for the released cell.

    Of answers a worked one with the fewest stubs left, of locked cells an unchanged one; of equals one that has the
    ``grade_id``, then the original (a pasted copy has a new cell id), else the first.
    """
    stub = tight(CODE_STUB if released.cell_type == "code" else TEXT_STUB)
    answer = theirs(released)

    def rank(s: int) -> tuple[bool, int, bool, bool, int]:
        stubs = tight(cells[s].source).count(stub) if answer else 0
        unnamed, unlike = cells[s].grade_id != grade_id(released), released.get("id") not in cells[s].ids
        return worked(cells[s], released) != answer, stubs, unnamed, unlike, s

    return min(copies, key=rank, default=None) if len(copies) > 1 else next(iter(copies), None)
