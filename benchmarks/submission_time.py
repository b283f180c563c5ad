"""Where the time of one submission goes: its cells one by one, box and probes, hidden tests, gradebook; medians.

.venv/bin/python benchmarks/submission_time.py --runs 3                                        # pa4_convnet, quick
.venv/bin/python benchmarks/submission_time.py --profile proof --assignment fashion_cnn
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from pathlib import Path

import measure

from autograder.assignment import load
from autograder.course import Course
from autograder.grading import gradebook
from autograder.judging import decision
from autograder.notebooks import notebook
from autograder.notebooks.submission import read_submission
from autograder.proof import catalogue
from autograder.runs.collect import collect
from autograder.runs.options import Options, default_threads
from autograder.runs.plan import planned

SHOWN = 8  # cells that take most, the others in one sum


def main() -> int:
    parser = measure.arguments(__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--assignment", default="pa4_convnet")
    parser.add_argument("--profile", choices=("proof", "quick", "full"), default="quick")
    chosen = parser.parse_args()
    name, course, assignment = chosen.assignment, Course.find(), load(Course.find().hidden_tests(chosen.assignment))
    source, release = notebook.read(course.source_notebook(name)), notebook.read(course.release_notebook(name))
    options = Options(chosen.profile, threads=default_threads(1))
    result = measure.Parts(
        "submission_time", {name: getattr(chosen, name) for name in ("runs", "assignment", "profile")}, fresh=True
    )
    times: dict[str, list[float]] = {}
    cells: dict[str, list[float]] = {}
    with measure.scratch() as folder:
        handed, db = folder / f"{name}.ipynb", folder / "gradebook.db"
        notebook.write(catalogue.build(catalogue.answer(assignment.folder, "right_reference"), source, release), handed)
        gradebook.ensure_assignment(course, name, db)
        stored = Options(chosen.profile, threads=options.threads, store=folder / "store")
        # The first run starts the fork server and imports what judging needs: it is not counted.
        for run in range(chosen.runs + 1):
            marks = [time.perf_counter()]
            submission = read_submission(handed, release, name).notebook
            marks.append(time.perf_counter())
            plan = planned(submission, assignment, stored, run)
            marks.append(time.perf_counter())
            evidence = collect(plan)
            marks.append(time.perf_counter())
            outcome = decision.decide(submission, release, assignment, evidence)
            marks.append(time.perf_counter())
            executed = decision.executed(submission, evidence)
            gradebook.record(course, name, f"student_{run}", executed, outcome, db=db, autograded=Path(folder) / "graded")
            marks.append(time.perf_counter())
            if run == 0:
                continue
            spent = [after - before for before, after in pairwise(marks)]
            seconds = {cell: record.seconds for cell, record in evidence.record.cells.items()}
            for cell, value in seconds.items():
                cells.setdefault(cell, []).append(value)
            parts = dict(zip(("reading", "key in the store", "box", "hidden tests", "gradebook"), spent, strict=True))
            parts["box without cells: start, probes, end"] = parts.pop("box") - sum(seconds.values())
            for part, value in {**parts, "cells": sum(seconds.values()), "all": sum(spent)}.items():
                times.setdefault(part, []).append(value)
    ordered = sorted(cells, key=lambda cell: -measure.summary(cells[cell])["median"])
    most = {cell: measure.summary(cells[cell]) for cell in ordered[:SHOWN]}
    rest = [sum(values) for values in zip(*(cells[cell] for cell in ordered[SHOWN:]), strict=True)]
    result.conclude(
        seconds={part: measure.summary(values) for part, values in times.items()},
        cells={**most, **({"all others": measure.summary(rest)} if rest else {})},
        threads=options.threads,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
