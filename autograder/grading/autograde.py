"""Let ``nbgrader autograde`` grade what ``autograder grade`` does, in a course whose gradebook knows nothing yet.

nbgrader knows an assignment only after ``nbgrader generate_assignment``, and a submission only by the name of its file. It
would run an assignment without hidden tests with no sandbox at all. What the course leaves to nbgrader is graded, and its
feedback made, as anywhere.
"""

from __future__ import annotations

import fnmatch
import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..assignment import has_hidden_tests, load
from ..course import Course, CourseError
from ..judging.processes import MODULES
from ..limited import Children
from ..notebooks.folder import everybody
from ..notebooks.reading import looking
from ..notebooks.terminal import printable, unfit


def guard() -> None:
    """Change nbgrader's classes for this process, once."""
    from nbgrader.converters import base
    from nbgrader.converters.autograde import Autograde
    from nbgrader.converters.generate_feedback import GenerateFeedback

    Autograde.init_notebooks = _of_the_class(Autograde.init_notebooks)
    GenerateFeedback.init_notebooks = _with_its_own_pages(GenerateFeedback.init_notebooks)
    base.traceback = SimpleNamespace(format_exc=_cause)


def _of_the_class(init_notebooks: Callable[[Any], None]) -> Callable[[Any], None]:
    """nbgrader's own; but an assignment with hidden tests is made known to the gradebook, and all who handed in count."""

    @wraps(init_notebooks)
    def init(converter: Any) -> None:
        from nbgrader.converters.base import NbGraderException

        course, name = Course(Path(converter.coursedir.root)), converter.coursedir.assignment_id
        try:
            if has_hidden_tests(course, name):
                converter.notebooks, converter.assignments = [], _submissions(converter, course, name)
            else:
                _without_sandbox(converter, course, name)
        except CourseError as error:
            converter.log.error(str(error))
            raise NbGraderException(str(error)) from None
        if not converter.assignments:
            init_notebooks(converter)

    return init


def _with_its_own_pages(init_notebooks: Callable[[Any], None]) -> Callable[[Any], None]:
    """nbgrader's own; but an assignment that it graded by its own cells gets its own pages too."""

    @wraps(init_notebooks)
    def init(converter: Any) -> None:
        from nbconvert.exporters import HTMLExporter

        if not has_hidden_tests(Course(Path(converter.coursedir.root)), converter.coursedir.assignment_id):
            converter.exporter_class = HTMLExporter
            converter.preprocessors = type(converter).preprocessors.default()
        init_notebooks(converter)

    return init


def _submissions(converter: Any, course: Course, name: str) -> dict[str, list[str]]:
    """The folder of each student who is asked for, with the notebook that is expected there.

    Raises:
        CourseError: the assignment cannot be graded.
    """
    coursedir = converter.coursedir
    load(course.hidden_tests(name))
    release = course.release_notebook(name).read_bytes()
    _register(converter, course, name)
    if not fnmatch.fnmatchcase(name, coursedir.notebook_id):
        return {}
    others = [other for other in course.assignments() if other != name]
    submitted = Path(os.path.normpath(coursedir.format_path(coursedir.submitted_directory, ".", ".")))
    with Children(*MODULES) as children:
        found = everybody(submitted, name, others, looking(children, release, name))
    wanted = coursedir.student_id
    chosen = [wanted] if wanted in found else fnmatch.filter(found, wanted)
    for student in [student for student in chosen if found[student].parents[1].is_file()]:
        converter.log.error("%s lies in no student's folder", found[student].parents[1])
        chosen.remove(student)
    for student in [student for student in chosen if unfit(student)]:
        converter.log.error("%s: %s", printable(student), unfit(student))
        chosen.remove(student)
    return {str(found[student].parent): [str(found[student])] for student in chosen}


def _register(converter: Any, course: Course, name: str) -> None:
    from .gradebook import ensure_assignment

    if converter.coursedir.db_url.startswith("sqlite:///"):
        ensure_assignment(course, name, Path(converter.coursedir.db_url.removeprefix("sqlite:///")))


def _without_sandbox(converter: Any, course: Course, name: str) -> None:
    """Let nbgrader grade an assignment as it does anywhere, if ``nbgrader_config.py`` says that it may.

    Raises:
        CourseError: it does not.
    """
    from nbconvert.exporters import NotebookExporter

    from .preprocessors import GradeInSandbox

    if not (course.source / name).is_dir():
        course.source_notebook(name)
    if name not in GradeInSandbox(parent=converter).without_sandbox:
        raise CourseError(
            f"{name} has no hidden tests here. nbgrader can grade it by the tests in its own cells, but runs students' code "
            f"without a sandbox: to allow that, set c.GradeInSandbox.without_sandbox = [{name!r}] in nbgrader_config.py"
        )
    if (course.release / name / f"{name}.ipynb").is_file():
        _register(converter, course, name)
    converter.log.warning("%s has no hidden tests here: nbgrader runs it, without a sandbox", name)
    converter.exporter_class = NotebookExporter
    converter.autograde_preprocessors = type(converter).autograde_preprocessors.default()


def _cause() -> str:
    """What is logged of an error: its traceback, or where it is a submission's the line that says why it has no grade."""
    from .preprocessors import CouldNotGrade

    error = sys.exc_info()[1]
    return str(error) if isinstance(error, CouldNotGrade) else traceback.format_exc()
