"""Where the time of one submission goes: box start, cells, probes, judging, gradebook. Prints JSON, medians of some runs.

.venv/bin/python benchmarks/submission_time.py --runs 3
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from autograder.assignment import load
from autograder.course import Course
from autograder.grading import gradebook
from autograder.judging import grade
from autograder.notebooks import notebook
from autograder.proof import catalogue
from autograder.runs.collect import collect
from autograder.runs.plan import Options, default_threads, versions

ASSIGNMENT = "pa4_convnet"


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--profile", choices=("quick", "full"), default="quick")
    arguments = parser.parse_args()
    course, assignment = Course.find(), load(ASSIGNMENT)
    source = notebook.read(course.source_notebook(ASSIGNMENT))
    release = notebook.read(course.release_notebook(ASSIGNMENT))
    submission = catalogue.build(catalogue.answers(ASSIGNMENT)[0], source, release)
    options = Options(profile=arguments.profile, threads=default_threads(1))
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        db, autograded = Path(scratch) / "gradebook.db", Path(scratch) / "autograded"
        gradebook.ensure_assignment(course, ASSIGNMENT, db)
        for run in range(arguments.runs):
            begun = time.perf_counter()
            evidence = collect(submission, assignment, options, seed=run)
            boxed = time.perf_counter()
            outcome = grade.decide(submission, release, assignment, evidence)
            judged = time.perf_counter()
            executed = grade.executed(submission, evidence)
            gradebook.record(course, ASSIGNMENT, "student", executed, outcome, db=db, autograded=autograded)
            recorded = time.perf_counter()
            cells = {name: cell.seconds for name, cell in evidence.record.cells.items()}
            training = cells.pop("learning_rate")
            parts = {
                "training cell": training,
                "other cells": sum(cells.values()),
                "box start and probes": boxed - begun - training - sum(cells.values()),
                "hidden tests": judged - boxed,
                "gradebook": recorded - judged,
                "total": recorded - begun,
            }
            for name, seconds in parts.items():
                times.setdefault(name, []).append(seconds)
    print(
        json.dumps(
            {
                "profile": arguments.profile,
                "runs": arguments.runs,
                "seconds": {
                    name: {"median": round(statistics.median(v), 2), "min": round(min(v), 2), "max": round(max(v), 2)}
                    for name, v in times.items()
                },
                "machine": {"processor": processor(), "cores": os.cpu_count(), "threads": options.threads},
                "versions": versions(),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
