"""Hostile and damaged submissions under three graders: what a wrong answer got, what it reached, whether the batch went on.

.venv/bin/python benchmarks/trust.py   # about 17 minutes on two cores; writes the table in docs/security.md

Each batch has a right submission at its end. A batch that stands still or stops is cut off after a time, and begun again
without the submission at which it stood; those that are likely to stop one have batches of their own. What one grader
showed is kept, so that an interrupted run goes on with the next.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import courses
import graders
import hostile
import measure
from nbformat import NotebookNode

from autograder.notebooks.notebook import items, write_text
from autograder.runs.options import versions

LAST = "zz_right"
CELL_SECONDS = 20
START_SECONDS, EACH_SECONDS = 60, 15  # that a batch may take: more than twice what it needs on two idle cores
VARIABLE = "GRADER_TOKEN"
LARGE_MIB = 20
DOCUMENT = measure.ROOT / "docs" / "security.md"
BEGIN, END = "<!-- compared -->\n", "<!-- /compared -->"
Grade = Callable[[list[hostile.Case]], graders.Graded]


@dataclass
class Seen:
    """What became of one case under one grader: points (None: no grade), and marks that its attack left."""

    points: float | None = None
    stopped_batch: bool = False
    marks: list[str] = field(default_factory=list)


@contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """A TCP listener on the loopback: its port, and what has been sent to it."""
    heard: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(3)
                heard.append(connection.recv(200).decode(errors="replace"))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], heard
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def end_marked(mark: str) -> int:
    """End the processes with the mark among their arguments; how many there were."""
    found = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (place / "cmdline").read_bytes().split(b"\0")
            if mark.encode() in arguments and int(place.name) != os.getpid():
                os.kill(int(place.name), signal.SIGKILL)
                found += 1
        except (OSError, ValueError):
            continue
    return found


@contextmanager
def variables(**values: str) -> Iterator[None]:
    """Variables in the environment of every grader that is started."""
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


def left_behind(root: Path, cases: list[hostile.Case]) -> dict[str, str]:
    """By case what graders wrote for its student that they should not have: files of a flood, pages with a script."""
    known, found = {student(number, case): case.name for number, case in enumerate(cases)}, {}
    for path in (path for name in ("autograded", "feedback", "out") for path in (root / name).rglob("*")):
        case = next((known[part] for part in path.parts if part in known), None)
        if case is None or not path.is_file():
            continue
        if (size := path.stat().st_size / 2**20) > LARGE_MIB:
            found[case] = f"a file of {size:.0f} MiB for the student"
        elif path.suffix == ".html" and hostile.SCRIPT in path.read_text(errors="replace"):
            found[case] = "script in the feedback page"
    return found


def student(number: int, case: hostile.Case) -> str:
    """The order of the cases is that in which graders take students."""
    return f"{number:02}_{case.name}"


def judged(cases: list[hostile.Case], grade: Grade, points: dict[str, float]) -> dict[str, Seen]:
    """Run batches until each case was graded or has stopped one."""
    seen = {case.name: Seen() for case in cases}
    left = list(cases)
    while True:
        graded = grade(left)
        # An entry without any score, as nbgrader leaves it for what it could not run, is no grade.
        entered = {name: [value for value in found.values() if value is not None] for name, found in graded.scores.items()}
        scores = {name: sum(values) for name, values in entered.items() if values}
        for case in left:
            given = next((scores[name] for name in scores if name.partition("_")[2] == case.name), None)
            seen[case.name].points = given
        if LAST in scores and graded.status is not None:
            if scores[LAST] < sum(points.values()):
                raise RuntimeError(f"the right submission got {scores[LAST]}: {graded.text[-3000:]}")
            return seen
        # Graders take submissions in order, so the batch stands at the one after the last that has a grade.
        done = [number for number, case in enumerate(left) if seen[case.name].points is not None]
        place = max(done, default=-1) + 1
        if place >= len(left):
            raise RuntimeError(f"the batch did not end, and no submission explains it: {graded.text[-3000:]}")
        seen[left.pop(place).name].stopped_batch = True
        if not left:
            return seen


def under(
    name: str, exercise: courses.Exercise, folder: Path, otter: Path | None, points: dict[str, float]
) -> dict[str, Seen]:
    """All cases under one grader."""
    root = folder / name
    loot, mark = folder / f"loot-{name}", f"left-by-{name}-{os.getpid()}"
    loot.mkdir(mode=0o777)
    loot.chmod(0o777)
    secret = next(line for line in exercise.hidden["forward"].splitlines() if "allclose" in line).encode()
    own = {VARIABLE: mark, "IPYTHONDIR": str(folder / f"ipython-{name}")}
    left: dict[str, str] = {}
    with listener() as (port, heard), variables(**own):
        release: NotebookNode = exercise.release
        if name == "nbgrader":
            release = courses.nbgrader_course(root, exercise, CELL_SECONDS)
        elif name == "otter":
            release = courses.otter_course(root, exercise)
        root.mkdir(exist_ok=True)
        course = root if name == "nbgrader" else exercise.root
        source = course / "source" / exercise.name / f"{exercise.name}.ipynb"
        around = tuple({root, course} if name != "otter" else {root})
        places = hostile.Places(loot, mark, port, secret, around, source, LAST, VARIABLE)

        def grade(cases: list[hostile.Case]) -> graders.Graded:
            submitted = root / "submitted"
            shutil.rmtree(submitted, ignore_errors=True)
            right = {LAST: exercise.answer("right_reference")}
            paths = courses.hand_in(submitted, exercise, release, right)
            for number, case in enumerate(cases):
                path = submitted / student(number, case) / exercise.name / f"{exercise.name}.ipynb"
                hostile.hand_in(path, case, exercise, release, places)
                paths.append(path)
            if name == "autograder":
                graded = graders.ours(
                    exercise.root, exercise.name, submitted, profile="proof", limit=900, more=["--jobs", "2", "--feedback"]
                )
            elif name == "nbgrader":
                (root / "gradebook.db").unlink(missing_ok=True)
                courses.nbgrader_course(root, exercise, CELL_SECONDS)
                graded = graders.nbgrader(root, exercise.name, submitted, START_SECONDS + EACH_SECONDS * len(paths))
                graders.nbgrader_feedback(root, exercise.name)
            else:
                assert otter is not None
                graded = graders.otter(otter, root, sorted(paths), START_SECONDS)
            left.update(left_behind(exercise.root if name == "autograder" else root, cases))
            return graded

        alone = [case for case in hostile.CASES if case.may_stop]
        seen = judged([case for case in hostile.CASES if not case.may_stop], grade, points)
        for case in alone:
            seen |= judged([case], grade, points)
    lived = end_marked(mark)
    reached = {
        "reads_hidden_tests": ("read them", (loot / "read").exists()),
        "grades_itself": ("read the gradebook", (loot / "grades").exists()),
        "reads_neighbour": ("read it", (loot / "neighbour").exists()),
        "reads_environment": ("read it", (loot / "environment").exists()),
        "writes_outside": ("wrote it", (loot / "written").exists()),
        "lives_on": ("still runs", lived > 0),
        "starts_again": ("ran in later submissions", (loot / "started").exists()),
        "network": ("connected", mark in "".join(heard)),
        **{case: (words, True) for case, words in left.items()},
    }
    for attack, (words, happened) in reached.items():
        seen[attack].marks += [words] if happened else []
    return seen


def cell(seen: dict[str, Seen], case: hostile.Case) -> str:
    """A table's cell: points, undeserved points in bold, what was reached, and whether the batch stopped."""
    found, base = seen[case.name], seen[case.base]
    if found.points is None:
        words = ["no grade"]
    else:
        gained = found.points - (base.points or 0.0)
        words = [f"{found.points:g}" + (f" (**{gained:+g}**)" if gained > 0.5 else "")]
    words += [f"**{mark}**" for mark in found.marks]
    words += ["**batch stopped**"] if found.stopped_batch else []
    return ", ".join(words)


def document(found: dict[str, dict[str, Seen]], most: float, machine: dict[str, Any]) -> str:
    """The table in Markdown, with what it was measured on."""
    rows = [
        [f"`{case.name}`", case.group, f"{case.tries}{f' (`{case.like}`)' if case.like else ''}",
         *(cell(seen, case) for seen in found.values())]
        for case in hostile.CASES
    ]  # fmt: skip
    facts = {**versions(), "otter-grader": graders.OTTER.partition("==")[2]}
    told = ", ".join(f"{name} {facts[name]}" for name in ("nbgrader", "otter-grader", "torch") if name in facts)
    return (
        f"{BEGIN}{measure.table(['submission', 'group', 'what it tries (the attack above)', *found], rows)}\n\n"
        f"Points of {most:g}, one run, {told}, Python {machine['python']}, {machine['system']}. In bold: points above those "
        f"of the same wrong answer without the attack, and what an attack reached.\n{END}"
    )


def main() -> int:
    parser = measure.arguments(__doc__)
    parser.add_argument("--only", choices=["autograder", "nbgrader", "otter"], help="one grader; writes no table")
    chosen = parser.parse_args()
    cases = hashlib.sha256((measure.FOLDER / "hostile.py").read_bytes()).hexdigest()[:12]
    result = measure.Parts("trust", {"cases": cases, "cell_seconds": CELL_SECONDS}, chosen.fresh)
    with measure.scratch() as folder:
        folder.chmod(0o755)
        otter = None if chosen.only in ("autograder", "nbgrader") else graders.otter_program()
        names = [chosen.only] if chosen.only else ["autograder", "nbgrader", *(["otter"] if otter else [])]
        exercise = courses.tiny(folder / "course")
        points = {item.id: item.max_points for item in items(exercise.release) if not item.manual}

        def tried(name: str) -> dict[str, dict[str, Any]]:
            return {case: asdict(seen) for case, seen in under(name, exercise, folder, otter, points).items()}

        parts = {name: result.get(name, partial(tried, name)) for name in names}
    found = {name: {case: Seen(**seen) for case, seen in part.items()} for name, part in parts.items()}
    text = document(found, sum(points.values()), result.result["machine"])
    print(text)
    undeserved = {name: [case.name for case in hostile.CASES if "**" in cell(seen, case)] for name, seen in found.items()}
    if not chosen.only:
        head, begin, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        _, end, tail = rest.partition(END)
        if not begin or not end:
            raise RuntimeError(f"{DOCUMENT} has no place for the table between {BEGIN.strip()} and {END}")
        write_text(DOCUMENT, head + text + tail)
        result.conclude(cases=len(hostile.CASES), attacks_that_reached_something=undeserved, runs=1)
    return 1 if undeserved.get("autograder") else 0


if __name__ == "__main__":
    sys.exit(main())
