"""One submission of a catalogue, told as its difference from the reference solution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..outcomes import Verdict

Kind = Literal["right", "mistake", "mutant", "unfinished", "damaged", "hostile"]
Damage = Literal["", "metadata_lost", "cut_off"]


@dataclass(frozen=True)
class Answer:
    """A submission, told as its difference from the reference solution.

    Args:
        cells: new sources of answer cells by ``grade_id``.
        edits: (``grade_id``, old text, new text), each old text exactly once in the cell; lines after its first one are
            indented from the line in which it stands.
        blank: answer cells left as they were handed out.
        added: (``grade_id`` of the cell before, source) of code cells of the student's own, in the order of the notebook.
        verdicts: the items that do not pass; every other autograded item must.
        fails: the items at which a mistake or a mutant is wrong; items that rest on these may fail too.
        close: wrong, but trained to figures that come near to right ones; `autograder calibrate` shows them beside.
        equivalent: why a wrong answer computes what the reference computes, and so earns every autograded point.
        damage: what happens to the file; one that is cut off cannot be graded.
        example: written to ``examples/``.
        slow: an example that `autograder demo` leaves out, because it takes a while and shows little that the others do not.
        whole: also graded as a file at profile ``quick``, with exactly these ``verdicts``; so is every example, and every
            unfinished, damaged or hostile submission.
    """

    name: str
    kind: Kind
    about: str
    cells: dict[str, str] = field(default_factory=dict)
    edits: tuple[tuple[str, str, str], ...] = ()
    blank: tuple[str, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    fails: tuple[str, ...] = ()
    equivalent: str = ""
    close: bool = False
    damage: Damage = ""
    example: bool = False
    slow: bool = False
    whole: bool = False

    @property
    def graded_as_a_file(self) -> bool:
        """Whether ``verdicts`` are exact, and checked from file to outcome."""
        return self.whole or self.example or self.kind in ("unfinished", "damaged", "hostile")
