"""A threshold changed: seconds to judge a class again from stored evidence, with gradebook, and without training anything.

.venv/bin/python benchmarks/regrade.py

The evidence is that of a few submissions that ran in boxes. For the others it is copied in the store under the keys of
their own content, since 200 boxes would show nothing more about judging.
"""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

import courses
import graders
import measure

from autograder.assignment import load
from autograder.notebooks.notebook import read
from autograder.notebooks.submission import read_submission
from autograder.runs.options import Options
from autograder.runs.plan import Plan, planned
from autograder.runs.store import known

ANSWERS = {
    courses.TINY: ["right_reference", "right_sequential", "mistake_without_relu", "mistake_gradients_never_zeroed"],
    "pa4_convnet": ["right_reference", "right_sequential", "right_functional", "mistake_gradients_never_zeroed"],
}
CHANGES = {
    courses.TINY: ("test_training.py", '"proof": 0.3', '"proof": 0.31'),
    "pa4_convnet": ("test_results.py", '"proof": 0.3', '"proof": 0.31'),
}
AIM = 0.05


def spread_evidence(exercise: courses.Exercise, first: list[Path], all_of_them: list[Path]) -> int:
    """Copy the stored evidence of the first submissions to the keys of the others, in turn; how many keys there are."""
    assignment = load(exercise.folder)
    store = exercise.root / ".autograder" / "evidence"
    options = Options("proof", "cpu", store=store)
    release = read(exercise.root / "release" / exercise.name / f"{exercise.name}.ipynb")

    def plan(path: Path) -> Plan:
        return planned(read_submission(path, release, exercise.name).notebook, assignment, options)

    kept = [folder for path in first if (folder := known(plan(path)))]
    if len(kept) < len(first):
        raise RuntimeError(f"no evidence in {store}: the key differs between this process and the grader's")
    for number, path in enumerate(all_of_them):
        if known(new := plan(path)) is None:
            shutil.copytree(kept[number % len(kept)], store / new.keys.by_code)
    return len(list(store.iterdir()))


def measured(folder: Path, name: str, count: int, limit: float) -> dict[str, Any]:
    """Seconds of a whole ``autograder grade`` after the change, for a class whose evidence is stored."""
    root = folder / "course"
    exercise = courses.tiny(root) if name == courses.TINY else courses.existing(root, name)
    answers = ANSWERS[name]
    # The name of a submission is part of its content: `numbered` gives the first ones the same text in both classes.
    few, many = folder / f"{name}-few", folder / f"{name}-many"
    first = courses.hand_in(few, exercise, exercise.release, courses.numbered(exercise, answers, len(answers)))
    everybody = courses.hand_in(many, exercise, exercise.release, courses.numbered(exercise, answers, count))

    def grade(submitted: Path) -> graders.Graded:
        found = graders.ours(
            exercise.root, name, submitted, profile="proof", limit=limit, more=["--jobs", "2"], new_gradebook=False
        )
        if found.status not in (0, 1) or not found.scores:
            raise RuntimeError(found.text[-3000:])
        return found

    grade(few)
    keys = spread_evidence(exercise, first, everybody)
    before = grade(many)
    file, old, new = CHANGES[name]
    path = exercise.folder / file
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise RuntimeError(f"{path} has no {old!r} to change")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    after = grade(many)
    few_again = grade(few)
    path.write_text(text, encoding="utf-8")
    return {
        "submissions": count,
        "different_evidence": len(answers),
        "keys": keys,
        "entering_them_first": round(before.seconds, 2),
        "regrade": round(after.seconds, 2),
        "start": round(few_again.seconds, 2),
        "peak_mib": round(after.peak_mib),
        "graded": len(after.scores),
    }


def main() -> int:
    parser = measure.arguments(__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=list(ANSWERS), help="one of the two assignments")
    chosen = parser.parse_args()
    result = measure.Parts("regrade", {"submissions": chosen.submissions, "repeat": chosen.repeat}, chosen.fresh)
    found: dict[str, Any] = {}
    for name in [chosen.only] if chosen.only else list(ANSWERS):
        runs = []
        for number in range(chosen.repeat):
            with measure.scratch() as folder:
                run = result.get(
                    f"{name}, run {number + 1}",
                    partial(measured, folder, name, chosen.submissions, chosen.limit),
                )
            runs.append(run)
        rest = [run["submissions"] - run["different_evidence"] for run in runs]
        found[name] = {
            "whole_command_each": measure.summary([run["regrade"] / run["submissions"] for run in runs], 4),
            "one_more": measure.summary([(run["regrade"] - run["start"]) / n for run, n in zip(runs, rest, strict=True)], 4),
            "peak_mib": measure.summary([run["peak_mib"] for run in runs], 0),
        }
        print(
            f"{name}: {found[name]['whole_command_each']['median']} s each, {found[name]['one_more']['median']} s one more"
        )
    result.conclude(
        **found, aim_seconds=AIM, evidence=f"{len(ANSWERS[courses.TINY])} submissions ran, the others have copies"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
