"""Grade one submission: evidence, hidden tests, outcome. A class of them is :mod:`autograder.grading.batch`."""

from __future__ import annotations

import json

from nbformat import NotebookNode

from ..assignment import load
from ..course import Course, CourseError
from ..datasets import data
from ..limited import Children, Ended
from ..notebooks.notebook import as_notebook, to_text
from ..outcomes import SubmissionOutcome
from ..runs.apart import gather
from ..runs.options import Options, choose_device, default_threads
from ..sandbox.box import CannotIsolate
from ..sandbox.tiers import AUTO
from .processes import MODULES, judge

_children = Children(*MODULES)
"""Of this process: nbgrader hands in one after another."""


def grade_notebook(
    notebook: NotebookNode,
    *,
    assignment: str,
    student: str,
    course: Course,
    profile: str = "full",
    device: str = "auto",
    threads: int = 0,
    isolation: str = AUTO,
) -> tuple[SubmissionOutcome, NotebookNode]:
    """Grade one restored notebook: its outcome, and the notebook with the outputs of the run. Never raises for a submission.

    ``student`` names the submission in messages only; ``threads`` 0 means all cores.
    """
    release, text = course.release_notebook(assignment).read_bytes(), to_text(notebook).encode("utf-8", "surrogatepass")
    options = Options(
        profile=profile,
        device=choose_device(device),
        threads=threads or default_threads(1),
        store=course.evidence_store,
        isolation=isolation,
        secret=course.secret(),
    )
    try:
        loaded = load(course.hidden_tests(assignment))
        found = gather(_children, text, loaded, options)
        outcome, executed = judge(_children, text, found.folder, loaded, release, options.threads)
        return outcome, as_notebook(json.loads(executed))
    except Ended as error:
        return SubmissionOutcome(status="could_not_grade", reason=f"what its box sent {error}; look at it by hand"), notebook
    except (CannotIsolate, CourseError, data.DataMissing) as error:
        reason = f"{student}: not graded, this machine cannot: {error}"
        return SubmissionOutcome(status="could_not_grade", reason=reason), notebook
