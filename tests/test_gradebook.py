"""The gradebook: the same grade by both doors, nothing silent, nothing stale, pages that run nothing."""

import contextlib
import copy
import os
import shutil
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import link_hidden_tests
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output, new_raw_cell
from nbgrader.api import MissingEntry

from autograder.course import Course, CourseError
from autograder.grading import exporter
from autograder.grading.entries import Entries
from autograder.grading.gradebook import ensure_assignment, feedback, forget, open_gradebook, record
from autograder.grading.item_cells import write_outcomes
from autograder.limited import Budget
from autograder.notebooks.converter import convert, course_config, db_url
from autograder.notebooks.notebook import cells_by_grade_id, items, read, role, write
from autograder.notebooks.submission import read_submission
from autograder.outcomes import ItemOutcome, SubmissionOutcome

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "pa4_convnet"
RELEASE = read(ROOT / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
MESSAGE = "observed <b>1,000</b> & <script>alert('message')</script>, expected 3"


def outcome_of(verdicts: dict[str, str] | None = None) -> SubmissionOutcome:
    """All items passed but those named; a partial one has 0.7 of its points."""
    found = {}
    for item in items(RELEASE):
        if not item.manual:
            verdict = (verdicts or {}).get(item.id, "passed")
            share = {"passed": 1.0, "partial": 0.7}.get(verdict, 0.0)
            points = item.max_points * share
            message = "" if verdict == "passed" else MESSAGE
            found[item.id] = ItemOutcome(outcome=verdict, points=points, max_points=item.max_points, message=message)
    return SubmissionOutcome(
        status="graded",
        points=sum(item.points for item in found.values()),
        max_points=92,
        items=found,
    )


VERDICTS = {"act03": "partial", "act07": "failed", "act10": "not_attempted", "act16": "could_not_grade"}


def answered() -> NotebookNode:
    """The release with two written answers and outputs, among them what must not reach a page."""
    notebook = copy.deepcopy(RELEASE)
    cells = cells_by_grade_id(notebook)
    cells["act20"].source = "They look <script>alert('prose')</script> bad. [x](javascript:alert(1))"
    cells["act24"].source = "It has more parameters and `a<b`."
    page = "<table><tr><td>kept</td></tr></table><style>p{}</style><script>alert('page')</script><img onerror=1>"
    cells["filters"].outputs = [
        new_output("stream", name="stderr", text="UserWarning: <script>alert('stream')</script>\n"),
        new_output("display_data", data={"text/html": page, "application/javascript": "alert('js')"}),
        new_output("display_data", data={"image/png": '"><script>alert(1)</script>', "text/plain": "picture"}),
        new_output("display_data", data={"image/svg+xml": "<svg><script>alert('svg')</script></svg>"}),
    ]
    notebook.cells.insert(3, new_markdown_cell("extra <iframe src=//x></iframe>", id="extra-1"))
    return notebook


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook that knows the assignment; tests copy it."""
    db = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    ensure_assignment(Course(ROOT), ASSIGNMENT, db)
    return db


@pytest.fixture
def course(tmp_path: Path, known: Path) -> Course:
    """A course of its own with release, configuration and gradebook."""
    root = tmp_path / "course"
    shutil.copytree(ROOT / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    shutil.copytree(ROOT / "release" / ASSIGNMENT, root / "release" / ASSIGNMENT)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    link_hidden_tests(root)
    shutil.copy(known, root / "gradebook.db")
    return Course(root)


def hand_in(course: Course, student: str, notebook: NotebookNode | bytes, timestamp: str = "") -> Path:
    path = course.submitted / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(notebook, bytes):
        path.write_bytes(notebook)
    else:
        write(notebook, path)
    if timestamp:
        (path.parent / "timestamp.txt").write_text(timestamp)
    return path


def our_door(course: Course, student: str, outcome: SubmissionOutcome, entries: Entries | None = None) -> Path:
    path = course.submitted / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    submission = read_submission(path, RELEASE, ASSIGNMENT)
    outcome = outcome.model_copy(update={"repairs": submission.repairs, "flags": [*submission.flags, *outcome.flags]})
    return record(
        course, ASSIGNMENT, student, submission.notebook, outcome,
        db=course.gradebook, autograded=course.root / "autograded", submitted=path.parent,
        known=entries is not None and entries.agree(student, outcome),
    )  # fmt: skip


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[dict[str, Any]]]:
    """Stand in for the sandboxed run: what it is asked is listed, what it answers is given."""

    def install(answer: Any) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def grade_notebook(notebook: NotebookNode, **options: Any) -> tuple[SubmissionOutcome, NotebookNode]:
            asked.append(options)
            found = answer(options["student"]) if callable(answer) else answer
            return found, copy.deepcopy(notebook)

        monkeypatch.setitem(sys.modules, "autograder.judging.grade", types.SimpleNamespace(grade_notebook=grade_notebook))
        return asked

    return install


def nbgrader_door(course: Course, student: str = "*") -> None:
    from nbgrader.converters import Autograde

    convert(Autograde, course, ASSIGNMENT, db=course.gradebook, student=student)


def grades(course: Course, student: str) -> dict[str, tuple[float | None, float | None, bool]]:
    """Automatic score, score by hand and whether a person is asked, for each item."""
    with open_gradebook(course, course.gradebook) as gradebook:
        notebook = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, student)
        return {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for g in notebook.grades}


def entry(course: Course, student: str) -> dict[str, Any]:
    """The whole of what the gradebook says of a submission, without its random ids."""
    with open_gradebook(course, course.gradebook) as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, student)
        notebook = submission.notebooks[0]
        said = {c.name: c.comment for c in notebook.comments}
        late = (submission.total_seconds_late, notebook.late_submission_penalty)
        return {
            "score": submission.score, "late": late, "comments": said, "timestamp": submission.timestamp,
            "needs": submission.needs_manual_grade, "grades": grades(course, student),
        }  # fmt: skip


def mark_by_hand(course: Course, student: str, item: str, points: float) -> None:
    with open_gradebook(course, course.gradebook) as gradebook:
        grade = gradebook.find_grade(item, ASSIGNMENT, ASSIGNMENT, student)
        grade.manual_score = points
        grade.needs_manual_grade = False
        gradebook.db.commit()


def pages_in(folder: Path) -> dict[str, str]:
    return {path.parts[-3]: path.read_text(encoding="utf-8") for path in folder.glob(f"*/{ASSIGNMENT}/{ASSIGNMENT}.html")}


def feedback_pages(course: Course) -> dict[str, str]:
    """Result pages by student, as our command writes them."""
    pages = course.root / "ours"
    shutil.rmtree(pages, ignore_errors=True)
    feedback(course, ASSIGNMENT, db=course.gradebook, autograded=course.root / "autograded", feedback=pages)
    return pages_in(pages)


def test_points_are_entered_and_manual_items_wait(course: Course) -> None:
    hand_in(course, "ann", answered())
    path = our_door(course, "ann", outcome_of(VERDICTS))
    assert path == course.root / "autograded" / "ann" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    found = grades(course, "ann")
    assert found["act01"] == (2.0, None, False)
    assert found["act03"] == (pytest.approx(2.8), None, False)
    assert found["act07"] == found["act10"] == (0.0, None, False)
    assert found["act20"] == found["act24"] == (None, None, True)
    assert found["act22"] == (0.0, None, False), "an untouched written answer is worth 0"


def test_could_not_grade_is_neither_zero_nor_full_marks(course: Course) -> None:
    hand_in(course, "ann", answered())
    our_door(course, "ann", outcome_of(VERDICTS))
    assert grades(course, "ann")["act16"] == (None, None, True)
    assert entry(course, "ann")["comments"]["learning_rate"].endswith(f"act16 could not be graded: {MESSAGE}")
    our_door(course, "ann", outcome_of())
    assert grades(course, "ann")["act16"] == (10.0, None, False)
    assert "could not" not in (entry(course, "ann")["comments"]["learning_rate"] or "")


def test_both_doors_give_the_same_grade(course: Course, sandbox: Any) -> None:
    with (course.root / "nbgrader_config.py").open("a") as stream:
        stream.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\nc.GradeInSandbox.profile = "quick"\n')
    with open_gradebook(course, course.gradebook) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-11-01 12:00:00 UTC")
    for student, stamp in (
        ("ann", "2026-11-01 11:00:00 UTC"),
        ("late", "2026-11-01 13:00:00 UTC"),
        ("bob", ""),
    ):
        hand_in(course, student, answered(), stamp)
    asked = sandbox(outcome_of(VERDICTS))
    nbgrader_door(course)
    assert [options["student"] for options in asked] == ["ann", "bob", "late"]
    assert asked[0]["profile"] == "quick"
    assert asked[0]["course"] == course
    theirs = {student: entry(course, student) for student in ("ann", "late", "bob")}
    pages = {s: read(course.root / "autograded" / s / ASSIGNMENT / f"{ASSIGNMENT}.ipynb") for s in theirs}
    assert theirs["late"]["late"] == (3600.0, theirs["late"]["score"])

    their_pages = feedback_pages(course)
    assert "for handing it in 1 hour late" in their_pages["late"]

    shutil.rmtree(course.root / "autograded")
    with open_gradebook(course, course.gradebook) as gradebook:
        for student in theirs:
            gradebook.remove_submission(ASSIGNMENT, student)
    for student in theirs:
        path = our_door(course, student, outcome_of(VERDICTS))
        page = read(path)
        assert page.metadata.autograder.pop("made_of"), "what this entry was made of"
        assert page == pages[student]
        assert entry(course, student) == theirs[student]
        assert (path.parent / "timestamp.txt").exists() == (student != "bob")
    assert feedback_pages(course) == their_pages


def test_one_bad_submission_costs_the_others_nothing(course: Course, sandbox: Any) -> None:
    sandbox(outcome_of())
    hand_in(course, "amy", b"{broken")
    hand_in(course, "ann", answered())
    hand_in(course, "bea", b'{"cells": [], "nbformat": 4}')
    doubled = answered()
    doubled.cells += copy.deepcopy([cell for cell in doubled.cells if role(cell) == "item"])
    hand_in(course, "zoe", doubled)
    with pytest.raises(CourseError):
        nbgrader_door(course)
    assert grades(course, "ann") == grades(course, "zoe")
    assert entry(course, "zoe")["score"] == 92
    assert sorted(p.name for p in (course.root / "autograded").iterdir() if any(p.iterdir())) == [
        "ann",
        "zoe",
    ]


def crash(student: str) -> SubmissionOutcome:
    raise RuntimeError("the grader broke")


@pytest.mark.parametrize(
    "trouble",
    [crash, SubmissionOutcome(status="could_not_grade", reason="no sandbox"), b"{broken"],
    ids=["crash", "could_not_grade", "unreadable"],
)
def test_no_stale_score_survives_a_failed_grading(course: Course, sandbox: Any, trouble: Any) -> None:
    hand_in(course, "ann", answered())
    our_door(course, "ann", outcome_of())
    if isinstance(trouble, bytes):
        hand_in(course, "ann", trouble)
    sandbox(trouble)
    with pytest.raises(CourseError):
        nbgrader_door(course)
    assert not (course.root / "autograded" / "ann" / ASSIGNMENT).exists()
    with open_gradebook(course, course.gradebook) as gradebook:
        assert [student.id for student in gradebook.students] == ["ann"]
        left = gradebook.student_submissions("ann")
        assert sum(submission.score for submission in left) == 0
        assert all(submission.needs_manual_grade for submission in left)


def test_forget_takes_back_what_was_said(course: Course) -> None:
    for student in ("ann", "bob"):
        hand_in(course, student, answered())
        our_door(course, student, outcome_of())
    for _ in range(2):
        forget(course, ASSIGNMENT, "ann", db=course.gradebook, autograded=course.root / "autograded")
    assert not (course.root / "autograded" / "ann" / ASSIGNMENT).exists()
    with open_gradebook(course, course.gradebook) as gradebook:
        assert sorted(student.id for student in gradebook.students) == ["ann", "bob"]
        assert gradebook.student_submissions("ann") == []
    assert entry(course, "bob")["score"] == 92
    forget(course, ASSIGNMENT, "zoe", db=course.root / "none.db", autograded=course.root / "autograded")


def test_points_given_by_a_person_stay(course: Course) -> None:
    hand_in(course, "ann", answered())
    our_door(course, "ann", outcome_of(VERDICTS))
    mark_by_hand(course, "ann", "act20", 1.5)
    our_door(course, "ann", outcome_of())
    assert grades(course, "ann")["act20"] == (None, 1.5, False)
    assert entry(course, "ann")["score"] == 93.5
    forget(course, ASSIGNMENT, "ann", db=course.gradebook, autograded=course.root / "autograded")
    assert grades(course, "ann")["act20"] == (None, 1.5, False)
    assert grades(course, "ann")["act01"] == (None, None, True)
    assert entry(course, "ann")["score"] == 1.5
    assert entry(course, "ann")["needs"]


MANUAL = ["act20", "act21_text", "act22", "act24"]


@pytest.fixture(params=["autograder", "nbgrader"])
def grade(request: pytest.FixtureRequest, course: Course, sandbox: Any) -> Callable[[Any], None]:
    """Grade all that was handed in by one of the two commands; what is given stands for the run's outcome."""

    def graded(outcome: SubmissionOutcome) -> None:
        if request.param == "autograder":
            for path in sorted(course.submitted.iterdir()):
                if outcome.status == "graded":
                    our_door(course, path.name, outcome, Entries(course.gradebook, ASSIGNMENT))
                else:
                    forget(course, ASSIGNMENT, path.name, db=course.gradebook, autograded=course.root / "autograded")
        else:
            sandbox(outcome)
            with contextlib.nullcontext() if outcome.status == "graded" else pytest.raises(CourseError):
                nbgrader_door(course)

    return graded


def test_a_regrade_reopens_only_the_answers_whose_text_has_changed(course: Course, grade: Callable[[Any], None]) -> None:
    students = ("ann", "bob", "cy")

    def settled() -> dict[str, list[str]]:
        assert all(grades(course, student)[item][1] == 1.5 for student in students for item in MANUAL), "all marks stay"
        assert {entry(course, student)["comments"]["act20"] for student in students} == {"well said"}
        return {student: [item for item in MANUAL if not grades(course, student)[item][2]] for student in students}

    for student in students:
        hand_in(course, student, answered())
    grade(outcome_of(VERDICTS))
    assert [grades(course, "ann")[item][2] for item in MANUAL] == [True, False, False, True], "two are untouched"
    for student in students:
        for item in MANUAL:
            mark_by_hand(course, student, item, 1.5)
        with open_gradebook(course, course.gradebook) as gradebook:
            gradebook.find_comment("act20", ASSIGNMENT, ASSIGNMENT, student).manual_comment = "well said"
            gradebook.db.commit()

    reworded = outcome_of(VERDICTS)
    reworded.items["act07"].message = "in other words"
    grade(reworded)
    assert settled() == dict.fromkeys(students, MANUAL)

    changed, beside = answered(), answered()
    cells_by_grade_id(changed)["act24"].source += " And it is slower."
    place = next(
        number for number, cell in enumerate(beside.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == "act20"
    )
    beside.cells.insert(place + 1, new_markdown_cell("What I forgot above.", id="extra-2"))
    hand_in(course, "bob", changed)
    hand_in(course, "cy", beside)
    expected = {"ann": MANUAL, "bob": MANUAL[:3], "cy": MANUAL[1:]}
    grade(reworded)
    assert settled() == expected
    grade(outcome_of())
    assert settled() == expected, "a changed answer waits until a person has marked it"
    mark_by_hand(course, "bob", "act24", 1.5)
    grade(SubmissionOutcome(status="could_not_grade", reason="no sandbox"))
    grade(outcome_of())
    assert settled() == expected | {"bob": MANUAL}, "a run that failed changes no text"


def test_points_that_a_person_gave_for_code_stay_settled_while_the_code_is_the_same(
    course: Course, grade: Callable[[Any], None]
) -> None:
    hand_in(course, "ann", answered())
    grade(outcome_of(VERDICTS))
    for item in ("act07", "act16"):  # lost, and could not be graded
        mark_by_hand(course, "ann", item, 3.0)
    grade(outcome_of(VERDICTS | {"act08": "failed"}))
    assert [grades(course, "ann")[item][1:] for item in ("act07", "act16")] == [(3.0, False)] * 2
    rewritten = answered()
    cells_by_grade_id(rewritten)["learning_rate"].source = "learning_rate = 0.1"
    hand_in(course, "ann", rewritten)
    grade(outcome_of(VERDICTS))
    assert [grades(course, "ann")[item][1:] for item in ("act07", "act16")] == [(3.0, False), (3.0, True)]


def test_item_without_outcome_raises_rather_than_passes() -> None:
    outcome = outcome_of()
    del outcome.items["act05"]
    with pytest.raises(KeyError, match="act05"):
        write_outcomes(copy.deepcopy(RELEASE), outcome)


def test_points_written_by_student_code_do_not_count(course: Course) -> None:
    notebook = copy.deepcopy(RELEASE)
    for cell in notebook.cells:
        if role(cell) == "item":
            cell.outputs = [new_output("execute_result", data={"text/plain": "2.0"}, execution_count=1)]
    record(
        course, ASSIGNMENT, "eve", notebook, outcome_of({item.id: "failed" for item in items(RELEASE)}),
        db=course.gradebook, autograded=course.root / "autograded",
    )  # fmt: skip
    assert entry(course, "eve")["score"] == 0


def test_gradebook_learns_the_assignment_once(course: Course, tmp_path: Path) -> None:
    before = (course.gradebook.stat().st_mtime_ns, sorted(course.release.rglob("*")))
    ensure_assignment(course, ASSIGNMENT, course.gradebook)
    assert (course.gradebook.stat().st_mtime_ns, sorted(course.release.rglob("*"))) == before
    with open_gradebook(course, course.gradebook) as gradebook:
        assert gradebook.find_assignment(ASSIGNMENT).max_score == 100


def assert_nothing_runs(page: str) -> None:
    for danger in ("<script>alert", "onerror", "<iframe src=//x", "javascript:alert", "alert('js')", "p{}"):
        assert danger not in page


def formgrader_page(course: Course, path: Path) -> str:
    """What formgrader shows of an autograded notebook, made as its server makes it."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers

    config = course_config(course)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    names = ("assignment_id", "notebook_id", "submission_id", "base_url", "student", "notebook_path")
    resources = {**dict.fromkeys(names, "x"), "index": 0, "total": 1, "last_name": None, "first_name": None}
    page: str = HTMLExporter(config=config).from_filename(str(path), resources=resources)[0]
    return page


def test_feedback_shows_messages_and_nothing_that_runs(course: Course) -> None:
    hand_in(course, "ann", answered())
    path = our_door(course, "ann", outcome_of(VERDICTS))
    executed = read(path)
    for cell, mine in zip(executed.cells, answered().cells, strict=True):
        if mine.cell_type == "code" and role(mine) != "item":
            cell.outputs = mine.outputs
    executed.cells.insert(5, new_raw_cell("raw <script>alert('raw')</script>", id="extra-9"))
    record(
        course, ASSIGNMENT, "ann", executed,
        outcome_of(VERDICTS).model_copy(update={"repairs": ["trainer: the cell was duplicated."]}),
        db=course.gradebook, autograded=course.root / "autograded",
    )  # fmt: skip
    pages = course.root / "pages"
    feedback(course, ASSIGNMENT, db=course.gradebook, autograded=course.root / "autograded", feedback=pages)
    page = (pages / "ann" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert_nothing_runs(page)
    assert_nothing_runs(formgrader_page(course, path))
    assert "act07, forward: second block: not right yet, 0 of 4 points" in page
    assert "act16, learning rate, final loss: pending, 10 points" in page
    assert "observed &lt;b&gt;1,000&lt;/b&gt;" in page
    assert "trainer: the cell was duplicated." in page
    assert "<td>kept</td>" in page


def test_one_page_by_our_command_by_nbgraders_and_by_formgraders_button(course: Course) -> None:
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    for student in ("ann", "bob"):
        hand_in(course, student, answered())
        our_door(course, student, outcome_of(VERDICTS))
    mark_by_hand(course, "ann", "act20", 1.5)
    ours = feedback_pages(course)
    assert "marked by a person, 1.5 of 2 points" in ours["ann"]

    config = course_config(course)
    api = NbGraderAPI(CourseDirectory(root=str(course.root), db_url=db_url(course.gradebook), config=config), config=config)
    assert api.generate_feedback(ASSIGNMENT)["success"]
    assert pages_in(course.root / "feedback") == ours

    program = [str(Path(sys.executable).with_name("nbgrader")), "generate_feedback", ASSIGNMENT, "--force"]
    shutil.rmtree(course.root / "feedback")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(program, cwd=course.root, env=environment, check=True, capture_output=True, timeout=120)
    assert pages_in(course.root / "feedback") == ours


def test_a_page_that_takes_too_long_is_told_with_its_student(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, "ann", answered())
    path = our_door(course, "ann", outcome_of(VERDICTS))
    path.chmod(0o644)
    made = read(path)
    made.cells += [new_markdown_cell(f"{number} [a](b) *c* " * 1_000) for number in range(6)]
    write(made, path)
    where = {"db": course.gradebook, "autograded": course.root / "autograded", "feedback": course.root / "p"}
    monkeypatch.setattr(exporter, "BUDGET", Budget("to show", 0.0, 60.0, 1 << 30))
    with pytest.raises(CourseError, match=r"no page for ann: .* took more than 0 s of processor time to show; look"):
        feedback(course, ASSIGNMENT, **where)
    monkeypatch.undo()
    feedback(course, ASSIGNMENT, **where)
    assert list(pages_in(course.root / "p")) == ["ann"]


UNFIT = """{"cells": [
{"cell_type": "code", "id": "a", "metadata": {}, "source": "", "outputs": [{}], "execution_count": null}],
"nbformat": 4, "nbformat_minor": 5, "metadata": {}}"""
"""A notebook that can be read and has an output of no kind."""


def test_a_page_that_fails_names_its_student_and_the_others_go_on(course: Course) -> None:
    for student in ("ann", "bob", "zoe", "zora"):
        hand_in(course, student, answered())
        path = our_door(course, student, outcome_of(VERDICTS))
        if student.startswith("zo"):
            path.parent.joinpath(path.name).unlink()
            path.write_text("{broken" if student == "zoe" else UNFIT)
    with pytest.raises(CourseError) as failed:
        feedback(course, ASSIGNMENT, db=course.gradebook, autograded=course.root / "autograded", feedback=course.root / "p")
    assert "no page for zoe: " in str(failed.value)
    assert "no page for zora: " in str(failed.value)
    assert sorted(pages_in(course.root / "p")) == ["ann", "bob"]


@pytest.mark.parametrize(
    "students", [["ann [2]"], ["a+b", "ann [2]", "b?b", "ordinary", "x(1)", "[ao]*", "two\nlines"]], ids=len
)
def test_pages_for_students_whose_names_look_like_patterns(course: Course, students: list[str]) -> None:
    for student in students:
        hand_in(course, student, answered())
        our_door(course, student, outcome_of(VERDICTS))
    pages = course.root / "elsewhere (1) [new]"
    feedback(course, ASSIGNMENT, db=course.gradebook, autograded=course.root / "autograded", feedback=pages)
    assert sorted(path.parts[-3] for path in pages.glob(f"*/{ASSIGNMENT}/{ASSIGNMENT}.html")) == sorted(students)

    shutil.rmtree(pages)
    feedback(
        course, ASSIGNMENT, db=course.gradebook, autograded=course.root / "autograded", feedback=pages, student=students[-1]
    )
    assert [path.name for path in pages.iterdir()] == students[-1:], "one student, by name"


def test_a_course_in_a_folder_whose_name_looks_like_a_pattern(course: Course) -> None:
    course = Course(course.root.rename(course.root.with_name("ML [2026] (a+b)")))
    hand_in(course, "ann", answered())
    our_door(course, "ann", outcome_of(VERDICTS))
    feedback(
        course, ASSIGNMENT, db=course.gradebook, autograded=course.root / "autograded", feedback=course.root / "feedback"
    )
    assert (course.root / "feedback" / "ann" / ASSIGNMENT / f"{ASSIGNMENT}.html").is_file()


def test_nbgraders_door_finds_students_whose_names_look_like_patterns(course: Course, sandbox: Any) -> None:
    asked = sandbox(outcome_of())
    for student in ("ann [2]", "bob"):
        hand_in(course, student, answered())
    nbgrader_door(course)
    nbgrader_door(course, "ann [2]")
    nbgrader_door(course, "b*")
    assert [options["student"] for options in asked] == ["ann [2]", "bob", "ann [2]", "bob"]


def test_formgrader_sees_the_submissions(course: Course) -> None:
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    hand_in(course, "ann", answered(), "2026-11-01 11:00:00 UTC")
    our_door(course, "ann", outcome_of(VERDICTS))
    places = CourseDirectory(root=str(course.root), db_url=db_url(course.gradebook))
    (found,) = NbGraderAPI(places).get_submissions(ASSIGNMENT)
    assert (found["student"], found["autograded"], found["needs_manual_grade"]) == ("ann", True, True)
    assert (found["code_score"], found["max_code_score"], found["max_written_score"]) == (
        pytest.approx(92 - 1.2 - 4 - 4 - 10), 92, 8,
    )  # fmt: skip


def test_what_is_up_to_date_is_not_entered_again(course: Course) -> None:
    hand_in(course, "ann", answered(), "")
    db, outcome = course.gradebook, outcome_of(VERDICTS)
    path = our_door(course, "ann", outcome)

    def again(outcome: SubmissionOutcome = outcome) -> bool:
        before = path.stat().st_mtime_ns
        our_door(course, "ann", outcome, entries=Entries(db, ASSIGNMENT))
        return path.stat().st_mtime_ns != before

    assert not again()
    assert Entries(db, ASSIGNMENT).agree("ann", outcome)
    assert not Entries(db, ASSIGNMENT).agree("bob", outcome), "of whom the gradebook knows nothing"
    other = outcome.model_copy(update={"flags": ["something new"]})
    assert again(other), "another message"
    assert again()
    with open_gradebook(course, db) as gradebook:
        gradebook.find_grade("act01", ASSIGNMENT, ASSIGNMENT, "ann").auto_score = 0.0
        gradebook.db.commit()
    assert again(), "a score that somebody changed"
    with open_gradebook(course, db) as gradebook:
        gradebook.remove_submission(ASSIGNMENT, "ann")
    assert again(), "an older gradebook"
    assert not again()
    path.parent.joinpath(path.name).unlink()
    path.write_text("{}")
    assert again(), "another notebook"


def test_an_entry_is_whole_or_not_there(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, "ann", answered(), "")

    def breaks(*_: object, **__: object) -> None:
        raise OSError("killed in the middle")

    with monkeypatch.context() as patched:
        patched.setattr("nbgrader.preprocessors.AssignLatePenalties.preprocess", breaks)
        with pytest.raises(OSError, match="in the middle"):
            our_door(course, "ann", outcome_of(VERDICTS))
    with open_gradebook(course, course.gradebook) as gradebook, pytest.raises(MissingEntry):
        gradebook.find_submission(ASSIGNMENT, "ann")
    our_door(course, "ann", outcome_of(VERDICTS))
    assert entry(course, "ann")["score"] > 0
