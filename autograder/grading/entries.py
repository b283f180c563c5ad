"""Know what a gradebook holds already, so that a re-grade enters only what has changed, and of which profile its points are.

An entry is up to date if the autograded notebook was made of the same run, outcomes, configuration and time stamp, and the
gradebook itself still has the scores: whoever takes a score out of it, or restores an older gradebook, gets it entered anew.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbformat import NotebookNode
from sqlalchemy import Column, MetaData, String, Table, inspect, select

from ..course import Course
from ..notebooks.converter import db_url
from ..outcomes import SubmissionOutcome
from ..sandbox.mounts import PACKAGE

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

STAMP = "made_of"
TAIL_BYTES = 65_536
"""Metadata of a notebook are at the end of its file."""


def stamp(notebook: NotebookNode, outcome: SubmissionOutcome, course: Course, submitted: datetime | None) -> str:
    """Hash of all that an entry depends on: the run's notebook, its outcomes, nbgrader's configuration, when it came."""
    digest = hashlib.sha256(json.dumps(notebook, sort_keys=True).encode())
    digest.update(outcome.model_dump_json(exclude={"seconds", "grader"}).encode())
    for path in (course.root / "nbgrader_config.py", PACKAGE / "grading" / "configuration.py"):
        digest.update(path.read_bytes() if path.is_file() else b"none")
    digest.update(str(submitted).encode())
    return digest.hexdigest()


_RUNS = Table(
    "autograder_run",
    MetaData(),
    Column("submission_id", String(32), primary_key=True),
    Column("profile", String, nullable=False),
    Column("isolation", String, nullable=False),
)
"""A table beside nbgrader's own; ``submission_id`` is nbgrader's id of a submitted assignment."""


def note_run(gradebook: Gradebook, submission: str, profile: str, isolation: str) -> None:
    """Note in the gradebook how the points of a submission were found; takes effect with the session's next commit."""
    connection = gradebook.db.connection()
    _RUNS.create(connection, checkfirst=True)
    connection.execute(_RUNS.delete().where(_RUNS.c.submission_id == submission))
    connection.execute(_RUNS.insert().values(submission_id=submission, profile=profile, isolation=isolation))


def runs(gradebook: Gradebook) -> dict[str, tuple[str, str]]:
    """Profile and isolation of the points in a gradebook, by nbgrader's id of the submission."""
    connection = gradebook.db.connection()
    if not inspect(connection).has_table(_RUNS.name):
        return {}
    return {row.submission_id: (row.profile, row.isolation) for row in connection.execute(select(_RUNS))}


def graded(db: Path, assignment: str, profile: str) -> set[str]:
    """Students whose points in a gradebook are of a run at this profile; where none is noted, it was ``full``."""
    from nbgrader import api

    with api.Gradebook(db_url(db)) as gradebook:
        noted = runs(gradebook)
        rows = (
            gradebook.db.query(api.SubmittedAssignment)
            .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
            .filter(api.Assignment.name == assignment)
        )
        return {row.student_id for row in rows if noted.get(row.id, ("full", ""))[0] == profile}


class Entries:
    """The automatic scores of all submissions of an assignment, as a gradebook held them when this was made."""

    def __init__(self, db: Path, assignment: str) -> None:
        from nbgrader import api

        self._scores: dict[str, dict[str, float | None]] = defaultdict(dict)
        with api.Gradebook(db_url(db)) as gradebook:
            rows = (
                gradebook.db.query(api.Student.id, api.BaseCell.name, api.Grade.auto_score)
                .select_from(api.Grade)
                .join(api.BaseCell, api.Grade.cell_id == api.BaseCell.id)
                .join(api.SubmittedNotebook, api.Grade.notebook_id == api.SubmittedNotebook.id)
                .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
                .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
                .join(api.Student, api.SubmittedAssignment.student_id == api.Student.id)
                .filter(api.Assignment.name == assignment)
            )
            for student, item, score in rows:
                self._scores[student][item] = score

    def agree(self, student: str, outcome: SubmissionOutcome) -> bool:
        """Whether the gradebook has the scores of an outcome."""
        held = self._scores.get(student, {})
        wanted = {name: item.score for name, item in outcome.items.items()}
        return bool(wanted) and all(name in held and held[name] == score for name, score in wanted.items())


def is_made_of(path: Path, made_of: str) -> bool:
    """Whether an autograded notebook has this :func:`stamp`."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return f'"{STAMP}": "{made_of}"'.encode() in file.read()
    except OSError:
        return False
