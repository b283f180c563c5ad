"""Estimate from repeated runs with which probability a right solution misses a bound, and propose a bound.

The figures of N runs are put on a scale on which they scatter about evenly (log-odds for accuracies, logarithm for
losses), and the next run is predicted from them by Student's t with N - 1 degrees of freedom, wider than the sample's own
spread by sqrt(1 + 1/N): the predictive distribution of a normal sample whose mean and spread are both unknown (G. J. Hahn
and W. Q. Meeker, Statistical Intervals, 1991, chapter 4). With few runs its tails are wide, which is what few runs
justify. Beside it stands what can be said without any distribution: k of N runs missed the bound, and the upper end of the
interval of Clopper and Pearson (Biometrika 26, 1934) for k of N; for k = 0 that is about 3/N, the rule of three.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

import numpy as np
from scipy import special

Scale = Literal["log-odds", "logarithm", "as it is"]

FEWEST = 3  # runs from which a spread is estimated at all
CONFIDENCE = 0.95
CHANCE = 0.1  # accuracy of a guess among ten classes; fractions below it are differences, not accuracies
HALF_AN_IMAGE = 0.5 / 10_000  # of the largest test set: how near to 0 or 1 a counted fraction is taken to be


@dataclass(frozen=True)
class Estimate:
    """What repeated runs say of one figure and of one bound.

    ``runs`` were tried, ``missing`` of them gave no figure, and ``missed`` of them were on the wrong side of the bound or
    gave none. ``risk``: probability, in [0, 1], that the next run misses the bound; ``at_most``: what it is below with 95 %
    confidence, whatever the distribution. ``proposed``: the bound that the next run misses with the probability asked for.
    Both estimates are None with fewer than three figures, ``proposed`` also where runs without a figure alone exceed it.
    """

    runs: int
    missing: int
    missed: int
    mean: float
    sd: float
    low: float
    high: float
    scale: Scale
    risk: float | None
    at_most: float
    proposed: float | None


def scale_of(values: Sequence[float], bound: float, at_least: bool) -> Scale:
    """The scale on which figures are compared: log-odds for accuracies, logarithm for positive ones that must be small."""
    if at_least and 0 < bound < 1 and all(CHANCE <= value <= 1 for value in values):
        return "log-odds"
    if not at_least and bound > 0 and all(value > 0 for value in values):
        return "logarithm"
    return "as it is"


def _onto(scale: Scale, value: float) -> float:
    if scale == "log-odds":
        return float(special.logit(min(max(value, HALF_AN_IMAGE), 1 - HALF_AN_IMAGE)))
    return math.log(value) if scale == "logarithm" else value


def _back(scale: Scale, value: float) -> float:
    if scale == "log-odds":
        return float(special.expit(value))
    return math.exp(value) if scale == "logarithm" else value


def estimate(
    values: Sequence[float], bound: float, *, at_least: bool, missing: int = 0, risk: float = 0.001, form: str = ""
) -> Estimate:
    """Judge a bound by repeated runs of a right solution.

    Args:
        values: the finite figures, one a run.
        at_least: whether right answers are at or above the bound, else below it.
        missing: runs that gave no figure; each counts as one that misses the bound.
        risk: probability with which a right solution may miss the proposed bound.
        form: format specification of the figure; the proposed bound is rounded to its digits, to the generous side.
    """
    runs = len(values) + missing
    missed = missing + sum(value < bound if at_least else value >= bound for value in values)
    scale = scale_of(values, bound, at_least)
    found, proposed = None, None
    if len(values) >= FEWEST:
        placed = np.array([_onto(scale, value) for value in values])
        mean, spread = float(placed.mean()), float(placed.std(ddof=1)) * math.sqrt(1 + 1 / len(values))
        towards = -1.0 if at_least else 1.0  # the side of the mean on which the bound lies
        found = _beyond(towards * (_onto(scale, bound) - mean), spread, len(values) - 1)
        # A run without a figure is outside of what Student's t describes; neither may speak more softly than the count.
        found = max(missing / runs + (1 - missing / runs) * found, missed / runs)
        left = (risk - missing / runs) * runs / len(values)
        if left > 0:
            distance = spread * -float(special.stdtrit(len(values) - 1, left))
            proposed = rounded(_back(scale, mean + towards * distance), at_least, form)
    return Estimate(
        runs=runs,
        missing=missing,
        missed=missed,
        mean=float(np.mean(values)) if values else math.nan,
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
        low=min(values, default=math.nan),
        high=max(values, default=math.nan),
        scale=scale,
        risk=found,
        at_most=float(special.betaincinv(missed + 1, runs - missed, CONFIDENCE)) if missed < runs else 1.0,
        proposed=proposed,
    )


def _beyond(distance: float, spread: float, freedom: int) -> float:
    """Probability that the next value lies further out than ``distance``; a figure that never varies lies nowhere else."""
    if spread == 0:
        return float(distance <= 0)
    return float(special.stdtr(freedom, -distance / spread))


def rounded(bound: float, at_least: bool, form: str) -> float:
    """``bound`` with the digits of a format such as ``.2%`` or ``.4f``, rounded so that it lets no fewer pass."""
    found = re.search(r"\.(\d+)([f%])$", form)
    if found is None or not math.isfinite(bound):
        return bound
    digits = int(found[1]) + (2 if found[2] == "%" else 0)
    return float(
        Decimal(repr(bound)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_FLOOR if at_least else ROUND_CEILING)
    )
