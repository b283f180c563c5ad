"""Enter outcomes into an nbgrader gradebook as ``nbgrader autograde`` would, and write result pages.

The scores go through nbgrader's own preprocessors, those that :mod:`.configuration` lists after the
sandboxed run, so that both doors give the same grade, late penalties included, and formgrader finds what it
expects.
"""

from __future__ import annotations

import copy
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode

from ..course import Course, CourseError
from ..notebooks.converter import convert, course_config, db_url, quiet_logger
from ..notebooks.notebook import cells_by_grade_id, read, write, write_text
from ..notebooks.timestamp import NAME, course_zone, settled
from ..outcomes import SubmissionOutcome
from ..pages.marks import Marks
from ..pages.page import result_page
from . import adjustments, lateness
from .entries import STAMP, is_made_of, stamp
from .item_cells import OUTCOME, write_outcomes

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from sqlalchemy import Engine


def open_gradebook(course: Course, db: Path) -> Gradebook:
    """The gradebook, created if it is not there; close it, or use it in a ``with`` statement."""
    from nbgrader.api import Gradebook

    config = course_config(course)
    db.parent.mkdir(parents=True, exist_ok=True)
    return Gradebook(db_url(db), config.CourseDirectory.get("course_id") or "default_course")


# The restored notebook has the release's own metadata; checking them again for each student costs as much as all the rest.
SUPERFLUOUS = {"nbgrader.preprocessors.CheckCellMetadata"}


@contextmanager
def one_transaction(db: Path) -> Iterator[None]:
    """Let all that nbgrader enters into a gradebook meanwhile take effect at once at the end, or not at all on an error.

    nbgrader opens the gradebook anew in each of its steps and commits after each score, so that a kill in between would
    leave a submission half entered. Inside, all of these share one connection. Not for two threads at once.
    """
    from nbgrader import api

    create_engine = api.create_engine
    try:
        with _engine(db_url(db)).connect() as connection, connection.begin():
            connection.dispose = lambda: None  # type: ignore[attr-defined]  # what nbgrader calls on the engine that it made
            api.create_engine = lambda *_, **__: connection
            yield
    finally:
        api.create_engine = create_engine


@lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    """An engine that keeps no connection, since somebody may replace the file, but the statements that it has compiled."""
    from sqlalchemy import NullPool, create_engine

    return create_engine(url, poolclass=NullPool)


def ensure_assignment(course: Course, assignment: str, db: Path) -> None:
    """Make sure that the gradebook knows the assignment with the cells and points that are released now.

    Raises:
        CourseError: there is no release, or the gradebook holds submissions of the assignment with other cells.
    """
    release, decided = read(course.release_notebook(assignment)), adjustments.read(course, assignment)
    cells = cells_by_grade_id(release)
    released = {name: float(cell.metadata.nbgrader.get("points") or 0) for name, cell in cells.items()}
    points = decided.points(released)
    expected = {name: (cell.metadata.nbgrader.get("checksum"), points[name]) for name, cell in cells.items()}
    if _known_cells(course, assignment, db) != expected:
        _learn(course, assignment, release, db)
        if decided.dropped:
            with open_gradebook(course, db) as gradebook:
                adjustments.settle(gradebook, assignment, decided, released)
        if _known_cells(course, assignment, db) != expected:
            raise CourseError(f"{db}: the gradebook does not take the cells of release/{assignment}")


def _learn(course: Course, assignment: str, release: NotebookNode, db: Path) -> None:
    """Enter cells and points of the release, by the step that enters those of the source for nbgrader."""
    from nbgrader.preprocessors import SaveCells

    with open_gradebook(course, db) as gradebook:
        gradebook.update_or_create_assignment(assignment)
    names = {"assignment": assignment, "notebook": assignment, "db_url": db_url(db)}
    step = SaveCells(config=course_config(course), log=quiet_logger()[0], enabled=True)
    try:
        step(copy.deepcopy(release), {"nbgrader": names})
    except RuntimeError as error:  # nbgrader's own word for it
        raise CourseError(f"{db}: {error}") from error


def _known_cells(course: Course, assignment: str, db: Path) -> dict[str, tuple[str | None, float]]:
    from nbgrader.api import MissingEntry

    with open_gradebook(course, db) as gradebook:
        try:
            notebook = gradebook.find_notebook(assignment, assignment)
        except MissingEntry:
            return {}
        points = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
        return {cell.name: (cell.checksum, points.get(cell.name, 0.0)) for cell in notebook.source_cells}


def record(
    course: Course,
    assignment: str,
    student: str,
    executed: NotebookNode,
    outcome: SubmissionOutcome,
    *,
    db: Path,
    autograded: Path,
    submitted: Path | None = None,
    known: bool = False,
) -> Path:
    """Enter one graded submission: scores, comments, late penalty, and
    ``autograded/<student>/<assignment>/``.

    Call :func:`ensure_assignment` first. Points and comments that a person gave stay, as nbgrader keeps them.

    Args:
        executed: the restored notebook as the sandbox ran it.
        db: the gradebook file.
        autograded: the folder that holds one folder for each student.
        submitted: the folder of the submission, for its ``timestamp.txt``; a flag says if no time can be taken from it.
        known: the gradebook has these scores; then a graded notebook that is up to date is left as it is.

    Returns:
        The path of the autograded notebook.
    """
    from sqlalchemy.exc import SAWarning
    from traitlets.utils.importstring import import_item

    path = autograded / student / assignment / f"{assignment}.ipynb"
    config = course_config(course)
    found, problem = settled(submitted, course_zone(config)) if submitted else (None, "")
    outcome.flags += [problem] if problem else []
    made_of = stamp(executed, outcome, course, found)
    if known and is_made_of(path, made_of):
        return path
    logger, _ = quiet_logger()
    names = {"student": student, "assignment": assignment, "notebook": assignment, "db_url": db_url(db)}
    resources: dict[str, Any] = {
        "nbgrader": names,
        "metadata": {"path": str(autograded)},
        "unique_key": assignment,
    }
    notebook = write_outcomes(copy.deepcopy(executed), outcome)
    notebook.metadata[OUTCOME][STAMP] = made_of
    with one_transaction(db):
        with open_gradebook(course, db) as gradebook, warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own way of adding a submission
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(assignment, student, **({"timestamp": found} if found else {}))
        for name in config.Autograde.autograde_preprocessors:
            step = import_item(name) if isinstance(name, str) else name
            if name not in SUPERFLUOUS and not getattr(step, "runs_submission", False):
                notebook, resources = step(config=config, log=logger, enabled=True)(notebook, resources)
        # Before all of it takes effect, so that there is no score without a page.
        shutil.rmtree(path.parent, ignore_errors=True)
        write(notebook, path)
        if found:
            write_text(path.parent / NAME, f"{found:%Y-%m-%d %H:%M:%S.%f} UTC\n")
        for file in path.parent.iterdir():
            file.chmod(0o444)
    return path


def penalise(course: Course, assignment: str, db: Path) -> None:
    """Compute the late penalties of all submissions anew, by nbgrader's own step and the course's own method."""
    with one_transaction(db):
        lateness.renew(course_config(course), assignment, db_url(db), quiet_logger()[0])


def forget(course: Course, assignment: str, student: str, *, db: Path, autograded: Path) -> None:
    """Take back what an earlier run said of a submission that cannot be graded now; the student stays.

    The autograded notebook goes, and so does the submission's entry, unless a person gave points or comments:
    then those stay, the automatic scores go, and every item that nobody has marked waits for a person.
    """
    shutil.rmtree(autograded / student / assignment, ignore_errors=True)
    if db.is_file():
        forget_scores(db_url(db), assignment, student)


def forget_scores(url: str, assignment: str, student: str, *, keep_entry: bool = False) -> None:
    """The gradebook's part of :func:`forget`, for a gradebook at an SQLAlchemy address.

    ``keep_entry`` keeps the submission's entry, without automatic scores, even if no person marked it.
    """
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(url) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        comments = [comment for notebook in submission.notebooks for comment in notebook.comments]
        marked = any(grade.manual_score is not None or grade.extra_credit for grade in grades) or submission.extension
        if keep_entry or marked or any(comment.manual_comment for comment in comments):
            for grade in grades:
                grade.auto_score = None
                grade.needs_manual_grade |= grade.manual_score is None  # a mark is asked for again once its text has changed
            gradebook.db.commit()
        else:
            gradebook.remove_submission(assignment, student)


def feedback(
    course: Course,
    assignment: str,
    *,
    db: Path,
    autograded: Path,
    feedback: Path,
    student: str = "*",
    not_graded: Mapping[str, SubmissionOutcome] | None = None,
) -> None:
    """Write ``feedback/<student>/<assignment>/<assignment>.html`` for autograded submissions, all or one
    student's, and for those that could not be graded, of which nbgrader knows nothing.

    Raises:
        CourseError: nothing was autograded, or nbgrader could not make a page.
    """
    from nbgrader.converters import GenerateFeedback

    if not_graded:
        release = read(course.release_notebook(assignment))
        for name, outcome in not_graded.items():
            reason = (outcome.reason or "").replace(f"{course.root}{os.sep}", "")  # no student needs to know where it lies
            told = outcome.model_copy(update={"reason": reason})
            page = result_page(assignment, name, release, told, Marks({}))
            write_text(feedback / name / assignment / f"{assignment}.html", page)
        if not any(autograded.glob(f"*/{assignment}")):
            return
    folders = {"autograded_directory": autograded, "feedback_directory": feedback}
    convert(GenerateFeedback, course, assignment, db=db, student=student, folders=folders)
