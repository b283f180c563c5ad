"""Ask a person to mark an answer again only where its text has changed since.

nbgrader asks for every mark again at each autograding. Here the gradebook keeps, in a table of its own beside nbgrader's, a
hash of the text of each answer as it was last graded: that is the text which a person then saw and marked.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..notebooks.notebook import grade_id, items, role  # first, because it makes the import of nbformat fast

# isort: split
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from sqlalchemy import Column, MetaData, String, Table, delete, insert, select

Resources = dict[str, Any]

_TEXTS = Table(
    "autograder_marked_text",
    MetaData(),
    Column("grade_id", String(32), primary_key=True),
    Column("text_hash", String(64), nullable=False),
)
"""``grade_id`` is nbgrader's own id of a row of its table of grades."""


def texts(notebook: NotebookNode) -> dict[str, str]:
    """For each item a hash of the answer that it judges: the answer's cell, and the student's own cells right below it."""
    parts: dict[str, list[str]] = {}
    answer = ""
    for cell in notebook.cells:
        kind = role(cell)
        if kind != "extra":
            answer = grade_id(cell) if kind in ("answer", "manual") else ""
        if answer:
            parts.setdefault(answer, []).append(cell.source)
    return {item.id: hashlib.sha256(json.dumps(parts.get(item.answer, [])).encode()).hexdigest() for item in items(notebook)}


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]
    """nbgrader's step that saves automatic scores; a mark stays settled where the text that was marked is still there."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Save the scores of one notebook."""
        names = resources["nbgrader"]
        where = (names["notebook"], names["assignment"], names["student"])
        with Gradebook(names["db_url"]) as gradebook:
            grades = gradebook.find_submission_notebook(*where).grades
            settled = {grade.name for grade in grades if grade.manual_score is not None and not grade.needs_manual_grade}
        nb, resources = super().preprocess(nb, resources)
        now = texts(nb)
        with Gradebook(names["db_url"]) as gradebook:
            grades = {grade.id: grade for grade in gradebook.find_submission_notebook(*where).grades}
            connection = gradebook.db.connection()
            _TEXTS.create(connection, checkfirst=True)
            own = _TEXTS.c.grade_id.in_(list(grades))
            before = {row.grade_id: row.text_hash for row in connection.execute(select(_TEXTS).where(own))}
            for key, grade in grades.items():
                if grade.name in settled and grade.name in now and before.get(key) == now[grade.name]:
                    grade.needs_manual_grade = False
            connection.execute(delete(_TEXTS).where(own))
            rows = [{"grade_id": key, "text_hash": now[grade.name]} for key, grade in grades.items() if grade.name in now]
            if rows:
                connection.execute(insert(_TEXTS), rows)
            gradebook.db.commit()
        return nb, resources


def marked_text(gradebook: Gradebook, grade: str) -> str | None:
    """The hash of the text that a grade was given for, by nbgrader's own id of the grade."""
    connection = gradebook.db.connection()
    _TEXTS.create(connection, checkfirst=True)
    found: str | None = connection.scalar(select(_TEXTS.c.text_hash).where(_TEXTS.c.grade_id == grade))
    return found


def remember_text(gradebook: Gradebook, grade: str, text_hash: str) -> None:
    """Keep such a hash for a grade that has none."""
    connection = gradebook.db.connection()
    _TEXTS.create(connection, checkfirst=True)
    connection.execute(insert(_TEXTS), [{"grade_id": grade, "text_hash": text_hash}])
