"""A student's function is judged by drawn arguments, and a wrong formula is named if it gives all results."""

from collections.abc import Callable
from typing import Any

import pytest

from autograder.inside import draws, formulas, values
from autograder.judging.formulas import Formula
from autograder.networks.comparison import Complaint

DRAWN = draws.integers(3, 20, (1, 9), (1, 9))
MISTAKES = {"added": lambda a, b: a + b, "divided": lambda a, b: a / b}


def formula(function: Callable[..., Any]) -> Formula:
    return Formula("area", formulas.called(function, DRAWN), DRAWN, lambda a, b: a * b)


def test_right_values_and_integers() -> None:
    right = formula(lambda a, b: a * b)
    right.require_values(MISTAKES)
    right.require_integers()
    formula(lambda a, b: float(a * b)).require_values(MISTAKES)


@pytest.mark.parametrize(
    ("function", "cause"),
    [
        (lambda a, b: a + b, "added"),
        (lambda a, b: a / b, "divided"),
        (lambda a, b: a * b + (a == b), "another formula"),
        (lambda a, b: None, "return is missing"),
        (lambda a, b: "12", "not one number"),
        (lambda a: a, "not one number"),
    ],
)
def test_wrong_values(function: Callable[..., Any], cause: str) -> None:
    with pytest.raises(Complaint) as told:
        formula(function).require_values(MISTAKES)
    assert told.value.cause == cause


def test_a_float_is_no_int() -> None:
    with pytest.raises(Complaint, match="the operator / gives a float"):
        formula(lambda a, b: a * b / 1).require_integers()


def test_results_that_did_not_come_are_missing() -> None:
    with pytest.raises(Complaint, match="the calls did not finish"):
        Formula("area", [], DRAWN, lambda a, b: a * b).require_values({})


def test_numbers_of_lists() -> None:
    assert values.numbers((1, 2.5, None, "3", float("nan"))) == [1.0, 2.5, None, None, None]
    assert values.numbers("12") is None
    assert values.numbers({"a": 1}) is None
