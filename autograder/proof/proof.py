"""What a proof of hidden tests has found: wrong answers caught and at which items, right answers punished."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..judging.wording import in_one_line
from ..outcomes import ItemOutcome, SubmissionOutcome
from .answer import Answer

KILLED, EXACT = 0.99, 0.95
ROUNDING = 1e-9  # a hundredth of 100 is not quite 1
MESSAGE = 200  # characters of a message in a table


@dataclass(frozen=True)
class Proven:
    """One answer of the catalogue and its outcome."""

    answer: Answer
    outcome: SubmissionOutcome

    @property
    def is_right(self) -> bool:
        """Whether it must earn every autograded point."""
        return self.answer.kind == "right" or bool(self.answer.equivalent)

    @property
    def lost(self) -> dict[str, ItemOutcome]:
        """The items that do not pass."""
        return {name: item for name, item in self.outcome.items.items() if item.outcome != "passed"}

    @property
    def roots(self) -> set[str]:
        """The items at which it fails, without those that only rest on others."""
        return {name for name, item in self.lost.items() if not item.rests_on}

    @property
    def broken(self) -> bool:
        """Whether the grader itself failed, which catches nothing."""
        return self.outcome.status != "graded" or any(item.outcome == "could_not_grade" for item in self.lost.values())

    @property
    def killed(self) -> bool:
        """Whether the hidden tests took a point."""
        return bool(self.lost) and not self.broken

    @property
    def exact(self) -> bool:
        """Whether they took points at the items where it is wrong, and at no others."""
        return self.killed and self.roots == set(self.answer.fails)

    def message(self) -> str:
        """The first finding of the item that should have passed, or else the first that should not."""
        if self.outcome.status != "graded":
            return self.outcome.reason or "could not be graded"
        unexpected = sorted(self.lost, key=lambda name: (name in self.answer.fails, name not in self.roots, name))
        for name in unexpected:
            return f"{name}: {in_one_line(self.lost[name])[:MESSAGE]}"
        return "full marks"


@dataclass(frozen=True)
class Proof:
    """All outcomes of one assignment's catalogue, and the items that no wrong answer names.

    ``sampled_of`` is the size of the catalogue if these are a sample of it, and otherwise None.
    """

    assignment: str
    seconds: float
    seed: int
    proven: list[Proven] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    isolation: str = ""
    sampled_of: int | None = None

    @property
    def wrong(self) -> list[Proven]:
        """Mistakes and mutants, without those that are equivalent to the reference."""
        return [each for each in self.proven if not each.is_right]

    @property
    def right(self) -> list[Proven]:
        """Right answers, and mutants that are equivalent to the reference."""
        return [each for each in self.proven if each.is_right]

    @property
    def survivors(self) -> list[Proven]:
        """Wrong answers that earned every point, or that the grader could not judge."""
        return [each for each in self.wrong if not each.killed]

    @property
    def inexact(self) -> list[Proven]:
        """Wrong answers that were caught at other items than where they are wrong."""
        return [each for each in self.wrong if each.killed and not each.exact]

    @property
    def punished(self) -> list[Proven]:
        """Right answers that lost points."""
        return [each for each in self.right if each.lost or each.broken]

    def shortfalls(self) -> list[str]:
        """Why this is no proof: one clause each, empty when it is one.

        A sample falls short where it holds more faults than the whole catalogue may have.
        """
        killed = len(self.wrong) - len(self.survivors)
        scale = self.sampled_of / len(self.proven) if self.sampled_of and self.proven else 1.0
        found = []
        if len(self.survivors) > (1 - KILLED) * len(self.wrong) * scale + ROUNDING:
            found.append(f"{_of(killed, len(self.wrong))} of wrong answers caught, {KILLED:.0%} needed")
        if len(self.inexact) > (1 - EXACT) * killed * scale + ROUNDING:
            found.append(f"{_of(killed - len(self.inexact), killed)} of them on the right items, {EXACT:.0%} needed")
        if self.punished:
            found.append(f"right answers lose points: {', '.join(each.answer.name for each in self.punished)}")
        if self.uncovered:
            found.append(f"no wrong answer names {', '.join(self.uncovered)}")
        return found

    def document(self) -> dict[str, Any]:
        """The proof as JSON."""
        return {
            "seconds": round(self.seconds, 1),
            "seed": self.seed,
            "sampled_of": self.sampled_of,
            "isolation": self.isolation,
            "wrong": len(self.wrong),
            "killed": len(self.wrong) - len(self.survivors),
            "exact": len(self.wrong) - len(self.survivors) - len(self.inexact),
            "right": len(self.right),
            "unpunished": len(self.right) - len(self.punished),
            "uncovered": self.uncovered,
            "answers": {
                each.answer.name: {
                    "kind": each.answer.kind,
                    "equivalent": each.answer.equivalent,
                    "fails": sorted(each.answer.fails),
                    "found": sorted(each.roots),
                    "rests": sorted(set(each.lost) - each.roots),
                    "message": each.message(),
                    "processor_seconds": each.outcome.seconds,
                }
                for each in self.proven
            },
        }


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})" if whole else "0 of 0"


def show(proof: Proof, console: Console) -> None:
    """Print what was caught, what was not, and who was punished."""
    caught = [each for each in proof.wrong if each.killed]
    exact = [each for each in caught if each.exact]
    unpunished = len(proof.right) - len(proof.punished)
    part = f", a sample of {proof.sampled_of}," if proof.sampled_of else ""
    for text in (
        f"wrong answers caught: {_of(len(caught), len(proof.wrong))}, "
        f"on exactly the right items: {_of(len(exact), len(caught))}",
        f"right answers at full marks: {_of(unpunished, len(proof.right))} "
        f"({sum(bool(each.answer.equivalent) for each in proof.right)} of them equivalent to the reference)",
        f"{len(proof.proven)} answers{part} in {proof.seconds:.0f} s, seed {proof.seed}, isolation {proof.isolation}",
    ):
        console.print(f"{proof.assignment}: {text}", highlight=False)
    _table("Wrong answers that were not caught", proof.survivors, console)
    _table("Wrong answers caught on other items", proof.inexact, console)
    _table("Right answers that lose points", proof.punished, console)
    if proof.uncovered:
        console.print(f"[red]no wrong answer names[/red] {', '.join(proof.uncovered)}")


def _table(title: str, rows: Iterable[Proven], console: Console) -> None:
    table = Table(title=title, title_justify="left")
    for name in ("answer", "wrong at", "found at", "message"):
        table.add_column(name, overflow="fold")
    for each in rows:
        items = ", ".join(each.answer.fails) or "none"
        table.add_row(each.answer.name, items, ", ".join(sorted(each.roots)) or "none", escape(each.message()))
    if table.row_count:
        console.print(table)
