"""Draw the results of the benchmarks that have been run into docs/benchmarks.svg.

.venv/bin/python benchmarks/plot.py   # a second
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import measure
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

PATH = measure.ROOT / "docs" / "benchmarks.svg"
OWN, OTHERS, AIM = "#0072b2", "#999999", "#d55e00"
Draw = Callable[[Axes, dict[str, Any]], None]


def bars(axes: Axes, rows: list[tuple[str, float, float, float]], unit: str, aim: float | None = None) -> None:
    """Horizontal bars of medians, with their extremes; this grader's in colour, the aim dotted."""
    for place, (label, median, low, high) in enumerate(rows):
        axes.barh(place, median, color=OWN if "autograder" in label else OTHERS, height=0.6)
        if high > low:
            axes.plot([low, high], [place, place], color="#222222", linewidth=1.2)
        axes.annotate(f"  {median:,.4g}", (high, place), va="center", fontsize=8)
    axes.set_xlim(0, 1.12 * max([row[3] for row in rows] + ([aim] if aim else [])))
    if aim:
        axes.axvline(aim, color=AIM, linestyle=":", linewidth=1.4)
        axes.annotate(f" aim {aim:g}", (aim, len(rows) - 0.45), color=AIM, fontsize=8)
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(unit)


def overhead(axes: Axes, found: dict[str, Any]) -> None:
    rows = [
        (f"{name}, {grader}", figure["median"], figure["min"], figure["max"])
        for name in ("tiny", "pa4_convnet")
        for grader, figures in found.get(name, {}).items()
        if isinstance(figures, dict) and (figure := figures["one_more"])
    ]
    bars(axes, rows, "seconds for one more submission (trivial training)", found["aim"]["seconds"])


def full(axes: Axes, found: dict[str, Any]) -> None:
    rows = [(name, seconds, seconds, seconds) for name, seconds in found["seconds"].items()]
    bars(axes, rows, f"seconds for {found['settings']['submissions']} submissions of pa4_convnet, full profile")


def regrade(axes: Axes, found: dict[str, Any]) -> None:
    rows = [
        (f"{name}, autograder", figure["median"], figure["min"], figure["max"])
        for name in ("tiny", "pa4_convnet")
        if name in found and (figure := found[name]["one_more"])
    ]
    bars(axes, rows, "seconds to judge one more again from evidence", found["aim_seconds"])


def scale(axes: Axes, found: dict[str, Any]) -> None:
    sizes = found["sizes"]
    axes.plot([run["submissions"] for run in sizes], [run["client_peak_mib"] for run in sizes], "o-", color=OWN)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.2 * max(run["client_peak_mib"] for run in sizes))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("submissions in one run")
    axes.set_ylabel("client's peak MiB")


PANELS: dict[str, Draw] = {"overhead": overhead, "full": full, "gpu": full, "regrade": regrade, "scale": scale}


def main() -> int:
    there = {name: measure.RESULTS / f"{name}.json" for name in PANELS}
    found = {name: json.loads(path.read_text()) for name, path in there.items() if path.is_file()}
    results = {name: result for name, result in found.items() if result["complete"]}
    if not results:
        print("no results yet: run the benchmarks first")
        return 1
    with mpl.rc_context({"svg.hashsalt": "benchmarks", "font.size": 9}):
        canvas = Figure(figsize=(8.5, 1.9 * len(results) + 0.4), layout=ConstrainedLayoutEngine(h_pad=0.1))
        for place, (name, result) in enumerate(results.items()):
            axes = canvas.add_subplot(len(results), 1, place + 1)
            PANELS[name](axes, result)
            machine = result["machine"]
            axes.set_title(
                f"{name}: {machine['cores']} cores, {machine['processor']}, torch {result['versions']['torch']}",
                loc="left",
                fontsize=10,
            )
            axes.grid(axis="x", color="#dddddd", linewidth=0.7)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
        canvas.savefig(PATH, metadata={"Date": None})
    print(f"written: {PATH.relative_to(measure.ROOT)}, from {', '.join(results)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
