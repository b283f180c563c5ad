"""Let nbgrader's own commands take nothing from a student's folder but the notebook and the time stamp.

They copy all that lies beside a notebook into ``autograded/`` and ``feedback/`` and follow links there, so that a link to
hidden tests comes back to the student as a file, and they wait for ever for a time stamp that is a pipe. They also take the
names of folders for patterns, and pass over a student called ``ann [2]``. :mod:`.configuration` calls :func:`guard`, which
guards ``zip_collect`` (:mod:`autograder.collecting.zip_collect`), ``autograde`` (:mod:`.autograde`) and formgrader's pages
(:mod:`.safe_pages`) too.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from ..collecting import zip_collect
from ..notebooks.timestamp import NAME, course_zone, settled
from . import autograde, safe_pages

Init = Callable[[Any, str, str], None]


def guard() -> None:
    """Change nbgrader's classes for this process; once is enough."""
    from nbgrader.converters import base
    from nbgrader.converters.autograde import Autograde
    from nbgrader.converters.generate_feedback import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory

    if CourseDirectory.get_existing_timestamp is _timestamp:
        return
    CourseDirectory.get_existing_timestamp = _timestamp
    zip_collect.guard()
    autograde.guard()
    safe_pages.guard()
    for converter in (Autograde, GenerateFeedback):
        converter.init_assignment = _without_other_files(converter.init_assignment, base)
    base.glob = SimpleNamespace(glob=_found)
    base.BaseConverter._format_source = _format_source


def _timestamp(coursedir: Any, folder: str) -> datetime | None:
    # nbgrader makes the course directory first and reads the course's configuration then, into the application alone.
    config = coursedir.parent.config if coursedir.parent is not None else coursedir.config
    found, problem = settled(Path(folder), course_zone(config))
    if problem:
        coursedir.log.warning(problem)
    return found


def _without_other_files(init_assignment: Init, base: Any) -> Init:
    @wraps(init_assignment)
    def init(converter: Any, assignment: str, student: str) -> None:
        with mock.patch.object(base, "find_all_files", _own_files):
            init_assignment(converter, assignment, student)

    return init


def _own_files(folder: str, exclude: Any = None) -> list[str]:
    return [str(Path(folder) / NAME)] if settled(Path(folder))[0] is not None else []


def _found(pattern: str) -> list[str]:
    """What ``glob.glob`` finds; but a folder that is there is meant by its name, and only what is left is a pattern."""
    named, left = pattern, ""
    while named and ("*" in named.split(os.sep) or not os.path.isdir(named)):
        named, name = os.path.split(named)
        left = os.path.join(name, left) if left else name
    return glob.glob(os.path.join(glob.escape(named), left) if left else glob.escape(named))


def _format_source(converter: Any, assignment_id: str, student_id: str, escape: bool = False) -> str:
    """nbgrader's own; but in a regular expression (``escape``) all of the folder is escaped, and names may be any text."""
    folder = converter._input_directory
    if not escape:
        return str(converter.coursedir.format_path(folder, student_id, assignment_id))
    return "(?s)" + str(converter.coursedir.format_path(re.escape(folder), student_id, assignment_id, escape=True))
