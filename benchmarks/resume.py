"""Kill a grading run with SIGKILL again and again, resume it each time, and compare with a run that was left alone.

.venv/bin/python benchmarks/resume.py --submissions 200 --kills 10

Prints JSON, exit status 0 only if outcomes and gradebook are equal and no box outlived its run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from autograder.course import Course
from autograder.notebooks import notebook
from autograder.runs.plan import versions
from autograder.sandbox.processes import family

ASSIGNMENT = "pa4_convnet"
EXIT = "import os\nos._exit(3)"
START_SECONDS = 20.0  # about as long as a run takes to its first outcome
LEAVE_SECONDS = 5.0  # for the kernel to take away what belonged to a killed run


def write_class(course: Course, folder: Path, count: int) -> None:
    """Cheap submissions: nothing attempted, the network alone, or a cell that ends the process; the last is no notebook."""
    solved = notebook.cells_by_grade_id(notebook.read(course.source_notebook(ASSIGNMENT)))
    for number in range(count):
        made = notebook.read(course.release_notebook(ASSIGNMENT))
        cells = notebook.cells_by_grade_id(made)
        if number % 3 == 1:
            cells["convnet"].source = notebook.without_region_marks(solved["convnet"].source)
        own = EXIT if number % 10 == 2 else f"print('submission {number}')"
        made.cells.append(nbformat.v4.new_code_cell(own, id=f"own-{number}"))
        path = folder / f"student_{number:04}" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        notebook.write(made, path)
    path.write_text('{"cells": [')


class Room:
    """A course of its own, with its own evidence, outcomes and gradebook."""

    def __init__(self, root: Path, course: Course, submitted: Path, jobs: int) -> None:
        root.mkdir()
        for name in ("nbgrader_config.py", "source", "release"):
            (root / name).symlink_to(course.root / name)
        self.root, self.out = root, root / "out"
        self.command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--profile", "proof", "--device", "cpu"]
        self.command += ["--submitted", str(submitted), "--out", str(self.out), "--jobs", str(jobs), "--resume"]

    def start(self) -> subprocess.Popen[str]:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        return subprocess.Popen(self.command, cwd=self.root, env=environment, stdout=subprocess.PIPE, text=True)

    def finish(self) -> str:
        run = self.start()
        said, _ = run.communicate()
        if run.returncode != 1:  # the file that is no notebook cannot be graded
            raise RuntimeError(f"exit status {run.returncode}: {said[-2000:]}")
        return said

    def done(self) -> int:
        path = self.out / "graded.jsonl"
        return path.read_bytes().count(b'{"student"') if path.exists() else 0

    def outcomes(self) -> dict[str, Any]:
        """All of outcomes.json but what differs between any two runs: seconds, and numbers drawn at random in messages."""
        found = json.loads((self.out / "outcomes.json").read_text())["submissions"]
        for outcome in found.values():
            del outcome["seconds"]
            for item in outcome["items"].values():
                item["message"] = "".join("#" if letter.isdigit() else letter for letter in item["message"])
        return found  # type: ignore[no-any-return]

    def scores(self) -> dict[str, float]:
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            return {found.student_id: found.score for found in gradebook.assignment_submissions(ASSIGNMENT)}


def kill(run: subprocess.Popen[str]) -> int:
    """SIGKILL to the grader alone; how many of its processes were still there some seconds later."""
    theirs = family(run.pid)
    run.send_signal(signal.SIGKILL)
    run.wait()
    until = time.monotonic() + LEAVE_SECONDS
    while (left := [pid for pid in theirs if is_alive(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    return len(left)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=None, help="of the moments")
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    course = Course.find(Path(__file__))
    with tempfile.TemporaryDirectory() as scratch:
        submitted = Path(scratch) / "submitted"
        write_class(course, submitted, arguments.submissions)
        alone = Room(Path(scratch) / "alone", course, submitted, arguments.jobs)
        begun = time.monotonic()
        alone.finish()
        seconds = time.monotonic() - begun

        killed = Room(Path(scratch) / "killed", course, submitted, arguments.jobs)
        kills, outlived = [], 0
        while len(kills) < arguments.kills:
            # Any moment counts: while it starts, while a box runs, while an outcome is written.
            wait = moments.uniform(0, START_SECONDS + 2 * seconds / (arguments.kills + 1))
            run = killed.start()
            time.sleep(wait)
            if run.poll() is not None:
                break
            outlived += kill(run)
            kills.append({"after": round(wait, 1), "outcomes": killed.done()})
        said = killed.finish()
        equal = killed.outcomes() == alone.outcomes() and killed.scores() == alone.scores()
    print(
        json.dumps(
            {
                "submissions": arguments.submissions,
                "kills": kills,
                "last run": next((line for line in said.splitlines() if line.startswith("kept")), ""),
                "equal": equal,
                "processes that outlived their run": outlived,
                "seconds of the run left alone": round(seconds, 1),
                "machine": {"cores": os.cpu_count(), "jobs": arguments.jobs, "system": platform.platform()},
                "versions": versions(),
            },
            indent=2,
        )
    )
    return 0 if equal and not outlived else 1


if __name__ == "__main__":
    sys.exit(main())
