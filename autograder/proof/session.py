"""Prove the hidden tests of one assignment after another with progress, show what was found, and keep it as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ..assignment import load
from ..course import Course, CourseError
from ..notebooks.notebook import read, write_text
from ..sandbox.tiers import AUTO
from . import proof as proofs
from . import prove
from .catalogue import folder_of
from .proof import Proof, Proven


def assignments(course: Course, names: Sequence[str]) -> list[str]:
    """The named assignments, or all that have a catalogue of answers.

    Raises:
        CourseError: an assignment does not exist, or has no catalogue.
    """
    listed = list(names) or [name for name in course.assignments() if folder_of(course.hidden_tests(name)).is_dir()]
    for name in listed:
        course.release_notebook(name)
        if not (folder := folder_of(course.hidden_tests(name))).is_dir():
            raise CourseError(f"{name} has no catalogue of answers: write files into {folder}/, docs/authoring.md says how")
    if not listed:
        raise CourseError("no assignment has a catalogue of answers; docs/authoring.md says how to write one")
    return listed


def show_catalogue(course: Course, name: str, only: Sequence[str], console: Console) -> None:
    """Print each answer of a proof, where it is wrong and what it is.

    Raises:
        Unfit: two answers have one name, or there is none of a name.
    """
    table = Table(title=name, title_justify="left")
    for column in ("answer", "kind", "wrong at", "about"):
        table.add_column(column, overflow="fold")
    for answer in prove.chosen(course.hidden_tests(name), only):
        where = f"nowhere: {answer.equivalent}" if answer.equivalent else ", ".join(answer.fails)
        table.add_row(answer.name, answer.kind, where, answer.about.replace("[", "\\["))
    console.print(table)


def run(
    course: Course,
    name: str,
    console: Console,
    *,
    only: Sequence[str] = (),
    share: float | None = None,
    rest: bool = False,
    jobs: int,
    seed: int,
    out: Path | None = None,
    isolation: str = AUTO,
) -> Proof:
    """Prove one assignment; ``out`` is a JSON file that gets or keeps one entry an assignment.

    With ``share`` (0 to 1) only a sample of the answers that the seed draws, or with ``rest`` all others.

    Raises:
        CourseError: there is no ``assignment.toml``, or one with a mistake.
        Unfit: the catalogue does not fit the notebook.
        CannotIsolate, DataMissing: this machine cannot grade.
    """
    assignment = load(course.hidden_tests(name))
    answers = whole = prove.chosen(course.hidden_tests(name), only)
    if share is not None:
        taken = prove.sample(whole, share, seed)
        answers = [answer for answer in whole if (answer in taken) is not rest]
    # The judge shares the cores with the boxes.
    torch.set_num_threads(1)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"))
    with Progress(
        *columns, TimeRemainingColumn(), TextColumn("{task.fields[note]}"), console=console, transient=True
    ) as bar:
        task = bar.add_task(f"proving {name}", total=len(answers), note="")

        def notify(proven: Proven) -> None:
            bar.update(task, advance=1, note=proven.answer.name[:50])

        found = prove.prove(course, assignment, answers, jobs=jobs, seed=seed, notify=notify, isolation=isolation)
    if share is not None:
        found = dataclasses.replace(found, sampled_of=len(whole))
    elif not only:
        missing = prove.uncovered(answers, read(course.release_notebook(name)))
        found = dataclasses.replace(found, uncovered=missing)
    proofs.show(found, console)
    if out is not None:
        kept = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
        write_text(out, json.dumps(kept | {name: found.document()}, indent=2) + "\n")
    return found
