"""A curve is found by its numbers, whatever it is drawn with; its axes count epochs and are labelled."""

from typing import Any

import pytest

from autograder.judging.curves import Figures
from autograder.networks.comparison import Complaint

LOSSES = [0.9, 0.5, 0.25]


def figures(y: list[float], **axes: Any) -> Figures:
    x = axes.pop("x", [1.0, 2.0, 3.0])
    labels = {"title": "t", "xlabel": "epoch", "ylabel": "loss", "xlim": [0.9, 3.1], "ylim": [0, 100]}
    figure = {"suptitle": "", "supxlabel": "", "supylabel": "", "axes": [labels | axes | {"lines": [{"x": x, "y": y}]}]}
    return Figures([figure])


def test_a_curve_is_found_by_its_numbers_or_as_percents() -> None:
    for y in (LOSSES, [100 * value for value in LOSSES]):
        curve = figures(y).require_curve(LOSSES, "losses")
        curve.require_epochs((0, 1), "from 1")
        curve.require_labels("loss")
    for y in (LOSSES[1:], [*LOSSES, 0.1], [0.9, 0.5, 0.26]):
        with pytest.raises(Complaint, match="none of them the losses"):
            figures(y).require_curve(LOSSES, "the losses")


@pytest.mark.parametrize(
    ("axes", "observed"),
    [
        ({"x": [1, 3, 5]}, "x from 1 to 5"),
        ({"x": [2, 3, 4]}, "x from 2 to 4"),
        ({"xlim": [1.5, 4]}, "1 points outside of the limits 1.5 to 4 of the x axis"),
        ({"ylim": [0.4, 0]}, "2 points outside of the limits 0 to 0.4 of the y axis"),
    ],
)
def test_epochs_and_limits(axes: dict[str, Any], observed: str) -> None:
    curve = figures(LOSSES, **axes).require_curve(LOSSES, "losses")
    with pytest.raises(Complaint) as told:
        curve.require_epochs((0, 1), "from 1")
    assert told.value.observed == observed


def test_epochs_as_texts_count_by_what_they_say() -> None:
    curve = figures(LOSSES, x=[0, 1, 2], xlim=[-0.5, 2.5]).require_curve(LOSSES, "losses")
    with pytest.raises(Complaint, match="the epochs are counted from 0"):
        curve.require_epochs((1,), "from 1")
    curve.line["named"] = [1.0, 2.0, 3.0]
    curve.require_epochs((1,), "from 1")


def test_labels_are_there_and_name_what_is_drawn() -> None:
    curve = figures(LOSSES, title="", ylabel="").require_curve(LOSSES, "losses")
    with pytest.raises(Complaint, match="no y label, no title"):
        curve.require_labels("loss")
    figures(LOSSES, ylabel="value").require_curve(LOSSES, "losses").require_labels("accuracy")
    figures(LOSSES, ylabel="loss and accuracy").require_curve(LOSSES, "losses").require_labels("accuracy")
    with pytest.raises(Complaint, match="labels of another curve"):
        figures(LOSSES).require_curve(LOSSES, "losses").require_labels("accuracy")


def test_without_a_curve_the_first_axes_are_judged() -> None:
    figures([1.0, 2.0]).any_curve(LOSSES).require_labels("loss")
    with pytest.raises(Complaint, match="an empty figure"):
        Figures([{"axes": []}]).any_curve(LOSSES)
