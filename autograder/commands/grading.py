"""Commands for a class: grade submissions, and a demonstration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..course import CourseError
from .terminal import (
    CANNOT_GRADE,
    INTERRUPTED,
    SOME_NOT_GRADED,
    WRONG_USAGE,
    AssignmentName,
    Device,
    Isolation,
    app,
    console,
    fail,
    find_course,
    require_agreed,
)


@app.command()
def grade(
    assignment: AssignmentName,
    submitted: Annotated[Path | None, typer.Option(help="Folder with `<student>/<assignment>/<assignment>.ipynb`.")] = None,
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
    enter_trial_grades: Annotated[
        bool, typer.Option("--enter-trial-grades", help="Enter grades of quick or proof into the course's gradebook too.")
    ] = False,
    feedback: Annotated[bool, typer.Option("--feedback", help="Also write each student's result page.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run everything again, even what is known.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask where submissions that have a grade would be run again.")
    ] = False,
    no_speedups: Annotated[
        bool, typer.Option("--no-speedups", help="Run as slowly as anywhere, to see that outcomes are the same; here only.")
    ] = False,
    isolation: Isolation = "auto",
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

    Points of the profiles quick and proof are a trial: they are in outcomes.json and on the pages, and enter the course's
    gradebook only with `--enter-trial-grades`.

    After an interruption the same command goes on from there: what has run is not run again, until its code or the grader
    changes. If the grader has changed and submissions that have a grade would be run again, it says how many and asks; for
    scripts there is `--yes`. Of a single submission all that was found is shown. For many machines see docs/scaling.md.

    Exit status: 0 all graded, 1 some could not be graded, 2 wrong usage, 3 this machine cannot grade, 130 interrupted.

    Examples: `autograder grade pa4_convnet`, `autograder grade pa4_convnet --student ada --profile quick`,
    `autograder grade pa4_convnet --scheduler tcp://grading:8786`
    """
    from ..judging.processes import MODULES
    from ..limited import begin

    course = find_course()
    begin(*MODULES)  # beside this process, which imports as much

    from ..cluster.slurm import Slurm
    from ..grading.places import is_same_file
    from ..grading.session import Session, SessionError

    if scheduler and slurm:
        raise fail("--scheduler and --slurm exclude each other: Slurm's workers get a scheduler of their own", WRONG_USAGE)
    if scheduler and jobs:
        raise fail("--jobs is for this machine; a dask worker says with --nthreads how many it runs at once", WRONG_USAGE)
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

    def confirm(said: str) -> None:
        console.print(said, markup=False, highlight=False, soft_wrap=True)
        if not yes:
            require_agreed("Run them again?")

    results = out or course.root / "graded" / assignment
    book = None if no_gradebook else gradebook or course.gradebook
    trial = profile != "full" and book is not None and is_same_file(book, course.gradebook) and not enter_trial_grades
    try:
        session = Session(
            course=course,
            assignment=assignment,
            submitted=submitted or course.submitted,
            out=results,
            profile=profile,
            device=device,
            jobs=jobs or os.cpu_count() or 1,
            students=tuple(student or ()),
            gradebook=results / "trial" / "gradebook.db" if trial else book,
            trial=trial,
            feedback=feedback,
            fresh=fresh,
            scheduler=scheduler,
            slurm=asked if slurm else None,
            speedups=not no_speedups,
            isolation=isolation,
            confirm=confirm,
        )
        outcomes = session.run(console)
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error
    except SessionError as error:
        raise fail(error, CANNOT_GRADE) from error
    except KeyboardInterrupt:
        raise fail("interrupted; the same command goes on from here", INTERRUPTED) from None
    if not all(outcome.complete for outcome in outcomes.submissions.values()):
        raise typer.Exit(SOME_NOT_GRADED)


@app.command()
def demo(
    assignment: AssignmentName = "pa4_convnet",
    everything: Annotated[bool, typer.Option("--all", help="All examples, also those that take long.")] = False,
) -> None:
    """Grade the submissions in examples/ at quick profile, in a gradebook of their own, and show where everything is.

    Examples: `autograder demo`, `autograder demo --all`, `autograder demo cnn_blocks`
    """
    from ..grading.session import Session, SessionError
    from ..proof import catalogue

    course, jobs = find_course(), os.cpu_count() or 1
    name, folder, examples = assignment, course.root / "demo", course.root / "examples"
    shown = {
        student: about
        for student, about in catalogue.shown(course.hidden_tests(name), everything).items()
        if (examples / student / name).is_dir()
    }
    if not shown:
        raise fail(f"{examples}: no submission of {name}; `make examples` writes them", WRONG_USAGE)
    minutes = "3 minutes" if everything else "a minute"
    width = max(map(len, shown))
    console.print(
        f"""\
This grades {len(shown)} submissions of {name} at profile quick (a short training), {jobs} at once, each in a sandbox.
It takes about {minutes} on two idle cores. If you run it again it takes seconds, because unchanged code is not run again.
At the end you see a table with one line for each submission, and where its result page is.

"""
        + "\n".join(f"{student:{width}}  {about}" for student, about in shown.items())
        + "\n",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    try:
        session = Session(
            course=course,
            assignment=name,
            submitted=examples,
            out=folder / name,
            profile="quick",
            device="cpu",
            jobs=jobs,
            students=tuple(shown),
            gradebook=folder / "gradebook.db",
            feedback=True,
        )
        outcomes = session.run(console)
    except CourseError as error:
        raise fail(error, WRONG_USAGE) from error
    except SessionError as error:
        raise fail(error, CANNOT_GRADE) from error
    halves = {
        student: abs(outcome.points - outcome.max_points / 2)
        for student, outcome in outcomes.submissions.items()
        if outcome.status == "graded"
    }
    if not halves:
        raise typer.Exit(SOME_NOT_GRADED)
    half = min(halves, key=lambda student: halves[student])
    console.print(
        f"""
Open this page first, the result of {half}:
    {folder / "feedback" / half / name / f"{name}.html"}

The other results:
    result pages  {folder / "feedback"}/<student>/{name}/{name}.html
    everything    {folder / name / "outcomes.json"}
    gradebook     {folder / "gradebook.db"} (nbgrader's own)

What students get, and the executed solution:
    {course.release / name / f"{name}.ipynb"}
    {course.solutions / name / f"{name}.ipynb"}

Next: put real submissions into submitted/<student>/{name}/{name}.ipynb and run
    .venv/bin/autograder grade {name} --feedback
Then mark the written answers: run .venv/bin/jupyter lab, menu Nbgrader, Formgrader.""",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
