"""Keep what repeated runs of an assignment's solution have measured: the file ``calibration.json`` in its folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..course import CourseError
from ..judging.thresholds import Threshold
from ..notebooks.notebook import write_text
from ..proof.answer import Answer
from .distribution import Estimate, estimate
from .fingerprint import PROFILES

FILE = "calibration.json"
REFERENCE = "reference"


class Figure(BaseModel):
    """One figure with its bounds by profile, as the hidden tests state them; they are the home, this is a copy."""

    model_config = ConfigDict(extra="forbid")

    name: str
    at_least: bool
    form: str
    bounds: dict[str, float]

    @classmethod
    def of(cls, threshold: Threshold) -> Figure:
        """The figure that a hidden test bounds."""
        bounds = threshold.at_least or threshold.below
        return cls(name=threshold.figure, at_least=bool(threshold.at_least), form=threshold.form, bounds=dict(bounds))

    def misses(self, value: float, profile: str) -> bool:
        """Whether a value is on the wrong side of the profile's bound."""
        return value < self.bounds[profile] if self.at_least else value >= self.bounds[profile]


class Environment(BaseModel):
    """The machine and the software of a run."""

    model_config = ConfigDict(extra="forbid")

    processor: str
    cores: int
    device: str
    threads: int
    versions: dict[str, str]


class Run(BaseModel):
    """One training: whose answer it was, under which seed, what was measured and which items it failed.

    ``seed`` is the notebook's own, ``grading_seed`` that of the probes. ``content`` is a hash of what decides the figures,
    ``environment`` one of the machine and its software; ``seconds`` is wall time in the box. ``failed`` has the message of
    each item that did not pass for another reason than a bound. ``problem`` says why the grader could not judge the run.
    """

    model_config = ConfigDict(extra="forbid")

    profile: str
    answer: str
    seed: int
    grading_seed: int = 0
    content: str
    date: str
    seconds: float = 0.0
    environment: str = ""
    figures: dict[str, float] = Field(default_factory=dict)
    failed: dict[str, str] = Field(default_factory=dict)
    problem: str = ""

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What makes another run of the same answer unnecessary."""
        return self.profile, self.answer, self.seed, self.content


class Calibration(BaseModel):
    """All runs of one assignment. ``answers`` says what is wrong with each answer that is close to right."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    assignment: str
    risk: float = 0.001
    figures: list[Figure] = Field(default_factory=list)
    answers: dict[str, str] = Field(default_factory=dict)
    environments: dict[str, Environment] = Field(default_factory=dict)
    runs: list[Run] = Field(default_factory=list)

    @classmethod
    def read(cls, folder: Path, assignment: str) -> Calibration:
        """What :meth:`write` left in the assignment's folder, or an empty one.

        Raises:
            CourseError: the file is damaged.
        """
        path = folder / FILE
        if not path.is_file():
            return cls(schema=1, assignment=assignment)
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            raise CourseError(f"{path} is damaged ({error.errors()[0]['msg']}); restore it, or delete it") from error

    def write(self, folder: Path) -> None:
        """Write JSON atomically, in an order that does not depend on when a run ended."""
        self.runs.sort(key=lambda run: (PROFILES.index(run.profile), run.answer != REFERENCE, run.answer, run.seed))
        used = {run.environment for run in self.runs}
        self.environments = {key: value for key, value in sorted(self.environments.items()) if key in used}
        write_text(folder / FILE, self.model_dump_json(by_alias=True, indent=1) + "\n")

    def add(self, run: Run, environment: Environment) -> None:
        """Take a run in, in place of an earlier one of the same answer, profile and seed."""
        text = json.dumps(environment.model_dump(), sort_keys=True)
        run.environment = hashlib.sha256(text.encode()).hexdigest()[:8]
        self.environments[run.environment] = environment
        self.runs = [kept for kept in self.runs if kept.key[:3] != run.key[:3]] + [run]

    def describe(self, figures: list[Figure], close: Iterable[Answer], risk: float | None = None) -> None:
        """Take over what the hidden tests and the catalogue say now."""
        self.figures = figures
        self.answers = {answer.name: answer.about for answer in close}
        self.risk = risk or self.risk

    def of(self, profile: str, answer: str) -> list[Run]:
        """The runs of an answer at a profile that were judged."""
        return [run for run in self.runs if (run.profile, run.answer) == (profile, answer) and not run.problem]

    def missed(self, run: Run) -> list[Figure]:
        """The figures with which a run is on the wrong side of the bound."""
        return [
            figure
            for figure in self.figures
            if figure.name in run.figures and figure.misses(run.figures[figure.name], run.profile)
        ]

    def profiles(self) -> list[str]:
        """Profiles at which the solution ran, ``full`` first."""
        return [profile for profile in PROFILES if self.of(profile, REFERENCE)]

    def close(self, profile: str) -> list[str]:
        """Answers close to right that ran at a profile."""
        ran = {run.answer for run in self.runs if run.profile == profile} - {REFERENCE}
        return sorted(answer for answer in ran if self.of(profile, answer))

    def estimates(self, profile: str) -> Iterator[tuple[Figure, Estimate]]:
        """What the solution's runs say of each figure and its bound at a profile.

        A run that lost points and has no such figure counts as one that misses the bound; where no run lost a point, a
        figure that none has is not asked for at this profile.
        """
        runs = self.of(profile, REFERENCE)
        for figure in self.figures:
            values = measured(runs, figure.name)
            missing = sum(figure.name not in run.figures and bool(run.failed) for run in runs)
            if values or missing:
                bound = figure.bounds[profile]
                yield (
                    figure,
                    estimate(values, bound, at_least=figure.at_least, missing=missing, risk=self.risk, form=figure.form),
                )


def measured(runs: Iterable[Run], figure: str) -> list[float]:
    """The values of a figure in the runs that have it."""
    return [run.figures[figure] for run in runs if figure in run.figures]
