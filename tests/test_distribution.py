"""Bounds from few runs: what is proposed is missed as often as promised, and few runs promise little."""

import math

import numpy as np
import pytest
from scipy import special

from autograder.calibration.distribution import estimate, rounded, scale_of

TRIALS = 3000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def accuracies(rng: np.random.Generator, runs: int) -> list[float]:
    """Accuracies about 98 %, with normal log-odds."""
    return [float(value) for value in special.expit(rng.normal(4.0, 0.2, runs))]


def standard_error(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) / math.sqrt(len(values))


@pytest.mark.parametrize("runs", [3, 5, 20])
@pytest.mark.parametrize("risk", [0.01, 0.001])
def test_a_proposed_accuracy_is_missed_as_often_as_promised(rng: np.random.Generator, runs: int, risk: float) -> None:
    missed = []
    for _ in range(TRIALS):
        found = estimate(accuracies(rng, runs), 0.95, at_least=True, risk=risk)
        assert found.proposed is not None
        # The exact probability that the next run falls below it, in place of a draw.
        below = special.logit(found.proposed) if found.proposed > 0 else -math.inf
        missed.append(float(special.ndtr((below - 4.0) / 0.2)))
    assert np.mean(missed) == pytest.approx(risk, abs=4 * standard_error(missed))


@pytest.mark.parametrize("runs", [4, 12])
def test_a_proposed_loss_is_missed_as_often_as_promised(rng: np.random.Generator, runs: int) -> None:
    missed = []
    for _ in range(TRIALS):
        found = estimate([float(value) for value in rng.lognormal(-3, 0.3, runs)], 1.0, at_least=False, risk=0.01)
        assert found.proposed is not None
        missed.append(float(special.ndtr(-(math.log(found.proposed) + 3) / 0.3)))
    assert np.mean(missed) == pytest.approx(0.01, abs=4 * standard_error(missed))


def test_the_stated_probability_is_right_on_average_for_a_bound_that_was_there_before(rng: np.random.Generator) -> None:
    # A bound at the true 2 % point: what is stated from eight runs must not be smaller on average.
    bound = float(special.expit(4.0 + 0.2 * special.ndtri(0.02)))
    stated = [estimate(accuracies(rng, 8), bound, at_least=True).risk for _ in range(TRIALS)]
    assert np.mean([value for value in stated if value is not None]) > 0.02


@pytest.mark.parametrize(
    ("values", "at_least"), [([0.981, 0.985, 0.983, 0.988], True), ([0.021, 0.019, 0.025, 0.02], False)]
)
def test_the_proposed_bound_has_the_probability_that_was_asked_for(values: list[float], at_least: bool) -> None:
    proposed = estimate(values, 0.5, at_least=at_least, risk=0.003).proposed
    assert proposed is not None
    assert estimate(values, proposed, at_least=at_least).risk == pytest.approx(0.003)


def test_fewer_runs_of_the_same_spread_give_a_looser_bound_and_a_larger_probability() -> None:
    few, many = [0.98, 0.985, 0.99], [0.98, 0.985, 0.99] * 7
    found = [estimate(values, 0.95, at_least=True) for values in (few, many)]
    assert found[0].proposed is not None
    assert found[1].proposed is not None
    assert found[0].proposed < found[1].proposed < min(few)
    assert found[0].risk is not None
    assert found[1].risk is not None
    assert found[0].risk > 10 * found[1].risk
    assert found[0].at_most > found[1].at_most


def test_counting_alone_is_the_rule_of_three() -> None:
    assert estimate([0.99] * 300, 0.9, at_least=True).at_most == pytest.approx(3 / 300, rel=0.01)
    assert estimate([0.99] * 20, 0.9, at_least=True).at_most == pytest.approx(1 - 0.05 ** (1 / 20))


def test_runs_that_missed_the_bound_are_not_explained_away() -> None:
    found = estimate([0.99] * 19 + [0.98], 0.985, at_least=True)
    assert found.missed == 1
    assert found.risk is not None
    assert found.risk >= 1 / 20
    on_the_bound = estimate([0.02, 0.03, 0.021], 0.03, at_least=False)
    assert on_the_bound.missed == 1, "a loss must be below its bound, not at it"


def test_a_run_without_a_figure_counts_as_one_that_missed() -> None:
    values = [0.98, 0.985, 0.99, 0.984, 0.987]
    whole, one_lost = estimate(values, 0.9, at_least=True), estimate(values, 0.9, at_least=True, missing=1)
    assert (one_lost.runs, one_lost.missing, one_lost.missed) == (6, 1, 1)
    assert whole.risk is not None
    assert one_lost.risk is not None
    assert one_lost.risk > 1 / 6 > whole.risk
    assert one_lost.proposed is None, "no bound can be missed by 0.1 % where a sixth of all runs give no figure"


def test_nothing_is_claimed_from_fewer_than_three_runs() -> None:
    for values in ([], [0.98], [0.98, 0.99]):
        found = estimate(values, 0.9, at_least=True, missing=0 if values else 1)
        assert found.risk is None
        assert found.proposed is None


def test_extremes_are_finite() -> None:
    perfect = estimate([1.0, 1.0, 0.9995], 0.98, at_least=True)
    assert perfect.risk is not None
    assert 0 < perfect.risk < 1
    constant = estimate([0.5, 0.5, 0.5], 0.4, at_least=True)
    assert constant.risk == 0
    assert estimate([0.5, 0.5, 0.5], 0.6, at_least=True).risk == 1


def test_scales() -> None:
    assert scale_of([0.98, 0.9], 0.8, at_least=True) == "log-odds"
    assert scale_of([0.02, 0.03], 0.1, at_least=False) == "logarithm"
    assert scale_of([0.02, -0.01], 0.0, at_least=True) == "as it is"
    assert scale_of([0.02, 0.03], 0.01, at_least=True) == "as it is", "a gain in accuracy is no accuracy"
    assert scale_of([97.0, 98.0], 95.0, at_least=True) == "as it is"


@pytest.mark.parametrize(
    ("bound", "at_least", "form", "expected"),
    [
        (0.98765, True, ".2%", 0.9876),
        (0.98765, True, ".1%", 0.987),
        (0.02341, False, ".3f", 0.024),
        (0.5, False, ".3g", 0.5),
        (0.123456, True, "", 0.123456),
    ],
)
def test_bounds_are_rounded_so_that_no_fewer_pass(bound: float, at_least: bool, form: str, expected: float) -> None:
    assert rounded(bound, at_least, form) == expected
