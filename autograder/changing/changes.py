"""The changes themselves: each does one thing to a course, and says what it did and what its opposite is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import nbformat

from ..course import Course, CourseError
from ..grading import adjustments as decisions
from ..grading.adjustments import Adjustments, Entry
from ..grading.gradebook import open_gradebook, penalise
from ..notebooks import release as releasing
from ..notebooks.converter import course_config
from ..notebooks.notebook import grade_id, items, read, write_text
from ..notebooks.timestamp import course_zone, moment
from .cells import changes, known_cells, take_over

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@dataclass(frozen=True)
class Desk:
    """An assignment of a course whose grades are to be changed."""

    course: Course
    assignment: str

    @property
    def db(self) -> Path:
        """The course's gradebook."""
        return self.course.gradebook

    def released(self) -> dict[str, float]:
        """Points of each item in the release."""
        return {item.id: item.max_points for item in items(read(self.course.release_notebook(self.assignment)))}

    def decisions(self) -> Adjustments:
        """What was decided so far."""
        return decisions.read(self.course, self.assignment)

    def gradebook(self) -> Gradebook:
        """The gradebook, to be closed.

        Raises:
            CourseError: it is not there, or does not have the assignment.
        """
        from nbgrader.api import MissingEntry

        if not self.db.is_file():
            raise CourseError(f"{self.db}: there is no gradebook; run `autograder grade {self.assignment}` first")
        gradebook = open_gradebook(self.course, self.db)
        try:
            gradebook.find_notebook(self.assignment, self.assignment)
        except MissingEntry:
            gradebook.close()
            raise CourseError(f"{self.db}: nothing of {self.assignment} is graded; there is nothing to change") from None
        return gradebook

    def settle(self, adjustments: Adjustments) -> None:
        """Bring scores and late penalties up to date with decisions, and keep these."""
        with self.gradebook() as gradebook:
            decisions.settle(gradebook, self.assignment, adjustments, self.released())
        penalise(self.course, self.assignment, self.db)
        decisions.write(self.course, self.assignment, adjustments)

    def require_item(self, item: str) -> None:
        """Make sure that there is such an item.

        Raises:
            CourseError: there is none; the message lists those there are.
        """
        if item not in self.released():
            raise CourseError(f"{self.assignment} has no item {item!r}; there is: {', '.join(self.released())}")

    def require_student(self, gradebook: Gradebook, student: str) -> None:
        """Make sure that a student is enrolled.

        Raises:
            CourseError: the gradebook has no such student.
        """
        if student not in {one.id for one in gradebook.students}:
            raise CourseError(f"{self.db}: there is no student {student!r}; `nbgrader db student list` shows them")


def decide(desk: Desk, kind: str, name: str, why: str, *, on: bool) -> Entry:
    """Drop an item, give it to all, excuse a student (``kind``: ``dropped``, ``given``, ``excused``), or take that back."""
    with desk.gradebook() as gradebook:
        if kind == "excused":
            desk.require_student(gradebook, name)
        else:
            desk.require_item(name)
    adjustments = desk.decisions()
    decided: dict[str, str] = getattr(adjustments, kind)
    words = {"dropped": "counts for nobody", "given": "counts in full for everybody", "excused": "is excused"}[kind]
    if (name in decided) == on:
        raise CourseError(f"{name} {words} already" if on else f"{name}: there is nothing to take back")
    other = {"dropped": "given", "given": "dropped"}.get(kind)
    if on and other and name in getattr(adjustments, other):
        command = f"autograder change {_COMMANDS[other]} {desk.assignment} {name} --undo"
        raise CourseError(f"{name} is {other} already; undo that first: {command}")
    if on:
        decided[name] = why
    else:
        del decided[name]
    desk.settle(adjustments)
    again = [_COMMANDS[kind], desk.assignment, name]
    return _entry(f"{name} {words if on else f'no longer {words}'}", [*again, "--undo"] if on else again)


_COMMANDS = {"dropped": "drop", "given": "give", "excused": "excuse"}


def extend(desk: Desk, student: str, extension: timedelta) -> Entry:
    """Give a student more time, from the due date on; none takes an extension back."""
    from nbgrader.api import MissingEntry

    with desk.gradebook() as gradebook:
        desk.require_student(gradebook, student)
        try:
            before = gradebook.find_submission(desk.assignment, student).extension or timedelta(0)
        except MissingEntry:
            raise CourseError(
                f"{student} has no submission of {desk.assignment} in the gradebook yet; an extension can be given then"
            ) from None
        gradebook.grant_extension(desk.assignment, student, minutes=extension.total_seconds() / 60)
    penalise(desk.course, desk.assignment, desk.db)
    return _entry(
        f"{student} has {_hours(extension)} more (before: {_hours(before)})",
        ["extend", desk.assignment, student, "--hours", f"{before.total_seconds() / 3600:g}"],
    )


def _hours(time: timedelta) -> str:
    return f"{time.total_seconds() / 3600:g} hours"


def due(desk: Desk, text: str) -> Entry:
    """Set the due date, a time in the course's time zone unless it names one; ``none`` takes it away."""
    zone = course_zone(course_config(desk.course))
    try:
        stored = None if text == "none" else moment(text, zone)
    except ValueError as error:
        raise CourseError(f"{text!r} is no time; write one such as 2026-03-01 23:59") from error
    with desk.gradebook() as gradebook:
        before = gradebook.find_assignment(desk.assignment).duedate
        gradebook.update_or_create_assignment(desk.assignment, duedate=stored)
    penalise(desk.course, desk.assignment, desk.db)
    shown = f"{stored:%Y-%m-%d %H:%M} UTC" if stored else "no due date"
    earlier = f"{before:%Y-%m-%d %H:%M} UTC" if before else "no due date"
    opposite = before.replace(tzinfo=UTC).isoformat() if before else "none"
    return _entry(f"due: {shown} (before: {earlier})", ["due", desk.assignment, opposite])


def judged_again(desk: Desk, item: str) -> Entry:
    """Nothing but the words: what is judged again is entered by grading."""
    desk.require_item(item)
    return _entry(f"{item} is judged again, all other items stay", None)


def points(desk: Desk, item: str, number: float) -> Entry:
    """Let an item have another number of points: in the source, its table of tasks, the release and the gradebook."""
    desk.require_item(item)
    path = desk.course.source_notebook(desk.assignment)
    notebook = read(path)
    cell = next((cell for cell in notebook.cells if grade_id(cell) == item), None)
    if cell is None:
        raise CourseError(f"{path}: has no cell {item}; run `autograder generate {desk.assignment}` first")
    before = float(cell.metadata.nbgrader.points)
    if before == number:
        raise CourseError(f"{item} has {number:g} points already")
    cell.metadata.nbgrader.points = int(number) if number == int(number) else number
    total = sum(item.max_points for item in items(notebook))
    for text in notebook.cells:
        if text.cell_type == "markdown" and "| id |" in text.source:
            text.source = "\n".join(_row(line, item, number, total) for line in text.source.split("\n"))
    # As editors write it, so that a comparison of versions shows two lines.
    write_text(path, nbformat.writes(notebook) + "\n")  # type: ignore[no-untyped-call]
    release(desk, {})
    return _entry(f"{item}: {before:g} -> {number:g} points", ["points", desk.assignment, item, f"{before:g}"])


def _row(line: str, item: str, number: float, total: float) -> str:
    """A line of the table of tasks with the points of an item, or the total, brought up to date."""
    columns = line.split("|")
    if len(columns) < 6 or columns[1].strip().strip("`") not in (item, ""):
        return line
    wanted = number if columns[1].strip() else total
    columns[3] = re.sub(r"[\d.]+", f"{wanted:g}", columns[3], count=1)
    return "|".join(columns)


def release(desk: Desk, renamed: Mapping[str, str]) -> Entry:
    """Generate the release from a changed source, and let the gradebook take over its cells."""
    adjustments = desk.decisions()
    with desk.gradebook() as gradebook:
        known = known_cells(gradebook, desk.assignment)
    releasing.generate(desk.course, desk.assignment)
    made = read(desk.course.release_notebook(desk.assignment))
    changed = changes(known, made, renamed, adjustments)
    with desk.gradebook() as gradebook:
        take_over(gradebook, desk.assignment, made, changed, adjustments)
    with TemporaryDirectory() as scratch:
        releasing.register(desk.course, desk.assignment, desk.db, Path(scratch))
    for kind in (adjustments.dropped, adjustments.given):
        for old, new in renamed.items():
            if old in kind:
                kind[new] = kind.pop(old)
        for name in changed.removed:
            kind.pop(name, None)
    for ours in adjustments.applied.values():
        for old, new in renamed.items():
            if old in ours:
                ours[new] = ours.pop(old)
    desk.settle(adjustments)
    return _entry("the release was taken over: " + ("; ".join(changed.sentences()) or "nothing in it is different"), None)


def _entry(what: str, opposite: list[str] | None) -> Entry:
    return Entry(when=datetime.now(UTC), what=what, opposite=opposite)


def remember(desk: Desk, entry: Entry) -> None:
    """Write a change into the list of changes."""
    adjustments = desk.decisions()
    adjustments.history.append(entry)
    decisions.write(desk.course, desk.assignment, adjustments)
