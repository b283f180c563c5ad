"""The same file gets the same outcome: whatever its neighbours, its turn, the boxes at once, and whether they are forked."""

from __future__ import annotations

import io
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import HIDDEN, link_hidden_tests
from rich.console import Console

from autograder.assignment import load
from autograder.course import Course
from autograder.grading.session import Session
from autograder.notebooks import notebook
from autograder.outcomes import SubmissionOutcome
from autograder.proof import catalogue
from autograder.runs.cells import cells_to_run
from autograder.runs.keys import seed_of
from autograder.runs.options import Options

NAME = "pa4_convnet"
ROOT = Path(__file__).resolve().parents[1]
TIMES = 20
WATCHED = "mistake_errors_counted_in_batches"  # its message names what was drawn and what was measured
# A right one now and then, and those that end their box, trip over themselves or have nothing to show.
NEIGHBOURS = ("right_reference", "exit_in_graph", "untouched_release", "replaces_equal_and_assert")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of its own, and so with a secret of its own."""
    made = Course(tmp_path_factory.mktemp("determinism"))
    for stage in ("source", "release"):
        shutil.copytree(ROOT / stage / NAME, made.root / stage / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", made.root)
    link_hidden_tests(made.root)
    source, release = notebook.read(made.source_notebook(NAME)), notebook.read(made.release_notebook(NAME))
    for answer in catalogue.answers(HIDDEN / NAME):
        if answer.name in (WATCHED, *NEIGHBOURS):
            path = made.submitted / answer.name / NAME / f"{NAME}.ipynb"
            path.parent.mkdir(parents=True)
            notebook.write(catalogue.build(answer, source, release), path)
    return made


def outcome_of(found: SubmissionOutcome) -> dict[str, Any]:
    """All that is said of a submission but how long it took."""
    return found.model_dump(exclude={"seconds"})


@pytest.fixture(scope="module")
def first() -> dict[str, dict[str, Any]]:
    """What the first grading of each file gave."""
    return {}


@pytest.mark.sampled("gradings again", 0.2)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(TIMES))
def test_each_grading_has_the_same_outcome(
    course: Course, first: dict[str, dict[str, Any]], number: int, tmp_path: Path
) -> None:
    """Each grading runs everything anew, since nothing is kept; the last one without the fork server."""
    company = [WATCHED, NEIGHBOURS[number // 2 % len(NEIGHBOURS)]][: 1 + (number % 4 in (1, 2))]
    random.Random(number).shuffle(company)
    session = Session(
        course=course, assignment=NAME, submitted=course.submitted, out=tmp_path, profile="proof",
        device="cpu", jobs=1 + number % 2, students=tuple(company), fresh=True, speedups=number < TIMES - 1,
    )  # fmt: skip
    for name, found in session.run(Console(file=io.StringIO())).submissions.items():
        assert outcome_of(found) == first.setdefault(name, outcome_of(found)), f"{name} in grading {number}: {company}"
        if name == "right_reference":
            assert found.points == found.max_points
    assert "misses" in first[WATCHED]["items"]["act19"]["message"], "a drawn figure is compared"


def test_another_answer_and_another_course_have_other_challenges(course: Course, tmp_path: Path) -> None:
    assert course.secret() == Course(course.root).secret()
    assert (course.root / ".autograder" / "secret").stat().st_mode & 0o077 == 0
    other = Course(tmp_path)
    read = [notebook.read(course.submitted / name / NAME / f"{NAME}.ipynb") for name in (WATCHED, *NEIGHBOURS)]
    known = load(HIDDEN / NAME)
    cells = [cells_to_run(one, known.profile("proof"), everything=False) for one in read]
    seeds = {seed_of(one, known, Options(profile="proof", secret=of.secret())) for one in cells for of in (course, other)}
    assert len(seeds) == 2 * len(read)
    assert seed_of(cells[0], known, Options()) != seed_of(cells[0], known, Options()), "drawn where nothing is kept"
