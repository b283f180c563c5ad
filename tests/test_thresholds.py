"""Thresholds: bounds by profile, what they say, and the record of what was measured."""

import math

import pytest

from autograder.judging.thresholds import Measured, Threshold, recording
from autograder.networks.comparison import Complaint

ACCURACY = Threshold("test accuracy", at_least={"full": 0.98, "quick": 0.8})
LOSS = Threshold("last loss", below={"full": 0.03}, form=".4f")


def test_a_figure_on_the_right_side_passes() -> None:
    ACCURACY.require(0.98, "full", "")
    LOSS.require(0.0299, "full", "")


@pytest.mark.parametrize(("threshold", "value"), [(ACCURACY, 0.9799), (LOSS, 0.03), (ACCURACY, math.nan), (LOSS, math.nan)])
def test_a_figure_on_the_wrong_side_does_not(threshold: Threshold, value: float) -> None:
    with pytest.raises(Complaint):
        threshold.require(value, "full", "not trained enough")


def test_the_message_says_observed_expected_and_cause() -> None:
    with pytest.raises(Complaint) as caught:
        ACCURACY.require(0.5, "quick", "not trained enough", "of 2,000 images")
    said = str(caught.value)
    assert (
        said == "observed: test accuracy 50.00% of 2,000 images; expected: at least 80.00%; likely cause: not trained enough"
    )


def test_what_was_measured_is_recorded_even_where_it_fails() -> None:
    with recording() as found:
        ACCURACY.require(0.99, "full", "")
        with pytest.raises(Complaint):
            LOSS.require(0.5, "full", "")
    assert found == [Measured("test accuracy", 0.99, 0.98, True), Measured("last loss", 0.5, 0.03, False)]
    ACCURACY.require(0.99, "full", "")
    assert len(found) == 2


def test_a_threshold_has_one_side() -> None:
    with pytest.raises(ValueError, match="either"):
        Threshold("nothing")
    with pytest.raises(ValueError, match="either"):
        Threshold("both", at_least={"full": 1.0}, below={"full": 2.0})
