"""The commands that change grades after grading: each shows what it will change, asks, and can be undone."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ..course import CourseError
from ..notebooks.terminal import printable
from .terminal import WRONG_USAGE, AssignmentName, app, console, fail, find_course, require_agreed

if TYPE_CHECKING:
    from ..changing.changes import Desk
    from ..changing.trial import Difference
    from ..grading.adjustments import Entry

SHOWN = 15
change = typer.Typer(no_args_is_help=True, help="Change grades after grading; each change is shown first and can be undone.")
app.add_typer(change, name="change")

Item = Annotated[str, typer.Argument(help="Id of the item, for example act10.")]
Student = Annotated[str, typer.Argument(help="Id of the student.")]
Why = Annotated[str, typer.Option("--why", help="A reason, kept with the change.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take it back.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]


@change.command()
def drop(
    assignment: AssignmentName, item: Item, why: Why = "", undo: Undo = False, yes: Yes = False, dry_run: DryRun = False
) -> None:
    """Let an item count for nobody. Its scores and marks stay.

    Example: `autograder change drop pa4_convnet act10 --why "torchviz was broken in Colab"`
    """
    _decide(assignment, "dropped", item, why, undo, yes, dry_run)


@change.command()
def give(
    assignment: AssignmentName, item: Item, why: Why = "", undo: Undo = False, yes: Yes = False, dry_run: DryRun = False
) -> None:
    """Give all points of an item to everybody who handed something in. Scores and marks stay.

    Example: `autograder change give pa4_convnet act10`
    """
    _decide(assignment, "given", item, why, undo, yes, dry_run)


@change.command()
def excuse(
    assignment: AssignmentName,
    student: Student,
    why: Why = "",
    undo: Undo = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Excuse a student: `export` writes no points for them, and says so where the system has a word for it.

    Example: `autograder change excuse pa4_convnet ada --why ill`
    """
    _decide(assignment, "excused", student, why, undo, yes, dry_run)


def _decide(assignment: str, kind: str, name: str, why: str, undo: bool, yes: bool, dry_run: bool) -> None:
    from ..changing.changes import decide

    _carry_out(assignment, lambda desk: decide(desk, kind, name, why, on=not undo), yes, dry_run)


@change.command()
def extend(
    assignment: AssignmentName,
    student: Student,
    days: Annotated[float, typer.Option(help="Days after the due date.")] = 0.0,
    hours: Annotated[float, typer.Option(help="Hours, added to the days.")] = 0.0,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Give a student more time; the late penalty follows at once. Without days and hours an extension is taken back.

    Example: `autograder change extend pa4_convnet ada --days 2`
    """
    from ..changing.changes import extend as extended

    _carry_out(assignment, lambda desk: extended(desk, student, timedelta(days=days, hours=hours)), yes, dry_run)


@change.command()
def points(
    assignment: AssignmentName,
    item: Item,
    number: Annotated[float, typer.Argument(min=0, help="Points that it counts from now on.")],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Change the points of an item, in the source notebook, its table of tasks, the release and all grades.

    Points that hidden tests gave keep their share. Marks that a person gave stay as they are.

    Example: `autograder change points pa4_convnet act10 6`
    """
    from ..changing.changes import points as changed

    _carry_out(assignment, lambda desk: changed(desk, item, number), yes, dry_run, grade=True)


@change.command()
def release(
    assignment: AssignmentName,
    rename: Annotated[list[str] | None, typer.Option(help="OLD=NEW, an id that has changed; may be repeated.")] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Take over a source notebook that was changed after grading: items added, removed or renamed, texts corrected.

    Generates the release, grades again what has to be, and keeps all marks; those of a removed item come back with it. To
    undo it, put the earlier source back and run it again.

    Example: `autograder change release pa4_convnet --rename act21_text=act21_words`
    """
    from ..changing.changes import release as taken

    pairs = [pair.partition("=") for pair in rename or []]
    if any(not old or not new for old, _, new in pairs):
        raise fail("--rename needs OLD=NEW, for example --rename act21_text=act21_words", WRONG_USAGE)
    _carry_out(assignment, lambda desk: taken(desk, {old: new for old, _, new in pairs}), yes, dry_run, grade=True)


@change.command()
def due(
    assignment: AssignmentName,
    when: Annotated[
        str, typer.Argument(help="A time such as '2026-03-01 23:59', in the course's time zone; none: no due date.")
    ],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Set the due date; late penalties follow at once.

    Example: `autograder change due pa4_convnet "2026-03-01 23:59"`
    """
    from ..changing.changes import due as set_due

    _carry_out(assignment, lambda desk: set_due(desk, when), yes, dry_run)


@change.command()
def regrade(assignment: AssignmentName, item: Item, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Judge one item again with the hidden tests as they are now; the verdicts on all other items stay.

    The next `autograder grade` judges every item. To undo it, put the earlier test back and run it again.

    Example: `autograder change regrade pa4_convnet act10`
    """
    from ..changing.changes import judged_again

    _carry_out(assignment, lambda desk: judged_again(desk, item), yes, dry_run, grade=True, only=(item,))


@change.command("list")
def listed(assignment: AssignmentName) -> None:
    """Show what was changed so far, and how each change is undone.

    Example: `autograder change list pa4_convnet`
    """
    from ..grading import adjustments

    try:
        history = adjustments.read(find_course(), assignment).history
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error
    for entry in history:
        console.print(f"{entry.when:%Y-%m-%d %H:%M} UTC  {entry.what}{_undone_by(entry)}",
                      markup=False, highlight=False, soft_wrap=True)  # fmt: skip
    if not history:
        console.print(f"nothing was changed in {assignment}")


def _carry_out(
    assignment: str, changed: Callable[[Desk], Entry], yes: bool, dry_run: bool, *, grade: bool = False,
    only: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Try a change on a copy, show what it makes of the grades, ask, and do it."""
    from ..changing.changes import Desk, remember
    from ..changing.regrade import regrade, renew_pages
    from ..changing.trial import copied, difference, grades
    from ..exporting.grades import NoGrades

    course = find_course()
    try:
        with copied(course, assignment) as trial, console.status("trying it on a copy ..."):
            before = grades(course, assignment)
            entry = changed(Desk(trial, assignment))
            rerun = regrade(trial, assignment, only=only, known_only=True) if grade else []
            found = difference(before, grades(trial, assignment))
        _show(entry.what, found, rerun)
        if dry_run:
            return
        if not yes:
            require_agreed("Change it?")
        desk = Desk(course, assignment)
        done = changed(desk)
        remember(desk, done)
        if grade:
            regrade(course, assignment, console if rerun else None, only=only)
        else:
            renew_pages(course, assignment)
    except (CourseError, NoGrades) as error:
        raise fail(error, WRONG_USAGE) from error
    console.print(f"done: {done.what}{_undone_by(done)}", markup=False, highlight=False, soft_wrap=True)


def _undone_by(entry: Entry) -> str:
    return f"; undo: autograder change {shlex.join(entry.opposite)}" if entry.opposite else ""


def _show(what: str, found: Difference, rerun: list[str]) -> None:
    """What would happen to the class: how many grades change, and whose, largest changes first."""

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    say(what)
    old, new = found.max_points
    maximum = f", of {new:g} points" if old == new else f", of {new:g} points in place of {old:g}"
    say(f"{len(found.students)} of {found.count} grades change{maximum}")
    if rerun:
        say(f"{len(rerun)} submissions have to run again first, since code that they are run with has changed; "
            f"their grades are not known before: {printable(', '.join(rerun[:SHOWN]))}")  # fmt: skip
    changes = sorted(found.students.items(), key=lambda one: (-abs((one[1][1] or 0.0) - (one[1][0] or 0.0)), one[0]))
    for student, pair in changes[:SHOWN]:
        before, after = ("no grade" if points is None else f"{points:g}" for points in pair)
        say(f"  {printable(student)}: {before} -> {after}")
    if len(changes) > SHOWN:
        say(f"  and {len(changes) - SHOWN} more")
    if found.reopened:
        say(f"{len(found.reopened)} marks have to be looked at again: "
            + printable(", ".join(f"{student} {item}" for student, item in found.reopened[:SHOWN])))  # fmt: skip
