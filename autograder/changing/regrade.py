"""Judge a class again after a change, from the evidence that is kept."""

from __future__ import annotations

import io

from rich.console import Console

from ..assignment import load
from ..course import Course, CourseError
from ..grading.again import to_run_again
from ..grading.gradebook import feedback
from ..grading.intake import handed_in
from ..grading.session import Session, SessionError
from ..judging.processes import MODULES
from ..limited import Children
from ..outcomes import ClassOutcomes
from ..runs.apart import device_here
from ..runs.options import Options


def regrade(
    course: Course, assignment: str, console: Console | None = None, *, only: tuple[str, ...] = (), known_only: bool = False
) -> list[str]:
    """Grade an assignment as its last run did; without a ``console`` nothing is shown.

    Args:
        only: renew the verdicts on these items alone.
        known_only: do nothing where some submission has to run again.

    Returns:
        The students whose submissions have to run again, because what they are run with has changed.

    Raises:
        CourseError: it was never graded, or it cannot be graded now.
    """
    out = course.root / "graded" / assignment
    if not (out / "outcomes.json").is_file():
        raise CourseError(f"{out / 'outcomes.json'}: no such file; run `autograder grade {assignment}` first")
    profile = ClassOutcomes.read(out / "outcomes.json").profile.partition(",")[0]
    release, submissions = course.release_notebook(assignment).read_bytes(), handed_in(course, course.submitted, assignment)
    with Children(*MODULES) as children:
        options = Options(profile, device_here(children, "auto"), store=course.evidence_store)
    again = to_run_again(release, load(course.hidden_tests(assignment)), submissions, options)
    if again and known_only:
        return again
    session = Session(
        course=course,
        assignment=assignment,
        submitted=course.submitted,
        out=out,
        profile=profile,
        device="auto",
        jobs=2,
        gradebook=course.gradebook,
        feedback=any(course.root.glob(f"feedback/*/{assignment}")),
        only=only,
    )
    try:
        session.run(console or Console(file=io.StringIO()))
    except SessionError as error:
        raise CourseError(str(error)) from error
    return again


def renew_pages(course: Course, assignment: str) -> None:
    """Make the result pages anew, where there are any."""
    if any(course.root.glob(f"feedback/*/{assignment}")):
        autograded, pages = course.root / "autograded", course.root / "feedback"
        feedback(course, assignment, db=course.gradebook, autograded=autograded, feedback=pages)
