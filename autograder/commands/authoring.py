"""Commands for authors: lay out an assignment, generate, validate, calibrate and prove it."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from ..course import CourseError
from .terminal import (
    CANNOT_GRADE,
    SOME_NOT_GRADED,
    WRONG_USAGE,
    AssignmentName,
    AssignmentNames,
    Device,
    Isolation,
    ProfileName,
    app,
    console,
    errors,
    fail,
    find_course,
)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="A new name: lower-case letters, digits, underscores.")],
    dataset: Annotated[Literal["mnist", "fashion_mnist"], typer.Option(help="What its networks learn from.")] = "mnist",
    title: Annotated[str, typer.Option(help="The notebook's title; default: the name in words.")] = "",
    folder: Annotated[Path | None, typer.Option("--course", help="Make this folder a course first, if it is none.")] = None,
) -> None:
    """Lay out a new assignment that works at once, to be changed into your own; see docs/authoring.md.

    One small network, three graded items and a written answer, with probes, hidden tests and a catalogue of right and wrong
    answers. Nothing that exists is overwritten.

    Examples: `autograder new edge_filters --dataset fashion_mnist --title "Filters that find edges"`,
    `autograder new first_network --course ~/my_course`
    """
    from ..skeleton import begin, lay_out

    try:
        course = find_course() if folder is None else begin(folder)
        made = lay_out(course, name, dataset, title)
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error
    here = Path.cwd().resolve()
    source, hidden, release = (
        path.relative_to(here) if path.is_relative_to(here) else path for path in (made.source, made.folder, made.release)
    )
    console.print(
        f"""{source}: the notebook with its solution and rubric; edit this one
{hidden}/: settings, reference network, probes, hidden tests, catalogue of answers
{release}: what students get, generated

Next:
    autograder validate {name} --profile quick   the reference solution earns every point
    autograder prove {name}                      wrong answers fail where they are wrong, right ones pass
    autograder generate {name}                   after every change of the notebook
docs/authoring.md goes on from here.""",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@app.command()
def generate(
    assignment: AssignmentName,
    repo: Annotated[
        str | None, typer.Option(help="GitHub repository of the Colab badge, OWNER/NAME; default: the course's.")
    ] = None,
    branch: Annotated[str | None, typer.Option(help="Its branch; default: the course's.")] = None,
) -> None:
    """Make the students' notebook in release/ from the one in source/, and scan it for leaked answers.

    The table of tasks must agree with the graded cells. `c.FillHeader.repository` in nbgrader_config.py says for all
    assignments which repository the Colab badge opens; without a repository there is no badge.

    Exit status: 0 generated, 1 an answer leaked or the table of tasks is wrong, 2 wrong usage.

    Examples: `autograder generate pa4_convnet`, `autograder generate pa4_convnet --repo ada/convnets --branch main`
    """
    from ..notebooks import header
    from ..notebooks.converter import course_config
    from ..notebooks.notebook import read
    from ..notebooks.release import generate as generate_release
    from ..notebooks.release import leaks
    from ..notebooks.tasks import differences

    course = find_course()
    given = {name: value for name, value in (("repository", repo), ("branch", branch)) if value is not None}
    try:
        source = course.source_notebook(assignment)
        badge = {"repository": "", "branch": "main", **course_config(course).FillHeader, **given}
        if given and not badge["repository"] and repo is None:
            raise fail("--branch is the branch of a repository; add --repo OWNER/NAME", WRONG_USAGE)
        if given:
            header.badge(badge["repository"], badge["branch"], "")
        if wrong := differences(read(source)):
            for line in wrong:
                errors.print(f"[red]table of tasks:[/red] {escape(line)}")
            raise fail(f"{source}: the table of tasks and the cells disagree; nothing was generated", SOME_NOT_GRADED)
        path = generate_release(course, assignment, header=given)
        found = leaks(course, assignment)
    except (CourseError, ValueError) as error:
        raise fail(error, WRONG_USAGE) from error
    for leak in found:
        errors.print(f"[red]leak:[/red] {leak.kind} in {escape(leak.where)}: {escape(leak.text)}")
    if found:
        raise fail(f"{path} gives away {len(found)} lines; do not hand it out", SOME_NOT_GRADED)
    note = ""
    if repository := badge["repository"]:
        filled = f"/github/{repository}/" in path.read_text(encoding="utf-8")
        note = f"; Colab badge of {repository}, branch {badge['branch']}" if filled else f"; no badge: {header.NO_PLACE}"
    console.print(f"{path}: generated, no leak found{note}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def validate(
    assignments: AssignmentNames = None,
    profile: Annotated[ProfileName, typer.Option(help="quick: minutes; full: as published.")] = "quick",
    device: Annotated[Device, typer.Option(help="Where networks train.")] = "auto",
    write: Annotated[bool, typer.Option("--write", help="Keep the executed notebook in solutions/.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run the code even if nothing in it has changed.")] = False,
    isolation: Isolation = "auto",
) -> None:
    """Run the reference solution in the sandbox and grade it: full marks and no cell with an error, or exit status 1.

    Given cells and visible checks run too. What has run before with the same code is judged again but not run again.

    Example: `autograder validate pa4_convnet --profile full --write`
    """
    from ..assignment import graded_here
    from ..datasets.data import DataMissing
    from ..grading.report import findings
    from ..grading.validate import validate as run
    from ..grading.validate import write_solution
    from ..runs.options import Options, choose_device, default_threads
    from ..sandbox.box import CannotIsolate
    from ..sandbox.tiers import WARNING

    course = find_course()
    if write and isolation == "none":
        raise fail("--write keeps a solution that others rely on; it needs isolation", WRONG_USAGE)
    short, broken = [], []
    for name in assignments or graded_here(course):
        chosen = choose_device(device)
        store, threads = course.evidence_store, default_threads(1)
        options = Options(profile, chosen, threads, store=store, fresh=fresh, isolation=isolation)
        begun = time.monotonic()
        try:
            with console.status(f"{name}: running the solution at profile {profile} on {chosen} ..."):
                result = run(course, name, options)
        except (CannotIsolate, DataMissing) as error:
            raise fail(error, CANNOT_GRADE) from error
        except CourseError as error:
            raise fail(error, WRONG_USAGE) from error
        outcome = result.outcome
        for part in findings(outcome):
            console.print(part)
        when = " when it ran" if time.monotonic() - begun < result.seconds else ""
        console.print(
            f"{name}: {outcome.points:g} of {outcome.max_points:g} points at profile {profile} on {chosen}, "
            f"{result.seconds:.0f} s{when}"
            + (f" ({escape(outcome.reason)})" if outcome.reason else "")
            + (f"; {WARNING}" if options.unisolated else "")
        )
        for line in result.broken:
            console.print(f"{name}: {line}", style="red", markup=False, highlight=False, soft_wrap=True)
        short += [] if result.earned else [name]
        broken += [name] if result.broken else []
        if result.perfect and write:
            write_solution(course, name, result.notebook)
            console.print(f"written: {course.solutions / name / f'{name}.ipynb'}")
    problems = [f"the reference loses points in {', '.join(short)}"] if short else []
    problems += [f"a cell ends in an error in {', '.join(broken)}"] if broken else []
    if problems:
        raise fail("; ".join(problems), SOME_NOT_GRADED)


@app.command()
def calibrate(
    assignment: AssignmentName,
    runs: Annotated[int, typer.Option(min=0, help="Seeds under which the solution is trained.")] = 20,
    profile: Annotated[Literal["quick", "full", "proof"], typer.Option(help="full: runs x the published time.")] = "quick",
    close: Annotated[int, typer.Option(min=0, help="Runs of each wrong answer that comes near.")] = 3,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at once; default: the number of cores.")] = None,
    device: Annotated[Device, typer.Option(help="Where networks train.")] = "auto",
    risk: Annotated[
        float | None, typer.Option(min=1e-9, max=0.5, help="How often a right solution may miss a proposed bound; 0.001.")
    ] = None,
    report: Annotated[bool, typer.Option("--report", help="Run nothing; write page and plot anew.")] = False,
) -> None:
    """Train the solution under many seeds, and say of each bound with which probability a right solution misses it.

    Writes calibration.json after each run, then calibration.md and calibration.svg, into the assignment's folder. Run again
    after an interruption and only the rest is run.

    Exit status: 0 all runs judged, 1 some could not be judged, 2 wrong usage, 3 this machine cannot grade.

    Examples: `autograder calibrate pa4_convnet --runs 8`, `autograder calibrate pa4_convnet --profile full --jobs 2`
    """
    from ..calibration import session as calibration_session
    from ..datasets.data import DataMissing
    from ..judging.hidden_tests import JudgeError
    from ..runs.options import Options, choose_device, default_threads
    from ..sandbox.box import CannotIsolate

    course = find_course()
    try:
        if report:
            found = calibration_session.report(course, assignment, console, risk)
        else:
            at_once = jobs or os.cpu_count() or 1
            options = Options(
                profile=profile,
                device=choose_device(device),
                threads=default_threads(at_once),
                store=course.evidence_store,
            )
            found = calibration_session.calibrate(
                course, assignment, options, console, runs=runs, close=close, jobs=at_once, risk=risk
            )
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error
    except (CannotIsolate, DataMissing, JudgeError) as error:
        raise fail(error, CANNOT_GRADE) from error
    if problems := [run for run in found.runs if run.problem]:
        raise fail(f"{len(problems)} runs could not be judged: {problems[0].problem}", SOME_NOT_GRADED)


@app.command()
def prove(
    assignments: AssignmentNames = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this answer of the catalogue; may be repeated.")] = None,
    sample: Annotated[
        float | None, typer.Option(min=0, max=1, help="Only this share of the answers, drawn by --seed: 0.1 is a tenth.")
    ] = None,
    rest: Annotated[bool, typer.Option("--rest", help="With --sample: only the answers that it leaves out.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Run nothing; list the answers.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Write the outcomes to this file.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Answers at once; default: the number of cores.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the grader's random inputs; default: a new one.")] = None,
    isolation: Isolation = "auto",
) -> None:
    """Measure hidden tests: run the catalogue of right and wrong answers, and say what was missed or punished.

    At least 99 % of wrong answers must lose points, 95 % of these at exactly the items where they are wrong, every right
    answer must earn full marks, and each autograded item must have a wrong answer. A sample falls short if it alone has
    more faults than the whole catalogue may have.

    Exit status: 0 proven, 1 not proven, 2 wrong usage or a catalogue that does not fit, 3 this machine cannot grade.

    Examples: `autograder prove pa4_convnet`, `autograder prove pa4_convnet --only mistake_global_loss --seed 1`,
    `autograder prove --sample 0.1 --seed 1`
    """
    from ..datasets.data import DataMissing
    from ..proof import session as prove_session
    from ..proof.prove import Unfit
    from ..sandbox.box import CannotIsolate

    course, short = find_course(), []
    try:
        for name in prove_session.assignments(course, assignments or []):
            if listing:
                prove_session.show_catalogue(course, name, only or [], console)
                continue
            found = prove_session.run(
                course,
                name,
                console,
                only=only or [],
                share=sample,
                rest=rest,
                jobs=jobs or os.cpu_count() or 1,
                seed=secrets.randbelow(2**31) if seed is None else seed,
                out=out,
                isolation=isolation,
            )
            short += [f"{name}: {'; '.join(found.shortfalls())}"] if found.shortfalls() else []
    except (CourseError, Unfit) as error:
        raise fail(error, WRONG_USAGE) from error
    except (CannotIsolate, DataMissing) as error:
        raise fail(error, CANNOT_GRADE) from error
    if short:
        raise fail(f"not proven: {' / '.join(short)}", SOME_NOT_GRADED)
