"""Say what calibration runs have found: a page for the assignment's documentation, and a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..notebooks.notebook import write_text
from . import plot as calibration_plot
from .calibration import REFERENCE, Calibration, Figure, Run, measured
from .distribution import FEWEST, Estimate

PAGE, PLOT = "calibration.md", "calibration.svg"
NUMBERS = ("N", "mean", "sd", "min", "max")
COLUMNS = ("figure", *NUMBERS, "bound in use", "missed by the next run", "counted", "proposed")
TOLERATED = 0.01  # probability above which a bound in use is called too strict

HOW_TO_READ = f"""## How to read this

- **missed by the next run** is the probability that a right solution misses the bound in use. The figures are put on a
  scale on which they scatter about evenly (accuracies: log-odds; losses: logarithm), and the next run is predicted from
  them by Student's t with N - 1 degrees of freedom, widened by sqrt(1 + 1/N). Few runs give wide tails: the probability
  falls as runs are added. It is never put below the share of runs that did miss the bound, and a run without a figure
  counts as one that missed it. Fewer than {FEWEST} runs give no estimate.
- **counted** says the same without any assumption: how many of the N runs missed the bound, and what the probability is
  below with 95 % confidence (Clopper and Pearson; for none of N about 3/N). N runs by themselves cannot show less than
  that.
- **proposed** is the bound that the next run would miss with the probability in its heading, rounded to the generous
  side. It is a proposal: a bound may be looser, as long as wrong answers that nothing else catches still miss it.
- The spread is that of the notebook's seed: initial weights and order of the batches. Each run was judged by the hidden
  tests under a grading seed of its own.
"""


def write(calibration: Calibration, folder: Path) -> list[Path]:
    """Write the page and its plot beside ``calibration.json``; their paths."""
    calibration_plot.draw(calibration, folder / PLOT)
    return [write_page(calibration, folder), folder / PLOT]


def write_page(calibration: Calibration, folder: Path) -> Path:
    """Write the page alone; its path."""
    write_text(folder / PAGE, page(calibration))
    return folder / PAGE


def page(calibration: Calibration) -> str:
    """``calibration.md``, which follows from ``calibration.json`` alone."""
    name = calibration.assignment
    parts = [
        f"# Calibration of {name}",
        f"Made by `autograder calibrate {name}` from `calibration.json`; do not edit. The solution was trained under\n"
        "several seeds, and the hidden tests noted what they measured. The bounds in use stand in the hidden tests.",
        f"![Each run of each figure, with the bounds]({PLOT})",
    ]
    for profile in calibration.profiles():
        parts += _profile(calibration, profile)
    parts += [HOW_TO_READ.rstrip(), "## Where and when", "\n".join(_environments(calibration))]
    return "\n\n".join(parts) + "\n"


def _profile(calibration: Calibration, profile: str) -> Iterator[str]:
    runs = calibration.of(profile, REFERENCE)
    seconds = sorted(run.seconds for run in runs)
    whole = sum(not run.failed and not calibration.missed(run) for run in runs)
    yield f"## Profile `{profile}`"
    yield (
        f"{len(runs)} runs of the solution, seeds {_ranges([run.seed for run in runs])}; {whole} of them earned every\n"
        f"autograded point. A run took {seconds[0]:.0f} to {seconds[-1]:.0f} s."
    )
    lines = [
        f"| {' | '.join(COLUMNS)} ({_percent(calibration.risk)}) |",
        f"| {' | '.join('---:' if column in NUMBERS else '---' for column in COLUMNS)} |",
    ]
    lines += [_row(figure, found, profile) for figure, found in calibration.estimates(profile)]
    yield "\n".join(lines)
    if close := list(_close(calibration, profile)):
        yield "Answers that are wrong but come near, under the same conditions:"
        yield "\n".join(close)
    if lost := [line for run in runs for line in _lost(calibration, run)]:
        yield "Runs of the solution that lost points:"
        yield "\n".join(lost)
    if problems := [run for run in calibration.runs if run.profile == profile and run.problem]:
        yield "Runs that could not be graded; they are in no figure above, and are done again next time:"
        yield "\n".join(f"- {run.answer}, seed {run.seed}: {_line(run.problem)}" for run in problems)


def _row(figure: Figure, found: Estimate, profile: str) -> str:
    def shown(value: float) -> str:
        return "-" if value != value else format(value, figure.form)

    cells = [
        figure.name,
        str(found.runs),
        *(shown(value) for value in (found.mean, found.sd, found.low, found.high)),
        _bound(figure, figure.bounds[profile]),
        "too few runs" if found.risk is None else _percent(found.risk),
        counted(found),
        "-" if found.proposed is None else _bound(figure, found.proposed),
    ]
    return "| " + " | ".join(cells) + " |"


def counted(found: Estimate) -> str:
    """What the runs say without a distribution, for example ``0 of 20, below 14 %``."""
    text = f"{found.missed} of {found.runs}, below {_percent(found.at_most)}"
    return f"{text}; {found.missing} without a figure" if found.missing else text


def _close(calibration: Calibration, profile: str) -> Iterator[str]:
    """A table of the answers that are close to right, a line for each of their figures."""
    answers = calibration.close(profile)
    figures = [figure for figure, _ in calibration.estimates(profile)]
    if not answers or not figures:
        return
    yield "| answer | figure | runs | lowest | highest | miss the bound |"
    yield "| --- | --- | ---: | ---: | ---: | --- |"
    for answer in answers:
        runs = calibration.of(profile, answer)
        about = calibration.answers.get(answer, "")
        for number, figure in enumerate(figures):
            values = measured(runs, figure.name)
            ends = [format(end(values), figure.form) if values else "-" for end in (min, max)]
            missed = sum(figure.misses(value, profile) for value in values)
            verdict = f"{missed} of {len(values)}" if values else "not measured"
            title = f"`{answer}`: {about}" if number == 0 else ""
            yield f"| {title} | {figure.name} | {len(runs)} | {ends[0]} | {ends[1]} | {verdict} |"


def _lost(calibration: Calibration, run: Run) -> Iterator[str]:
    for figure in calibration.missed(run):
        value = format(run.figures[figure.name], figure.form)
        yield f"- seed {run.seed}: {figure.name} {value} is not {_bound(figure, figure.bounds[run.profile])}"
    for item, message in run.failed.items():
        yield f"- seed {run.seed}, `{item}`: {_line(message)}"


def _environments(calibration: Calibration) -> Iterator[str]:
    yield "| runs | dates | processor | device | versions |"
    yield "| ---: | --- | --- | --- | --- |"
    for key, found in calibration.environments.items():
        runs = [run for run in calibration.runs if run.environment == key]
        days = sorted({run.date for run in runs})
        versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
        when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        where = f"{found.device}, {found.threads} of {found.cores} cores for each run"
        yield f"| {len(runs)} | {when} | {found.processor} | {where} | {versions} |"


def _bound(figure: Figure, bound: float) -> str:
    return f"{'at least' if figure.at_least else 'below'} {format(bound, figure.form)}"


def _percent(share: float) -> str:
    return "below 0.0001 %" if 0 <= share < 1e-6 else f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.3g} %"


def _line(text: str) -> str:
    return " ".join(text.split())


def _ranges(numbers: list[int]) -> str:
    """``0 to 4, 7`` for 0, 1, 2, 3, 4, 7."""
    groups: list[list[int]] = []
    for number in sorted(numbers):
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return ", ".join(f"{group[0]} to {group[-1]}" if len(group) > 1 else str(group[0]) for group in groups)


def show(calibration: Calibration, profile: str, console: Console) -> None:
    """Print the figures of one profile."""
    table = Table(title=f"{calibration.assignment}, profile {profile}", title_justify="left", expand=False)
    for column in (
        "figure",
        "N",
        "mean",
        "sd",
        "min",
        "max",
        "bound in use",
        "missed by the next run",
        "counted",
        "proposed",
    ):
        table.add_column(column, justify="right" if column in ("N", "mean", "sd", "min", "max") else "left")
    for figure, found in calibration.estimates(profile):
        cells = [cell.strip() for cell in _row(figure, found, profile).strip("| ").split(" | ")]
        strict = found.risk is not None and found.risk > TOLERATED
        table.add_row(*cells, style="yellow" if strict else "")
    console.print(table)
