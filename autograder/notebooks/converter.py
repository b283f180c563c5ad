"""Run nbgrader's own converters in this process, quietly, with the course's ``nbgrader_config.py``."""

from __future__ import annotations

import io
import logging
import re
import warnings
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..course import Course, CourseError
from . import notebook as _notebook  # noqa: F401  first, because it makes the import of nbformat fast

if TYPE_CHECKING:
    from nbgrader.converters.base import BaseConverter
    from traitlets.config import Config


def course_config(course: Course) -> Config:
    """The settings of the course, as ``nbgrader`` itself would read them from the course's root."""
    from traitlets.config.loader import PyFileConfigLoader

    return PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()


def db_url(db: Path) -> str:
    """The SQLAlchemy address of a gradebook file."""
    return f"sqlite:///{db.resolve()}"


def quiet_logger() -> tuple[logging.Logger, io.StringIO]:
    """A logger that prints nothing, and the buffer that has what it was told."""
    buffer = io.StringIO()
    logger = logging.Logger("nbgrader", level=logging.INFO)
    handler = logging.StreamHandler(buffer)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    return logger, buffer


def convert(
    stage: type[BaseConverter],
    course: Course,
    assignment: str,
    *,
    db: Path,
    student: str = "*",
    folders: dict[str, Path] | None = None,
    settings: dict[str, Any] | None = None,
    overrides: dict[str, dict[str, Any]] | None = None,
) -> None:
    """Run one nbgrader stage, replacing what an earlier run of it left.

    ``folders`` maps names such as ``release_directory`` to other places than the course's own; ``settings``
    are further traits of the converter, ``overrides`` settings by class in place of the course's. The working
    directory of the process is the course's root meanwhile.

    Raises:
        CourseError: nbgrader failed; the message ends with what it logged as the error.
    """
    from nbgrader.coursedir import CourseDirectory
    from sqlalchemy.exc import SAWarning

    config = course_config(course)
    for name, settings_of_class in (overrides or {}).items():
        config[name].merge(settings_of_class)
    logger, buffer = quiet_logger()
    places = {name: str(folder.resolve()) for name, folder in (folders or {}).items()}
    config.CourseDirectory.merge({"root": str(course.root), "db_url": db_url(db), **places})
    directory = CourseDirectory(config=config, log=logger, assignment_id=assignment, student_id=student)
    converter = stage(coursedir=directory, config=config, log=logger, force=True, **(settings or {}))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own way of adding a submission
            converter.start()
    except Exception as error:  # nbgrader lets library errors of every kind through; each means the stage failed
        raise CourseError(f"nbgrader {stage.__name__} of {assignment}: {_causes(buffer, error)}") from error


def _causes(buffer: io.StringIO, error: Exception) -> str:
    """The lines that name the errors, one for each that was logged with a traceback; without any, the exception itself."""
    found = []
    for record in re.split(r"^(?=(?:ERROR|WARNING|INFO) )", buffer.getvalue(), flags=re.MULTILINE):
        lines = [line for line in record.splitlines() if line.strip()]
        ends = [
            line for before, line in pairwise(lines) if before.startswith("    ") and line[:1].isalpha()
        ]  # of a chain of errors the last is the one that was raised
        found += [re.sub(r"^autograder(\.\w+)+: ", "", ends[-1])] if ends else []
    return "; ".join(dict.fromkeys(found)) or str(error) or type(error).__name__
