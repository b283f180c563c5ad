"""One submission of pa4_convnet graded again and again: verdicts must be equal, and the spread of the figures is reported.

.venv/bin/python benchmarks/spread.py --device cuda --times 20   # exit status 3 where there is no CUDA device
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

import torch

from autograder.assignment import load
from autograder.course import Course
from autograder.judging import decision, thresholds
from autograder.notebooks import notebook
from autograder.proof import catalogue
from autograder.runs.collect import collect
from autograder.runs.options import Options, default_threads
from autograder.runs.plan import planned

NAME = "pa4_convnet"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--profile", choices=("full", "quick", "proof"), default="quick")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--answer", default="right_reference", help="a submission of the catalogue")
    chosen = parser.parse_args()
    if chosen.device == "cuda" and not torch.cuda.is_available():
        print("no GPU: torch finds no CUDA device on this machine, so there is nothing to measure here")
        return 3
    course = Course.find()
    assignment = load(course.hidden_tests(NAME))
    source, release = notebook.read(course.source_notebook(NAME)), notebook.read(course.release_notebook(NAME))
    submission = catalogue.build(catalogue.answer(assignment.folder, chosen.answer), source, release)
    options = Options(profile=chosen.profile, device=chosen.device, threads=default_threads(1))
    verdicts, figures = set(), defaultdict(list)
    for _ in range(chosen.times):
        found = collect(planned(submission, assignment, options, 1))
        with thresholds.recording() as measured:
            outcome = decision.decide(submission, release, assignment, found)
        verdicts.add(tuple((name, item.outcome, item.points) for name, item in outcome.items.items()))
        for one in measured:
            figures[one.figure].append(one.value)
    print(
        f"{chosen.times} gradings of {chosen.answer} on {chosen.device} at {chosen.profile}: {len(verdicts)} set of verdicts"
    )
    for name, values in figures.items():
        print(f"{name}: {min(values):.6f} to {max(values):.6f}, spread {max(values) - min(values):.2e}")
    return 0 if len(verdicts) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
