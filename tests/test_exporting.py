"""Grades go out: tables and files of learning management systems, from a real gradebook, each read back."""

import csv
import io
import json
import re
import shutil
import stat
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, link_hidden_tests
from hypothesis import given
from hypothesis import strategies as st
from nbgrader import api
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.cli import app
from autograder.collecting import record
from autograder.collecting.record import Collection, Student, Upload
from autograder.course import Course
from autograder.exporting.feedback_zip import pack
from autograder.exporting.fill import OtherMaximum, fill, lms_ids, words
from autograder.exporting.grades import ClassGrades, NoGrades, of_gradebook, of_outcomes
from autograder.exporting.gradescope import as_gradescope
from autograder.exporting.plain import plain
from autograder.exporting.sheet import Sheet
from autograder.exporting.systems import SYSTEMS, NotThisFile
from autograder.exporting.tables import anonymous, anonymous_outcomes, as_csv, as_excel, as_json, pseudonym
from autograder.grading.adjustments import Adjustments
from autograder.grading.gradebook import open_gradebook
from autograder.outcomes import ClassOutcomes, Finding, ItemOutcome, NotOutcomes, Place, RootCause, SubmissionOutcome

NAME = "ps1"
WORDS = "my secret words"
STUDENTS = {
    "ada": ("Ada", "Lovelace", "ada@uni.example", "101"),
    "bob": ("Bob", "Müller", "bob@uni.example", "102"),
    "cy": ("Cy", "Young", "cy@uni.example", "103"),
    "dan": ("Dan", "=cmd()", "dan@uni.example", "104"),
    "eve": ("Eve", "Nobody", "eve@uni.example", "105"),
    "fay": ("Fay", "Smith", "fay@uni.example", "106"),
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook in which nothing is; nbgrader takes seconds to make one."""
    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    open_gradebook(Course(ROOT), path).close()
    return path


@pytest.fixture(scope="module")
def db(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three items of 6, 2 and 2 points, the last one marked by a person.

    ada is graded and late, with an override and a bonus; bob waits for a person; cy is graded; dan could not be graded;
    eve handed in nothing; fay has an extension.
    """
    path = tmp_path_factory.mktemp("exporting") / "gradebook.db"
    shutil.copyfile(empty, path)
    with open_gradebook(Course(ROOT), path) as gradebook:
        gradebook.add_assignment(NAME, duedate=datetime(2026, 3, 1, 12))  # UTC, as nbgrader keeps it
        gradebook.add_notebook(NAME, NAME)
        for item, points, cell_type in (("one", 6, "code"), ("two", 2, "code"), ("text", 2, "markdown")):
            gradebook.add_grade_cell(item, NAME, NAME, max_score=points, cell_type=cell_type)
        gradebook.add_solution_cell("text", NAME, NAME)
        for student, (first, last, email, lms) in STUDENTS.items():
            gradebook.add_student(student, first_name=first, last_name=last, email=email, lms_user_id=lms)
        for student in ("ada", "bob", "cy", "dan", "fay"):
            day = 2 if student in ("ada", "fay") else 1
            gradebook.add_submission(NAME, student, timestamp=datetime(2026, 3, day, 10))
        gradebook.grant_extension(NAME, "fay", days=2)
        for student, auto, manual, waits in (
            ("ada", (5.5, 2), 1, False), ("bob", (6, 1), None, True), ("cy", (3, 0.25), 2, False),
            ("dan", (None, None), None, True), ("fay", (6, 2), 2, False),
        ):  # fmt: skip
            for item, score in zip(("one", "two"), auto, strict=True):
                grade = gradebook.find_grade(item, NAME, NAME, student)
                grade.auto_score, grade.needs_manual_grade = score, score is None
            grade = gradebook.find_grade("text", NAME, NAME, student)
            grade.manual_score, grade.needs_manual_grade = manual, waits
        gradebook.find_grade("one", NAME, NAME, "ada").manual_score = 6
        gradebook.find_grade("two", NAME, NAME, "ada").extra_credit = 0.5
        gradebook.find_submission(NAME, "ada").notebooks[0].late_submission_penalty = 1.5
        gradebook.db.commit()
    return path


@pytest.fixture(scope="module")
def outcomes() -> ClassOutcomes:
    def item(verdict: str, points: float) -> ItemOutcome:
        place = Place(cell="x", line=1, code=WORDS)
        finding = Finding(item="act", task="It works.", passed=False, observed=WORDS, place=place)
        said: dict[str, Any] = {"message": WORDS, "note": WORDS, "findings": [finding], "root_cause": 0}
        return ItemOutcome(outcome=verdict, points=points, max_points=4, **said)  # type: ignore[arg-type]

    return ClassOutcomes(
        assignment=NAME,
        profile="quick",
        isolation="bubblewrap",
        versions={},
        submissions={
            "=ada()": SubmissionOutcome(
                status="graded", points=5.5, max_points=8, seconds=3.25, flags=[WORDS], repairs=[WORDS],
                items={"act01": item("passed", 4), "act02": item("partial", 1.5)},
                root_causes=[RootCause(what=WORDS, next_step=WORDS, items=("act02",), place=Place(cell="x", code=WORDS))],
            ),
            "cy": SubmissionOutcome(
                status="graded", points=4, max_points=8,
                items={"act01": item("passed", 4), "act02": item("could_not_grade", 0)},
            ),
            "dan": SubmissionOutcome(status="could_not_grade", reason=f"-{WORDS}", max_points=8),
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def grades(db: Path, outcomes: ClassOutcomes) -> ClassGrades:
    return of_gradebook(db, NAME, ["one", "two", "text"], outcomes)


def rows(text: str) -> dict[str, dict[str, str]]:
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text))}


def test_a_grade_is_what_the_gradebook_says(grades: ClassGrades) -> None:
    ada, bob, cy, dan, eve, fay = grades.students.values()
    assert (ada.points, ada.automatic, ada.manual, ada.override, ada.bonus, ada.late_penalty) == (8, 7.5, 1, 0.5, 0.5, 1.5)
    assert ada.items["two"].points == 2.5
    assert (bob.status, bob.points, bob.waiting) == ("waiting", 7, ["text"])
    assert (cy.points, cy.profile) == (5.25, "quick")
    assert (dan.status, dan.points, dan.reason) == ("could_not_grade", None, f"-{WORDS}")
    assert (eve.status, eve.points) == ("missing", None)
    assert (fay.points, fay.extension, fay.late) == (10, timedelta(days=2), timedelta(0))
    assert ada.late == timedelta(hours=22), "22 hours after noon of March 1"


def test_totals_are_those_of_nbgraders_own_export(db: Path, grades: ClassGrades) -> None:
    with Gradebook(f"sqlite:///{db}") as gradebook:
        for submission in gradebook.assignment_submissions(NAME):
            ours = grades.students[submission.student_id].points
            if ours is not None:
                assert ours == max(0.0, submission.score - submission.late_submission_penalty)


def test_an_excused_student_has_no_points(db: Path) -> None:
    found = of_gradebook(db, NAME, [], adjustments=Adjustments(excused={"cy": "", "eve": ""})).students
    assert {name for name, grade in found.items() if grade.status == "excused"} == {"cy", "eve"}
    assert found["cy"].points is None


def test_items_come_in_the_order_of_the_notebook(db: Path) -> None:
    assert list(of_gradebook(db, NAME, ["text", "one"]).items) == ["text", "one", "two"]


@pytest.mark.parametrize(("path", "name", "said"), [("none.db", NAME, "no gradebook"), ("", "ps2", "no assignment ps2")])
def test_what_is_not_there_is_said_in_one_line(db: Path, path: str, name: str, said: str) -> None:
    with pytest.raises(NoGrades, match=f"{said}; run `autograder grade {name}` first"):
        of_gradebook(db.parent / path if path else db, name, [])


def test_the_table_has_everything(grades: ClassGrades) -> None:
    found = rows(as_csv(grades))
    assert list(found) == list(STUDENTS), "nobody is missing from the table"
    shown = [found["ada"][name] for name in ("points", "max_points", "late_penalty", "two", "text")]
    assert shown == ["8", "10", "1.5", "2.5", "1"]
    assert (found["bob"]["waiting"], found["bob"]["text"], found["bob"]["status"]) == ("text", "", "waiting")
    assert (found["eve"]["points"], found["eve"]["automatic"]) == ("", ""), "no grade is not a grade of 0"
    assert (found["ada"]["submitted"], found["ada"]["late_hours"]) == ("2026-03-02T10:00:00+00:00", "22")
    assert found["dan"]["last_name"] == "'=cmd()"


def test_an_excel_table_holds_numbers_and_no_formula(grades: ClassGrades, tmp_path: Path) -> None:
    (tmp_path / "points.xlsx").write_bytes(as_excel(grades))
    found = pd.read_excel(tmp_path / "points.xlsx").set_index("student")
    assert found.loc["ada", "points"] == 8
    assert found.loc["dan", "last_name"] == "=cmd()", "a text, as it is"


def test_json_has_the_parts_of_each_item(grades: ClassGrades) -> None:
    found = json.loads(as_json(grades))
    assert found["due"] == "2026-03-01T12:00:00+00:00"
    assert found["students"]["ada"]["items"]["one"] == {
        "max_points": 6, "by_hand": False, "automatic": 5.5, "manual": 6, "bonus": 0, "waits": False, "adjustment": 0,
        "points": 6,
    }  # fmt: skip


FORMULAS = [
    "=1",
    "+1+1",
    "-x",
    "@a",
    "\t=1",
    " =1",
    "\uff1d1",
    "\uff0bx",
    '"=1',
    "a;=1",
    "a,\uff1d1",
    "a\n=1",
    "x\ty;-z",
    "a;;@b",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_is_a_formula_in_any_spreadsheet(text: str) -> None:
    for part in re.split(r"[,;|\t\r\n]", plain(text)):
        assert not re.match(r"[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]", part), (text, plain(text))


@pytest.mark.parametrize("text", ["Ada", "-1.5", "+3", "a-b", "O'Neil, Ann", "", "2026-03-01T10:00:00+00:00", "x = 1"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert plain(text) == text


def test_nothing_of_a_student_is_in_an_anonymous_export(outcomes: ClassOutcomes, grades: ClassGrades) -> None:
    for text in (as_csv(anonymous(grades, b"s")), as_json(anonymous(grades, b"s")),
                 anonymous_outcomes(outcomes, b"s").model_dump_json()):  # fmt: skip
        assert not any(word in text for word in ("ada", "Ada", "Lovelace", "uni.example", "103", 'cy"', "cy,", WORDS))
    renamed = anonymous(grades, b"s").students
    assert set(renamed) == {pseudonym(name, b"s") for name in STUDENTS}
    assert renamed[pseudonym("ada", b"s")].points == 8
    assert set(renamed).isdisjoint(anonymous(grades, b"another").students)
    assert outcomes.submissions["dan"].reason, "the outcomes themselves are left alone"


def test_a_run_that_was_entered_nowhere_has_automatic_points(outcomes: ClassOutcomes) -> None:
    found = rows(as_csv(of_outcomes(outcomes)))
    shown = [found["'=ada()"][name] for name in ("points", "act01", "act02", "seconds", "profile")]
    assert shown == ["5.5", "4", "1.5", "3.25", "quick"]
    assert (found["dan"]["points"], found["dan"]["reason"]) == ("", f"'-{WORDS}")
    assert (found["cy"]["points"], found["cy"]["act02"], found["cy"]["waiting"]) == ("4", "", "act02")


# The forms of the systems' own files: titles as their documentation and public readers of such files show them.
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Warm up (11),ps1 (4711),Final Score (read only)\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,5,10.00,(read only)\r\n"
    '"Lovelace, Ada",101,s1,ada,Lab 1,4,,80.0\r\n'
    '"Müller, Bob",102,s2,bob,"Lab ""B""",,,0\r\n'
    '"Young, Cy",103,,cy,Lab 1,,"1",\r\n'
    '"Nobody, Eve",105,,eve,Lab 1,,7,\r\n'
    '"Stranger, Tom",999,,tom,Lab 1,,,\r\n'
    '"Student, Test",998,,abcdef,Lab 1,,,\r\n'
)
MOODLE = (
    "Kennung,Vollständiger Name,ID-Nummer,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
    "Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar\n"
    '"Teilnehmer/in 9101","Ada Lovelace",,ada@uni.example,"Abgegeben - Verspätet",,"10,00",Ja,"2. März 2026, 11:00",-,\n'
    '"Teilnehmer/in 9102","Bob Müller",,bob@uni.example,Abgegeben,,"10,00",Ja,-,-,\n'
    '"Teilnehmer/in 9103","Cy Young",,,Abgegeben,"1,00","10,00",Ja,-,-,"a, ""b"""\n'
    '"Teilnehmer/in 9106","Fay Smith",,,Abgegeben,,"10,00",Ja,-,-,'
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Availability"\t"ps1 [Total Pts: 10 Score] |4711"\n'
    '"Lovelace"\t"Ada"\t"ada"\t"s1"\t"Yes"\t""\n"Young"\t"Cy"\t"other"\t"cy"\t"Yes"\t"3"\n'
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Email,ps1 Points Grade <Numeric MaxPoints:10>,End-of-Line Indicator\r\n"
    "#ada,#alovelace,Lovelace,Ada,ada@uni.example,,#\r\n#777,#cyoung,Young,Cy,cy@uni.example,1,#\r\n"
)  # fmt: skip
FILES = {
    "canvas": (CANVAS.encode("utf-8-sig"), "8", '"5.25"', 6),
    "moodle": (MOODLE.encode(), "8", '"5,25"', 5),
    "blackboard": (b"\xff\xfe" + BLACKBOARD.encode("utf-16-le"), '"8"', '"5.25"', 5),
    "brightspace": (BRIGHTSPACE.encode(), "8", "5.25", 5),
}


@pytest.mark.parametrize("name", FILES)
def test_points_are_filled_and_every_other_byte_stays(grades: ClassGrades, name: str) -> None:
    content, ada, cy, column = FILES[name]
    filled = fill(grades, SYSTEMS[name], content, titles=[NAME])
    assert {"ada", "cy"} <= set(filled.written)
    before, after = Sheet.read(content), Sheet.read(filled.sheet.written())
    changed = [
        (row, place)
        for row, cells in enumerate(before.rows)
        for place in range(len(cells))
        if cells[place] != after.rows[row][place]
    ]
    assert {place for _, place in changed} == {column}
    assert len(changed) == len(filled.written)
    assert [after.rows[row][column] for row, _ in changed][:1] == [ada]
    assert cy in [after.rows[row][column] for row, _ in changed]
    for kept in ("ends", "separator", "encoding", "mark"):
        assert getattr(before, kept) == getattr(after, kept)


def test_who_got_no_points_is_said(grades: ClassGrades) -> None:
    filled = fill(grades, SYSTEMS["canvas"], CANVAS.encode(), titles=[NAME])
    assert (filled.unfinished, filled.without_grade) == (["bob"], ["eve"])
    assert (filled.unknown_rows, filled.unknown_students) == (["Stranger, Tom"], ["fay"]), "the test student is nobody"
    text = filled.sheet.written().decode()
    assert '"Nobody, Eve",105,,eve,Lab 1,,7,\r\n' in text, "what was there is not touched"
    more = fill(grades, SYSTEMS["canvas"], CANVAS.encode(), titles=[NAME], provisional=True, missing_as_zero=True)
    assert (more.unfinished, more.without_grade) == ([], [])
    assert '"Müller, Bob",102,s2,bob,"Lab ""B""",,7,0\r\n' in more.sheet.written().decode()


def test_excused_is_written_where_the_system_has_a_word_for_it(db: Path) -> None:
    grades = of_gradebook(db, NAME, [], adjustments=Adjustments(excused={"cy": "ill"}))
    text = fill(grades, SYSTEMS["canvas"], CANVAS.encode(), titles=[NAME]).sheet.written().decode()
    assert '"Young, Cy",103,,cy,Lab 1,,"EX",\r\n' in text
    filled = fill(grades, SYSTEMS["moodle"], MOODLE.encode(), titles=[NAME])
    assert filled.without_grade == ["cy"]


def test_a_student_is_known_by_number_then_address_then_name(grades: ClassGrades) -> None:
    by_number = MOODLE.replace("Ada Lovelace", "Somebody Else").replace("ada@uni.example", "")
    assert "ada" not in fill(grades, SYSTEMS["moodle"], by_number.encode(), titles=[NAME]).written
    assert "ada" in fill(grades, SYSTEMS["moodle"], by_number.encode(), titles=[NAME], lms_ids={"ada": "9101"}).written
    assert "ada" in fill(grades, SYSTEMS["moodle"], MOODLE.replace("Ada Lovelace", "X").encode(), titles=[NAME]).written


def test_a_name_that_two_have_is_left_to_a_person(db: Path, tmp_path: Path) -> None:
    copy = tmp_path / "gradebook.db"
    copy.write_bytes(db.read_bytes())
    with Gradebook(f"sqlite:///{copy}") as gradebook:
        gradebook.add_student("cy2", first_name="Cy", last_name="Young")
    filled = fill(of_gradebook(copy, NAME, []), SYSTEMS["moodle"], MOODLE.encode(), titles=[NAME])
    assert (filled.doubtful, "cy" in filled.written) == (["Cy Young"], False)


@pytest.mark.parametrize(("one", "other"), [("Müller, Bob", "bob MULLER"), ("Li  Na", "na li"), ("É. Čapek", "e capek")])
def test_names_are_the_same_in_any_order_and_case(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_points_of_another_maximum_are_scaled_only_if_asked(grades: ClassGrades) -> None:
    twenty = CANVAS.replace("5,10.00,", "5,20.00,").encode()
    with pytest.raises(OtherMaximum, match="counts 20 points, the assignment 10"):
        fill(grades, SYSTEMS["canvas"], twenty, titles=[NAME])
    assert b"ada,Lab 1,4,16,80.0" in fill(grades, SYSTEMS["canvas"], twenty, titles=[NAME], scale=True).sheet.written()


@pytest.mark.parametrize(
    ("system", "content", "said"),
    [
        ("canvas", MOODLE, "no column 'ID'"),
        ("moodle", CANVAS, "no column of identifiers"),
        ("moodle", MOODLE.replace(',"10,00"', ",-"), "no column with the maximum grade"),
        ("blackboard", CANVAS, "no column 'Username'"),
        ("brightspace", CANVAS, "no column 'End-of-Line Indicator'"),
        ("canvas", CANVAS.replace("ps1 (4711)", "ps2 (4711)"), "one of: 'Warm up', 'ps2'"),
        ("canvas", "", "no two columns"),
    ],
)
def test_a_file_of_something_else_is_refused_in_one_line(grades: ClassGrades, system: str, content: str, said: str) -> None:
    with pytest.raises((NotThisFile, ValueError), match=re.escape(said)):
        fill(grades, SYSTEMS[system], content.encode(), titles=[NAME])


def test_a_column_can_be_named(grades: ClassGrades) -> None:
    filled = fill(grades, SYSTEMS["canvas"], CANVAS.replace(",5,10", ",10,10").encode(), titles=[NAME], column="Warm up")
    assert b'"Lovelace, Ada",101,s1,ada,Lab 1,8,,80.0' in filled.sheet.written()
    with pytest.raises(NotThisFile, match="no column 'x' for points; there is: 'Warm up', 'ps1'"):
        fill(grades, SYSTEMS["canvas"], CANVAS.encode(), titles=[NAME], column="x")


FIELDS = st.lists(st.lists(st.text("ab,;\t\" \n\r'é€=", max_size=6), min_size=2, max_size=4), min_size=1, max_size=5)


@given(
    FIELDS,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_file_that_is_not_changed_is_written_as_it_was(
    cells: list[list[str]], separator: str, end: str, everything: bool, encoding: str
) -> None:
    written = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL
    csv.writer(written, delimiter=separator, lineterminator=end, quoting=quoting).writerows([["a", "b"], *cells])
    content = written.getvalue().encode(encoding)
    sheet = Sheet.read(content)
    assert sheet.written() == content
    if everything:
        assert [[sheet.text(r, c) for c in range(len(row))] for r, row in enumerate(sheet.rows)] == [["a", "b"], *cells]


def test_a_canvas_gradebook_of_200_makes_the_round_trip(empty: Path, tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    shutil.copyfile(empty, path)
    lines = ["Student,ID,SIS User ID,SIS Login ID,Section,ps1 (1)", "    Points Possible,,,,,10"]
    with open_gradebook(Course(ROOT), path) as gradebook:
        gradebook.add_assignment(NAME)
        gradebook.add_notebook(NAME, NAME)
        gradebook.add_grade_cell("one", NAME, NAME, max_score=10, cell_type="code")
        found = gradebook.find_assignment(NAME)
        book, cell = gradebook.find_notebook(NAME, NAME), gradebook.find_grade_cell("one", NAME, NAME)
        for number in range(200):  # at once, since nbgrader's own functions commit each of them
            student = api.Student(
                id=f"s{number}", first_name=f"First{number}", last_name="Last", lms_user_id=f"{5000 + number}"
            )
            submission = api.SubmittedAssignment(assignment=found, student=student)
            notebook = api.SubmittedNotebook(notebook=book, assignment=submission)
            gradebook.db.add(api.Grade(cell=cell, notebook=notebook, auto_score=number % 41 / 4, needs_manual_grade=False))
            lines.append(f'"Last, First{number}",{5000 + number},,l{number},Lab,')
        gradebook.db.commit()
    filled = fill(of_gradebook(path, NAME, ["one"]), SYSTEMS["canvas"], "\n".join(lines).encode(), titles=[NAME])
    assert len(filled.written) == 200
    found = pd.read_csv(io.BytesIO(filled.sheet.written()), skiprows=[1])
    assert list(found["ps1 (1)"]) == [number % 41 / 4 for number in range(200)]
    assert list(found["ID"]) == list(range(5000, 5200))


def test_without_a_due_date_nobody_is_late(db: Path, tmp_path: Path) -> None:
    copy = tmp_path / "gradebook.db"
    shutil.copyfile(db, copy)
    with Gradebook(f"sqlite:///{copy}") as gradebook:
        gradebook.find_assignment(NAME).duedate = None
        gradebook.db.commit()
    found = of_gradebook(copy, NAME, []).students
    assert (found["fay"].extension, found["fay"].late, found["ada"].late) == (timedelta(days=2), timedelta(0), timedelta(0))


def test_gradescopes_own_form(grades: ClassGrades) -> None:
    found = {row["SID"]: row for row in csv.DictReader(io.StringIO(as_gradescope(grades, "Problem set 1")))}
    ada = found["ada"]
    assert (ada["First Name"], ada["Problem set 1"], ada["Problem set 1 - Max Points"]) == ("Ada", "8", "10")
    assert (ada["Problem set 1 - Submission Time"], ada["Problem set 1 - Lateness (H:M:S)"]) == (
        "2026-03-02 10:00:00 +0000",
        "22:00:00",
    )
    assert found["eve"]["Problem set 1"] == ""


def uploads(form: str, **paths: str) -> Collection:
    return Collection(
        assignment="mnist_cnn",
        students={
            student: Student(counts=Upload(form=form, source="d.zip", path=path, filename="x.ipynb"))
            for student, path in paths.items()
        },
    )


MOODLE_PATHS = {
    "ada": "Ada Lovelace_9101_assignsubmission_file_/my work.ipynb",
    "bob": "Bob Müller_9102_assignsubmission_file_homework.ipynb",
    "cy": "Lab 1-Cy Young_9103_assignsubmission_file/a.zip/b/x.ipynb",
    "dan": "somewhere/else.ipynb",
    "eve": "Eve_9105_assignsubmission_file_/x.ipynb",
}


def taken_by_moodle(path: str) -> tuple[int, str] | None:
    """Participant and file name, as Moodle's importer reads them (see `feedback_zip`): the first part of a path that has
    four words between underscores, the second of them a number; what is left of it and after it is the file's name.
    """
    parts = path.split("/")
    while parts:
        words = parts.pop(0).split("_", 4)
        if len(words) >= 4 and words[1].isdigit() and (words[2], words[3]) == ("assignsubmission", "file"):
            return int(words[1]), "/".join([*words[4:], *parts]).lstrip("/")
    return None


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    for student in ("ada", "bob", "cy", "dan"):
        page = tmp_path / "feedback" / student / "mnist_cnn" / "mnist_cnn.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"page of {student}")
    return tmp_path / "feedback"


def test_moodle_attaches_each_page_to_its_student(pages: Path) -> None:
    packed = pack("moodle", uploads("moodle", **MOODLE_PATHS), pages)
    assert (packed.students, packed.without_name, packed.without_page) == (["ada", "bob", "cy"], ["dan"], ["eve"])
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        found = {taken_by_moodle(name): archive.read(name).decode() for name in archive.namelist()}
    assert found == {(9100 + n, "mnist_cnn.html"): f"page of {s}" for n, s in enumerate(("ada", "bob", "cy"), start=1)}


def test_canvas_attaches_each_page_to_its_student(pages: Path) -> None:
    names = {"ada": "lovelaceada_101_55501_my_work-2.ipynb", "bob": "mullerbob_LATE_102_55502_a_7_8_b.ipynb"}
    packed = pack("canvas", uploads("canvas", **names, cy="c.ipynb"), pages)
    assert (packed.students, packed.without_name) == (["ada", "bob"], ["cy"])
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == [name.replace(".ipynb", ".html") for name in names.values()]
        assert archive.read(names["bob"].replace(".ipynb", ".html")) == b"page of bob"


def test_numbers_of_the_download_name_the_rows(grades: ClassGrades) -> None:
    collected = uploads("moodle", ada=MOODLE_PATHS["ada"])
    collected.students["ada"].counts.person.participant = "9101"
    assert lms_ids("moodle", collected) == {"ada": "9101"}
    assert lms_ids("canvas", collected) == {}


@pytest.fixture
def course(db: Path, outcomes: ClassOutcomes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    for name in ("nbgrader_config.py", "source", "release"):
        (tmp_path / name).symlink_to(ROOT / name)
    link_hidden_tests(tmp_path)
    (tmp_path / "gradebook.db").write_bytes(db.read_bytes())
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.find_assignment(NAME).name = "mnist_cnn"
        gradebook.find_notebook(NAME, "mnist_cnn").name = "mnist_cnn"
        gradebook.db.commit()
    outcomes.model_copy(update={"assignment": "mnist_cnn"}).write(tmp_path / "graded" / "mnist_cnn" / "outcomes.json")
    monkeypatch.chdir(tmp_path)
    return Course(tmp_path)


def test_the_command_for_pages(course: Course, pages: Path) -> None:
    run = CliRunner()
    asked = ["export", "mnist_cnn", "--to", "moodle", "--feedback"]
    found = run.invoke(app, asked, env={"COLUMNS": "300"})
    assert (found.exit_code, "nothing was collected for mnist_cnn; run `autograder collect" in found.output) == (2, True)
    record.write(course, uploads("moodle", **MOODLE_PATHS))
    found = run.invoke(app, asked)
    assert found.exit_code == 1
    assert "the pages of 3 students" in found.output
    assert "1 without a result page (autograder grade --feedback): eve" in found.output
    assert zipfile.is_zipfile("exports/mnist_cnn-moodle-feedback.zip")
    Path("worksheet.csv").write_bytes(MOODLE.encode())
    found = run.invoke(app, [*asked, "--into", "worksheet.csv"])
    assert found.exit_code == 1
    assert Path("exports/mnist_cnn-moodle.csv").is_file(), "one command for both"
    assert (
        "--to moodle and --to canvas"
        in run.invoke(app, ["export", "mnist_cnn", "--feedback"], env={"COLUMNS": "300"}).output
    )


def test_nobody_of_the_roster_is_missing(course: Course) -> None:
    (course.root / "students.csv").write_text("id,first_name,last_name,email\nada,A,B,\ngus,Gus,Gray,gus@uni.example\n")
    found = rows(CliRunner().invoke(app, ["export", "mnist_cnn"]).output)
    assert [found["gus"][name] for name in ("status", "last_name", "email", "points")] == [
        "missing",
        "Gray",
        "gus@uni.example",
        "",
    ]
    assert found["ada"]["last_name"] == "Lovelace", "what the gradebook says of a person goes first"


def test_the_command(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner()
    assert rows(run.invoke(app, ["export", "mnist_cnn"]).output)["ada"]["points"] == "8"
    first = run.invoke(app, ["export", "mnist_cnn", "--anonymous"]).output
    assert "ada" not in first
    assert first == run.invoke(app, ["export", "mnist_cnn", "--anonymous"]).output, "the same numbers each time"
    assert stat.S_IMODE((course.root / ".autograder" / "secret").stat().st_mode) == 0o600
    with monkeypatch.context() as patch:
        patch.setattr(Course, "secret", lambda _: b"")
        found = run.invoke(app, ["export", "mnist_cnn", "--anonymous"])
        assert (found.exit_code, "need a secret" in found.output) == (2, True)
    run.invoke(app, ["export", "mnist_cnn", "--to", "outcomes", "--out", "all.json"])
    assert json.loads(Path("all.json").read_text())["submissions"]["cy"]["points"] == 4
    trial = run.invoke(app, ["export", "mnist_cnn", "--outcomes", "graded/mnist_cnn/outcomes.json"]).output
    assert rows(trial)["cy"]["points"] == "4"
    Path("worksheet.csv").write_bytes(CANVAS.replace("ps1 (", "mnist_cnn (").encode())
    found = run.invoke(app, ["export", "mnist_cnn", "--to", "canvas", "--into", "worksheet.csv"])
    assert found.exit_code == 1, "bob waits for a person"
    assert "1 not filled, a person has not marked everything yet" in found.output
    assert b"ada,Lab 1,4,8,80.0" in Path("exports/mnist_cnn-canvas.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mnist_cnn", "--to", "canvas"], "needs --into FILE"),
        (["mnist_cnn", "--to", "canvas", "--into", "none.csv"], "none.csv: cannot be read (No such file or directory)"),
        (["mnist_cnn", "--to", "excel"], "needs --out FILE"),
        (["mnist_cnn", "--to", "moodle", "--anonymous"], "exclude each other"),
        (["pa4_convnet"], "no assignment pa4_convnet; run `autograder grade pa4_convnet` first"),
        (["mnist_cnn", "--outcomes", "none.json"], "none.json: no such file"),
        (["mnist_cnn", "--outcomes", "worksheet.csv"], "not an outcomes.json"),
    ],
)
def test_wrong_usage_gets_one_line(course: Course, arguments: list[str], said: str) -> None:
    (course.root / "worksheet.csv").write_bytes(CANVAS.encode())
    found = CliRunner().invoke(app, ["export", *arguments], env={"COLUMNS": "300"})
    assert (found.exit_code, found.output.count("\n")) == (2, 1)
    assert said in found.output


def test_a_file_of_another_schema_is_refused_in_one_line(outcomes: ClassOutcomes, tmp_path: Path) -> None:
    path = tmp_path / "outcomes.json"
    outcomes.write(path)
    assert ClassOutcomes.read(path) == outcomes
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 1'))
    with pytest.raises(NotOutcomes) as refused:
        ClassOutcomes.read(path)
    assert (
        str(refused.value) == f"{path}: written as schema 1, this version reads schema 2; run `autograder grade ps1` again"
    )
    path.write_text(path.read_text()[:-20])
    with pytest.raises(NotOutcomes, match="not an outcomes"):
        ClassOutcomes.read(path)
