"""Seconds for each submission whose training is trivial: this grader, nbgrader, otter-grader, same cells and submissions.

.venv/bin/python benchmarks/overhead.py

Two tables: a small assignment (`autograder new`) and pa4_convnet at profile proof. Each grader's command is timed as a
whole, gradebook made before; what one more submission costs is the difference to a run with two submissions.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import courses
import graders
import measure

from autograder.notebooks.notebook import items

RIGHT_AND_WRONG = {
    courses.TINY: ["right_reference"] * 3 + ["mistake_without_relu", "mistake_gradients_never_zeroed"],
    "pa4_convnet": ["right_reference", "right_own_cells", "mistake_relu_after_fc2", "right_reference"],
}
FEW = 2
CELL_SECONDS = 300
AIM = {"times_less_than_nbgrader": 20, "seconds": 0.2}


def sides(
    folder: Path, exercise: courses.Exercise, otter: Path | None, jobs: int, limit: float
) -> dict[str, Callable[[int], dict[str, Any]]]:
    """For each grader a function that grades so many submissions in a fresh folder and says seconds and full-mark items."""
    points = {item.id: item.max_points for item in items(exercise.release) if not item.manual}

    def told(graded: graders.Graded, count: int) -> dict[str, Any]:
        if len(graded.scores) < count:
            raise RuntimeError(f"{len(graded.scores)} of {count} graded: {graded.text[-3000:]}")
        return {
            "seconds": round(graded.seconds, 3),
            "submissions": count,
            "peak_mib": round(graded.peak_mib),
            "passed": graders.passed(graded.scores, points),
        }

    def submissions(count: int) -> dict[str, Any]:
        return courses.numbered(exercise, RIGHT_AND_WRONG[exercise.name], count)

    def ours(count: int) -> dict[str, Any]:
        place = folder / f"ours-{count}"
        courses.hand_in(place, exercise, exercise.release, submissions(count))
        more = ["--jobs", str(jobs), "--fresh"]
        return told(graders.ours(exercise.root, exercise.name, place, profile="proof", limit=limit, more=more), count)

    def nbgrader(count: int) -> dict[str, Any]:
        root = folder / f"nbgrader-{count}"
        shutil.rmtree(root, ignore_errors=True)
        release = courses.nbgrader_course(root, exercise, CELL_SECONDS)
        courses.hand_in(root / "submitted", exercise, release, submissions(count))
        return told(graders.nbgrader(root, exercise.name, root / "submitted", limit), count)

    def by_otter(count: int) -> dict[str, Any]:
        assert otter is not None
        root = folder / f"otter-{count}"
        release = courses.otter_course(root, exercise)
        paths = courses.hand_in(root / "submitted", exercise, release, submissions(count))
        return told(graders.otter(otter, root, paths, limit), count)

    found = {"autograder": ours, "nbgrader": nbgrader}
    return found | ({"otter": by_otter} if otter else {})


def compared(measured: dict[str, list[dict[str, Any]]], few: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Seconds for each submission, whole command and one more, and how many times more the others need."""
    found: dict[str, Any] = {"verdicts_equal": len({str(runs[0]["passed"]) for runs in measured.values()}) == 1}
    for name, runs in measured.items():
        count = runs[0]["submissions"]
        start = statistics.median(run["seconds"] for run in few[name])
        more = [(run["seconds"] - start) / (count - FEW) for run in runs]
        found[name] = {
            "whole_command_each": measure.summary([run["seconds"] / count for run in runs]),
            "one_more": measure.summary(more),
        }
    for name in set(measured) - {"autograder"}:
        for figure in ("whole_command_each", "one_more"):
            theirs, own = found[name][figure]["median"], found["autograder"][figure]["median"]
            found[name][f"{figure}_ratio"] = measure.ratio(theirs, own)
    return found


def main() -> int:
    parser = measure.arguments(__doc__)
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=[courses.TINY, "pa4_convnet"], help="one of the two assignments")
    parser.add_argument("--no-otter", action="store_true")
    chosen = parser.parse_args()
    names = [chosen.only] if chosen.only else [courses.TINY, "pa4_convnet"]
    settings = {name: getattr(chosen, name) for name in ("submissions", "repeat", "jobs", "no_otter")}
    result = measure.Parts("overhead", settings, chosen.fresh)
    found: dict[str, Any] = {}
    with measure.scratch() as folder:
        otter = None if chosen.no_otter else graders.otter_program()
        result.result["otter"] = graders.OTTER if otter else None
        for name in names:
            place, root = folder / name, folder / "course"
            exercise = courses.tiny(root) if name == courses.TINY else courses.existing(root, name)
            runs: dict[str, list[dict[str, Any]]] = {}
            few: dict[str, list[dict[str, Any]]] = {}
            # One assignment is enough to see what otter costs: a process and a kernel for each submission, like nbgrader.
            with_otter = otter if name == courses.TINY else None
            for grader, grade in sides(place, exercise, with_otter, chosen.jobs, chosen.limit).items():
                for number in range(chosen.repeat):
                    for kept, count in ((few, FEW), (runs, chosen.submissions)):
                        key = f"{name}, {grader}, {count} submissions, run {number + 1}"
                        kept.setdefault(grader, []).append(result.get(key, partial(grade, count)))
            found[name] = compared(runs, few)
            rows = [
                [grader, figures["whole_command_each"]["median"], figures.get("whole_command_each_ratio"),
                 figures["one_more"]["median"], figures.get("one_more_ratio")]
                for grader, figures in found[name].items() if isinstance(figures, dict)
            ]  # fmt: skip
            head = [
                f"{name}, {chosen.submissions} submissions",
                "s each, whole command",
                "times ours",
                "s one more",
                "times ours",
            ]
            print(measure.table(head, rows))
    result.conclude(**found, aim=AIM)
    return 0


if __name__ == "__main__":
    sys.exit(main())
