"""The command ``autograder``."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from .course import Course, CourseError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Grade PyTorch notebooks: student code runs in a sandbox, hidden tests judge its evidence outside.",
)
console = Console(width=None if os.environ.get("COLUMNS") or Console().is_terminal else 120)
errors = Console(stderr=True, soft_wrap=True)

GRADED, SOME_NOT_GRADED, WRONG_USAGE, CANNOT_GRADE, INTERRUPTED = 0, 1, 2, 3, 130
ProfileName = Literal["quick", "full"]
Device = Literal["auto", "cpu", "cuda"]
AssignmentName = Annotated[str, typer.Argument(help="Name of the assignment, for example pa4_convnet.")]


def _fail(message: object, status: int) -> typer.Exit:
    errors.print(f"[red]autograder:[/red] {escape(str(message))}")
    return typer.Exit(status)


def _course() -> Course:
    try:
        return Course.find()
    except CourseError as error:
        raise _fail(error, WRONG_USAGE) from error


@app.command()
def data(
    dataset: Annotated[Literal["mnist", "fashion_mnist", "all"], typer.Argument(help="Which dataset.")] = "all",
) -> None:
    """Fetch and verify the datasets, and build the sandbox's copy.

    Nothing is fetched twice; an interrupted download goes on where it stopped. Example: `autograder data mnist`
    """
    from . import data as datasets
    from .decoy import sandbox_folder

    names: list[Literal["mnist", "fashion_mnist"]] = ["mnist", "fashion_mnist"] if dataset == "all" else [dataset]
    for name in names:
        try:
            datasets.fetch(name, console=console)
            sandbox_folder(name)
        except datasets.DataUnavailable as error:
            raise _fail(error, CANNOT_GRADE) from error


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="A new name: lower-case letters, digits, underscores.")],
    dataset: Annotated[Literal["mnist", "fashion_mnist"], typer.Option(help="What its networks learn from.")] = "mnist",
    title: Annotated[str, typer.Option(help="The notebook's title; default: the name in words.")] = "",
) -> None:
    """Lay out a new assignment that works at once, to be changed into your own; see docs/authoring.md.

    One small network, three graded items and a written answer, with probes, hidden tests and a catalogue of right and wrong
    answers. Nothing that exists is overwritten.

    Example: `autograder new edge_filters --dataset fashion_mnist --title "Filters that find edges"`
    """
    from .skeleton import lay_out

    course = _course()
    try:
        made = lay_out(course, name, dataset, title)
    except CourseError as error:
        raise _fail(error, WRONG_USAGE) from error
    here = Path.cwd().resolve()
    source, folder, release = (
        path.relative_to(here) if path.is_relative_to(here) else path for path in (made.source, made.folder, made.release)
    )
    console.print(
        f"""{source}: the notebook with its solution and rubric; edit this one
{folder}/: settings, reference network, probes, hidden tests, catalogue of answers
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
def generate(assignment: AssignmentName) -> None:
    """Make the students' notebook in release/ from the one in source/, and scan it for leaked answers.

    Example: `autograder generate pa4_convnet`
    """
    from .assignment import ASSIGNMENTS
    from .release import generate as generate_release
    from .release import leaks

    course = _course()
    try:
        path = generate_release(course, assignment)
        found = leaks(course, assignment, ASSIGNMENTS / assignment)
    except CourseError as error:
        raise _fail(error, WRONG_USAGE) from error
    for leak in found:
        errors.print(f"[red]leak:[/red] {leak.kind} in {escape(leak.where)}: {escape(leak.text)}")
    if found:
        raise _fail(f"{path} gives away {len(found)} lines; do not hand it out", SOME_NOT_GRADED)
    console.print(f"{path}: generated, no leak found")


@app.command()
def validate(
    assignments: Annotated[list[str] | None, typer.Argument(help="Assignments; all if none is named.")] = None,
    profile: Annotated[ProfileName, typer.Option(help="quick: minutes; full: as published.")] = "quick",
    device: Annotated[Device, typer.Option(help="Where networks train.")] = "auto",
    write: Annotated[bool, typer.Option("--write", help="Keep the executed notebook in solutions/.")] = False,
) -> None:
    """Run the reference solution in the sandbox and grade it: full marks, or exit status 1.

    Example: `autograder validate pa4_convnet --profile full --write`
    """
    from .data import DataMissing
    from .plan import Options, choose_device, default_threads
    from .sandbox.box import CannotIsolate
    from .validate import validate as run
    from .validate import write_solution

    course = _course()
    failed = []
    for name in assignments or course.assignments():
        chosen = choose_device(device)
        everything = write or profile == "full"
        options = Options(profile=profile, device=chosen, threads=default_threads(1), everything=everything)
        begun = time.monotonic()
        try:
            with console.status(f"{name}: running the solution at profile {profile} on {chosen} ..."):
                result = run(course, name, options, secrets.randbelow(2**31))
        except (CannotIsolate, DataMissing) as error:
            raise _fail(error, CANNOT_GRADE) from error
        except (CourseError, FileNotFoundError) as error:
            raise _fail(error, WRONG_USAGE) from error
        outcome = result.outcome
        for item_id, item in outcome.items.items():
            if item.outcome != "passed":
                console.print(f"[red]{item_id}: {item.outcome}[/red] {escape(item.message)}")
        console.print(
            f"{name}: {outcome.points:g} of {outcome.max_points:g} points at profile {profile} on {chosen}, "
            f"{time.monotonic() - begun:.0f} s" + (f" ({escape(outcome.reason)})" if outcome.reason else "")
        )
        if not result.perfect:
            failed.append(name)
        elif write:
            write_solution(course, name, result.notebook)
            console.print(f"written: {course.solutions / name / f'{name}.ipynb'}")
    if failed:
        raise _fail(f"the reference loses points in {', '.join(failed)}", SOME_NOT_GRADED)


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
    from . import calibration_session
    from .data import DataMissing
    from .judge import JudgeError
    from .plan import Options, choose_device, default_threads
    from .sandbox.box import CannotIsolate

    course = _course()
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
        raise _fail(error, WRONG_USAGE) from error
    except (CannotIsolate, DataMissing, JudgeError) as error:
        raise _fail(error, CANNOT_GRADE) from error
    if problems := [run for run in found.runs if run.problem]:
        raise _fail(f"{len(problems)} runs could not be judged: {problems[0].problem}", SOME_NOT_GRADED)


@app.command()
def prove(
    assignments: Annotated[list[str] | None, typer.Argument(help="Assignments; all if none is named.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this answer of the catalogue; may be repeated.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Run nothing; list the answers.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Write the outcomes to this file.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Answers at once; default: the number of cores.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the grader's random inputs; default: a new one.")] = None,
) -> None:
    """Measure hidden tests: run the catalogue of right and wrong answers, and say what was missed or punished.

    At least 99 % of wrong answers must lose points, 95 % of these at exactly the items where they are wrong, every right
    answer must earn full marks, and each autograded item must have a wrong answer.

    Exit status: 0 proven, 1 not proven, 2 wrong usage or a catalogue that does not fit, 3 this machine cannot grade.

    Examples: `autograder prove pa4_convnet`, `autograder prove pa4_convnet --only mistake_global_loss --seed 1`
    """
    from . import prove_session
    from .data import DataMissing
    from .prove import Unfit
    from .sandbox.box import CannotIsolate

    course, short = _course(), []
    try:
        for name in prove_session.assignments(course, assignments or []):
            if listing:
                prove_session.show_catalogue(name, only or [], console)
                continue
            found = prove_session.run(
                course,
                name,
                console,
                only=only or [],
                jobs=jobs or os.cpu_count() or 1,
                seed=secrets.randbelow(2**31) if seed is None else seed,
                out=out,
            )
            short += [f"{name}: {'; '.join(found.shortfalls())}"] if found.shortfalls() else []
    except (CourseError, Unfit) as error:
        raise _fail(error, WRONG_USAGE) from error
    except (CannotIsolate, DataMissing) as error:
        raise _fail(error, CANNOT_GRADE) from error
    if short:
        raise _fail(f"not proven: {' / '.join(short)}", SOME_NOT_GRADED)


@app.command()
def grade(
    assignment: AssignmentName,
    submitted: Annotated[Path | None, typer.Option(help="Folder DIR/<student>/<assignment>/<assignment>.ipynb.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for outcomes.json.")] = None,
    profile: Annotated[
        Literal["quick", "full", "proof"], typer.Option(help="full: as published; quick: minutes; proof: seconds, coarse.")
    ] = "full",
    device: Annotated[Device, typer.Option(help="Where networks train.")] = "auto",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Submissions at once; default: number of cores, or 1 in a Slurm job.")
    ] = None,
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be repeated.")] = None,
    gradebook: Annotated[Path | None, typer.Option(help="nbgrader's gradebook file; default: the course's.")] = None,
    no_gradebook: Annotated[bool, typer.Option("--no-gradebook", help="Do not enter grades anywhere.")] = False,
    feedback: Annotated[bool, typer.Option("--feedback", help="Also write nbgrader's feedback pages.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run everything again, even what is known.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last run: keep its outcomes where nothing changed.")
    ] = False,
    scheduler: Annotated[
        str | None, typer.Option(help="Run on the workers of this dask scheduler, for example tcp://HOST:8786.")
    ] = None,
    slurm: Annotated[bool, typer.Option("--slurm", help="Run on workers that are started as Slurm jobs.")] = False,
    slurm_jobs: Annotated[int, typer.Option(min=1, help="Slurm jobs at most.")] = 2,
    slurm_partition: Annotated[str | None, typer.Option(help="Slurm partition.")] = None,
    slurm_gpus: Annotated[int, typer.Option(min=0, help="GPUs of one Slurm job; its submissions share them.")] = 0,
    slurm_cpus: Annotated[int, typer.Option(min=1, help="Cores of one Slurm job.")] = 4,
    slurm_walltime: Annotated[str, typer.Option(help="Time limit of one Slurm job, H:MM:SS.")] = "04:00:00",
    slurm_interface: Annotated[str | None, typer.Option(help="Network between here and the Slurm nodes, as ib0.")] = None,
    slurm_option: Annotated[list[str] | None, typer.Option(help="Any option of sbatch, as --account=cs101; repeat.")] = None,
) -> None:
    """Grade submissions, many at once, and enter the grades into nbgrader's gradebook.

    Run again after an interruption and only the rest is run: evidence is kept by content. With `--resume` what was judged is
    not judged again either. For many machines see docs/scaling.md.

    Exit status: 0 all graded, 1 some could not be graded, 2 wrong usage, 3 this machine cannot grade, 130 interrupted.

    Examples: `autograder grade pa4_convnet`, `autograder grade pa4_convnet --student ada --profile quick`,
    `autograder grade pa4_convnet --resume --scheduler tcp://grading:8786`
    """
    from .session import Session, SessionError
    from .slurm import Slurm

    course = _course()
    if scheduler and slurm:
        raise _fail("--scheduler and --slurm exclude each other: Slurm's workers get a scheduler of their own", WRONG_USAGE)
    if scheduler and jobs:
        raise _fail("--jobs is for this machine; a dask worker says with --nthreads how many it runs at once", WRONG_USAGE)
    asked = Slurm(
        jobs=slurm_jobs,
        partition=slurm_partition,
        gpus=slurm_gpus,
        cpus=slurm_cpus,
        at_once=jobs or 1,
        walltime=slurm_walltime,
        interface=slurm_interface,
        options=tuple(slurm_option or ()),
    )
    try:
        session = Session(
            course=course,
            assignment=assignment,
            submitted=submitted or course.submitted,
            out=out or course.root / "graded" / assignment,
            profile=profile,
            device=device,
            jobs=jobs or os.cpu_count() or 1,
            students=tuple(student or ()),
            gradebook=None if no_gradebook else gradebook or course.gradebook,
            feedback=feedback,
            fresh=fresh,
            resume=resume,
            scheduler=scheduler,
            slurm=asked if slurm else None,
        )
        outcomes = session.run(console)
    except CourseError as error:
        raise _fail(error, WRONG_USAGE) from error
    except SessionError as error:
        raise _fail(error, CANNOT_GRADE) from error
    except KeyboardInterrupt:
        raise _fail("interrupted; the same command with --resume goes on from here", INTERRUPTED) from None
    if any(outcome.status != "graded" for outcome in outcomes.submissions.values()):
        raise typer.Exit(SOME_NOT_GRADED)


@app.command()
def demo() -> None:
    """Grade the submissions in examples/ at quick profile, in a gradebook of their own, and show where everything is."""
    from .session import Session, SessionError

    course = _course()
    name, folder = "pa4_convnet", course.root / "demo"
    try:
        session = Session(
            course=course,
            assignment=name,
            submitted=course.root / "examples",
            out=folder,
            profile="quick",
            device="cpu",
            jobs=os.cpu_count() or 1,
            gradebook=folder / "gradebook.db",
            feedback=True,
        )
        outcomes = session.run(console)
    except CourseError as error:
        raise _fail(error, WRONG_USAGE) from error
    except SessionError as error:
        raise _fail(error, CANNOT_GRADE) from error
    first = next(student for student, outcome in outcomes.submissions.items() if outcome.status == "graded")
    console.print(
        f"""
outcomes   {folder / "outcomes.json"}
feedback   {folder / "feedback"}/<student>/{name}/{name}.html (open {first}'s in a browser)
gradebook  {folder / "gradebook.db"} (nbgrader's own)
notebook   {course.release / name / f"{name}.ipynb"} (what students open)
solution   {course.solutions / name / f"{name}.ipynb"} (executed)

Next: put real submissions into submitted/<student>/{name}/{name}.ipynb and run
    .venv/bin/autograder grade {name} --feedback
then mark the written answers: .venv/bin/jupyter lab, menu Nbgrader, Formgrader.""",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@app.command()
def doctor() -> None:
    """Say what this machine can do: isolation, data, GPU, tools. Exit status 0 only if it can grade.

    The sandbox is judged by starting one and letting code in it try to get out. Example: `autograder doctor`
    """
    from .doctor import examine

    course = _course()
    with console.status("starting a box ..."):
        checks = examine(course.root)
    for check in checks:
        mark = "[green]yes[/green]" if check.ok else "[red]no [/red]" if check.needed else "[yellow]no [/yellow]"
        console.print(f"{mark} {check.name}: {escape(check.detail)}", soft_wrap=True, highlight=False)
    broken = [check.name.strip() for check in checks if check.needed and not check.ok]
    if broken:
        raise _fail(f"this machine cannot grade: {', '.join(broken)}", CANNOT_GRADE)
    console.print("This machine can grade.")


if __name__ == "__main__":
    app()
