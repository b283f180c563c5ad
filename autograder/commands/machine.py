"""Commands for the machine: get the datasets, and say what it can do."""

from __future__ import annotations

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
def doctor() -> None:
    """Say what this machine can do: isolation, data, GPU, tools. Exit status 0 only if it can grade.

    The sandbox is judged by starting one and letting code in it try to get out. Example: `autograder doctor`
    """
    from ..doctor import examine

    course = find_course()
    with console.status("starting a box ..."):
        checks = examine(course.root)
    for check in checks:
        mark = "[green]yes[/green]" if check.ok else "[red]no [/red]" if check.needed else "[yellow]no [/yellow]"
        console.print(f"{mark} {check.name}: {escape(check.detail)}", soft_wrap=True, highlight=False)
    broken = [check.name.strip() for check in checks if check.needed and not check.ok]
    if broken:
        raise fail(f"this machine cannot grade: {', '.join(broken)}", CANNOT_GRADE)
    console.print("This machine can grade.")
