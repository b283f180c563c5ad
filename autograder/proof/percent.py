"""Read answers from files in percent format: ``# %%`` begins a cell, and student code stands as code.

A cell ``# %% KIND: NAME`` begins an answer; TOML in its comments says what it is. The cells below it, each named after the
notebook's cell, are what the answer changes. ``docs/authoring.md`` shows one of each.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from ..course import CourseError
from ..outcomes import Verdict
from . import mutants
from .answer import Answer, Damage, Kind

PREFIXED = ("right", "mistake", "mutant")
"""Kinds whose answers are named after them."""
_BEGIN = re.compile(r"^# ?%%[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_ANSWER = re.compile(rf"({'|'.join((*get_args(Kind), 'mutants'))}):[ \t]*(\w*)")
_CHANGED = "# -"
_MARKDOWN = " [markdown]"
Model = TypeVar("Model", bound=BaseModel)
_VERDICTS: tuple[Verdict, ...] = ("failed", "partial", "not_attempted")


class _Header(BaseModel):
    """What the comments at the head of an answer may say: fields of :class:`.Answer`, and items by their verdict."""

    model_config = ConfigDict(extra="forbid", strict=True)

    about: str
    fails: list[str] = []
    failed: list[str] = []
    partial: list[str] = []
    not_attempted: list[str] = []
    equivalent: str = ""
    blank: list[str] = []
    damage: Damage = ""
    close: bool = False
    example: bool = False
    slow: bool = False
    whole: bool = False


class _Mutants(BaseModel):
    """What the comments at the head of ``mutants:`` may say: how to mutate each piece of code below, :func:`.mutants.at`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    fails: list[str]
    label: str = ""
    only: list[str] = []
    skip: list[str] = []
    equivalent: dict[str, str] = {}


@dataclass(frozen=True)
class _Cell:
    """A cell of a percent file: the text behind its ``# %%``, all that stands below, and the number of its first line."""

    title: str
    below: str
    line: int

    @property
    def text(self) -> str:
        """What stands below, without blank lines around it."""
        return self.below.strip("\n")


def read(path: Path) -> list[Answer]:
    """The answers in a file.

    Raises:
        CourseError: the file has a mistake; the message names file and line.
    """
    try:
        cells = list(_cells(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: cannot be read ({error})") from None
    heads = [number for number, cell in enumerate(cells) if _ANSWER.fullmatch(cell.title)]
    if cells and heads[:1] != [0]:
        raise CourseError(f"{path}, line {cells[0].line}: this cell belongs to no answer; begin one with `# %% right: NAME`")
    found: list[Answer] = []
    for head, after in zip(heads, [*heads[1:], len(cells)], strict=True):
        try:
            found += _answers(cells[head], cells[head + 1 : after])
        except ValueError as error:
            raise CourseError(f"{path}, line {cells[head].line}: {error}") from None
    return found


def _cells(text: str) -> Iterator[_Cell]:
    marks = list(_BEGIN.finditer(text))
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        below = text[mark.end() : after.start() if after else len(text)]
        yield _Cell(mark[1], below, text.count("\n", 0, mark.start()) + 1)


def _answers(header: _Cell, cells: Sequence[_Cell]) -> list[Answer]:
    title = _ANSWER.fullmatch(header.title)
    assert title is not None
    kind, name = title.groups()
    if kind == "mutants":
        told = _told(_Mutants, header).model_dump()
        return [mutant for cell in cells for mutant in mutants.at(cell.title, cell.text, **told)]
    head = _told(_Header, header)
    verdicts = {item: verdict for verdict in _VERDICTS for item in getattr(head, verdict)}
    whole: dict[str, str] = {}
    edits: list[tuple[str, str, str]] = []
    added: list[tuple[str, str]] = []
    for cell in cells:
        if cell.title.startswith("below "):
            added.append((cell.title.removeprefix("below "), cell.text))
        elif cell.title.endswith(_MARKDOWN):
            whole[cell.title.removesuffix(_MARKDOWN)] = _uncommented(cell.text)
        elif any(_is_old(line) for line in cell.text.split("\n")):
            edits += [(cell.title, old, new) for old, new in _changes(cell.text)]
        else:
            whole[cell.title] = cell.text
    if kind == "mutant" and not name:
        if not edits:
            raise ValueError("a mutant without a name is named after the cell that it changes; name it, or change a cell")
        name = f"{edits[0][0]}_{mutants.slug(head.about)}"
    if not name:
        raise ValueError(f"the answer has no name; write `# %% {kind}: NAME`")
    rest: dict[str, Any] = head.model_dump(exclude={*_VERDICTS, "fails", "blank"})
    return [
        Answer(
            name=f"{kind}_{name}" if kind in PREFIXED else name,
            kind=kind,  # type: ignore[arg-type]
            cells=whole,
            edits=tuple(edits),
            added=tuple(added),
            verdicts=verdicts,
            fails=tuple(head.fails),
            blank=tuple(head.blank),
            **rest,
        )
    ]


def _told(model: type[Model], header: _Cell) -> Model:
    """What the comments of an answer's head say.

    Raises:
        ValueError: they are no TOML, or have an unknown key or a value of another type.
    """
    if stray := next((line for line in header.text.split("\n") if line and not line.startswith("#")), ""):
        raise ValueError(f"{stray!r} stands outside of a cell; begin one with `# %% CELL`")
    try:
        # Blank lines above, so that a line that TOML names is one of the file.
        return model.model_validate(tomllib.loads("\n" * (header.line - 1) + _uncommented(header.below)))
    except ValidationError as error:
        found = [(".".join(map(str, each["loc"])), each["type"], each["msg"].lower()) for each in error.errors()]
        wrong = [f"unknown key {key}" if kind == "extra_forbidden" else f"{key}: {said}" for key, kind, said in found]
        raise ValueError(f"{'; '.join(wrong)}; known keys are {', '.join(model.model_fields)}") from None


def _uncommented(text: str) -> str:
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.split("\n"))


def _is_old(line: str) -> bool:
    return line == _CHANGED or line.startswith(f"{_CHANGED} ")


def _changes(text: str) -> Iterator[tuple[str, str]]:
    """Old and new text of each change: lines behind ``# -``, and the lines below them.

    Raises:
        ValueError: a line stands above the first change.
    """
    runs = [list(run) for _, run in groupby(text.split("\n"), _is_old)]
    if not _is_old(runs[0][0]):
        raise ValueError(f"{runs[0][0]!r} stands above the first line that is changed, `# - ...`")
    nothing: list[str] = []
    for old, new in zip_longest(runs[::2], runs[1::2], fillvalue=nothing):
        yield "\n".join(line[len(_CHANGED) + 1 :] for line in old), "\n".join(new).strip("\n")
