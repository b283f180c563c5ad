"""The command that lets grades out: tables, files of learning management systems, result pages for them to give back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from ..assignment import has_hidden_tests, load
from ..collecting import record, roster
from ..collecting.record import Collection
from ..course import Course, CourseError
from ..exporting.feedback_zip import NAMING, pack
from ..exporting.fill import Filled
from ..exporting.grades import ClassGrades, NoGrades, of_gradebook, of_outcomes
from ..grading import adjustments
from ..notebooks.notebook import items, read, write_bytes
from ..notebooks.terminal import printable
from ..outcomes import ClassOutcomes, NotOutcomes
from .terminal import SOME_NOT_GRADED, WRONG_USAGE, AnyAssignmentName, app, console, fail, find_course

Form = Literal["csv", "json", "excel", "outcomes", "canvas", "moodle", "blackboard", "brightspace", "gradescope"]


@app.command()
def export(
    assignment: AnyAssignmentName,
    to: Annotated[Form, typer.Option("--to", help="csv, json, excel: a table of all; outcomes: the last run with all "
                                     "its messages; else the grade file of a system.")] = "csv",
    into: Annotated[
        Path | None, typer.Option(help="The course's own export from the system; points are filled into a copy.")
    ] = None,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Moodle, Canvas: also write a zip of result pages into exports/.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default: the terminal, or exports/.")] = None,
    column: Annotated[str | None, typer.Option(help="Title of the column for the points, if it is not clear.")] = None,
    scale: Annotated[bool, typer.Option("--scale", help="Scale points to the maximum of the column.")] = False,
    provisional: Annotated[
        bool, typer.Option("--provisional", help="Fill points also where a person has not marked everything yet.")
    ] = False,
    missing_as_zero: Annotated[
        bool, typer.Option("--missing-as-zero", help="0 points for enrolled students who handed in nothing.")
    ] = False,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Numbers for names, and nothing that a student wrote.")
    ] = False,
    outcomes: Annotated[
        Path | None, typer.Option(help="Points of this outcomes.json, as of a trial run, in place of the gradebook's.")
    ] = None,
    gradebook: Annotated[Path | None, typer.Option(help="nbgrader's gradebook file; default: the course's.")] = None,
) -> None:  # fmt: skip
    """Write the grades of a class as the gradebook has them: points by item, bonus, late penalty, total.

    For Canvas, Moodle, Blackboard and Brightspace, give the file that you exported there with `--into`: points are filled
    into a copy of it, and everything else stays as it was, byte for byte. The zip of result pages has the names that
    Moodle's "Upload multiple feedback files in a zip" and Canvas's "Upload Submissions" know. It needs what
    `autograder collect` took from there, and the pages of `autograder grade --feedback`.

    Exit status: 0 all written, 1 some students got no points in the file, 2 wrong usage.

    Examples: `autograder export pa4_convnet --out points.csv`,
    `autograder export pa4_convnet --to canvas --into grades.csv`,
    `autograder export pa4_convnet --to moodle --into worksheet.csv --feedback`
    """
    from ..exporting import tables
    from ..exporting.fill import OtherMaximum, fill, lms_ids
    from ..exporting.gradescope import as_gradescope
    from ..exporting.systems import SYSTEMS, NotThisFile

    course = find_course()
    secret = _secret(course, to) if anonymous else b""
    if to == "outcomes":
        run = _run(course, assignment, outcomes)
        run = tables.anonymous_outcomes(run, secret) if anonymous else run
        return _write(run.model_dump_json(by_alias=True, indent=2) + "\n", out, len(run.submissions))
    collected = _collected(course, assignment)
    if feedback and to not in NAMING:
        raise fail(f"--feedback is for --to {' and --to '.join(NAMING)}; {to} takes no such zip", WRONG_USAGE)
    packed = _pack(course, collected, to) if feedback else True
    if feedback and into is None:
        return None if packed else _some_missing()
    grades = _grades(course, assignment, gradebook or course.gradebook, outcomes)
    if anonymous:
        grades = tables.anonymous(grades, secret)
    titles = [assignment, title_of(course, assignment)]
    if to not in SYSTEMS:
        if to == "excel" and out is None:
            raise fail("--to excel needs --out FILE, for example --out points.xlsx", WRONG_USAGE)
        made: dict[str, Callable[[], str | bytes]] = {
            "csv": lambda: tables.as_csv(grades),
            "json": lambda: tables.as_json(grades),
            "excel": lambda: tables.as_excel(grades),
            "gradescope": lambda: as_gradescope(grades, titles[-1]),
        }
        return _write(made[to](), out, len(grades.students))
    if into is None:
        raise fail(f"--to {to} needs --into FILE: get it in the system ({SYSTEMS[to].get})", WRONG_USAGE)
    try:
        filled = fill(
            grades, SYSTEMS[to], into.read_bytes(), titles=titles, column=column, scale=scale, provisional=provisional,
            missing_as_zero=missing_as_zero, lms_ids=lms_ids(to, collected),
        )  # fmt: skip
    except OSError as error:
        raise fail(f"{into}: cannot be read ({error.strerror})", WRONG_USAGE) from error
    except (NotThisFile, ValueError, OtherMaximum) as error:
        raise fail(f"{into}: {error}", WRONG_USAGE) from error
    told = _tell(filled, out or course.root / "exports" / f"{assignment}-{to}{into.suffix or '.csv'}")
    return None if told and packed else _some_missing()


def title_of(course: Course, assignment: str) -> str:
    """The title of an assignment, as its settings have it; its name where it has none here."""
    try:
        folder = course.hidden_tests(assignment)
        return load(folder).settings.title if has_hidden_tests(course, assignment) else assignment
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error


def _secret(course: Course, to: str) -> bytes:
    if to not in ("csv", "json", "excel", "outcomes"):
        raise fail(f"--anonymous and --to {to} exclude each other: the system must know whose points these are", WRONG_USAGE)
    if not (secret := course.secret()):
        raise fail(f"{course.root / '.autograder'}: cannot be written, and pseudonyms need a secret in it", WRONG_USAGE)
    return secret


def _run(course: Course, assignment: str, path: Path | None) -> ClassOutcomes:
    """The outcomes of a run, the last one if ``path`` is None."""
    path = path or course.root / "graded" / assignment / "outcomes.json"
    try:
        return ClassOutcomes.read(path)
    except FileNotFoundError as error:
        raise fail(f"{path}: no such file; run `autograder grade {assignment}` first", WRONG_USAGE) from error
    except NotOutcomes as error:
        raise fail(error, WRONG_USAGE) from error


def _collected(course: Course, assignment: str) -> Collection:
    try:
        return record.read(course, assignment)
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error


def _some_missing() -> NoReturn:
    raise typer.Exit(SOME_NOT_GRADED)


def _pack(course: Course, collected: Collection, platform: str) -> bool:
    """Write the zip of result pages and say who is not in it; whether everybody is."""
    out = course.root / "exports" / f"{collected.assignment}-{platform}-feedback.zip"
    if not collected.students:
        name = collected.assignment
        raise fail(f"nothing was collected for {name}; run `autograder collect {name} DOWNLOAD.zip` first", WRONG_USAGE)
    packed = pack(platform, collected, course.root / "feedback")
    if not packed.students:
        why = f"no result page in feedback/; run `autograder grade {collected.assignment} --feedback` first"
        raise fail(why if packed.without_page else f"nothing was collected from a download of {platform}", WRONG_USAGE)
    write_bytes(out, packed.content)
    console.print(f"written: {out}, the pages of {len(packed.students)} students", highlight=False, soft_wrap=True)
    for students, why in (
        (packed.without_page, "without a result page (autograder grade --feedback)"),
        (packed.without_name, f"whose notebook did not come from a download of {platform}"),
    ):
        if students:
            console.print(f"{len(students)} {why}: {printable(', '.join(students))}",
                          highlight=False, markup=False, soft_wrap=True)  # fmt: skip
    return not packed.without_page and not packed.without_name


def _grades(course: Course, assignment: str, db: Path, outcomes: Path | None) -> ClassGrades:
    """What the gradebook has, or where a run is named, what that says."""
    if outcomes is not None:
        return of_outcomes(_run(course, assignment, outcomes))
    last = course.root / "graded" / assignment / "outcomes.json"
    try:
        order = [item.id for item in items(read(course.release_notebook(assignment)))]
        run = ClassOutcomes.read(last) if last.is_file() else None
        return of_gradebook(db, assignment, order, run, adjustments.read(course, assignment), _enrolled(course))
    except (CourseError, NotOutcomes) as error:
        raise fail(error, WRONG_USAGE) from error
    except NoGrades as error:
        hint = f"; for the points of the last run: --outcomes {last}" if last.is_file() else ""
        raise fail(f"{error}{hint}", WRONG_USAGE) from error


def _enrolled(course: Course) -> list[roster.Enrolled]:
    """The course's roster, where it has one."""
    path = course.root / roster.NAME
    return roster.read(path, UTC).enrolled if path.is_file() else []


def _write(content: str | bytes, out: Path | None, students: int) -> None:
    if out is None:
        assert isinstance(content, str)
        typer.echo(content, nl=False)
        return
    write_bytes(out, content.encode() if isinstance(content, str) else content)
    console.print(f"written: {out}, {students} students", highlight=False, soft_wrap=True)


def _tell(filled: Filled, out: Path) -> bool:
    """Write a filled file and say who got points in it, and who did not and why; whether all that have a grade did."""
    write_bytes(out, filled.sheet.written())
    console.print(f"written: {out}; column {filled.column!r}, points of {len(filled.written)} students",
                  highlight=False, markup=False, soft_wrap=True)  # fmt: skip
    for students, why in (
        (filled.unfinished, "not filled, a person has not marked everything yet (--provisional fills what there is)"),
        (filled.without_grade, "not filled, nothing was handed in or there is no grade"),
        (filled.doubtful, "not filled, several students have this name and nothing else tells them apart"),
        (filled.unknown_rows, "in the file, and not among the students of the gradebook"),
        (filled.unknown_students, "graded, and not in the file"),
    ):
        if students:
            console.print(f"{len(students)} {why}: {printable(', '.join(students))}",
                          highlight=False, markup=False, soft_wrap=True)  # fmt: skip
    return not (filled.unfinished or filled.doubtful or filled.unknown_students)
