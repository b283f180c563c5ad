"""Run three graders as their manuals say, each by its own command, and read the scores that they gave."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import measure

from autograder.datasets.data import cache_folder

OTTER = "otter-grader==7.0.0"
ENSURE = """
import sys
from pathlib import Path
from autograder.course import Course
from autograder.grading import gradebook

gradebook.ensure_assignment(Course.find(), sys.argv[1], Path(sys.argv[2]))
"""
Scores = dict[str, dict[str, float | None]]
"""Points by student and item; None where the grader gave none. A student without any score is not in it."""


@dataclass(frozen=True)
class Graded:
    """What a grader did with a class: seconds of the whole command, MiB of its first process, scores."""

    seconds: float
    status: int | None
    peak_mib: float
    scores: Scores
    text: str = field(repr=False, default="")


def ours(
    root: Path,
    name: str,
    submitted: Path,
    *,
    profile: str,
    device: str = "cpu",
    limit: float = 3600.0,
    more: Sequence[str] = (),
    new_gradebook: bool = True,
) -> Graded:
    """``autograder grade`` into a course of its own; ``root`` has the package (:mod:`courses`).

    The gradebook knows the assignment before, as it does where nbgrader released it; a new one has no submissions.
    """
    known, env = root / f"{name}.db", measure.environment(PYTHONPATH=str(root))
    if not known.is_file():
        done = measure.run([sys.executable, "-c", ENSURE, name, known], root, env, 120)
        if done.status != 0:
            raise RuntimeError(done.text[-2000:])
    if new_gradebook or not (root / "gradebook.db").is_file():
        shutil.copy(known, root / "gradebook.db")
    out = submitted.with_name(f"{submitted.name}-graded")
    shutil.rmtree(out, ignore_errors=True)
    command: list[str | Path] = [sys.executable, "-m", "autograder", "grade", name, "--submitted", submitted, "--out", out]
    command += ["--profile", profile, "--enter-trial-grades", "--device", device, *more]
    done = measure.run(command, root, env, limit)
    return Graded(done.seconds, done.status, done.peak_mib, _ours(out / "outcomes.json"), done.text)


def _ours(path: Path) -> Scores:
    if not path.is_file():
        return {}
    found = json.loads(path.read_text())["submissions"]
    return {
        student: {
            item: None if outcome["outcome"] == "could_not_grade" else outcome["points"]
            for item, outcome in submission["items"].items()
        }
        for student, submission in found.items()
        if submission["status"] == "graded"
    }


def reasons(out: Path) -> dict[str, str]:
    """What `autograder grade` says of each submission as a whole: why it has no grade, or what a person should look at."""
    found = json.loads((out / "outcomes.json").read_text())["submissions"]
    return {student: "; ".join(filter(None, [one["reason"], *one["flags"]])) for student, one in found.items()}


def nbgrader(root: Path, name: str, submitted: Path, limit: float = 3600.0) -> Graded:
    """``nbgrader autograde``, which takes one submission after another."""
    shutil.rmtree(root / "autograded", ignore_errors=True)
    command = [sys.executable, "-m", "nbgrader", "autograde", name, f"--CourseDirectory.submitted_directory={submitted}"]
    done = measure.run(command, root, measure.environment(), limit)
    return Graded(done.seconds, done.status, done.peak_mib, _nbgrader(root / "gradebook.db", name), done.text)


def nbgrader_feedback(root: Path, name: str, limit: float = 600.0) -> None:
    """``nbgrader generate_feedback``: pages in ``root/feedback``, as far as it gets."""
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", name, "--force"]
    measure.run(command, root, measure.environment(), limit)


def _nbgrader(db: Path, name: str) -> Scores:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{db}") as gradebook:
        return {
            submission.student_id: {
                grade.name: grade.auto_score if grade.manual_score is None else grade.manual_score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if grade.cell.cell_type == "code"
            }
            for submission in gradebook.assignment_submissions(name)
        }


def otter_program() -> Path | None:
    """otter-grader in a cached environment of its own, on top of this one; None if it cannot be installed."""
    folder = cache_folder().with_name("autograder-benchmarks") / OTTER.replace("==", "-")
    program = folder / "bin" / "otter"
    if not program.is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, timeout=300)
    here = next(path for path in sys.path if path.endswith("site-packages"))
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "grader.pth").write_text(f"{here}\n")
    if not program.is_file():
        print("installing otter-grader in an environment of its own ...", flush=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", OTTER]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode or not program.is_file():
            said = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
            print(f"otter-grader cannot be installed here, its column stays empty: {said[0]}", file=sys.stderr)
            return None
    return program


def otter(program: Path, root: Path, submissions: Sequence[Path], limit: float = 3600.0) -> Graded:
    """``otter run`` once for each submission; ``limit`` seconds for each. Its own batch command needs Docker."""
    scores: Scores = {}
    peak, status, text, begun = 0.0, 0, "", time.perf_counter()
    # otter starts the kernel `python3` that it finds first on the path.
    env = measure.environment()
    env["PATH"] = f"{program.parent}:{env['PATH']}"
    for path in submissions:
        student, out = path.parents[1].name, root / "out" / path.parents[1].name
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        done = measure.run([program, "run", path, "-a", root / "autograder.zip", "-o", out, "--no-logo"], root, env, limit)
        peak, text = max(peak, done.peak_mib), text + done.text
        status = status or (1 if done.status is None else done.status)
        if (out / "results.json").is_file():
            scores[student] = _otter(json.loads((out / "results.json").read_text()))
    return Graded(time.perf_counter() - begun, status, peak, scores, text)


def _otter(results: dict[str, Any]) -> dict[str, float | None]:
    return {test["name"].split(" ")[0]: test.get("score") for test in results.get("tests", []) if test.get("max_score")}


def passed(scores: Scores, points: dict[str, float]) -> dict[str, list[str]]:
    """By student the items with full points: all that verdicts have in common, as only some give parts of points."""
    return {
        student: sorted(item for item, most in points.items() if (found.get(item) or 0.0) >= most)
        for student, found in sorted(scores.items())
    }
