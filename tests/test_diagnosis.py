"""Causes are told where their results are seen."""

import math

import pytest
import torch

from autograder.judging.diagnosis import alike, diagnose, require_alike
from autograder.networks.comparison import Complaint


@pytest.mark.parametrize(
    ("found", "wanted", "right"),
    [
        (1.0004, 1.0, True),
        (1.002, 1.0, False),
        (1000.5, 1000.0, True),
        (None, 0.0, False),
        (math.nan, 0.0, False),
        ("0.5", 0.5, False),
        ([1, 2.0], [1.0, 2.0], True),
        ([1.0], [1.0, 2.0], False),
        ([1.0, None], [1.0, 2.0], False),
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.001]), True),
        (torch.tensor([1.0]), torch.tensor([1.0, 2.0]), False),
        (None, torch.tensor([1.0]), False),
    ],
)
def test_alike(found: object, wanted: object, right: bool) -> None:
    assert alike(found, wanted) is right


def test_the_mistake_that_gives_the_number_is_told() -> None:
    mistakes = {"percents": 50.0, "a count": 10.0, "by batches": 50.0, "by nothing": 7.0, "all": 7.0, "each": 7.0}
    assert diagnose(10.0, mistakes, "another") == "a count"
    assert diagnose(50.0, mistakes, "another") == "percents or by batches"
    assert diagnose(7.0, mistakes, "another") == "another"  # too many to tell one
    assert diagnose(3.0, mistakes) == ""
    assert diagnose(None, mistakes, "another") == "another"


def test_what_is_not_alike_is_a_complaint() -> None:
    require_alike(0.5, 0.5, {})
    with pytest.raises(Complaint) as told:
        require_alike(50.0, 0.5, {"percents": 50.0}, of="for 17 images")
    assert (told.value.observed, told.value.expected, told.value.cause) == ("50.0000 for 17 images", "0.5000", "percents")
    with pytest.raises(Complaint, match="no number"):
        require_alike(None, 0.5, {})
    with pytest.raises(Complaint, match=r"observed: 2\.0000 for the first number; expected: 1\.0000"):
        require_alike(torch.tensor([2.0, 1.0]), torch.tensor([1.0, 1.0]), {})
