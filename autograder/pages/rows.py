"""What the page says of each item: points, a sign and a word, one sentence, and the findings laid out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from ..notebooks.notebook import Item, items, role
from ..notebooks.tasks import tasks
from ..outcomes import SIGNS, WORDS, Finding, ItemOutcome, SubmissionOutcome
from .difference import Part, marked
from .marks import Mark, Marks
from .render import number

SENTENCE = 240  # characters of a reason in the table; all of it stands below
PENDING = "…", "pending"
NOT_JUDGED = "-", "not judged"


@dataclass(frozen=True)
class Told:
    """One finding laid out: observed and expected in pieces that differ or do not."""

    finding: Finding
    observed: list[Part]
    expected: list[Part]

    @property
    def where(self) -> str:
        """The line of the answer that it is about, in words; empty where it is about none."""
        place = self.finding.place
        return f"line {place.line}" if place and place.line else ""


@dataclass(frozen=True)
class Row:
    """One item of the page.

    ``cause`` is the number, from 1, of the mistake told at the top for which it was not judged. Of its findings ``wrong``
    are those of tests that judged the answer, ``unjudged`` those that an error kept from it; ``notes`` say what the findings
    do not.
    """

    item: Item
    title: str
    sign: str
    word: str
    points: str
    reason: str
    mark: Mark
    cause: int | None = None
    rests_on: tuple[str, ...] = ()
    wrong: list[Told] = field(default_factory=list)
    unjudged: list[Told] = field(default_factory=list)
    right: list[Finding] = field(default_factory=list)
    notes: str = ""

    @property
    def waits(self) -> bool:
        """Whether a person has to mark it."""
        return self.mark.points is None

    @property
    def lost(self) -> bool:
        """Whether it cost points."""
        return self.mark.points is not None and self.mark.points < self.mark.max_points


def rows(notebook: NotebookNode, outcome: SubmissionOutcome, marks: Marks) -> list[Row]:
    """A row for each item of the notebook, in its order."""
    new: Any = NotebookNode
    titles = tasks(new(cells=[cell for cell in notebook.cells if role(cell) == "given"]))  # none that a student added
    made = []
    for item in items(notebook):
        mark = marks.items.get(item.id, Mark(None, item.max_points))
        title = titles[item.id].title if item.id in titles else ""
        made.append(_row(item, title, mark, None if item.manual else outcome.items.get(item.id)))
    return made


def _row(item: Item, title: str, mark: Mark, judged: ItemOutcome | None) -> Row:
    sign, word = _verdict(mark, judged)
    findings = judged.findings if judged else []
    rests_on = tuple(judged.rests_on) if judged else ()
    # Where there are no findings, as in what an older grader wrote, the message says it all.
    notes = (judged.note if findings else judged.message) if judged and mark.points != mark.max_points else ""
    return Row(
        item,
        title,
        sign,
        word,
        _points(mark),
        _reason(mark, judged),
        mark,
        None if judged is None or judged.root_cause is None else judged.root_cause + 1,
        rests_on or tuple(dict.fromkeys(name for finding in findings if not finding.passed for name in finding.rests_on)),
        [_told(finding) for finding in findings if not finding.passed and not finding.stopped_by],
        [_told(finding) for finding in findings if not finding.passed and finding.stopped_by],
        [finding for finding in findings if finding.passed],
        notes,
    )


def _verdict(mark: Mark, judged: ItemOutcome | None) -> tuple[str, str]:
    if mark.points is None:
        return PENDING
    if mark.decided:
        return SIGNS["passed"], "settled for everybody"
    share = mark.points / mark.max_points if mark.max_points else 1.0
    if mark.by_hand:
        return SIGNS["passed" if share >= 1 else "partial" if share > 0 else "failed"], "marked by a person"
    if judged and judged.root_cause is not None and judged.outcome != "partial":
        return NOT_JUDGED
    if judged is None:  # a written answer without an answer, to which nbgrader gives 0 by itself
        return SIGNS["not_attempted"], WORDS["not_attempted"]
    return SIGNS[judged.outcome], WORDS[judged.outcome]


def _points(mark: Mark) -> str:
    if mark.points is None:
        return f"pending ({number(mark.max_points)})"
    bonus = f" + {number(mark.bonus)} bonus" if mark.bonus else ""
    if not mark.max_points and mark.decided:
        return f"not counted{bonus}"
    return f"{number(mark.points)} of {number(mark.max_points)}{bonus}"


def _reason(mark: Mark, judged: ItemOutcome | None) -> str:
    if mark.decided:
        return mark.decided
    if mark.points is None and judged is None:
        return "A person reads this answer."
    if mark.points is None and judged is not None and judged.outcome == "could_not_grade":
        return "The grader failed here. This is not your mistake; a person will look at it."
    if mark.points is None:
        return "A person will look at it."
    if judged is None or judged.outcome == "passed" or mark.by_hand:
        return ""
    if judged.root_cause is not None:
        return f"{'Partly not' if judged.outcome == 'partial' else 'Not'} judged: see the mistake at the top."
    wrong = [finding for finding in judged.findings if not finding.passed]
    rests_on = judged.rests_on or [name for finding in wrong for name in finding.rests_on]
    if rests_on:
        names = list(dict.fromkeys(rests_on))
        return f"Depends on {', '.join(names)}; fix {'that' if len(names) == 1 else 'those'} first."
    return textwrap.shorten(sentence(wrong[0]) if wrong else judged.message, SENTENCE, placeholder=" ...")


def sentence(finding: Finding) -> str:
    """What a finding saw and expected, in one sentence."""
    if not finding.observed:
        return f"Not yet: {finding.task.rstrip('.')}."
    said = f"{finding.observed[:1].upper()}{finding.observed[1:]}"
    return f"{said}; expected {finding.expected}." if finding.expected else f"{said}."


def _told(finding: Finding) -> Told:
    return Told(finding, *marked(finding.observed, finding.expected))


def first_to_mend(found: Iterable[Row]) -> Row | None:
    """The item to begin with: the first that lost points and depends on no other that did."""
    lost = [row for row in found if row.lost and row.cause is None]
    own = [row for row in lost if not row.rests_on]
    return next(iter(own or lost), None)
