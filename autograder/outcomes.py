"""What grading says of a submission: an outcome for each item, and the file ``outcomes.json`` that holds a class of them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from .notebooks.notebook import write_text

Verdict = Literal["passed", "partial", "failed", "not_attempted", "could_not_grade"]


class ItemOutcome(BaseModel):
    """The verdict on one item. ``could_not_grade`` means the grader failed, not the student: its points are not a zero.

    ``rests_on`` names the items whose failure explains this one's; it is not written to files, whose message says so.
    """

    outcome: Verdict
    points: float
    max_points: float
    message: str = ""
    rests_on: list[str] = Field(default_factory=list, exclude=True)

    @property
    def score(self) -> float | None:
        """The points that count, from 0 to ``max_points``; None where the item could not be graded."""
        return None if self.outcome == "could_not_grade" else min(max(self.points, 0.0), self.max_points)


class SubmissionOutcome(BaseModel):
    """The verdict on one submission; ``points`` and ``max_points`` count autograded items only, ``seconds`` is wall time."""

    status: Literal["graded", "could_not_grade"]
    reason: str | None = None
    points: float = 0.0
    max_points: float = 0.0
    seconds: float = 0.0
    repairs: list[str] = Field(default_factory=list)
    flags: list[str] = Field(default_factory=list)
    items: dict[str, ItemOutcome] = Field(default_factory=dict)


class ClassOutcomes(BaseModel):
    """One grading run over a class, as written to ``outcomes.json``."""

    schema_version: Literal[1] = Field(1, alias="schema")
    assignment: str
    profile: str
    isolation: str
    versions: dict[str, str]
    submissions: dict[str, SubmissionOutcome] = Field(default_factory=dict)

    model_config = {"populate_by_name": True}

    def write(self, path: Path) -> None:
        """Write JSON atomically."""
        write_text(path, self.model_dump_json(by_alias=True, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> ClassOutcomes:
        """Read what :meth:`write` wrote.

        Raises:
            pydantic.ValidationError: the file is not of this form.
        """
        return cls.model_validate_json(path.read_text(encoding="utf-8"))


def grader_fault(error: Exception) -> str:
    """One line on an error of the grader, which costs a submission its grade and never the batch."""
    return f"the grader failed: {type(error).__name__}: {error}"
