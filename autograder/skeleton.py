"""Lay out a new course, and in it an assignment that works at once: notebook, reference, probes, hidden tests, catalogue.

The files are made from ``templates/``, in which ``$name`` and its like stand for what differs between assignments.
"""

from __future__ import annotations

import contextlib
import json
import keyword
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from string import Template

from .course import Course, CourseError
from .datasets.data import DatasetName
from .notebooks.notebook import read, write, write_text
from .notebooks.release import generate

TEMPLATES = Path(__file__).parent / "templates"
LONGEST = 40  # characters: the lines of the generated files then keep within the project's width
RESERVED = {
    "source": "nbgrader's stages", "release": "nbgrader's stages", "submitted": "nbgrader's stages",
    "autograded": "nbgrader's stages", "feedback": "nbgrader's stages", "solutions": "the course's folders",
    "graded": "the course's folders", "examples": "the course's folders", "data": "nbgrader's ignored folders",
    "con": "Windows' devices", "prn": "Windows' devices", "aux": "Windows' devices", "nul": "Windows' devices",
}  # fmt: skip

_FACTS: dict[DatasetName, dict[str, str]] = {
    "mnist": {
        "data_class": "MNIST",
        "data_name": "MNIST",
        "about": "MNIST holds 70,000 grey pictures of handwritten digits, 28x28 pixels.",
        "confusions": "a 4 with a closed top looks like a 9, a 7 with a bent back like a 2.",
        "full": "0.95",
        "accuracy": "95",
        "quick": "0.75",
        "proof": "0.3",
    },
    "fashion_mnist": {
        "data_class": "FashionMNIST",
        "data_name": "Fashion-MNIST",
        "about": "Fashion-MNIST holds 70,000 grey pictures of clothes, shoes and bags, 28x28 pixels.",
        "confusions": "a shirt without visible buttons looks like a T-shirt, a short coat like a pullover.",
        "full": "0.84",
        "accuracy": "84",
        "quick": "0.65",
        "proof": "0.3",
    },
}


@dataclass(frozen=True)
class Made:
    """Where the parts of a new assignment lie: the source notebook, the grader's folder, the released notebook."""

    source: Path
    folder: Path
    release: Path


def begin(root: Path) -> Course:
    """Make a folder a course where it is none: what nbgrader needs for it, and nothing of what is there is changed.

    Raises:
        CourseError: the folder cannot be written, or has an ``nbgrader_config.py`` that this grader does not know of.
    """
    path = root / "nbgrader_config.py"
    template = Template((TEMPLATES / "course" / f"{path.name}.template").read_text(encoding="utf-8"))
    try:
        (root / "source").mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_text(path, template.substitute(course_id=re.sub(r"\W+", "_", root.resolve().name)))
        elif "autograder" not in path.read_text(encoding="utf-8", errors="replace"):
            raise CourseError(
                f"{path} is nbgrader's alone; add to it, after get_config(): from autograder.grading.configuration import "
                "configure; configure(c, Path(__file__).resolve().parent)"
            )
    except OSError as error:
        raise CourseError(f"cannot make {root} a course: {error}") from error
    return Course(root.resolve())


def lay_out(course: Course, name: str, dataset: DatasetName, title: str = "") -> Made:
    """Write the assignment ``name`` into a course, and generate its release.

    Args:
        title: one line, for the notebook's header; default the name in words.

    Raises:
        CourseError: the name or the title cannot be used, something of that name exists, or a folder cannot be written.
            Nothing is left behind then, and nothing that existed is changed.
    """
    title = title or name.replace("_", " ").capitalize()
    made = Made(course.source / name / f"{name}.ipynb", course.hidden_tests(name), course.release / name / f"{name}.ipynb")
    _require_usable(name, title)
    for path in (made.source.parent, made.folder, made.release.parent, course.solutions / name):
        if path.exists():
            raise CourseError(f"the name {name!r} is taken: {path} exists; nothing was written")
    begun: list[Path] = []
    missing = [folder for folder in (made.folder.parent, made.folder.parents[1]) if not folder.exists()]
    try:
        made.folder.parent.mkdir(parents=True, exist_ok=True)
        for folder in (made.folder, made.source.parent):
            folder.mkdir()  # fails where another process came first, and then only our own folders are removed
            begun.append(folder)
        _write(made, {"name": name, "title": title, "dataset": dataset, **_FACTS[dataset]})
        generate(course, name)
    except BaseException as error:
        for folder in begun:
            shutil.rmtree(folder, ignore_errors=True)
        for folder in missing:
            with contextlib.suppress(OSError):  # somebody else uses it by now
                folder.rmdir()
        if isinstance(error, OSError):
            raise CourseError(f"cannot write the assignment {name!r}: {error}") from error
        raise
    return made


def _write(made: Made, values: dict[str, str]) -> None:
    # JSON's way to write a text is one of TOML's.
    values = {**values, "title_in_quotes": json.dumps(values["title"], ensure_ascii=False)}
    for template in sorted([*TEMPLATES.glob("*.template"), *TEMPLATES.glob("answers/*.template")]):
        text = Template(template.read_text(encoding="utf-8")).substitute(values)
        write_text(made.folder / template.relative_to(TEMPLATES).with_suffix(""), text)
    notebook = read(TEMPLATES / "notebook.ipynb")
    for cell in notebook.cells:
        cell.source = Template(cell.source).substitute(values)
    write(notebook, made.source)


def _require_usable(name: str, title: str) -> None:
    problem = ""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        problem = "use lower-case letters, digits and underscores, a letter first: it becomes a Python package and a folder"
    elif keyword.iskeyword(name) or keyword.issoftkeyword(name):
        problem = "it is a word of the Python language"
    elif name in RESERVED:
        problem = f"it is one of {RESERVED[name]}"
    elif len(name) > LONGEST:
        problem = f"it has {len(name)} characters, at most {LONGEST} are allowed"
    if problem:
        raise CourseError(f"an assignment cannot be called {name!r}: {problem}")
    if len(title.splitlines()) != 1 or not title.isprintable():
        raise CourseError("a title is one line of printable characters")
