"""Seconds for a class with files that hold up or exhaust whoever reads them, and without them.

.venv/bin/python benchmarks/held_up.py

The hostile files of pa4_convnet, one of each kind, stand between ordinary submissions. These must be graded as without them,
the grader's own process stay small, and the whole take at most 1.5 times as long.
"""

from __future__ import annotations

import copy
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import courses
import graders
import measure
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.assignment import load
from autograder.notebooks.notebook import cells_by_grade_id, grade_id, without_region_marks, write

sys.path.append(str(measure.ROOT / "tests" / "attacks"))
from attack import ANSWER_FOR, PIPE

NAME = "pa4_convnet"
ORDINARY = ("right_reference", "right_own_cells", "mistake_relu_after_fc2")
MOST_TIMES, MOST_MIB = 1.5, 1024
WIDER = """
import inside.probing as probing
def wider(value):
    if isinstance(value, dict):
        if len(value.get("shape", ())) == 4:
            value["shape"] = [40_000, 40_000, 5, 5]
        value = list(value.values())
    for one in value if isinstance(value, list) else ():
        wider(one)
def claimed(probe):
    def run(student):
        found = probe(student)
        wider(found.document)
        return found
    return run
for number, (after, own, probe) in enumerate(probing._probes):
    if own == "network":
        probing._probes[number] = (after, own, claimed(probe))
"""
EMPTY = """
header = b"{" + b",".join(b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % n for n in range(300_000)) + b"}"
say({"event": "evidence", "name": "network", "document": {}}, len(header).to_bytes(8, "little") + header)
"""
EVENTS = """
events = [{"event": "forward"}, {"event": "backward"}] * 60_000
answer("trainer", {"events": events, "problem": None, "returned": None})
"""
PICTURES = """
import base64
from IPython.display import display
picture = base64.b64encode(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(4_400_000)).decode()
for _ in range(40):
    display({"image/png": picture, "text/plain": "picture"}, raw=True)
"""
Change = Callable[[NotebookNode], None]


def in_cell(name: str, code: str) -> Change:
    """Code at the end of a solved answer."""

    def change(solved: NotebookNode) -> None:
        cell = cells_by_grade_id(solved)[name]
        cell.source = f"{cell.source}\n{code}"

    return change


def own_cell(source: str) -> Change:
    """A cell of the student's own at the end."""
    return lambda solved: solved.cells.append(new_code_cell(source))


def anagrams(solved: NotebookNode) -> None:
    """Long given cells are gone, and many cells have their letters."""
    draw = random.Random(1)
    long = sorted((cell.source for cell in solved.cells if len(cell.source) < 4_000), key=len)[-12:]
    solved.cells = [cell for cell in solved.cells if cell.source not in long]
    solved.cells += [new_code_cell("".join(draw.sample(text, len(text)))) for text in long * 12]


def styled(solved: NotebookNode) -> None:
    """A written answer with a style that a parser of styles descends into."""
    prose = next(cell for cell in solved.cells if cell.cell_type == "markdown" and cell.metadata.nbgrader.get("solution"))
    prose.source = f'<p style="color: {"rgb(" * 3_000}">red</p>'


HOSTILE: dict[str, Change] = {
    "unclosed_texts": in_cell("convnet", PIPE + "say(b'{\"a\":' + b',' * 600_000 + b'\\\\\"' * 400_000)"),
    "nested_quotes": own_cell("f'''" + '{"a"}' * 600_000 + "'''"),
    "statements": own_cell("a;" * 1_000_000),
    "anagrams": anagrams,
    "wide_convolution": in_cell("convnet", WIDER),
    "events": in_cell("trainer", ANSWER_FOR + EVENTS),
    "long_sizes": in_cell("convnet", ANSWER_FOR + "answer('network', {'output_shape': [int('9' * 4_290)] * 500})"),
    "carriage_return": own_cell("print('x' * 199_000 + '\\r')"),
    "empty_tensors": in_cell("convnet", PIPE + EMPTY),
    "pictures": own_cell(PICTURES),
    "style": styled,
}
"""What each does to a solved notebook."""


def solved(exercise: courses.Exercise) -> NotebookNode:
    """The release with all answers of the reference solution."""
    made, answers = copy.deepcopy(exercise.release), cells_by_grade_id(exercise.source)
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = without_region_marks(answers[grade_id(cell)].source)
    return made


def write_class(folder: Path, exercise: courses.Exercise, count: int, hostile: bool) -> None:
    """``count`` ordinary submissions, and with ``hostile`` one of each kind between them."""
    courses.hand_in(folder, exercise, exercise.release, courses.numbered(exercise, ORDINARY, count))
    for number, (kind, change) in enumerate(HOSTILE.items() if hostile else ()):
        made = solved(exercise)
        change(made)
        write(made, folder / f"student_{number:04}_{kind}" / NAME / f"{NAME}.ipynb")


def main() -> int:
    parser = measure.arguments(__doc__)
    parser.add_argument("--submissions", type=int, default=12, help="ordinary ones")
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    settings = {name: getattr(chosen, name) for name in ("submissions", "profile", "jobs")}
    result = measure.Parts("held_up", settings, fresh=True)
    with measure.scratch() as folder:
        exercise = courses.existing(folder / "course", NAME, load(measure.HIDDEN / NAME).profile(chosen.profile))
        found = {}
        for name in ("without", "with"):
            submitted = folder / name
            write_class(submitted, exercise, chosen.submissions, hostile=name == "with")
            more = ["--jobs", str(chosen.jobs), "--fresh", "--feedback"]
            found[name] = graders.ours(exercise.root, NAME, submitted, profile=chosen.profile, limit=chosen.limit, more=more)
        reasons = graders.reasons(folder / "with-graded")
    before, after = found["without"], found["with"]
    equal = bool(before.scores) and all(after.scores.get(student) == scores for student, scores in before.scores.items())
    result.conclude(
        seconds_without=round(before.seconds, 1),
        seconds_with=round(after.seconds, 1),
        times=round(after.seconds / before.seconds, 2),
        mib_without=round(before.peak_mib),
        mib_with=round(after.peak_mib),
        ordinary_equal=equal,
        aim={"times": MOST_TIMES, "mib": MOST_MIB},
        hostile={student: reasons.get(student) for student in sorted(reasons) if student.count("_") > 1},
        status=[before.status, after.status],
    )
    if not equal:
        print(after.text[-3000:])
    return 0 if equal and after.peak_mib < MOST_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
