"""Changes after grading in a class of 200 with four hand-marked answers: seconds of each, and whether all marks stay.

.venv/bin/python benchmarks/changes.py

Each change is one command, and so is what undoes it; afterwards the gradebook must say what it said before, score by score.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import measure
import nbformat

from autograder.course import Course
from autograder.notebooks import notebook

NAME = "pa4_convnet"
BY_HAND = ("act20", "act21_text", "act22", "act24")
LIMIT = 1800.0
CHANGES: dict[str, tuple[list[str], list[str]]] = {
    "an item dropped": (["drop", NAME, "act10"], ["drop", NAME, "act10", "--undo"]),
    "an item given to all": (["give", NAME, "act20"], ["give", NAME, "act20", "--undo"]),
    "a student excused": (["excuse", NAME, "s007"], ["excuse", NAME, "s007", "--undo"]),
    "an extension": (["extend", NAME, "s007", "--days", "2"], ["extend", NAME, "s007"]),
    "a due date": (["due", NAME, "2026-03-01 12:00"], ["due", NAME, "none"]),
    "points of an item": (["points", NAME, "act01", "4"], ["points", NAME, "act01", "2"]),
    "one item judged again": (["regrade", NAME, "act01"], ["regrade", NAME, "act01"]),
    "an item removed": (["release", NAME], ["release", NAME]),
    "an item renamed": (["release", NAME, "--rename", "act24=act25"], ["release", NAME, "--rename", "act25=act24"]),
}
"""By what it is: the command and the one that undoes it."""


class Class:
    """A course in a folder with a graded class; every written answer is marked."""

    def __init__(self, root: Path, students: int) -> None:
        self.root, self._students = root, [f"s{number:03}" for number in range(students)]
        self._environment = measure.environment(PYTHONPATH=str(measure.ROOT), NO_COLOR="1")
        ours = Course.find(Path(__file__))
        for folder in ("source", "release"):
            shutil.copytree(ours.root / folder / NAME, root / folder / NAME)
        shutil.copyfile(ours.root / "nbgrader_config.py", root / "nbgrader_config.py")
        measure.link_hidden_tests(root)
        solved = notebook.cells_by_grade_id(notebook.read(ours.source_notebook(NAME)))
        for number, student in enumerate(self._students):
            made = notebook.read(ours.release_notebook(NAME))
            cells = notebook.cells_by_grade_id(made)
            for item in BY_HAND:
                cells[item].source = f"{notebook.without_region_marks(solved[item].source)}\n\nSigned {student}."
            if number % 2:  # half of the class has the network
                cells["convnet"].source = notebook.without_region_marks(solved["convnet"].source)
            notebook.write(made, root / "submitted" / student / NAME / f"{NAME}.ipynb")
            (root / "submitted" / student / NAME / "timestamp.txt").write_text("2026-03-01 10:00:00 UTC\n")

    def run(self, *words: str) -> float:
        """Seconds of a command of the grader; its failure ends the benchmark."""
        begun = time.monotonic()
        done = measure.run([sys.executable, "-m", "autograder", *words], self.root, self._environment, LIMIT)
        if done.status != 0:
            raise RuntimeError(f"autograder {' '.join(words)}: status {done.status}\n{done.text[-2000:]}")
        return round(time.monotonic() - begun, 1)

    def mark(self) -> None:
        """Give a mark for each written answer, as formgrader does."""
        with contextlib.closing(sqlite3.connect(self.root / "gradebook.db")) as db, db:
            names = ",".join("?" * len(BY_HAND))
            db.execute(
                "UPDATE grade SET manual_score = 1.5, needs_manual_grade = 0 WHERE cell_id IN "
                f"(SELECT id FROM base_cell WHERE name IN ({names}))",
                BY_HAND,
            )

    def scores(self) -> list[tuple[Any, ...]]:
        """Everything that the gradebook says of scores, and the late penalties."""
        query = """SELECT s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade,
            n.late_submission_penalty FROM grade g JOIN base_cell c ON g.cell_id = c.id
            JOIN submitted_notebook n ON g.notebook_id = n.id JOIN submitted_assignment s ON n.assignment_id = s.id
            ORDER BY 1, 2"""
        with contextlib.closing(sqlite3.connect(self.root / "gradebook.db")) as db:
            return db.execute(query).fetchall()

    def reopened(self) -> int:
        """How many marks that were given wait for a person again."""
        return sum(bool(waits) and manual is not None for _, _, _, manual, _, waits, _ in self.scores())

    def edit(self, change: str) -> None:
        """Change the source as the author would, where the change begins there."""
        path = Course(self.root).source_notebook(NAME)
        made = notebook.read(path)
        cells = notebook.cells_by_grade_id(made)
        if change == "an item removed":
            made.cells = [cell for cell in made.cells if notebook.grade_id(cell) != "act24"]
        elif change == "an item renamed":
            cells["act24"].metadata.nbgrader.grade_id = "act25"
        for text in made.cells:
            if text.cell_type == "markdown" and "| id |" in text.source:
                rows = text.source.split("\n")
                if change == "an item removed":
                    rows = [row.replace("**100**", "**98**") for row in rows if "`act24`" not in row]
                elif change == "an item renamed":
                    rows = [row.replace("`act24`", "`act25`") for row in rows]
                text.source = "\n".join(rows)
        path.write_text(nbformat.writes(made) + "\n")


def main() -> int:
    parser = measure.arguments(__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    chosen = parser.parse_args()
    result = measure.Parts("changes", {"submissions": chosen.submissions}, fresh=chosen.fresh)
    rows = []
    with measure.scratch() as scratch:
        room = Class(scratch / "course", chosen.submissions)
        graded = room.run("grade", NAME, "--profile", "proof", "--device", "cpu", "--enter-trial-grades")
        room.mark()
        before, kept = room.scores(), Course(room.root).source_notebook(NAME).read_bytes()
        for what, (do, undo) in CHANGES.items():
            room.edit(what)
            seconds = room.run("change", *do, "--yes")
            reopened = room.reopened()
            if do[0] == "release":
                Course(room.root).source_notebook(NAME).write_bytes(kept)
            undone = room.run("change", *undo, "--yes")
            rows.append(
                {
                    "change": what,
                    "seconds": seconds,
                    "undo": undone,
                    "reopened": reopened,
                    "as_before": room.scores() == before,
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    good = all(row["as_before"] and not row["reopened"] for row in rows)
    result.conclude(grading_seconds=graded, changes=rows, all_marks_stay=good)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
