"""Draw every calibration run: one panel a figure and profile, right runs above answers that are close to right."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from .calibration import REFERENCE, Calibration, Figure, measured
from .distribution import Estimate, Scale

RIGHT, WRONG, BOUND = "#0072b2", "#d55e00", "#222222"  # distinct to colour-blind eyes too; markers differ as well
FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
DIGITS = ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,))  # of logarithmic ticks: the first that are not too many
MOST_TICKS = 9


def draw(calibration: Calibration, path: Path) -> None:
    """Write the plot as SVG, with the same bytes for the same runs."""
    panels = [
        (profile, figure, found) for profile in calibration.profiles() for figure, found in calibration.estimates(profile)
    ]
    rows = [len(calibration.close(profile)) + 1 for profile, _, _ in panels]
    heights = [0.75 + 0.33 * count for count in rows] or [1.0]
    with mpl.rc_context({"svg.hashsalt": calibration.assignment, "font.size": 9}):
        canvas = Canvas(figsize=(8.5, sum(heights) + 0.6), layout=ConstrainedLayoutEngine(h_pad=0.1))
        grid = canvas.add_gridspec(len(heights), 1, height_ratios=heights)
        for place, (profile, figure, found) in enumerate(panels):
            _panel(canvas.add_subplot(grid[place]), calibration, profile, figure, found)
        canvas.legend(handles=_legend(calibration.risk), loc="outside lower center", ncols=4, frameon=False)
        canvas.savefig(path, metadata={"Date": None})


def _panel(axes: Axes, calibration: Calibration, profile: str, figure: Figure, found: Estimate) -> None:
    bound = figure.bounds[profile]
    answers = [REFERENCE, *calibration.close(profile)]
    shown: list[float] = [bound] if found.proposed is None else [bound, found.proposed]
    for row, answer in enumerate(answers):
        values = measured(calibration.of(profile, answer), figure.name)
        shown += values
        right = answer == REFERENCE
        axes.scatter(
            values, _spread(row, len(values)), s=22, alpha=0.75, linewidths=0.8,
            marker="o" if right else "x", color=RIGHT if right else WRONG, zorder=3,
        )  # fmt: skip
        if not values:
            axes.annotate("no figure", (0.5, row), xycoords=("axes fraction", "data"), color=WRONG, va="center", ha="center")
    axes.margins(x=0.08)
    axes.axvline(bound, color=BOUND, linewidth=1.4)
    if found.proposed is not None:
        axes.axvline(found.proposed, color=BOUND, linewidth=1.4, linestyle=":")
    axes.set_yticks(range(len(answers)), [_label(answer) for answer in answers])
    axes.set_ylim(len(answers) - 0.4, -0.6)
    axes.set_title(f"{figure.name}, profile {profile} ({found.runs} right runs)", loc="left", fontsize=10)
    axes.grid(axis="x", color="#dddddd", linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    _scale(axes, figure.form, shown, found.scale)


def _spread(row: int, count: int) -> list[float]:
    """Heights around a row, so that equal values do not hide each other."""
    return [row + 0.22 * ((index * 0.618) % 1 - 0.5) * 2 for index in range(count)]


def _label(answer: str) -> str:
    if answer == REFERENCE:
        return "right solution"
    return "\n".join(textwrap.wrap(answer.removeprefix("mistake_").removeprefix("mutant_").replace("_", " "), 26))


def _scale(axes: Axes, form: str, shown: Sequence[float], scale: Scale) -> None:
    """The scale of the estimate where all that is shown fits on it; ticks at round values, written as the figure is."""
    choices: list[list[float]] = [[]]
    if scale == "log-odds" and min(shown) > 0 and max(shown) < 1:
        axes.set_xscale("logit")
        choices = [list(FRACTIONS), list(FRACTIONS[1::2])]
    elif scale == "logarithm" and min(shown) > 0:
        axes.set_xscale("log")
        choices = [[digit * 10.0**power for power in range(-6, 4) for digit in digits] for digits in DIGITS]
    low, high = axes.get_xlim()
    seen = [[tick for tick in ticks if low <= tick <= high] for ticks in choices]
    ticks = next((ticks for ticks in seen if len(ticks) <= MOST_TICKS), seen[-1])
    axes.xaxis.set_major_locator(FixedLocator(ticks) if len(ticks) > 2 else MaxNLocator(6))
    axes.xaxis.set_minor_locator(NullLocator())
    percent = form.endswith("%")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %" if percent else f"{value:.4g}"))


def _legend(risk: float) -> list[Line2D]:
    def points(marker: str, color: str, label: str) -> Line2D:
        return Line2D([], [], linestyle="", marker=marker, color=color, label=label)

    return [
        points("o", RIGHT, "right solution, one run"),
        points("x", WRONG, "wrong answer, one run"),
        Line2D([], [], color=BOUND, label="bound in use"),
        Line2D([], [], color=BOUND, linestyle=":", label=f"proposed: {100 * risk:.2g} % of right runs miss it"),
    ]
