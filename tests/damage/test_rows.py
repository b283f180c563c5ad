"""What other graders get wrong, row by row: each has a test that this one does not, and those that are nowhere else."""

import ast
import copy
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import HIDDEN, ROOT
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import determine_grade

from autograder.assignment import load
from autograder.course import Course
from autograder.grading.gradebook import ensure_assignment
from autograder.grading.item_cells import write_outcomes
from autograder.outcomes import ItemOutcome, SubmissionOutcome

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "rows.toml").read_text())["row"]
ASSIGNMENTS = Course(ROOT).assignments()


@cache
def functions(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.sub(r"\W+", "-", row["what"])[:50])
def test_every_row_has_tests_that_exist(row: dict[str, Any]) -> None:
    assert set(row) == {"what", "where", "tests"}
    assert row["tests"]
    for test in row["tests"]:
        found = re.fullmatch(r"(tests/[\w/]+\.py)::(test_\w+)(?:\[(\w+)\])?", test)
        assert found, test
        path, function, case = ROOT / found[1], found[2], found[3]
        assert function in functions(path), test
        if case:  # an attack: its group and its name
            group, _, name = case.partition("_")
            assert f'Attack("{name}", "{group}"' in re.sub(r"Attack\(\s+", "Attack(", _attacks(path.parent)), test


@cache
def _attacks(folder: Path) -> str:
    return re.sub(r'",\s+"', '", "', "".join(path.read_text() for path in sorted(folder.glob("*.py"))))


def test_no_row_is_listed_twice() -> None:
    assert len({row["what"] for row in ROWS}) == len(ROWS) >= 30


def item_cell(outputs: list[NotebookNode]) -> NotebookNode:
    cell = new_code_cell("check()", outputs=outputs)
    cell.metadata["nbgrader"] = {"grade_id": "act01", "grade": True, "solution": False, "points": 4, "schema_version": 3}
    return cell


def score(outputs: list[NotebookNode], verdict: Any, points: float) -> float:
    """What nbgrader reads as the score of an item cell that came out of the box with these outputs."""
    notebook = new_notebook(cells=[item_cell(outputs)])
    item = ItemOutcome(outcome=verdict, points=points, max_points=4.0, message="so so")
    outcome = SubmissionOutcome(status="graded", points=points, max_points=4.0, items={"act01": item})
    (cell,) = write_outcomes(notebook, outcome).cells
    found, largest = determine_grade(cell)
    assert largest == 4
    return float(found)


STDERR = new_output("stream", name="stderr", text="UserWarning: old\n100%|#####| 10/10 [00:01<00:00]\n")


def test_lines_on_stderr_cost_no_points() -> None:
    assert determine_grade(item_cell([STDERR])) == (0, 4.0)  # what nbgrader makes of them by itself
    assert score([STDERR], "passed", 4.0) == 4.0
    assert score([STDERR], "partial", 2.8) == 2.8


@pytest.mark.parametrize(("verdict", "points", "expected"), [
    ("passed", 4.0, 4.0), ("partial", 1.25, 1.25), ("failed", 0.0, 0.0), ("not_attempted", 0.0, 0.0),
    ("could_not_grade", 0.0, 0.0), ("passed", 400.0, 4.0), ("failed", -3.0, 0.0),
])  # fmt: skip
@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [new_output("execute_result", data={"text/plain": "4.0"}, execution_count=1)],
        [new_output("execute_result", data={"text/plain": "4000"}, execution_count=1)],
        [new_output("execute_result", data={"text/plain": "well done"}, execution_count=1)],
        [new_output("error", ename="AssertionError", evalue="no", traceback=[])],
    ],
    ids=["nothing", "number", "too_many", "text", "error"],
)
def test_what_is_read_as_the_score_is_the_outcomes_points(
    outputs: list[NotebookNode], verdict: str, points: float, expected: float
) -> None:
    assert score(copy.deepcopy(outputs), verdict, points) == expected


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_cells_that_train_have_time_to_train(name: str) -> None:
    """Ten minutes at least where the whole training is done; any cell has more than nbgrader's 30 seconds."""
    full = load(HIDDEN / name).profile("full")
    assert full.training_seconds >= 600
    assert full.cell_seconds > 30


def test_no_hidden_test_is_in_the_gradebook(tmp_path: Path) -> None:
    name = "pa4_convnet"
    db = tmp_path / "gradebook.db"
    ensure_assignment(Course(ROOT), name, db)
    content = re.sub(rb"\s+", b"", db.read_bytes())
    assert b"act01" in content
    public = "".join(Course(ROOT).release_notebook(name).read_text(encoding="utf-8").split())
    for path in sorted((ROOT / "autograder" / "assignments" / name).glob("test_*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            secret = "".join(line.split())
            if len(secret) > 40 and secret not in public and not secret.startswith(("#", "import", "from", '"""')):
                assert secret.encode() not in content, f"{path.name}: {line}"


def test_notebooks_are_imported_without_the_grammar() -> None:
    code = "import sys, autograder.notebooks.submission; print(sys.modules['rfc3987_syntax'], 'lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]
