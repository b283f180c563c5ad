"""Bounds on figures that a training run decides, for each profile, and a record of what was measured against them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

from ..networks.comparison import Complaint


@dataclass(frozen=True)
class Measured:
    """One figure of one submission beside its bound; ``at_least`` says on which side of the bound right answers are."""

    figure: str
    value: float
    bound: float
    at_least: bool


@dataclass
class Log:
    """What was measured; ``enforce`` says whether a figure on the wrong side of its bound is still a complaint."""

    enforce: bool
    measured: list[Measured] = field(default_factory=list)


_log: ContextVar[Log | None] = ContextVar("log", default=None)


@contextlib.contextmanager
def recording(*, enforce: bool = True) -> Iterator[list[Measured]]:
    """Collect what is measured while hidden tests run.

    Without ``enforce`` a finite figure passes whatever its bound, so that verdicts say what else is wrong.
    """
    log = Log(enforce)
    token = _log.set(log)
    try:
        yield log.measured
    finally:
        _log.reset(token)


def is_recording() -> bool:
    """Whether someone collects what is measured, so that hidden tests must run even where their findings are known."""
    return _log.get() is not None


@dataclass(frozen=True)
class Threshold:
    """A bound on one measured figure. Give ``at_least`` or ``below``, each a bound by profile.

    ``form`` is how the figure is written for students, a format specification such as ``.4f`` or ``.2%``.
    """

    figure: str
    at_least: dict[str, float] = field(default_factory=dict)
    below: dict[str, float] = field(default_factory=dict)
    form: str = ".2%"

    def __post_init__(self) -> None:
        if bool(self.at_least) == bool(self.below):
            raise ValueError(f"the threshold {self.figure!r} needs either at_least or below")

    def bound(self, profile: str) -> float:
        """The bound at a profile."""
        return (self.at_least or self.below)[profile]

    def require(self, value: float, profile: str, cause: str, of: str = "") -> None:
        """Complain unless ``value`` is finite and on the right side of the profile's bound.

        Args:
            of: what was measured, for the message: ``of 10,000 images``.
        """
        bound = self.bound(profile)
        right = math.isfinite(value) and (value >= bound if self.at_least else value < bound)
        log = _log.get()
        if log is not None and math.isfinite(value):
            log.measured.append(Measured(self.figure, value, bound, bool(self.at_least)))
            right = right or not log.enforce
        if not right:
            wanted = f"{'at least' if self.at_least else 'below'} {format(bound, self.form)}"
            raise Complaint(f"{self.figure} {format(value, self.form)} {of}".rstrip(), wanted, cause)
