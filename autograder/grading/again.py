"""Say whose submissions would have to run again, because what they were run with has changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from ..assignment import Assignment
from ..judging.processes import MODULES
from ..limited import Children, Ended, Failed
from ..notebooks.reading import Submission, read
from ..notebooks.submission import Unreadable
from ..outcomes import ClassOutcomes, NotOutcomes
from ..runs.apart import is_known
from ..runs.keys import of_grader
from ..runs.options import Options
from .entries import graded


def graded_to_run_again(
    release: bytes,
    assignment: Assignment,
    submissions: Sequence[Submission],
    options: Options,
    out: Path,
    gradebook: Path | None,
) -> list[str]:
    """Students who have a grade of this profile, in ``out/outcomes.json`` or the gradebook, and whose submission would run.

    ``release`` is the text of the released notebook. Grades of the same grader need no look: what they rest on is kept.
    """
    entered = gradebook is not None and gradebook.exists() and graded(gradebook, assignment.name, options.profile)
    now, before = of_grader(assignment, options), dict.fromkeys(entered or (), "")
    with suppress(FileNotFoundError, NotOutcomes):
        for student, outcome in ClassOutcomes.read(out / "outcomes.json").submissions.items():
            if outcome.status == "graded" and outcome.profile == options.profile:
                before[student] = outcome.grader
    doubtful = [submission for submission in submissions if before.get(submission.student, now) != now]
    return to_run_again(release, assignment, doubtful, options) if doubtful else []


def to_run_again(release: bytes, assignment: Assignment, submissions: Sequence[Submission], options: Options) -> list[str]:
    """Students of whose submissions no evidence is kept for what would be run now; one that cannot be read never runs.

    ``release`` is the text of the released notebook. It takes about a tenth of a second for each submission.
    """

    def must_run(submission: Submission) -> bool:
        try:
            notebook = read(children, submission.path, release, assignment.name).notebook
            return not is_known(children, notebook, assignment, options)
        except (Unreadable, Ended, Failed):
            return False

    with Children(*MODULES) as children, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = zip(submissions, pool.map(must_run, submissions), strict=True)
        return [submission.student for submission, again in found if again]
