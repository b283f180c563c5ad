"""Grade one submission: evidence, hidden tests, outcome. A class of them is :mod:`autograder.grading.batch`."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode

from ..assignment import load
from ..course import Course, CourseError
from ..datasets import data
from ..notebooks.notebook import as_notebook, read
from ..outcomes import SubmissionOutcome
from ..runs.plan import Options, choose_device, default_threads
from ..runs.store import gather
from ..sandbox.box import CannotIsolate
from ..sandbox.tiers import AUTO
from .processes import Judges


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
    release = read(course.release_notebook(assignment))
    options = Options(
        profile=profile,
        device=choose_device(device),
        threads=threads or default_threads(1),
        store=course.evidence_store,
        isolation=isolation,
        secret=course.secret(),
    )
    try:
        loaded = load(assignment)
        found = gather(notebook, loaded, options)
        return _judges(assignment, loaded.folder.parent, json.dumps(release), options.threads).judge(notebook, found)
    except (CannotIsolate, CourseError, data.DataMissing) as error:
        reason = f"{student}: not graded, this machine cannot: {error}"
        return SubmissionOutcome(status="could_not_grade", reason=reason), notebook


@lru_cache(maxsize=1)
def _judges(assignment: str, assignments: Path, release: str, threads: int) -> Judges:
    """The judge of this process, which waits for the next submission: nbgrader hands in one after another."""
    return Judges(load(assignment, assignments), as_notebook(json.loads(release)), 1, threads)
