"""nbgrader's settings for this course; `nbgrader`, formgrader and `autograder` all read this file."""

import os
import sys
from pathlib import Path

from autograder.grading.lateness import keep_up
from autograder.grading.student_folders import guard
from autograder.notebooks.restore import CODE_STUB, TEXT_STUB

c = get_config()

# nbgrader starts `alembic` for every new gradebook; it lies beside this Python, activated environment or not.
_programs = str(Path(sys.executable).parent)
if _programs not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([_programs, os.environ.get("PATH", os.defpath)])

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "convnets"
# The course's time zone: of due dates in formgrader, and of a timestamp.txt that names none. See docs/lateness.md.
c.NbGraderAPI.timezone = "UTC"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache", "data", ".*"]

c.ClearSolutions.code_stub = {"python": CODE_STUB}
c.ClearSolutions.text_stub = TEXT_STUB
c.GenerateAssignment.force = True
# The Colab badge opens the notebook below release/ in this GitHub repository, "OWNER/NAME", which students can read: push
# nothing but release/ to it. While this is empty there is no badge.
c.FillHeader.repository = ""
c.FillHeader.branch = "main"
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
