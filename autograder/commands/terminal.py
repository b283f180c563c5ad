"""What all commands share: the application, its terminal, exit statuses, and how a command gives up."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from .. import __version__
from ..course import Course, CourseError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Grade PyTorch notebooks: student code runs in a sandbox, hidden tests judge its evidence outside.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"autograder {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")] = False,
) -> None:
    """Options of the program itself; its help is that of ``app``."""


console = Console(width=None if os.environ.get("COLUMNS") or Console().is_terminal else 120)
errors = Console(stderr=True, soft_wrap=True)

GRADED, SOME_NOT_GRADED, WRONG_USAGE, CANNOT_GRADE, INTERRUPTED = 0, 1, 2, 3, 130
ProfileName = Literal["quick", "full"]
Device = Literal["auto", "cpu", "cuda"]
Isolation = Annotated[
    Literal["auto", "bubblewrap", "landlock", "container", "none"],
    typer.Option(
        help="How student code is isolated; auto: the first that works here. none: not at all, all results are stamped."
    ),
]


def fail(message: object, status: int) -> typer.Exit:
    """One line on stderr, and the exception that ends the command with that status: ``raise fail(...)``."""
    errors.print(f"[red]autograder:[/red] {escape(str(message))}")
    return typer.Exit(status)


def require_agreed(question: str) -> None:
    """Ask a person; where they do not agree, or there is no terminal to ask on, the command ends with status 2."""
    if not sys.stdin.isatty():
        raise fail("nothing was changed: there is no terminal to ask on; add --yes", WRONG_USAGE)
    if not typer.confirm(question):
        raise fail("nothing was changed", WRONG_USAGE)


def find_course() -> Course:
    """The course around the working directory; without one, the command ends with status 2."""
    try:
        return Course.find()
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error


def _in_course(name: str) -> str:
    """The name, if the course has an assignment of it."""
    try:
        find_course().source_notebook(name)
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error
    return name


def _gradable(named: str | list[str] | None) -> str | list[str] | None:
    """What was named, if each is an assignment that can be graded here; said before a command imports anything slow."""
    from ..assignment import require

    course = find_course()
    try:
        for name in [named] if isinstance(named, str) else named or []:
            require(course, name)
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error
    return named


_NAME = "Name of the assignment, for example pa4_convnet."
AssignmentName = Annotated[str, typer.Argument(help=_NAME, callback=_gradable)]
AssignmentNames = Annotated[list[str] | None, typer.Argument(help="Assignments; all if none is named.", callback=_gradable)]
AnyAssignmentName = Annotated[str, typer.Argument(help=_NAME, callback=_in_course)]
