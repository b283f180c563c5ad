"""Kill a grading run with SIGKILL again and again, start it each time anew, and compare with a run that was left alone.

.venv/bin/python benchmarks/resume.py --submissions 200 --kills 10

Exit status 0 only if outcomes and gradebook are equal and no process outlived its run.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import measure
import nbformat

from autograder.course import Course
from autograder.notebooks import notebook
from autograder.sandbox.processes import family

ASSIGNMENT = "pa4_convnet"
EXIT = "import os\nos._exit(3)"
START_SECONDS = 15.0  # about as long as a run takes to its first outcome
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
        measure.link_hidden_tests(root)
        self.root, self.out = root, root / "out"
        self.command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--profile", "proof", "--device", "cpu"]
        self.command += ["--enter-trial-grades"]
        self.command += ["--submitted", str(submitted), "--out", str(self.out), "--jobs", str(jobs)]

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
        """Submissions that are in the gradebook."""
        return len(list((self.root / "autograded").glob(f"*/{ASSIGNMENT}")))

    def outcomes(self) -> dict[str, Any]:
        """All of outcomes.json but what differs between any two runs: seconds, and numbers drawn at random in messages."""
        found = json.loads((self.out / "outcomes.json").read_text())["submissions"]
        for outcome in found.values():
            del outcome["seconds"]
            for item in outcome["items"].values():
                item["message"] = re.sub(r"\d", "#", item["message"])
                item["findings"] = re.sub(r"\d", "#", json.dumps(item["findings"]))
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


def killed_at(room: Room, kills: int, count: int, moments: random.Random) -> Iterator[dict[str, Any]]:
    """Start and kill, again and again: anywhere in the class, and while a run starts where it has already come further."""
    for target in sorted(moments.choices(range(count * 9 // 10), k=kills)):
        before = room.done()
        run = room.start()
        begun = time.monotonic()
        while room.done() < target and run.poll() is None:
            time.sleep(0.05)
        # A run that was killed before comes to new outcomes after some seconds; before that any moment counts.
        until = time.monotonic() + moments.uniform(0, START_SECONDS if before >= target else 1.0)
        # The last ones may be done in no time, where an earlier run has left their evidence.
        while time.monotonic() < until and (room.done() < count - 1 or room.done() == before) and run.poll() is None:
            time.sleep(0.01)
        if run.poll() is not None and before >= count - 1:
            return  # the run before had left next to nothing to do
        if run.poll() is not None:
            raise RuntimeError(f"the run ended by itself with {room.done()} outcomes, before it could be killed")
        after = round(time.monotonic() - begun, 1)
        yield {"after": after, "outlived": kill(run), "outcomes": room.done()}


def main() -> int:
    parser = measure.arguments(__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=None, help="of the moments")
    chosen = parser.parse_args()
    settings = {name: getattr(chosen, name) for name in ("submissions", "kills", "jobs", "seed")}
    result = measure.Parts("resume", settings, fresh=True)
    course = Course.find(Path(__file__))
    with measure.scratch() as scratch:
        submitted = scratch / "submitted"
        write_class(course, submitted, chosen.submissions)
        alone = Room(scratch / "alone", course, submitted, chosen.jobs)
        begun = time.monotonic()
        alone.finish()
        seconds = time.monotonic() - begun

        killed = Room(scratch / "killed", course, submitted, chosen.jobs)
        kills = list(killed_at(killed, chosen.kills, chosen.submissions, random.Random(chosen.seed)))
        killed.finish()
        equal = killed.outcomes() == alone.outcomes() and killed.scores() == alone.scores()
    result.conclude(
        kills=kills,
        outcomes_and_gradebook_equal=equal,
        seconds_of_the_run_left_alone=round(seconds, 1),
    )
    return 0 if equal and not any(one["outlived"] for one in kills) else 1


if __name__ == "__main__":
    sys.exit(main())
