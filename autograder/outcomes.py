"""What grading says of a submission: an outcome for each item, and the file ``outcomes.json`` that holds a class of them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .notebooks.notebook import write_text

Verdict = Literal["passed", "partial", "failed", "not_attempted", "could_not_grade"]

SIGNS: dict[Verdict, str] = {"passed": "✓", "partial": "◐", "failed": "✗", "not_attempted": "·", "could_not_grade": "?"}
WORDS: dict[Verdict, str] = {
    "passed": "passed",
    "partial": "partly right",
    "failed": "not right yet",
    "not_attempted": "not attempted",
    "could_not_grade": "could not be graded",
}
"""How a student reads a verdict; a sign never stands without its word."""


class Place(BaseModel):
    """A place in the student's notebook: the ``grade_id`` of a cell, a line of it counted from 1, and that line's text."""

    model_config = ConfigDict(frozen=True)

    cell: str
    line: int | None = None
    code: str = ""


class Finding(BaseModel):
    """What one hidden test says of a submission, as fields that a renderer lays out.

    Attributes:
        item: the id of the graded item.
        task: what was asked, the line of the task that this test decides.
        weight: its share of the item's points, compared with the item's other findings.
        observed, expected, cause: without final stop; empty where nothing is to be said. A cause is a guess.
        rests_on: items on which this one depends; in an outcome, those of them that were not right.
        place: which answer cell, and where in it, the finding is about.
        stopped_by: the cell whose error kept the test from judging the answer; empty where it was judged.
        fault: what went wrong in the grader; then the finding says nothing of the student.
        test: file and name of the hidden test, for whoever mends it.
    """

    model_config = ConfigDict(frozen=True)

    item: str
    task: str
    passed: bool
    weight: float = 1.0
    observed: str = ""
    expected: str = ""
    cause: str = ""
    rests_on: tuple[str, ...] = ()
    place: Place | None = None
    stopped_by: str = ""
    fault: str = ""
    test: str = ""


class RootCause(BaseModel):
    """One mistake that voids several items, told once: what happened, where, what to do, which items were not judged."""

    model_config = ConfigDict(frozen=True)

    what: str
    next_step: str
    items: tuple[str, ...]
    place: Place | None = None


class ItemOutcome(BaseModel):
    """The verdict on one item. ``could_not_grade`` means the grader failed, not the student: its points are not a zero.

    ``message`` is the text of ``findings`` and of ``note``, which says something of the whole item. ``rests_on`` names the
    items whose failure explains this one's. ``root_cause`` counts from 0 in the submission's ``root_causes``: the mistake
    that kept some of the findings from being made, each of which has ``stopped_by``.
    """

    outcome: Verdict
    points: float
    max_points: float
    message: str = ""
    note: str = ""
    findings: list[Finding] = Field(default_factory=list)
    rests_on: list[str] = Field(default_factory=list)
    root_cause: int | None = None

    @property
    def score(self) -> float | None:
        """The points that count, from 0 to ``max_points``; None where the item could not be graded."""
        return None if self.outcome == "could_not_grade" else min(max(self.points, 0.0), self.max_points)


class SubmissionOutcome(BaseModel):
    """The verdict on one submission; ``points`` and ``max_points`` count autograded items only, ``seconds`` is wall time.

    ``profile`` and ``isolation`` are those of its own run: an outcomes.json may hold submissions of several runs.
    ``entered`` says whether the gradebook of that run was one that counts, and not a trial's or none. ``grader`` is the key
    of all that its evidence depends on but the submission, see :func:`autograder.runs.keys.of_grader`.
    """

    status: Literal["graded", "could_not_grade"]
    reason: str | None = None
    profile: str = ""
    isolation: str = ""
    entered: bool = True
    grader: str = ""
    points: float = 0.0
    max_points: float = 0.0
    seconds: float = 0.0
    repairs: list[str] = Field(default_factory=list)
    flags: list[str] = Field(default_factory=list)
    items: dict[str, ItemOutcome] = Field(default_factory=dict)
    root_causes: list[RootCause] = Field(default_factory=list)

    @property
    def not_graded(self) -> list[str]:
        """The items that could not be graded; of a submission that has no grade as a whole, none is named."""
        return [name for name, item in self.items.items() if item.outcome == "could_not_grade"]

    def faults(self) -> dict[str, str]:
        """Why items could not be graded, with the hidden test at which the grader failed."""
        told = {name: next((one for one in self.items[name].findings if one.fault), None) for name in self.not_graded}
        return {name: ": ".join(filter(None, [one.test, one.fault])) if one else "" for name, one in told.items()}

    @property
    def complete(self) -> bool:
        """Whether there is a verdict on the student at every item."""
        return self.status == "graded" and not self.not_graded


def profile_note(profile: str) -> str:
    """The sentence that goes with points of any profile but ``full``, whose points need none."""
    return f"Graded at profile {profile}: a trial run, not the final grade." if profile not in ("", "full") else ""


class NotOutcomes(ValueError):
    """A file is no ``outcomes.json`` of this grader; the message is one line that names it and says what to do."""


class ClassOutcomes(BaseModel):
    """The outcomes of a class, as written to ``outcomes.json``; ``profile`` and ``isolation`` name all that occur in it."""

    schema_version: Literal[2] = Field(2, alias="schema")
    assignment: str
    profile: str
    isolation: str
    versions: dict[str, str]
    submissions: dict[str, SubmissionOutcome] = Field(default_factory=dict)

    model_config = {"populate_by_name": True}

    def name_runs(self) -> None:
        """Bring ``profile`` and ``isolation`` up to date with those of the submissions."""
        self.profile = self._of_all("profile") or self.profile
        self.isolation = self._of_all("isolation") or self.isolation

    def _of_all(self, name: str) -> str:
        return ", ".join(sorted({getattr(one, name) for one in self.submissions.values()} - {""}))

    def write(self, path: Path) -> None:
        """Write JSON atomically."""
        write_text(path, self.model_dump_json(by_alias=True, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> ClassOutcomes:
        """Read what :meth:`write` wrote.

        Raises:
            NotOutcomes: the file is of an older or newer version of the grader, or of another kind.
            OSError: it cannot be read.
        """
        text = path.read_bytes()
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise NotOutcomes(f"{path}: {_why_not(text)}") from error


class _Schema(BaseModel):
    """The part of ``outcomes.json`` that says of which form it is."""

    schema_version: int = Field(alias="schema")
    assignment: str


def _why_not(text: bytes) -> str:
    try:
        found = _Schema.model_validate_json(text)
    except ValidationError:
        found = None
    if found is None or found.schema_version == 2:
        return "not an outcomes.json of `autograder grade`"
    next_step = f"run `autograder grade {found.assignment}` again"
    return f"written as schema {found.schema_version}, this version reads schema 2; {next_step}"


def grader_fault(error: Exception) -> str:
    """One line on an error of the grader, which costs a submission its grade and never the batch."""
    return f"the grader failed: {type(error).__name__}: {error}"
