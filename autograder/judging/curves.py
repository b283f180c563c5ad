"""Judge the curves of a plot cell that ran again with drawn numbers: what is drawn, over which epochs, under which names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..networks.comparison import Complaint, require
from ..runs.evidence import Evidence
from .diagnosis import alike

NAMES = {"loss": ("loss", "cost", "entropy"), "accuracy": ("accura", "acc.", "val_acc")}
"""Words for what a curve may show."""


@dataclass(frozen=True)
class Curve:
    """A line and the axes and figure that it is drawn into, as :func:`autograder.inside.figures.describe` gives them."""

    figure: dict[str, Any]
    axes: dict[str, Any]
    line: dict[str, Any]

    @property
    def texts(self) -> dict[str, str]:
        """Labels and title, those of the whole figure where the axes have none."""
        return {
            "x label": self.axes["xlabel"] or self.figure["supxlabel"],
            "y label": self.axes["ylabel"] or self.figure["supylabel"],
            "title": self.axes["title"] or self.figure["suptitle"],
        }

    def require_epochs(self, first: Sequence[int], expected: str) -> None:
        """The x axis counts epochs from one of the numbers ``first``, and all points are within the limits of the axes."""
        x, y = self.line["x"], self.line["y"]
        told = self.line.get("named") or x
        right = any(all(abs(place - epoch) < 1e-6 for epoch, place in enumerate(told, start)) for start in first)
        steps = all(abs(after - before - 1) < 1e-6 for before, after in pairwise(told))
        cause = f"the epochs are counted from {told[0]:g}" if steps else "the axis counts something else than epochs"
        require(right, f"x from {told[0]:g} to {told[-1]:g}", expected, cause)
        for axis, values in (("x", x), ("y", y)):
            low, high = sorted(self.axes[f"{axis}lim"])
            hidden = sum(not low - 1e-9 <= value <= high + 1e-9 for value in values)
            require(
                hidden == 0,
                f"{hidden} points outside of the limits {low:g} to {high:g} of the {axis} axis",
                "all points visible",
                f"the limits of the {axis} axis",
            )

    def require_labels(self, shows: str) -> None:
        """Both axes are labelled and there is a title; the label of a ``loss`` does not say accuracy, nor the reverse."""
        texts = self.texts
        missing = [name for name, text in texts.items() if not text]
        require(not missing, f"no {', no '.join(missing)}", "x label, y label and title", "a call was left out")
        said = {name for name, words in NAMES.items() if any(word in texts["y label"].lower() for word in words)}
        if said and shows not in said:
            raise Complaint(
                f"the y label {texts['y label'][:60]!r}", f"a y label for the {shows}", "labels of another curve"
            )


@dataclass(frozen=True)
class Figures:
    """What a plot cell showed when it ran again with drawn numbers."""

    figures: list[dict[str, Any]]

    @classmethod
    def of(cls, evidence: Evidence, probe: str, cell: str) -> Figures:
        """What ``probe`` saw of ``cell``; a complaint where there is no figure."""
        found = evidence.document(probe, cell)["figures"]
        require(bool(found), "no figure was shown", "a figure", "plt.show() is missing, or the figure was closed")
        return cls(found)

    def _curves(self) -> list[Curve]:
        parts = [(figure, axes) for figure in self.figures for axes in figure["axes"]]
        return [Curve(figure, axes, line) for figure, axes in parts for line in axes["lines"]]

    def curve(self, values: list[float]) -> Curve | None:
        """The curve that shows ``values``, as they are or in percent."""
        for curve in self._curves():
            for factor in (1.0, 100.0):
                if alike(curve.line["y"], [factor * value for value in values], 1e-5):
                    return curve
        return None

    def require_curve(self, values: list[float], what: str) -> Curve:
        """The curve that shows them; a complaint where there is none."""
        found = self.curve(values)
        if found is None:
            drawn = [len(curve.line["y"]) for curve in self._curves()]
            cause = "something else is drawn, or some of the numbers are left out"
            raise Complaint(
                f"curves with {drawn} points, none of them {what}", f"the {len(values)} numbers of {what}", cause
            )
        return found

    def any_curve(self, values: list[float]) -> Curve:
        """The curve that shows them, or the first axes, whose labels count even where something else is drawn."""
        parts = [Curve(figure, axes, {"x": [], "y": []}) for figure in self.figures for axes in figure["axes"]]
        require(bool(parts), "an empty figure", "a labelled figure", "nothing is drawn")
        return self.curve(values) or parts[0]
