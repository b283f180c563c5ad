"""Settings by which nbgrader works with this grader; the ``nbgrader_config.py`` of each course calls :func:`configure`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from ..notebooks.recognise import CODE_STUB, TEXT_STUB
from .lateness import keep_up
from .student_folders import guard


def configure(c: Any, root: Path) -> None:
    """Fill nbgrader's configuration ``c`` for the course at ``root``; what the course sets after this call counts."""
    # nbgrader starts `alembic` for every new gradebook; it lies beside this Python, activated environment or not.
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])

    c.CourseDirectory.root = str(root)
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache", "data", ".*"]

    c.ClearSolutions.code_stub = {"python": CODE_STUB}
    c.ClearSolutions.text_stub = TEXT_STUB
    c.GenerateAssignment.force = True
    c.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.IncludeHeaderFooter",
        "autograder.notebooks.header.FillHeader",
        "nbgrader.preprocessors.InstantiateTests",
        "nbgrader.preprocessors.LockCells",
        "nbgrader.preprocessors.ClearSolutions",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.SaveCells",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbgrader.preprocessors.ClearMarkScheme",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

    # What else lies in a student's folder may be a link to anything.
    guard()
    # What `nbgrader autograde` passes over, having graded it before, gets the late penalty that is due now.
    keep_up()

    # Damage is repaired while a submission is read, so that nbgrader's own steps find a sound notebook.
    c.Autograde.exporter_class = "autograder.grading.preprocessors.SubmissionExporter"
    c.Autograde.autograde_preprocessors = [
        "autograder.grading.preprocessors.GradeInSandbox",
        "nbgrader.preprocessors.LimitOutput",
        "autograder.grading.marks.SaveGrades",
        "autograder.grading.preprocessors.FlagUngraded",
        "autograder.grading.preprocessors.AdjustScores",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.GradeInSandbox.profile = "full"

    # `nbgrader generate_feedback` and `autograder grade --feedback` make the same page; points come from the gradebook.
    c.GenerateFeedback.exporter_class = "autograder.grading.exporter.ResultPageExporter"
    c.GenerateFeedback.preprocessors = []

    # Formgrader shows what students wrote; nothing of it may run in the marker's browser.
    c.HTMLExporter.preprocessors = ["autograder.grading.safe_pages.SafeToRead"]
    c.HTMLExporter.filters = {"markdown2html": "autograder.grading.safe_pages.markdown2html"}
