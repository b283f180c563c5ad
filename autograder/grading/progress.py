"""Show how far a class is: a bar with the time left, who runs now, how many could not be graded, and where it runs."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ..notebooks.terminal import printable
from ..outcomes import SubmissionOutcome
from . import report

NAMES = 60  # characters of the names of submissions that run now


class ClassProgress:
    """The progress of ``total`` submissions, ``kept`` of them done before; ``where`` says in a few words where they run.

    In a log instead of a terminal there is a line for each submission and no bar.
    """

    def __init__(self, console: Console, total: int, kept: int, where: Callable[[], str]) -> None:
        self._console, self._where = console, where
        self._running: list[str] = []
        self._failed = 0
        self._progress = Progress(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total, completed=kept, note="")

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
            self._progress.advance(self._task)
            if not self._console.is_terminal or not outcome.complete:
                self._progress.console.print(report.line(student, outcome), markup=False, highlight=False, soft_wrap=True)
        failures = f"{self._failed} could not be graded" if self._failed else ""
        names = printable(", ".join(self._running))
        names = names if len(names) <= NAMES else f"{names[: NAMES - 4]} ..."
        self._progress.update(self._task, note="; ".join(part for part in (self._where(), failures, names) if part))
