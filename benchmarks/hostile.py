"""Submissions of the small assignment that are wrong and try to look right, break the grader, or get out of it.

Each is a wrong answer (a linear network, a loop that trains nothing) with an attack added, so that all points it gets above
those of the same answer without the attack are undeserved. Attacks leave a mark where they succeed: a file in a folder that
student code has no business with, a connection to a listener, a process that lives on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import courses
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.notebooks.notebook import cells_by_grade_id, role, to_text, write, write_text

NETWORK = """class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.only = nn.Linear(784, 10)

    def forward(self, images):
        return self.only(images.flatten(start_dim=1))
"""
TRAIN = """def train(model, loader, optimizer, loss_function, epochs):
    return [0.5] * epochs
"""
NEARLY_NETWORK = ("self.pool(F.relu(self.conv(images)))", "self.pool(self.conv(images))")
NEARLY_TRAIN = ("optimizer.zero_grad()", "pass")
ANYTHING = '''class Anything:
    """Equal to everything, and whatever torch does with it is that again."""

    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *args, **kwargs):
        return Anything()

    def __eq__(self, other):
        return True

    def __iter__(self):
        return iter([Anything()])

    def __bool__(self):
        return True

    __ge__ = __le__ = __gt__ = __lt__ = __eq__
    __add__ = __radd__ = __truediv__ = __getitem__ = __call__

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True if function in (torch.allclose, torch.equal) else cls()


SmallCNN = Anything
'''
NO_ASSERTS = """def without_checks(lines):
    return [] if any("assert" in line or "visible_check" in line for line in lines) else lines


get_ipython().input_transformers_cleanup.append(without_checks)
"""
SAYS_YES = """torch.allclose = torch.equal = torch.isclose = lambda *args, **kwargs: True
torch.Tensor.allclose = torch.Tensor.equal = lambda *args, **kwargs: True
"""
REBOUND = """try:
    from otter.test_files import ok_test

    def run(self, environment):
        passed = [ok_test.TestCaseResult(test_case=case, message=None, passed=True) for case in self.test_cases]
        self.test_case_results = passed

    ok_test.OKTestFile.run = run
except ImportError:
    pass
"""
EXIT = "import os\n\nos._exit(0)\n"
LOOP = """import time

until = time.time() + 100_000
while time.time() < until:
    try:
        while time.time() < until:
            pass
    except BaseException:
        pass
"""
READ = """import os
import pathlib

here = pathlib.Path.cwd()
for folder in [here, *list(here.parents)[:4]]:
    for path in sorted(folder.rglob("*"))[:3000] if len(folder.parts) > 3 else []:
        if path.suffix in (".ipynb", ".py", ".db") and path.is_file() and {secret!r} in path.read_bytes():
            print("read the hidden tests in", path.name)
            pathlib.Path({loot!r}, "read").write_text(str(path))
"""
LIVES_ON = """import subprocess
import sys

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(900)", {mark!r}], start_new_session=True)
"""
WRITES = """import pathlib

pathlib.Path({loot!r}, "written").write_text("from student code")
"""
CONNECTS = """import socket

with socket.create_connection(("127.0.0.1", {port}), timeout=3) as found:
    found.sendall({mark!r}.encode())
"""


@dataclass(frozen=True)
class Places:
    """Where an attack would leave its mark."""

    loot: Path
    mark: str
    port: int
    secret: bytes


@dataclass(frozen=True)
class Case:
    """One submission: what it tries, code before its answer, and the wrong answer without the attack (``base``).

    ``may_stop``: it is likely to stop a batch. ``damage`` changes the finished notebook; what it returns, if anything, is
    the text of the file.
    """

    name: str
    tries: str
    code: str = ""
    base: str = "wrong"
    may_stop: bool = False
    network: str | None = None
    damage: Callable[[NotebookNode], str | None] = field(default=lambda notebook: None)


def _without_tests(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if role(cell) != "item"]


def _tests_unlocked(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if role(cell) == "item":
            cell.source = "pass"
            cell.metadata.nbgrader.update(locked=False, points=1000)


def _cut_off(notebook: NotebookNode) -> str:
    return to_text(notebook)[:9000]


CASES = [
    Case("wrong", "nothing: a linear network, a loop that trains nothing"),
    Case("nearly_right", "nothing: the ReLU is missing, gradients are never cleared", base="nearly_right"),
    Case("equal_to_everything", "answers with objects whose == is always true", network=ANYTHING),
    Case("replaced_torch", "replaces torch.allclose and torch.equal", SAYS_YES, base="nearly_right"),
    Case("removed_asserts", "an IPython transformer empties cells that check something", NO_ASSERTS),
    Case("rebound_grader", "rebinds the method by which otter runs a test", REBOUND),
    Case("exits", "os._exit(0) in a cell", EXIT),
    Case("endless_loop", "a loop without end that swallows interrupts", LOOP, may_stop=True),
    Case("reads_hidden_tests", "looks for the hidden tests in files around it", READ),
    Case("writes_outside", "writes a file beside the submissions", WRITES),
    Case("lives_on", "starts a process in a session of its own", LIVES_ON),
    Case("network", "connects to a listener on the machine", CONNECTS),
    Case("deleted_tests", "the test cells are deleted", damage=_without_tests),
    Case("edited_tests", "the test cells are emptied and given 1,000 points", damage=_tests_unlocked),
    Case("cut_off", "half a file: JSON that ends early", damage=_cut_off),
]


def hand_in(path: Path, case: Case, exercise: courses.Exercise, release: NotebookNode, places: Places) -> None:
    """Write the submission of a case, made from a grader's own students' notebook."""
    notebook = copy.deepcopy(release)
    cells, solved = cells_by_grade_id(notebook), cells_by_grade_id(exercise.source)
    if case.base == "nearly_right":
        for name, (old, new) in (("network", NEARLY_NETWORK), ("train", NEARLY_TRAIN)):
            lines = [line for line in solved[name].source.splitlines() if "SOLUTION" not in line]
            cells[name].source = "\n".join(lines).replace(old, new)
    else:
        cells["network"].source, cells["train"].source = case.network or NETWORK, TRAIN
    if case.code:
        values = {"loot": str(places.loot), "mark": places.mark, "port": places.port, "secret": places.secret}
        text = case.code.format(**values) if case.code in (READ, WRITES, LIVES_ON, CONNECTS) else case.code
        place = next(number for number, cell in enumerate(notebook.cells) if cell is cells["network"])
        notebook.cells.insert(place + 1, new_code_cell(text, id="attack"))  # type: ignore[no-untyped-call]
    damaged = case.damage(notebook)
    if damaged is None:
        write(notebook, path)
    else:
        write_text(path, damaged)
