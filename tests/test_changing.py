"""Changes after grading: shown first, done for everybody, no mark lost or asked for again, and undone again."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, link_hidden_tests
from nbgrader.api import Gradebook
from room import NAME, Room, hand_in
from typer.testing import CliRunner, Result

from autograder.changing.cells import CellChanges, Known, changes
from autograder.changing.trial import difference, grades
from autograder.cli import app
from autograder.course import Course, CourseError
from autograder.grading import adjustments
from autograder.grading.adjustments import Adjustments
from autograder.notebooks import notebook
from autograder.notebooks.tasks import tasks

MANUAL = ("act20", "act21_text", "act22", "act24")
STUDENTS = ("ada", "bob", "cy")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Three students, each of whose four written answers a person has marked; cy's act24 waits."""
    room = Room(tmp_path_factory.mktemp("changing") / "course")
    room.root.mkdir()
    for name in ("source", "release"):
        shutil.copytree(ROOT / name / NAME, room.root / name / NAME)
    shutil.copyfile(ROOT / "nbgrader_config.py", room.root / "nbgrader_config.py")
    link_hidden_tests(room.root)
    for student in STUDENTS:
        hand_in(room, student, (*MANUAL, "convnet") if student == "ada" else MANUAL)
        (room.path(student).parent / "timestamp.txt").write_text("2026-03-02 10:00:00 UTC")
    status, said = room.grade("--feedback")
    assert status == 0, said
    with Gradebook(f"sqlite:///{room.db}") as gradebook:
        for number, student in enumerate(STUDENTS):
            for item in MANUAL:
                grade = gradebook.find_grade(item, NAME, NAME, student)
                if (student, item) != ("cy", "act24"):
                    grade.manual_score, grade.needs_manual_grade = number / 2, False
        gradebook.find_grade("act10", NAME, NAME, "bob").manual_score = 3
        gradebook.find_grade("act10", NAME, NAME, "bob").needs_manual_grade = False
        gradebook.find_grade("act20", NAME, NAME, "cy").extra_credit = 0.25
        gradebook.db.commit()
    return room


@pytest.fixture
def room(graded: Room, tmp_path: Path) -> Iterator[Room]:
    copy = graded.copy(tmp_path / "course")
    with contextlib.chdir(copy.root):
        yield copy


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["change", *words], env={"COLUMNS": "300"})


def everything(room: Room) -> dict[str, dict[str, tuple[float | None, float | None, float | None, bool]]]:
    """All that the gradebook says of scores."""
    with Gradebook(f"sqlite:///{room.db}") as gradebook:
        return {
            found.student_id: {
                grade.name: (grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade)
                for book in found.notebooks
                for grade in book.grades
            }
            for found in gradebook.assignment_submissions(NAME)
        }


def totals(room: Room) -> dict[str, float | None]:
    return {name: grade.points for name, grade in grades(Course(room.root), NAME).students.items()}


def undo(result: Result) -> Result:
    """Run what a change said undoes it."""
    words = result.output.strip().splitlines()[-1].partition("undo: autograder change ")[2].split(" ", 3)
    last = [words[3].strip("'")] if len(words) == 4 and words[0] == "due" else words[3].split() if len(words) == 4 else []
    return run(*(word.strip("'") for word in words[:3]), *last, "--yes")


def test_an_item_dropped_counts_for_nobody_and_comes_back(room: Room) -> None:
    before, points = everything(room), totals(room)
    done = run("drop", NAME, "act10", "--why", "broken", "--yes")
    assert done.exit_code == 0, done.output
    assert "act10 counts for nobody" in done.output
    assert "of 96 points in place of 100" in done.output
    after = totals(room)
    assert after["ada"] == points["ada"]
    assert after["bob"] == pytest.approx(points["bob"] - 3)
    marks = everything(room)
    assert all(marks[student][item][:2] == before[student][item][:2] for student in STUDENTS for item in MANUAL)
    page = (room.root / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()
    assert "This item does not count: broken" in page
    assert "not counted" in page
    assert undo(done).exit_code == 0
    assert (everything(room), totals(room)) == (before, points)


@pytest.mark.parametrize("item", ["act10", "act24"])
def test_an_item_given_to_all_counts_in_full_and_is_taken_back(room: Room, item: str) -> None:
    before, points = everything(room), totals(room)
    done = run("give", NAME, item, "--yes")
    found = grades(Course(room.root), NAME).students
    assert {found[student].items[item].points for student in STUDENTS} == {found["ada"].items[item].max_points}
    assert found["cy"].bonus == 0.25, "a bonus that a person gave stays beside it"
    assert undo(done).exit_code == 0
    assert (everything(room), totals(room)) == (before, points)


def test_a_mark_given_meanwhile_is_not_taken_back(room: Room) -> None:
    run("give", NAME, "act24", "--yes")
    with Gradebook(f"sqlite:///{room.db}") as gradebook:
        gradebook.find_grade("act24", NAME, NAME, "cy").manual_score = 1
        gradebook.db.commit()
    run("give", NAME, "act24", "--undo", "--yes")
    assert everything(room)["cy"]["act24"] == (None, 1, None, False)


def test_a_decision_outlives_the_next_grading(room: Room) -> None:
    run("give", NAME, "act10", "--yes")
    given = totals(room)
    status, said = room.grade()
    assert status == 0, said
    assert totals(room) == given
    assert grades(Course(room.root), NAME).students["cy"].items["act10"].points == 4


def test_an_excused_student_has_no_points_until_that_is_undone(room: Room) -> None:
    points = totals(room)
    done = run("excuse", NAME, "cy", "--why", "ill", "--yes")
    assert "cy: " in done.output
    assert "-> no grade" in done.output
    assert totals(room) == points | {"cy": None}
    assert CliRunner().invoke(app, ["export", NAME]).output.count("excused") == 1
    undo(done)
    assert totals(room) == points
    assert "does not count" not in (room.root / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()


def test_a_due_date_and_an_extension_change_the_penalty_at_once(room: Room) -> None:
    config = room.root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + "\nc.AssignLatePenalties.plugin_class = 'nbgrader.plugins.zipcollect.BasePlugin'\n"
    )
    config.write_text(
        (ROOT / "nbgrader_config.py").read_text()
        + "\nfrom nbgrader.plugins import BasePlugin\n"
        + "class Half(BasePlugin):\n"
        + "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        + "        return score / 2\n"
        + "c.AssignLatePenalties.plugin_class = Half\n"
    )
    points = totals(room)
    assert undo(run("extend", NAME, "cy", "--days", "2", "--yes")).exit_code == 0, "also where there is no due date"
    late = run("due", NAME, "2026-03-01 12:00+01:00", "--yes")
    assert totals(room)["bob"] == pytest.approx((points["bob"] or 0) / 2)
    more = run("extend", NAME, "bob", "--days", "2", "--yes")
    assert more.exit_code == 0, more.output
    assert totals(room)["bob"] == points["bob"]
    assert undo(more).exit_code == 0
    assert totals(room)["bob"] == pytest.approx((points["bob"] or 0) / 2)
    assert undo(late).exit_code == 0
    assert totals(room) == points


def test_points_change_everywhere_and_back(room: Room) -> None:
    before, course = everything(room), Course(room.root)
    source = course.source_notebook(NAME).read_bytes()
    done = run("points", NAME, "act01", "4", "--yes")
    assert done.exit_code == 0, done.output
    assert "act01: 2 -> 4 points" in done.output
    after = everything(room)
    assert {student: after[student]["act01"][0] for student in STUDENTS} == {
        student: 2 * (before[student]["act01"][0] or 0) for student in STUDENTS
    }
    assert all(after[student][item] == before[student][item] for student in STUDENTS for item in MANUAL)
    table = tasks(notebook.read(course.release_notebook(NAME)))
    assert table["act01"].points == "4"
    assert "| **102** |" in notebook.cells_by_grade_id(notebook.read(course.release_notebook(NAME)))["tasks"].source
    undo(done)
    assert everything(room) == before
    assert course.source_notebook(NAME).read_bytes() == source


def edit(room: Room, change: str) -> None:
    """Change the source as an author would: an item more, one less, or one under another name."""
    path = Course(room.root).source_notebook(NAME)
    made = notebook.read(path)
    place = next(n for n, cell in enumerate(made.cells) if notebook.grade_id(cell) == "act24")
    if change == "add":
        new = nbformat.from_dict({**made.cells[place], "id": "act25"})
        new.metadata = nbformat.from_dict({**new.metadata, "nbgrader": {**new.metadata.nbgrader, "grade_id": "act25"}})
        made.cells.insert(place + 1, new)
    elif change == "remove":
        del made.cells[place]
    else:
        made.cells[place].metadata.nbgrader.grade_id = "act24_words"
    notebook.write(made, path)


@pytest.mark.sampled("long runs", 0.1)
def test_items_are_removed_renamed_and_added_and_no_mark_is_lost(room: Room) -> None:
    before, source = everything(room), Course(room.root).source_notebook(NAME)
    kept = source.read_bytes()
    edit(room, "remove")
    done = run("release", NAME, "--yes")
    assert done.exit_code == 0, done.output
    assert "removed: act24; marks are put aside" in done.output
    assert all("act24" not in items for items in everything(room).values())
    source.write_bytes(kept)
    assert run("release", NAME, "--yes").exit_code == 0
    assert everything(room) == before, "it comes back with its marks"

    edit(room, "add")
    edit(room, "rename")
    refused = run("release", NAME, "--rename", "act24=other", "--yes")
    assert (refused.exit_code, "'other' is not a new cell of the source" in refused.output) == (2, True)
    done = run("release", NAME, "--rename", "act24=act24_words", "--yes")
    assert done.exit_code == 0, done.output
    after = everything(room)
    new = {after[student].pop("act25") for student in STUDENTS}
    assert new == {(0.0, None, None, False)}, "their files have no such cell: no response"
    for student in STUDENTS:
        after[student]["act24"] = after[student].pop("act24_words")
    assert after == before


def test_one_item_is_judged_again_and_all_others_stay(room: Room) -> None:
    with Gradebook(f"sqlite:///{room.db}") as gradebook:  # as if earlier hidden tests had given these
        for item, score in (("act01", 0.5), ("act02", 0.5)):
            gradebook.find_grade(item, NAME, NAME, "ada").auto_score = score
        gradebook.db.commit()
    path = room.out / "outcomes.json"
    path.write_text(
        path.read_text().replace(
            '"points": 2.0,\n          "max_points": 2.0', '"points": 0.5,\n          "max_points": 2.0'
        )
    )
    before = everything(room)
    done = run("regrade", NAME, "act01", "--yes")
    assert done.exit_code == 0, done.output
    after = everything(room)
    assert after["ada"]["act01"][0] == 2.0
    assert after["ada"]["act02"][0] == 0.5
    assert {student: items["act24"] for student, items in after.items()} == {
        student: items["act24"] for student, items in before.items()
    }


def test_nothing_is_done_before_somebody_agrees(room: Room) -> None:
    before = everything(room)
    for words in (["drop", NAME, "act10", "--dry-run"], ["drop", NAME, "act10"]):
        shown = run(*words)
        assert "1 of 3 grades change" in shown.output
        assert "bob: " in shown.output
    assert shown.exit_code == 2
    assert "no terminal to ask on; add --yes" in shown.output
    assert everything(room) == before
    assert not adjustments.path(Course(room.root), NAME).exists()


def test_an_item_is_not_dropped_and_given_at_once(room: Room) -> None:
    run("drop", NAME, "act10", "--yes")
    refused = run("give", NAME, "act10", "--yes")
    assert refused.exit_code == 2
    assert "act10 is dropped already; undo that first: autograder change drop pa4_convnet act10 --undo" in refused.output


def test_changes_are_listed(room: Room) -> None:
    assert "nothing was changed" in run("list", NAME).output
    run("drop", NAME, "act10", "--yes")
    listed = run("list", NAME).output
    assert "act10 counts for nobody; undo: autograder change drop pa4_convnet act10 --undo" in listed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["drop", NAME, "act99"], "has no item 'act99'; there is: act01"),
        (["excuse", NAME, "nobody"], "no student 'nobody'"),
        (["drop", NAME, "act10", "--undo"], "there is nothing to take back"),
        (["due", NAME, "soon"], "'soon' is no time; write one such as 2026-03-01 23:59"),
        (["points", NAME, "act01", "2"], "act01 has 2 points already"),
        (["release", NAME, "--rename", "act24"], "--rename needs OLD=NEW"),
        (["give", "mnist_cnn", "forward"], "mnist_cnn"),
    ],
)
def test_wrong_usage_gets_one_line(room: Room, words: list[str], said: str) -> None:
    found = run(*words, "--yes")
    assert found.exit_code == 2
    assert said in found.output
    assert found.output.count("\n") == 1


def test_what_a_release_changes() -> None:
    release = notebook.read(ROOT / "release" / NAME / f"{NAME}.ipynb")
    cells = notebook.cells_by_grade_id(release)
    graded = {item.id: item.max_points for item in notebook.items(release)}
    known = {name: Known(cell.metadata.nbgrader.checksum, graded.get(name)) for name, cell in cells.items()}
    assert changes(known, release, {}, Adjustments()) == CellChanges()
    known["gone"] = known.pop("act24")
    known["act01"] = Known("other", 3)
    found = changes(known, release, {"gone": "act24"}, Adjustments())
    assert found == CellChanges(renamed={"gone": "act24"}, points={"act01": (3, 2)}, texts=["act01"])
    assert found.sentences() == ["gone is now called act24", "act01: 3 -> 2 points", "other text: act01"]
    with pytest.raises(CourseError, match="'act01' is not a cell that the gradebook has and the source has no more"):
        changes(known, release, {"act01": "act24"}, Adjustments())


def test_equal_grades_have_no_difference(room: Room) -> None:
    same = grades(Course(room.root), NAME)
    assert (difference(same, same).students, difference(same, same).reopened) == ({}, [])
