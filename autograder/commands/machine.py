"""Commands for the machine: get the datasets, and say what it can do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from .terminal import CANNOT_GRADE, app, console, fail, find_course


@app.command()
def data(
    dataset: Annotated[Literal["mnist", "fashion_mnist", "all"], typer.Argument(help="Which dataset.")] = "all",
) -> None:
    """Fetch and verify the datasets, and build the sandbox's copy.

    Nothing is fetched twice; an interrupted download goes on where it stopped. Example: `autograder data mnist`
    """
    from ..datasets import data as datasets
    from ..datasets.decoy import sandbox_folder

    names: list[Literal["mnist", "fashion_mnist"]] = ["mnist", "fashion_mnist"] if dataset == "all" else [dataset]
    for name in names:
        try:
            datasets.fetch(name, console=console)
            sandbox_folder(name)
        except datasets.DataUnavailable as error:
            raise fail(error, CANNOT_GRADE) from error


@app.command()
def prune(
    older_than: Annotated[float, typer.Option("--older-than", min=0, help="Days since it was last of use.")] = 90,
    at_most: Annotated[float, typer.Option("--at-most", min=0, help="GiB to leave; the oldest go first.")] = 20,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
) -> None:
    """Remove kept evidence that was not used for long. Grades stay; what is removed is run again if it is asked for again.

    Examples: `autograder prune --dry-run`, `autograder prune --older-than 30 --at-most 5`, `autograder prune --at-most 0`
    """
    from ..runs.prune import entries, remove, superfluous

    store = find_course().evidence_store
    everything, chosen = entries(store), superfluous(store, older_than * 86_400, int(at_most * (1 << 30)))
    if not dry_run:
        remove(chosen)
    console.print(
        f"{store}: {'would remove' if dry_run else 'removed'} {len(chosen)} of {len(everything)} entries, "
        f"{sum(kept.bytes for kept in chosen) / 1e6:,.1f} of {sum(kept.bytes for kept in everything) / 1e6:,.1f} MB",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def doctor() -> None:
    """Say what this machine can do: isolation, data, GPU, tools. Exit status 0 only if it can grade.

    The sandbox is judged by starting one and letting code in it try to get out. Example: `autograder doctor`
    """
    from ..course import Course, CourseError
    from ..doctor import examine

    try:
        course = Course.find()
    except CourseError:  # the worker of a cluster needs none
        course = Course(Path.cwd())
    with console.status("starting a box ..."):
        checks = examine(course.root)
    for check in checks:
        mark = "[green]yes[/green]" if check.ok else "[red]no [/red]" if check.needed else "[yellow]no [/yellow]"
        console.print(f"{mark} {check.name}: {escape(check.detail)}", soft_wrap=True, highlight=False)
    broken = [check.name.strip() for check in checks if check.needed and not check.ok]
    if broken:
        raise fail(f"this machine cannot grade: {', '.join(broken)}", CANNOT_GRADE)
    console.print("This machine can grade.")
