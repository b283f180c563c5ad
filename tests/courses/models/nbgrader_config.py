"""nbgrader's settings for this course; `nbgrader`, formgrader and `autograder` all read this file."""

from pathlib import Path

from autograder.grading.configuration import configure

c = get_config()
configure(c, Path(__file__).resolve().parent)

c.CourseDirectory.course_id = "models"
# The course's time zone: of due dates in formgrader, and of a timestamp.txt that names none.
c.NbGraderAPI.timezone = "UTC"
# The Colab badge opens the notebook below release/ in this GitHub repository, "OWNER/NAME", which students can read: push
# nothing but release/ to it. While this is empty there is no badge.
c.FillHeader.repository = ""
c.FillHeader.branch = "main"
# Assignments without hidden tests that nbgrader may grade by their own cells: it runs students' code without a sandbox.
c.GradeInSandbox.without_sandbox = []
