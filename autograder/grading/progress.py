"""Show how far a class is: a bar with the time left, who runs now, how many could not be graded, and where it runs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from ..notebooks.terminal import printable
from ..outcomes import SubmissionOutcome
from . import report
from .time_left import TimeLeft, in_words

NAMES = 60  # characters of the names of submissions that run now
LOG_SECONDS = 60.0  # between two lines of a log that say how far the class is


class _Left(ProgressColumn):
    """The time left, drawn anew with the bar."""

    def __init__(self, left: TimeLeft) -> None:
        super().__init__(Column(no_wrap=True))
        self._time = left

    def render(self, task: Task) -> Text:
        """What is left, in words; empty where nothing is known yet."""
        seconds = self._time.seconds()
        return Text("" if seconds is None else f"{in_words(seconds)} left")


class ClassProgress:
    """The progress of ``total`` submissions; ``where`` says in a few words where they run.

    In a log instead of a terminal there is a line for each submission, now and then one with the time ``left``, and no bar.
    """

    def __init__(
        self,
        console: Console,
        total: int,
        where: Callable[[], str],
        left: TimeLeft | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console, self._where, self._clock = console, where, clock
        self._left = left or TimeLeft(total, 1, None, clock)
        self._total, self._done, self._told = total, 0, -math.inf
        self._running: list[str] = []
        self._failed = 0
        self._progress = Progress(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            _Left(self._left),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total, note="")

    def __enter__(self) -> ClassProgress:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def notify(self, student: str, outcome: SubmissionOutcome | None) -> None:
        """Take note that a submission starts (None), or of its outcome."""
        if outcome is None:
            self._running.append(student)
        else:
            if student in self._running:
                self._running.remove(student)
            self._failed += not outcome.complete
            self._done += 1
            self._left.finished()
            self._progress.advance(self._task)
            if not self._console.is_terminal or not outcome.complete:
                self._progress.console.print(report.line(student, outcome), markup=False, highlight=False, soft_wrap=True)
            self._tell_log()
        failures = f"{self._failed} could not be graded" if self._failed else ""
        names = printable(", ".join(self._running))
        names = names if len(names) <= NAMES else f"{names[: NAMES - 4]} ..."
        self._progress.update(self._task, note="; ".join(part for part in (self._where(), failures, names) if part))

    def _tell_log(self) -> None:
        """How far the class is, in a log: after the first submission, and then not more often than is of use."""
        seconds, now = self._left.seconds(), self._clock()
        if self._console.is_terminal or not seconds or seconds < LOG_SECONDS or now - self._told < LOG_SECONDS:
            return
        self._told = now
        self._console.print(f"{self._done} of {self._total} done, {in_words(seconds)} left", highlight=False)
