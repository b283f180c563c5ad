"""Each assignment agrees with itself: notebook, release, hidden tests and catalogue speak of the same items."""

import ast
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from autograder import own_files
from autograder.assignment import Assignment, ProfileName, load
from autograder.course import Course
from autograder.judging.thresholds import Threshold
from autograder.notebooks import notebook, release
from autograder.proof import catalogue
from autograder.proof.prove import KINDS

COURSE = Course.find(Path(__file__))
NAMES = COURSE.assignments()
PROFILES: set[ProfileName] = {"full", "quick", "proof"}
every_assignment = pytest.mark.parametrize("name", NAMES)

# Ids that are promised: answer cells, autograded items, manual items. An answer cell whose name is an item's too is called
# `<name>_code` (an autograded item) or is the item's own cell (a manual one).
CONTRACT: dict[str, tuple[str, str, str]] = {
    "cnn_blocks": (
        "conv_maxpool conv_batchnorm train_maxpool train_batchnorm summaries results_table_code",
        "maxpool_block1 maxpool_block2 maxpool_block3 maxpool_output maxpool_forward batchnorm_block1 batchnorm_block2 "
        "batchnorm_block3 batchnorm_output batchnorm_forward batchnorm_single_image maxpool_training batchnorm_training "
        "parameter_counts results_table",
        "compare_models",
    ),
    "mnist_cnn": (
        "output_size_code mnist_cnn training_code evaluation parameter_formulas exploration",
        "output_size architecture forward training test_accuracy conv_formula full_formula total_parameters",
        "compare_accuracy_and_time when_cnn",
    ),
    "pa4_convnet": (
        "convnet network_graph trainer learning_rate loss_plot test_accuracy filters feature_maps",
        " ".join(f"act{number:02d}" for number in (*range(1, 20), 21, 23)),
        "act20 act21_text act22 act24",
    ),
    "fashion_cnn": (
        "softmax_regression_code softmax_probabilities_code accuracy_code fit_code regression_curves_code "
        "predict_image_code cnn cnn_training cnn_v1 cnn_v2 cnn_v3",
        "softmax_regression softmax_probabilities accuracy validation_epoch fit regression_curves predict_image "
        "regression_accuracy cnn_architecture cnn_forward cnn_loop evaluate_model cnn_accuracy v1_architecture "
        "v2_architecture v3_architecture improvement",
        "conclusions",
    ),
}
PUBLISHED = {
    "cnn_blocks": {"num_epochs": 5, "batch_size": 64},
    "mnist_cnn": {"num_epochs": 3, "batch_size": 100},
    "pa4_convnet": {"num_epochs": 10, "batch_size": 256},
    "fashion_cnn": {"num_epochs": 10, "batch_size": 128},
}
# The answer cells' names of the contract, where a manual item has another.
CELL_OF = {"act20": "error_analysis", "act21_text": "filters_answer", "act22": "feature_maps_answer", "act24": "comparison"}


@pytest.fixture(scope="module", autouse=True)
def marks_of_hidden_tests(pytestconfig: pytest.Config) -> None:
    """Hidden tests are imported here, outside of the session that knows their marks."""
    for line in ("item(id, weight=1)", "needs(*ids)"):
        pytestconfig.addinivalue_line("markers", f"{line}: a mark of hidden tests")


@cache
def source_of(name: str) -> notebook.NotebookNode:
    return notebook.read(COURSE.source_notebook(name))


@cache
def release_of(name: str) -> notebook.NotebookNode:
    return notebook.read(COURSE.release_notebook(name))


@cache
def settings_of(name: str) -> Assignment:
    return load(COURSE.hidden_tests(name))


def autograded(name: str) -> set[str]:
    return {item.id for item in notebook.items(source_of(name)) if not item.manual}


def test_no_assignment_is_half_there() -> None:
    folders = {path.parent.name for path in COURSE.hidden_tests("").glob("*/assignment.toml")}
    assert folders == set(NAMES), "an assignment is a folder in source/ and one in autograder/assignments/"
    for name in NAMES:
        assert [path.name for path in (COURSE.source / name).iterdir() if path.name[0] != "."] == [f"{name}.ipynb"]


@every_assignment
def test_ids_are_those_promised(name: str) -> None:
    if name not in CONTRACT:
        pytest.skip("this assignment's ids are its own")
    answers, items, manual = (set(names.split()) for names in CONTRACT[name])
    assert {notebook.grade_id(cell) for cell in source_of(name).cells if notebook.role(cell) == "answer"} == answers
    assert autograded(name) == items
    assert {item.id for item in notebook.items(source_of(name)) if item.manual} == manual


@every_assignment
def test_cells_are_named_once_and_locked(name: str) -> None:
    cells = source_of(name).cells
    assert max(Counter(cell.id for cell in cells).values()) == 1
    for cell in cells:
        grade_id, kind = notebook.grade_id(cell), notebook.role(cell)
        if kind == "extra":
            continue
        assert cell.id == CELL_OF.get(grade_id, grade_id), f"write {grade_id} into the file as the cell's id too"
        meta = cell.metadata.nbgrader
        assert (meta.schema_version, meta.task) == (3, False), cell.id
        assert meta.locked == (kind in ("given", "item")), f"{cell.id}: students write in answer and manual cells"
        assert cell.cell_type == "code" if kind in ("answer", "item") else True, cell.id


@every_assignment
def test_points_are_100_and_stand_in_the_table_of_tasks(name: str) -> None:
    points = {item.id: item.max_points for item in notebook.items(source_of(name))}
    assert sum(points.values()) == 100
    stated: dict[str, float] = {}
    for row in rows_of_table_with(name, "id", "points"):
        found = re.search(r"`(\w+)`", row["id"])
        if found and row["points"][:1].isdigit():  # an optional task has none
            stated[found[1]] = float(row["points"])
        elif "total" in " ".join(row.values()).lower():
            assert row["points"].strip("* ") == "100"
    assert stated == points, "the table of tasks at the top of the notebook"


def rows_of_table_with(name: str, *columns: str) -> Iterator[dict[str, str]]:
    """Rows of the first table of the notebook's text that has these columns."""
    for cell in source_of(name).cells:
        lines = [line.strip() for line in cell.source.splitlines()] if cell.cell_type == "markdown" else []
        for place, line in enumerate(lines):
            head = [column.strip().lower() for column in line.strip("|").split("|")]
            if line.startswith("|") and set(columns) <= set(head):
                for row in lines[place + 2 :]:
                    if not row.startswith("|"):
                        return
                    yield dict(zip(head, (part.strip() for part in row[1:-1].split("|")), strict=False))
                return
    pytest.fail(f"no table with the columns {', '.join(columns)}")


def hidden_tests(name: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(settings_of(name).folder.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.name}: {node.name}", node


def modules_of(name: str) -> list[object]:
    files = sorted(settings_of(name).folder.glob("test_*.py"))
    return [own_files.module(path) for path in files]


def items_marked(module: object) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Test name, item and needs of each hidden test of a module."""
    for test, function in vars(module).items():
        if not test.startswith("test_") or not callable(function):
            continue
        marks = {mark.name: mark.args for mark in getattr(function, "pytestmark", [])}
        for mark in getattr(function, "pytestmark", []):
            if mark.name == "item":
                yield test, mark.args[0], tuple(marks.get("needs", ()))
            if mark.name == "parametrize":
                for case in mark.args[1]:
                    for inner in getattr(case, "marks", ()):
                        if inner.name == "item":
                            yield test, inner.args[0], tuple(marks.get("needs", ()))


def tasks_of(module: object) -> dict[str, list[str]]:
    """The lines for the student of the hidden tests that are written as tables, by the name of the function."""
    found: dict[str, list[str]] = {}
    for test, function in vars(module).items():
        for mark in getattr(function, "pytestmark", []) if test.startswith("test_") and callable(function) else []:
            cases = mark.args[1] if mark.name == "parametrize" else []
            tasks = [
                inner.kwargs.get("task") for case in cases for inner in getattr(case, "marks", ()) if inner.name == "item"
            ]
            found[test] = [*found.get(test, []), *filter(None, tasks)]
    return found


@every_assignment
def test_every_item_has_a_hidden_test_and_every_hidden_test_an_item(name: str) -> None:
    marked: set[str] = set()
    with_item: set[str] = set()
    tasks: dict[str, list[str]] = {}
    for module in modules_of(name):
        tasks |= tasks_of(module)
        for test, item, needs in items_marked(module):
            marked.add(item)
            with_item.add(test)
            unknown = set(needs) - autograded(name)
            assert not unknown, f"{test} needs {unknown}, which are no items"
            assert item not in needs, f"{test} of {item} needs its own item"
    assert marked == autograded(name)
    for where, node in hidden_tests(name):
        assert node.name in with_item, f"{where} has no item"
        for line in tasks.get(node.name) or [ast.get_docstring(node) or ""]:
            assert line.endswith("."), f"{where} has no line for the student"
            assert "\n\n" not in line, f"{where}: one sentence or two, no paragraphs"


@every_assignment
def test_every_item_has_a_visible_check(name: str) -> None:
    """The item's cell asserts something, itself or through a function that the notebook gives."""
    asserting: set[str] = set()
    given = [cell.source for cell in source_of(name).cells if cell.cell_type == "code" and notebook.role(cell) == "given"]
    functions = [node for text in given for node in ast.walk(parse(text)) if isinstance(node, ast.FunctionDef)]
    for _ in range(3):  # a check that calls a check that asserts
        asserting |= {function.name for function in functions if asserts(function, asserting)}
    for cell in source_of(name).cells:
        if notebook.role(cell) == "item":
            assert asserts(parse(cell.source), asserting), f"{cell.id} checks nothing"


def parse(text: str) -> ast.Module:
    """Code of a cell without IPython's own lines."""
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", text, flags=re.MULTILINE))


def asserts(tree: ast.AST, asserting: set[str]) -> bool:
    for node in ast.walk(tree):
        raised = isinstance(node, ast.Raise) and node.exc is not None and "AssertionError" in ast.unparse(node.exc)
        called = isinstance(node, ast.Call) and ast.unparse(node.func) in asserting
        if isinstance(node, ast.Assert) or raised or called:
            return True
    return False


@every_assignment
def test_every_item_has_a_wrong_answer_that_fails_there(name: str) -> None:
    answers = catalogue.answers(COURSE.hidden_tests(name))
    assert max(Counter(answer.name for answer in answers).values()) == 1
    wrong = [answer for answer in answers if answer.kind in ("mistake", "mutant") and not answer.equivalent]
    named = {item for answer in wrong for item in (*answer.fails, *answer.verdicts)}
    assert named <= autograded(name), f"no items: {named - autograded(name)}"
    assert named >= autograded(name), f"no mistake and no mutant is wrong at {sorted(autograded(name) - named)}"
    for answer in answers:
        if answer.kind not in KINDS:  # of these tests/test_prove.py tells that each edit fits the reference solution
            catalogue.build(answer, source_of(name), release_of(name))
    if name in CONTRACT:
        assert len(wrong) >= 40
        assert sum(answer.kind == "right" for answer in answers) >= 15


@every_assignment
def test_thresholds_and_profiles(name: str) -> None:
    found = [value for module in modules_of(name) for value in thresholds_in(module)]
    assert found, "no figure of a training run is judged by a Threshold"
    for threshold in found:
        assert set(threshold.at_least or threshold.below) == PROFILES, threshold.figure
    profiles = settings_of(name).settings.profiles
    assert set(profiles) == PROFILES
    assert profiles["full"].parameters == {}, "profile full is the notebook as published"
    (cell,) = [cell for cell in source_of(name).cells if "parameters" in notebook.tags(cell)]
    values = {ast.unparse(node.targets[0]): ast.unparse(node.value) for node in parse(cell.source).body}  # type: ignore[attr-defined]
    assert values["seed"] == "0"
    for profile in ("quick", "proof"):
        unknown = set(profiles[profile].parameters) - set(values)
        assert not unknown, f"profile {profile} sets {unknown}, which the cell tagged `parameters` does not"
    published = {key: int(values[key]) for key in PUBLISHED.get(name, {})}
    assert published == PUBLISHED.get(name, {})
    assert any("training" in notebook.tags(cell) for cell in source_of(name).cells), "no cell is tagged `training`"


def thresholds_in(module: object) -> Iterator[Threshold]:
    for value in vars(module).values():
        members = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
        yield from (member for member in members if isinstance(member, Threshold))


@every_assignment
def test_release_is_in_step_and_gives_nothing_away(name: str, tmp_path: Path) -> None:
    shutil.copy(COURSE.root / "nbgrader_config.py", tmp_path)
    shutil.copytree(COURSE.source / name, tmp_path / "source" / name)
    made = release.generate(Course(tmp_path), name)
    committed = COURSE.release_notebook(name).read_bytes()
    assert made.read_bytes() == committed, f"run `autograder generate {name}`"
    assert release.leaks(COURSE, name) == []
    for found in (source_of(name), release_of(name)):
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in found.cells)
