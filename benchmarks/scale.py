"""Does it scale? Submissions a minute with 1, 2, 4 jobs or dask workers, and with 10, 100, 1,000 submissions; peak memory.

.venv/bin/python benchmarks/scale.py                                    # about 12 minutes
.venv/bin/python benchmarks/scale.py --class-size 12 --submissions 10   # a trial of some minutes

The small assignment of `autograder new`. Workers are real `dask scheduler` and `dask worker` processes on this machine, so
more workers than cores cannot help; memory is that of the client, which judges and keeps the gradebook.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import courses
import graders
import measure

START_SECONDS = 60
ANSWERS = ["right_reference", "mistake_without_relu"]


@contextmanager
def dask_cluster(root: Path, workers: int) -> Iterator[str]:
    """A scheduler and ``workers`` worker processes on the loopback, one submission at a time each; its address."""
    found = root / "scheduler.json"
    found.unlink(missing_ok=True)
    environment = measure.environment(PYTHONPATH=str(root))
    processes: list[subprocess.Popen[bytes]] = []

    def start(program: str, *more: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", "--no-dashboard", "--host", "127.0.0.1", *more]
        processes.append(
            subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    try:
        start("scheduler", "--port", "0", "--scheduler-file", str(found))
        until = time.monotonic() + START_SECONDS
        while not found.exists():
            if time.monotonic() > until:
                raise RuntimeError(f"no dask scheduler within {START_SECONDS} seconds")
            time.sleep(0.1)
        for number in range(workers):
            start("worker", "--scheduler-file", str(found), "--name", f"worker-{number}", "--nthreads", "1", "--no-nanny")
        yield address(found)
    finally:
        for process in reversed(processes):
            measure.end_process(process)


def address(scheduler_file: Path) -> str:
    """Where the scheduler of this file listens."""
    return str(json.loads(scheduler_file.read_text())["address"])


def graded(exercise: courses.Exercise, folder: Path, count: int, more: Sequence[str], limit: float) -> dict[str, Any]:
    """Grade a class of ``count``, with a new gradebook: seconds and the client's memory."""
    submitted = folder / "submitted"
    courses.hand_in(submitted, exercise, exercise.release, courses.numbered(exercise, ANSWERS, count))
    found = graders.ours(exercise.root, exercise.name, submitted, profile="proof", limit=limit, more=[*more, "--fresh"])
    if len(found.scores) < count:
        raise RuntimeError(f"{len(found.scores)} of {count} graded: {found.text[-3000:]}")
    return {"submissions": count, "seconds": round(found.seconds, 2), "client_peak_mib": round(found.peak_mib)}


def rate(few: dict[str, Any], many: dict[str, Any]) -> float:
    """Submissions a minute once everything has started: from the difference of two runs."""
    seconds = many["seconds"] - few["seconds"]
    return round(60 * (many["submissions"] - few["submissions"]) / seconds, 1) if seconds > 0 else float("nan")


def main() -> int:
    parser = measure.arguments(__doc__)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--class-size", type=int, default=60, help="submissions for each number of workers")
    parser.add_argument(
        "--submissions", type=int, nargs="*", default=[10, 100, 1000], help="sizes of the class, with --jobs"
    )
    parser.add_argument("--jobs", type=int, default=2, help="at once, for the sizes of the class")
    chosen = parser.parse_args()
    settings = {name: getattr(chosen, name) for name in ("workers", "class_size", "submissions", "jobs")}
    result = measure.Parts("scale", settings, chosen.fresh)
    few = max(2, chosen.class_size // 6)
    workers: list[dict[str, Any]] = []
    with measure.scratch() as folder:
        exercise = courses.tiny(folder / "course")

        def on_dask(count: int, at_once: int) -> dict[str, Any]:
            with dask_cluster(exercise.root, at_once) as scheduler:
                return graded(exercise, folder, count, ["--scheduler", scheduler], chosen.limit)

        def here(count: int, at_once: int) -> dict[str, Any]:
            return graded(exercise, folder, count, ["--jobs", str(at_once)], chosen.limit)

        for kind, grade in (("jobs", here), ("dask workers", on_dask)):
            for at_once in chosen.workers:
                runs = [
                    result.get(f"{at_once} {kind}, {count} submissions", partial(grade, count, at_once))
                    for count in (few, chosen.class_size)
                ]
                workers.append({"kind": kind, "at_once": at_once, "a_minute": rate(*runs), **runs[1]})
        sizes = [result.get(f"a class of {count}", partial(here, count, chosen.jobs)) for count in chosen.submissions]
    for found in sizes:
        found["whole_command_each"] = round(found["seconds"] / found["submissions"], 3)
    head = ["at once", "submissions a minute", "client's peak MiB"]
    rows = [[f"{run['at_once']} {run['kind']}", run["a_minute"], run["client_peak_mib"]] for run in workers]
    print(measure.table(head, rows))
    head = ["submissions", "s each", "client's peak MiB"]
    print(measure.table(head, [[run["submissions"], run["whole_command_each"], run["client_peak_mib"]] for run in sizes]))
    result.conclude(workers=workers, sizes=sizes, runs=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
