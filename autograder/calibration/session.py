"""One calibration from start to end: what is still to run, the runs with progress and time left, then page and plot."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..course import Course
from ..runs.options import Options
from ..sandbox import tiers
from . import report as calibration_report
from .calibrate import Job, Schedule, refresh, run, scheduled
from .calibration import Calibration, Figure, Run


def calibrate(
    course: Course,
    name: str,
    options: Options,
    console: Console,
    *,
    runs: int,
    close: int,
    jobs: int,
    risk: float | None = None,
) -> Calibration:
    """Do the runs that are missing, and bring ``calibration.json``, its page and its plot up to date.

    Interrupted, it keeps every run that was judged, and the next call goes on from there.

    Raises:
        CannotIsolate, DataMissing: this machine cannot grade.
        CourseError: no such assignment or profile. JudgeError: a hidden test does not import.
    """
    schedule = scheduled(course, name, options.profile, runs=runs, close=close)
    _tell_outdated(schedule, console, "they are dropped when the first new run is done")
    console.print(
        f"{name}: {len(schedule.to_do)} of {len(schedule.jobs)} runs to do at profile {options.profile} "
        f"on {options.device}, {jobs} at once, {options.threads} threads each"
    )
    folder = schedule.assignment.folder
    try:
        if schedule.to_do:
            tiers.check(options.isolation)
            _run_shown(course, schedule, options, jobs, console)
    finally:
        if Calibration.read(folder, name).runs:
            _write(refresh(course, name, risk), folder, [options.profile], console)
    return Calibration.read(folder, name)


def report(course: Course, name: str, console: Console, risk: float | None = None) -> Calibration:
    """Run nothing: take over bounds that were changed, write page and plot anew, print the table of each profile.

    Raises:
        CourseError: no such assignment, or no run of it is kept. JudgeError: a hidden test does not import.
    """
    found = refresh(course, name, risk)
    for profile in found.profiles():
        _tell_outdated(
            scheduled(course, name, profile, runs=0, close=0), console, "`autograder calibrate` would do them again"
        )
    _write(found, course.hidden_tests(name), found.profiles(), console)
    return found


def _tell_outdated(schedule: Schedule, console: Console, then: str) -> None:
    kept = Calibration.read(schedule.assignment.folder, schedule.assignment.name).runs
    if count := sum(not schedule.keeps(run) for run in kept):
        console.print(
            f"{schedule.assignment.name}: {count} kept runs at profile {schedule.profile} are of other code (the notebook, "
            f"hidden tests that measure, or library versions); {then}",
            soft_wrap=True,
        )


def _write(found: Calibration, folder: Path, profiles: list[str], console: Console) -> None:
    for path in calibration_report.write(found, folder):
        console.print(f"written: {path}", soft_wrap=True, highlight=False)
    for profile in profiles:
        calibration_report.show(found, profile, console)


def _run_shown(course: Course, schedule: Schedule, options: Options, jobs: int, console: Console) -> None:
    progress = Progress(
        TextColumn("calibrating"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    running: list[str] = []
    name, folder = schedule.assignment.name, schedule.assignment.folder
    with progress:
        task = progress.add_task("", total=len(schedule.to_do), note="")

        def notify(job: Job, made: Run | None) -> None:
            if made is None:
                running.append(f"{job.answer} {job.seed}")
            else:
                running.remove(f"{job.answer} {job.seed}")
                calibration_report.write_page(Calibration.read(folder, name), folder)
                progress.advance(task)
                progress.console.print(line(made, schedule.figures), soft_wrap=True, markup=False, highlight=False)
            progress.update(task, note=", ".join(running)[:60])

        run(course, schedule, options, jobs, notify)


def line(made: Run, figures: list[Figure]) -> str:
    """One line on one run: whose, its figures, what it lost."""
    parts, missed = [], False
    for figure in figures:
        value = made.figures.get(figure.name)
        misses = value is not None and figure.misses(value, made.profile)
        missed = missed or misses
        shown = f"no {figure.name}" if value is None else f"{figure.name} {value:{figure.form}}"
        parts.append(f"{shown} misses its bound" if misses else shown)
    if made.problem or made.failed or not missed:
        parts.append(made.problem or (f"wrong at {', '.join(made.failed)}" if made.failed else "every point"))
    return f"{made.profile} {made.answer} seed {made.seed}: {'; '.join(parts)}; {made.seconds:.0f} s"
