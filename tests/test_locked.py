"""Locked cells of a submission: what is said of a file of an older release, and imports that a student added are kept."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import test_submission
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum
from test_submission import RELEASE, ROOT, answers, cell_of, skeleton

from autograder.notebooks.imports import added_imports, bindings
from autograder.notebooks.notebook import cells_by_grade_id, grade_id, read, role, tags
from autograder.notebooks.restore import Restored
from autograder.notebooks.submission import read_submission

handin, worked = test_submission.handin, test_submission.worked
Handin = Callable[[object], Restored]
GIVEN = cell_of(RELEASE, "imports").source


def older(notebook: NotebookNode, *names: str, add: str = "\n# The words of last year.") -> NotebookNode:
    """The notebook as another release had it: other text in some cells, with the checksum that nbgrader writes beside it."""
    made = copy.deepcopy(notebook)
    for name in names:
        cell = cell_of(made, name)
        cell.source = cell.source + add if add else cell.source
        cell.metadata.nbgrader.checksum = compute_checksum(cell)
    return made


def extras(submission: Restored) -> list[tuple[str, list[str]]]:
    return [(cell.source, tags(cell)) for cell in submission.notebook.cells if cell["id"].startswith("extra-")]


def test_a_file_of_an_older_release_is_told_once(handin: Handin, worked: NotebookNode) -> None:
    submission = handin(older(worked, "header", "tasks", "imports", "act01", "act07"))
    assert submission.repairs == [
        "notebook: it was made from an older release (5 locked cells differ), the present cells were put back."
    ]
    assert answers(submission.notebook) == answers(worked)
    assert len(submission.notebook.cells) == len(RELEASE.cells)
    assert cell_of(submission.notebook, "act01") == cell_of(RELEASE, "act01")


def test_what_the_student_changed_in_it_is_told_apart(handin: Handin, worked: NotebookNode) -> None:
    file = older(worked, "header", "act07")
    cell_of(file, "act01").source = "check(True)"
    submission = handin(file)
    assert submission.repairs == [
        "act01: locked cell was changed, the released one was put back.",
        "notebook: it was made from an older release (2 locked cells differ), the present cells were put back.",
    ]
    assert extras(submission) == [("check(True)", ["not-graded"])]


def test_a_changed_cell_with_an_old_checksum_was_changed(handin: Handin, worked: NotebookNode) -> None:
    file = older(worked, "act07")
    cell_of(file, "act07").source += "\ncheck(True)"
    assert handin(file).repairs == ["act07: locked cell was changed, the released one was put back."]


def test_imports_of_an_older_release_are_kept(handin: Handin, worked: NotebookNode) -> None:
    submission = handin(older(worked, "imports", add="\nimport statistics"))
    assert extras(submission) == [("import statistics", [])]
    assert submission.repairs == [
        "notebook: it was made from an older release (1 locked cell differs), the present cells were put back; imports that "
        "only it has are kept (import statistics)."
    ]


@pytest.mark.parametrize("name", ["cnn_blocks", "fashion_cnn", "mnist_cnn", "pa4_convnet"])
def test_a_release_is_untouched_by_nbgraders_own_checksums(name: str, tmp_path: Path) -> None:
    """Each cell of a release, in other words but with nbgrader's own checksum, counts as text that was released."""
    release = read(ROOT / "release" / name / f"{name}.ipynb")
    locked = [grade_id(cell) for cell in release.cells if role(cell) in ("given", "item")]
    path = tmp_path / name / f"{name}.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(older(release, *cells_by_grade_id(release), add="\n# Other words.")))
    found = read_submission(path, release, name)
    assert found.repairs == [
        f"notebook: it was made from an older release ({len(locked)} locked cells differ), the present cells were put back."
    ]
    assert found.answered == 0, "answer cells of an older release are nobody's work"


@pytest.mark.parametrize("points", [None, "many", 10**400, float("nan"), True, [1]])
def test_odd_points_beside_a_checksum_do_no_harm(handin: Handin, worked: NotebookNode, points: object) -> None:
    cell_of(worked, "act07").metadata.nbgrader.points = points
    cell_of(worked, "act07").source += "# mine"
    assert handin(worked).repairs == ["act07: locked cell was changed, the released one was put back."]


@pytest.mark.parametrize(
    ("added", "kept"),
    [
        ("from torch.optim import Adam\n", ["from torch.optim import Adam"]),
        ("import seaborn as sns", ["import seaborn as sns"]),
        ("import os, copy as c", ["import os", "import copy as c"]),
        ("from os import (\n    path,\n    sep as s,\n)", ["from os import path", "from os import sep as s"]),
        ("import torch.optim.lr_scheduler", ["import torch.optim.lr_scheduler"]),
        ("from torch.nn import *", ["from torch.nn import *"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["above", "below"])
def test_imports_added_to_a_locked_cell_are_kept(
    added: str, kept: list[str], where: str, handin: Handin, worked: NotebookNode
) -> None:
    cell_of(worked, "imports").source = f"{added}\n{GIVEN}" if where == "above" else f"{GIVEN}\n{added}"
    submission = handin(worked)
    assert extras(submission) == [(statement, []) for statement in kept], "each on its own: one that fails costs no other"
    assert submission.repairs == [f"imports: imports that were added to this locked cell are kept ({'; '.join(kept)})."]
    ids = [cell["id"] for cell in submission.notebook.cells]
    assert ids[ids.index("imports") - 1].startswith("extra-"), "they run before, so that what the release imports wins"
    assert skeleton(submission.notebook) == skeleton(RELEASE)
    again = handin(submission.notebook)
    assert [cell.source for cell in again.notebook.cells] == [cell.source for cell in submission.notebook.cells]


def test_an_import_added_to_any_locked_cell_or_copy_of_it_is_kept(handin: Handin, worked: NotebookNode) -> None:
    cell_of(worked, "act07").source = f"import copy\n{cell_of(RELEASE, 'act07').source}"
    twice = copy.deepcopy(cell_of(worked, "imports"))
    twice.source += "\nimport os"
    twice["id"] = "abcd1234"
    worked.cells.insert(4, twice)
    submission = handin(worked)
    assert {source for source, how in extras(submission) if not how} == {"import copy", "import os"}


def test_what_else_was_changed_is_not_run(handin: Handin, worked: NotebookNode) -> None:
    mine = f"import os\n{GIVEN}\nprint = None"
    cell_of(worked, "imports").source = mine
    submission = handin(worked)
    assert extras(submission) == [("import os", []), (mine, ["not-graded"])]
    assert submission.repairs == [
        "imports: imports that were added to this locked cell are kept (import os).",
        "imports: locked cell was changed, the released one was put back.",
    ]


@pytest.mark.parametrize(
    "line",
    ["from fake import nn", "import fake as torch", "import fake.path as np", "from . import nn", "import ("],
)
def test_no_import_replaces_what_the_release_imports(line: str, handin: Handin, worked: NotebookNode) -> None:
    mine = f"{GIVEN}\n{line}"
    cell_of(worked, "imports").source = mine
    submission = handin(worked)
    assert [how for _, how in extras(submission)] == [["not-graded"]]
    assert submission.repairs == ["imports: locked cell was changed, the released one was put back."]


def test_nor_what_a_cell_above_defines(handin: Handin, worked: NotebookNode) -> None:
    defined = sorted(bindings(cell.source for cell in RELEASE.cells[:12] if cell.cell_type == "code"))
    assert "seed" in defined
    assert "check" in bindings(cell.source for cell in RELEASE.cells if cell.cell_type == "code")
    cell_of(worked, "act07").source += "\nfrom fake import check, seed, plt"
    assert [how for _, how in extras(handin(worked))] == [["not-graded"]]


def test_two_names_for_one_thing_are_no_conflict() -> None:
    taken = bindings(["import torch\nfrom torch import nn", "x: int = 1\ndef f():\n    import y\nclass C: z = 1"])
    assert taken == {"torch": "torch", "nn": "torch.nn", "x": "", "f": "", "C": ""}
    for line in ("import torch.nn as nn", "import torch.optim", "from torch import optim"):
        assert added_imports(line, "import torch", taken).statements == (line,)
    for line in ("import x", "from torch import f", "from other import nn", "import C.y"):
        assert added_imports(line, "import torch", taken).statements == ()


def test_a_cell_that_is_too_long_to_read_is_left(handin: Handin, worked: NotebookNode) -> None:
    cell_of(worked, "imports").source += "\nimport os" + "\n# a" * 10_000
    assert handin(worked).repairs == ["imports: locked cell was changed, the released one was put back."]
