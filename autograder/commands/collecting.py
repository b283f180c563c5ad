"""The command that takes what students handed in out of a platform's download."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ..course import CourseError
from ..notebooks.terminal import printable
from .terminal import SOME_NOT_GRADED, WRONG_USAGE, AssignmentName, app, console, fail, find_course

if TYPE_CHECKING:
    from ..collecting.record import Person


@app.command()
def collect(
    assignment: AssignmentName,
    sources: Annotated[list[Path], typer.Argument(metavar="FROM...", help="Zip files or folders from the platform; lists.")],
    form: Annotated[str, typer.Option(help="The platform's naming, if it is not recognised.")] = "",
    roster: Annotated[
        Path | None,
        typer.Option(help="Who is enrolled; default: students.csv of the course, which is made if there is none."),
    ] = None,
    groups: Annotated[Path | None, typer.Option(help="Groups: a CSV with the columns group and student.")] = None,
    who: Annotated[
        list[str] | None, typer.Option(metavar="NAME=ID", help="Who a doubtful person is; may be repeated.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add to students.csv who is nobody of it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Take what students handed in out of a platform's download, into `submitted/<student>/<assignment>/`.

    FROM is what Moodle, Canvas, Gradescope, Blackboard, Brightspace, ILIAS, Google Classroom, GitHub Classroom or
    nbgrader gives: zip files, unpacked or not, and also Moodle's grading worksheet or Canvas's gradebook, which say times
    and names. Notebooks are recognised by content, whatever they are called. Nothing is lost: run it again, and only what
    is new is taken; earlier versions and files that are no notebooks are in `collected/<assignment>/`.

    Exit status: 0 all taken, 1 some need a person, 2 wrong usage.

    Examples: `autograder collect pa4_convnet ~/Downloads/submissions.zip`, `autograder collect pa4_convnet
    CS101-PA4-12345.zip Grades-PA4.csv --dry-run`, `autograder collect pa4_convnet submissions.zip --who "J.
    Smith=jsmith2"`
    """
    from ..collecting import summary
    from ..collecting.calendar import due_of, zone_of
    from ..collecting.collect import Request
    from ..collecting.collect import collect as run
    from ..collecting.forms.registry import FORMS

    course = find_course()
    if form and form not in FORMS:
        raise fail(f"no form {form!r}; there is: {', '.join(FORMS)}", WRONG_USAGE)
    said = dict(pair.rsplit("=", 1) for pair in who or () if "=" in pair)
    if len(said) < len(who or ()):
        raise fail('--who says NAME=ID, for example --who "J. Smith=jsmith2"', WRONG_USAGE)
    try:
        zone, set_zone = zone_of(course)
        request = Request(
            course,
            assignment,
            tuple(sources),
            zone,
            form=form,
            roster=roster,
            groups=groups,
            said=said,
            add=add,
            due=due_of(course, assignment),
            dry_run=dry_run,
        )
        columns = TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TextColumn("files")
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("")

            def notify(done: int, of: int) -> None:
                progress.update(task, completed=done, total=of)

            def ask(person: Person, candidates: Sequence[str]) -> str:
                progress.stop()
                may = f" It may be {', '.join(candidates)}." if candidates else ""
                answer: str = typer.prompt(
                    f"Who is {printable(person.shown)}?{may} An id, or Enter", default="", show_default=False
                )
                progress.start()
                return answer.strip()

            asked = ask if sys.stdin.isatty() and console.is_terminal else None
            report = run(request, notify, asked)
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error
    if not set_zone:
        console.print(
            "Times without a zone are taken for UTC; set c.NbGraderAPI.timezone in nbgrader_config.py, "
            "for example to Europe/Berlin",
            highlight=False,
            soft_wrap=True,
        )
    summary.show(report, assignment, console, zone=zone, dry_run=dry_run)
    if report.needs_a_person:
        raise typer.Exit(SOME_NOT_GRADED)
