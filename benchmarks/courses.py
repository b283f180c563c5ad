"""One assignment in the formats of three graders: this one, nbgrader with hidden tests in its cells, otter-grader.

All three get the same cells, data and parameters and the same submissions; only where hidden tests stand differs. Cells
that grading skips here (tagged ``not-graded``) are left out of the other formats too, unless they are asked for.
"""

from __future__ import annotations

import ast
import compileall
import copy
import re
import shutil
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import measure
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.assignment import Profile, load
from autograder.course import Course
from autograder.datasets.data import dataset_folder
from autograder.notebooks.notebook import cells_by_grade_id, items, read, role, tags, write
from autograder.proof.answer import Answer
from autograder.proof.catalogue import build

TINY = "tiny"
IGNORED = ("__pycache__", "*.pyc")
NBGRADER_CONFIG = """c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "benchmark"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "data", ".*"]
c.Execute.timeout = {seconds}
"""
OTTER_INIT = 'import otter\n\ngrader = otter.Notebook("{name}.ipynb")'
OTTER_TEST = """OK_FORMAT = True
test = {{
    "name": {name!r},
    "points": {points},
    "suites": [
        {{
            "cases": [{{"code": {code!r}, "hidden": True, "locked": False}}],
            "scored": True, "setup": "", "teardown": "", "type": "doctest",
        }}
    ],
}}
"""


@dataclass(frozen=True)
class Exercise:
    """An assignment with the hidden tests that an instructor would write into its cells, by item.

    ``root`` is a copy of this package in which the assignment exists, with the course around it.
    """

    root: Path
    name: str
    hidden: dict[str, str]
    answers: list[Answer]
    parameters: dict[str, Any] = field(default_factory=dict)
    test_images: int | None = None

    @property
    def folder(self) -> Path:
        """Its settings, probes, hidden tests and catalogue."""
        return Course(self.root).hidden_tests(self.name)

    @property
    def source(self) -> NotebookNode:
        """The instructor's notebook."""
        return read(self.root / "source" / self.name / f"{self.name}.ipynb")

    @property
    def release(self) -> NotebookNode:
        """The students' notebook."""
        return read(self.root / "release" / self.name / f"{self.name}.ipynb")

    def answer(self, name: str) -> Answer:
        """The answer of the catalogue with this name."""
        return next(answer for answer in self.answers if answer.name == name)


def copy_of_package(root: Path) -> None:
    """The package as it is now, in a folder of its own: what the working tree does meanwhile changes nothing."""
    if not (root / "autograder").is_dir():
        root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(measure.ROOT / "autograder", root / "autograder", ignore=shutil.ignore_patterns(*IGNORED))
        shutil.copy(measure.ROOT / "nbgrader_config.py", root)
        (root / "source").mkdir()
        compileall.compile_dir(root / "autograder", quiet=1)  # as an installed package is, like the other graders


def tiny(root: Path) -> Exercise:
    """The assignment that ``autograder new`` lays out, at profile ``proof``: two epochs over 512 images.

    Raises:
        RuntimeError: it could not be laid out.
    """
    copy_of_package(root)
    if not (root / "source" / TINY).is_dir():
        command = [sys.executable, "-m", "autograder", "new", TINY]
        done = measure.run(command, root, measure.environment(PYTHONPATH=str(root)), 120)
        if done.status != 0:
            raise RuntimeError(f"autograder new: {done.text[-2000:]}")
    return _exercise(root, TINY, "tiny", load(Course(root).hidden_tests(TINY)).profile("proof"))


def existing(root: Path, name: str, profile: Profile | None = None) -> Exercise:
    """An assignment of this repository, by default at profile ``proof``, in a copy of the package and of its notebooks."""
    copy_of_package(root)
    for stage in ("source", "release"):
        shutil.copytree(measure.ROOT / stage / name, root / stage / name, dirs_exist_ok=True)
    return _exercise(root, name, name, profile or load(measure.HIDDEN / name).profile("proof"))


def _exercise(root: Path, name: str, hidden: str, profile: Profile) -> Exercise:
    from autograder.proof import catalogue

    answers = catalogue.answers(Course(root).hidden_tests(name))
    return Exercise(root, name, _hidden(hidden), answers, dict(profile.parameters), profile.test_images)


def _hidden(name: str) -> dict[str, str]:
    """Hidden tests by item, from ``hidden_tests/<assignment>.md``: the Python below each heading."""
    text = (measure.FOLDER / "hidden_tests" / f"{name}.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^## (\w+)\n+```python\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL))


def conventional(exercise: Exercise, whole: bool = False) -> NotebookNode:
    """The source notebook with hidden tests, parameters and the dataset's folder inside, for other graders.

    ``whole`` keeps the cells that this grader skips.
    """
    notebook = copy.deepcopy(exercise.source)
    if not whole:
        notebook.cells = [cell for cell in notebook.cells if "not-graded" not in tags(cell)]
    root = dataset_folder(load(exercise.folder).settings.dataset).parents[1]
    for cell in notebook.cells:
        # Where a course keeps its images; copied beside every submission they would cost nbgrader and otter more.
        cell.source = cell.source.replace('root="data"', f"root={str(root)!r}")
        if exercise.test_images and "test_data = datasets." in cell.source:
            cut = f"test_data = Subset(test_data, range({exercise.test_images}))\ntest_loader = "
            cell.source = cell.source.replace("test_loader = ", cut)
        if "parameters" in tags(cell):
            values = [f"{name} = {value!r}" for name, value in exercise.parameters.items()]
            cell.source = "\n".join([cell.source, *values])
    return notebook


def nbgrader_course(root: Path, exercise: Exercise, seconds: int, whole: bool = False) -> NotebookNode:
    """Lay out a course as nbgrader's own manual does, hidden tests inside the cells; the release as nbgrader made it.

    Raises:
        RuntimeError: nbgrader refuses it.
    """
    notebook = conventional(exercise, whole)
    for cell in notebook.cells:
        if role(cell) == "item" and (tests := exercise.hidden.get(cell.metadata.nbgrader.grade_id)):
            cell.source += f"\n\n### BEGIN HIDDEN TESTS\n{tests}\n### END HIDDEN TESTS"
    write(notebook, root / "source" / exercise.name / f"{exercise.name}.ipynb")
    (root / "nbgrader_config.py").write_text(NBGRADER_CONFIG.format(root=str(root), seconds=seconds))
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", exercise.name, "--force"]
    done = measure.run(command, root, measure.environment(), 120)
    if done.status != 0:
        raise RuntimeError(f"nbgrader generate_assignment: {done.text[-2000:]}")
    return read(root / "release" / exercise.name / f"{exercise.name}.ipynb")


def otter_course(root: Path, exercise: Exercise) -> NotebookNode:
    """Write ``autograder.zip`` as ``otter generate`` does (tests and settings); the notebook that students get."""
    notebook = conventional(exercise)
    points = {item.id: item.max_points for item in items(notebook) if not item.manual}
    root.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(root / "autograder.zip", "w") as archive:
        archive.writestr("otter_config.json", '{"lang": "python"}')
        for item in points:
            code = _doctest(exercise.hidden.get(item, "pass"))
            archive.writestr(f"tests/{item}.py", OTTER_TEST.format(name=item, points=points[item], code=code))
    released = cells_by_grade_id(exercise.release)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if role(cell) in ("answer", "manual"):
            cell.source = released[name].source
        elif role(cell) == "item":
            cell.source += f'\n\ngrader.check("{name}")'
    notebook.cells.insert(0, new_code_cell(OTTER_INIT.format(name=exercise.name), id="otter"))  # type: ignore[no-untyped-call]
    return notebook


def _doctest(code: str) -> str:
    """Python statements as a doctest session without output, as otter's own test files have them."""
    lines = code.splitlines()
    starts = {node.lineno - 1 - len(getattr(node, "decorator_list", [])) for node in ast.parse(code).body}
    return "\n".join((">>> " if number in starts else "... ") + line for number, line in enumerate(lines))


def hand_in(folder: Path, exercise: Exercise, release: NotebookNode, submissions: dict[str, Answer]) -> list[Path]:
    """Write each student's answer into a copy of ``release``, in nbgrader's layout below ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    there = {cell.get("id") for cell in release.cells}
    paths = []
    for student, answer in submissions.items():
        path = folder / student / exercise.name / f"{exercise.name}.ipynb"
        fitting = replace(answer, added=tuple((place, text) for place, text in answer.added if place in there))
        write(build(fitting, exercise.source, release), path)
        paths.append(path)
    return paths


def numbered(exercise: Exercise, names: Sequence[str], count: int) -> dict[str, Answer]:
    """``count`` different submissions: the named answers in turn, each with a line of its own after the first answer."""
    after = next(cell.metadata.nbgrader.grade_id for cell in exercise.release.cells if role(cell) == "answer")
    answers = [exercise.answer(name) for name in names]
    found = {}
    for number in range(count):
        answer = answers[number % len(answers)]
        own = (after, f"print('submission {number}')")
        found[f"student_{number:04}"] = replace(answer, added=(*answer.added, own))
    return found
