"""`autograder collect`: one class in every form that platforms give, and what may go wrong with it. Reading only, no box."""

import contextlib
import csv
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import collected_class as made
import pytest
from collected_class import DUE, FORMS, NAME, WITH_TIMES, Member, Tree, as_folder, as_zip, notebook_of, the_class, zipped
from conftest import ROOT
from typer.testing import CliRunner

from autograder.cli import app
from autograder.collecting import record
from autograder.course import Course

CLASS = the_class()
TAKEN = {member.id for member in CLASS} - {"mroz", "kim", "hana", "gone"}


@dataclass
class Room:
    """A course, and what `autograder collect` says in it."""

    root: Path

    def collect(self, *arguments: object) -> tuple[int, str]:
        with contextlib.chdir(self.root):
            done = CliRunner().invoke(app, ["collect", NAME, *map(str, arguments)], env={"COLUMNS": "300"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def path(self, student: str) -> Path:
        return self.root / "submitted" / student / NAME / f"{NAME}.ipynb"

    def time(self, student: str) -> datetime | None:
        stamp = self.path(student).parent / "timestamp.txt"
        return (
            datetime.strptime(stamp.read_text().strip(), "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
            if stamp.exists()
            else None
        )

    @property
    def students(self) -> set[str]:
        return {path.parents[1].name for path in self.root.glob("submitted/*/*/*.ipynb")}

    def record(self) -> record.Collection:
        return record.read(Course(self.root), NAME)

    def roster(self) -> dict[str, dict[str, str]]:
        with (self.root / "students.csv").open(encoding="utf-8") as stream:
            return {row["id"]: row for row in csv.DictReader(stream)}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    root = made.course(tmp_path / "course")
    made.write_roster(CLASS, root / "students.csv")
    return Room(root)


@pytest.fixture
def bare(tmp_path: Path) -> Room:
    """A course without a roster."""
    return Room(made.course(tmp_path / "bare"))


def row(output: str, kind: str) -> str:
    """What the table says of a kind: the number, and all its lines."""
    found, inside = [], False
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.split("│")]
        if len(cells) == 5:
            inside = cells[1] == kind or (inside and not cells[1])
            found += [cells[2], cells[3]] if inside else []
    return " ".join(filter(None, found))


def told(output: str) -> set[str]:
    """The students whom the table accounts for: those taken are in the folder, the others are named."""
    kinds = ("not a notebook", "another assignment", "cannot be read", "enrolled, missing")
    words = " ".join(row(output, kind) for kind in kinds).replace(":", " ").replace(",", " ").split()
    return {member.id for member in CLASS} & set(words)


@pytest.mark.parametrize("form", list(FORMS))
def test_the_same_students_files_and_times_whichever_way_they_come(room: Room, form: str) -> None:
    status, output = room.collect(as_zip(FORMS[form](CLASS), room.root / "download.zip"))
    assert status == 1  # some need a person
    assert room.students == TAKEN
    assert told(output) == {"mroz", "kim", "hana", "gone"}
    for member in CLASS:
        if member.id in TAKEN:
            last = member.files[0].content if member.id == "bjorn" else member.files[-1].content
            expected = notebook_of("sobrien") if member.id == "sobrien" else last
            assert room.path(member.id).read_bytes() == expected, member.id
            exact = timedelta(minutes=1) if "brightspace" in form else timedelta(seconds=1)
            when = (
                member.files[0].submitted
                if member.id == "bjorn" and form not in ("submitted", "gradescope")
                else member.submitted
            )
            found = room.time(member.id)
            assert (found is not None) == (form in WITH_TIMES)
            assert found is None or abs(found - when) < exact, member.id
    assert "report.pdf (a PDF)" in row(output, "not a notebook")
    assert "of cnn_blocks" in row(output, "another assignment")
    assert "is not valid JSON" in row(output, "cannot be read")
    assert row(output, "enrolled, missing") == "1 gone"
    renamed = row(output, "renamed").split()
    assert renamed[0] == "5", renamed
    assert "kvlk" in row(output, "several files")
    assert "ylmz: mnist_cnn.ipynb counts, the other one has no answers; also empty.ipynb" in row(output, "several files")


@pytest.mark.parametrize("form", ["moodle", "canvas", "gradescope", "blackboard", "exchange", "submitted", "folders"])
def test_a_folder_is_as_good_as_a_zip_and_a_zip_in_a_folder_too(room: Room, form: str) -> None:
    as_folder(FORMS[form](CLASS), room.root / "one")
    (room.root / "two").mkdir()
    as_zip(FORMS[form](CLASS), room.root / "two" / "download.zip")
    for source in ("one", "two"):
        shutil.rmtree(room.root / "collected", ignore_errors=True)
        shutil.rmtree(room.root / "submitted", ignore_errors=True)
        status, output = room.collect(source)
        assert (status, room.students) == (1, TAKEN), output


def test_a_name_of_a_form_forces_it(room: Room) -> None:
    source = as_zip({"Ada King Lovelace - x.ipynb": notebook_of("ada")}, room.root / "download.zip")
    assert "no form 'modle'; there is: moodle, canvas" in room.collect(source, "--form", "modle")[1]
    status, output = room.collect(source, "--form", "files")
    assert "a file for each student" in output
    assert status == 1


@pytest.mark.parametrize("german", [False, True])
@pytest.mark.parametrize("form", ["moodle", "moodle_flat"])
def test_moodles_worksheet_says_when_in_the_courses_language_and_zone(room: Room, form: str, german: bool) -> None:
    source = as_zip(FORMS[form](CLASS), room.root / "download.zip")
    (room.root / "Grades.csv").write_bytes(made.worksheet(CLASS, german))
    room.collect(source, "Grades.csv")
    for member in CLASS:
        if member.id in TAKEN:
            found = room.time(member.id)
            assert found == member.submitted.replace(second=0), member.id


def test_late_is_what_the_platform_says_or_what_came_after_the_due_date(room: Room) -> None:
    _, output = room.collect(as_zip(made.canvas(CLASS), room.root / "canvas.zip"))
    assert row(output, "late") == "1 omar: the platform says so, and not when"
    with contextlib.closing(sqlite3.connect(room.root / "gradebook.db")) as db:
        db.execute("CREATE TABLE assignment (name TEXT, duedate TIMESTAMP)")
        db.execute("INSERT INTO assignment VALUES (?, ?)", (NAME, f"{DUE:%Y-%m-%d %H:%M:%S}.000000"))
        db.commit()
    _, output = room.collect(as_zip(made.gradescope(CLASS), room.root / "gradescope.zip"))
    assert row(output, "late") == "1 omar: 2026-03-02 02:59"  # of the course's zone
    _, output = room.collect(as_zip(made.ilias(CLASS), room.root / "ilias.zip"))
    assert row(output, "late").startswith("1 omar")


def test_without_a_zone_it_is_said_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    room = Room(made.course(tmp_path / "course", zone=""))
    source = as_zip(made.blackboard(CLASS[:3]), tmp_path / "download.zip")
    assert "set c.NbGraderAPI.timezone in nbgrader_config.py" in room.collect(source)[1]
    room = Room(made.course(tmp_path / "other", zone="Berlin"))
    status, output = room.collect(source)
    assert (status, "no such time zone; write one such as Europe/Berlin" in output) == (2, True)


def test_github_checkouts_have_the_time_of_their_last_commit(room: Room) -> None:
    few = [member for member in CLASS if member.id in ("ada", "vdberg", "omar")]
    source = as_folder(made.github(few), room.root / "classroom")
    for member in few:
        made.commit(source / f"mnist-cnn-{member.id}", member.submitted)
    hostile = source / "mnist-cnn-omar" / ".git"
    (hostile / "config").write_text("[core]\n fsmonitor = touch /tmp/collected-fsmonitor\n[log]\n showSignature = true\n")
    assert room.collect("classroom")[0] == 0
    assert {member.id: room.time(member.id) for member in few} == {member.id: member.submitted for member in few}
    assert not Path("/tmp/collected-fsmonitor").exists()


def test_the_other_assignments_of_an_exchange_are_passed_over(room: Room) -> None:
    for form in ("exchange", "submitted"):
        _, output = room.collect(as_zip(FORMS[form](CLASS), room.root / f"{form}.zip"))
        assert row(output, "of other assignments").startswith("1 ")
        assert "ada" not in row(output, "another assignment")


def test_one_folder_too_high_is_taken_as_well(room: Room) -> None:
    tree = made.submitted(CLASS) | {f"submitted/gone/{NAME}.ipynb": notebook_of("gone")}
    room.collect(as_folder(tree, room.root / "old") / "submitted")
    assert room.path("gone").read_bytes() == notebook_of("gone")


def test_submitted_itself_is_put_in_order(room: Room) -> None:
    as_folder(made.submitted(CLASS), room.root)
    status, output = room.collect("submitted")
    assert (status, row(output, "taken")) == (1, "21 4 new, 1 in place of an earlier one, 16 as before"), output
    assert room.path("ada").read_bytes() == notebook_of("ada")


# Running it again


def test_again_takes_only_what_is_new_and_keeps_earlier_versions(room: Room) -> None:
    members = the_class()
    source = as_zip(made.blackboard(members), room.root / "download.zip")
    room.collect(source)
    before = {path: path.stat().st_mtime_ns for path in room.root.glob("submitted/*/*/*")}
    _, output = room.collect(source)
    assert row(output, "taken") == "21 21 as before"
    assert row(output, "new in students.csv") == ""
    assert {path: path.stat().st_mtime_ns for path in room.root.glob("submitted/*/*/*")} == before

    ada, gone = members[0], members[-1]
    ada.files.append(replace(ada.files[0], content=notebook_of("ada", 3), submitted=ada.submitted + timedelta(hours=1)))
    gone.files = [made.Handin("x.ipynb", notebook_of("gone"), DUE)]
    _, output = room.collect(as_zip(made.blackboard(members), room.root / "later.zip"))
    assert row(output, "taken") == "22 1 new, 1 in place of an earlier one, 20 as before"
    assert room.path("ada").read_bytes() == notebook_of("ada", 3)
    kept = list((room.root / "collected" / NAME / "earlier" / "ada").iterdir())
    assert [path.read_bytes() for path in kept] == [notebook_of("ada")]
    assert room.time("ada") == ada.submitted

    _, output = room.collect(source)  # the older download again
    assert "ada: this version was collected before and a newer one counts" in row(output, "left as it was")
    assert room.path("ada").read_bytes() == notebook_of("ada", 3)
    found = room.record().students["ada"]
    assert [found.counts.sha256, *[one.sha256 for one in found.others]] == [
        hashlib.sha256(notebook_of("ada", number)).hexdigest() for number in (3, 2)
    ]


def test_what_was_changed_by_hand_stays(room: Room) -> None:
    source = as_zip(made.moodle(CLASS), room.root / "download.zip")
    room.collect(source)
    room.path("omar").write_bytes(notebook_of("omar", 4))
    _, output = room.collect(source)
    assert "omar: the file there was changed by hand" in row(output, "left as it was")
    assert room.path("omar").read_bytes() == notebook_of("omar", 4)


def test_what_lay_there_before_is_kept_and_a_newer_one_stays(room: Room) -> None:
    room.path("omar").parent.mkdir(parents=True)
    room.path("omar").write_bytes(notebook_of("omar", 4))
    room.path("vdberg").parent.mkdir(parents=True)
    room.path("vdberg").write_bytes(notebook_of("vdberg", 4))
    (room.path("vdberg").parent / "timestamp.txt").write_text("2026-05-01 10:00:00 UTC")
    room.collect(as_zip(made.gradescope(CLASS), room.root / "download.zip"))
    assert room.path("omar").read_bytes() == notebook_of("omar")
    kept = list((room.root / "collected" / NAME / "earlier" / "omar").iterdir())
    assert [path.read_bytes() for path in kept] == [notebook_of("omar", 4)]
    assert room.path("vdberg").read_bytes() == notebook_of("vdberg", 4)


def test_a_time_that_is_known_later_is_entered(room: Room) -> None:
    source = as_zip(made.moodle(CLASS), room.root / "download.zip")
    room.collect(source)
    (room.root / "Grades.csv").write_bytes(made.worksheet(CLASS))
    _, output = room.collect(source, "Grades.csv")
    assert row(output, "taken") == "21 21 with a new time"
    assert room.time("omar") == DUE.replace(second=0) + timedelta(hours=3)


def test_a_dry_run_writes_nothing(room: Room) -> None:
    before = sorted(room.root.rglob("*"))
    status, output = room.collect(as_zip(made.moodle(CLASS), room.root.parent / "download.zip"), "--dry-run")
    assert (status, "nothing was written" in output) == (1, True)
    assert row(output, "taken") == "21 21 new"
    assert sorted(room.root.rglob("*")) == before


# Who is who


@pytest.mark.parametrize(
    "form", ["moodle", "canvas", "gradescope", "blackboard", "brightspace", "ilias", "drive", "folders"]
)
def test_without_a_roster_one_is_made_and_serves_again(bare: Room, form: str) -> None:
    bare.collect(as_zip(FORMS[form](CLASS), bare.root / "download.zip"))
    assert len(bare.students) == len(TAKEN)
    assert all(name.isascii() and " " not in name for name in bare.students)
    first = bare.roster()
    assert len(first) == len(CLASS) - 1  # who handed in nothing is not known of
    _, output = bare.collect(as_zip(FORMS[form](CLASS), bare.root / "download.zip"))
    assert row(output, "taken") == "21 21 as before"
    assert bare.roster() == first


def test_nbgrader_reads_the_roster_that_is_made(bare: Room) -> None:
    bare.collect(as_zip(made.canvas(CLASS), bare.root / "download.zip"))
    done = subprocess.run(
        [Path(sys.executable).parent / "nbgrader", "db", "student", "import", "students.csv"],
        cwd=bare.root, env=os.environ | {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(bare.root / "gradebook.db")) as db:
        found = dict(db.execute("SELECT id, lms_user_id FROM student").fetchall())
    assert found == {name: line["lms_user_id"] for name, line in bare.roster().items()}


def test_platforms_lists_are_rosters(bare: Room) -> None:
    (bare.root / "Grades.csv").write_bytes(made.worksheet(CLASS))
    _, output = bare.collect(as_zip(made.moodle(CLASS), bare.root / "download.zip"), "Grades.csv")
    assert set(bare.roster()) == {member.id for member in CLASS}  # addresses begin with them
    assert row(output, "enrolled, missing") == "1 gone"


def test_canvas_gradebook_is_a_roster(bare: Room) -> None:
    lines = ["Student,ID,SIS User ID,SIS Login ID,Section,MNIST (77)", "    Points Possible,,,,,90.0"]
    lines += [f'"{one.enrolled.last_name}, {one.enrolled.first_name}",{one.enrolled.user},,{one.id},A,' for one in CLASS]
    (bare.root / "gradebook.csv").write_text("\n".join([*lines, '"Student, Test",99,,,A,']) + "\n", encoding="utf-8-sig")
    _, output = bare.collect(as_zip(made.canvas(CLASS), bare.root / "download.zip"), "gradebook.csv")
    assert set(bare.roster()) == {member.id for member in CLASS}
    assert bare.roster()["zgroesse"]["last_name"] == "Größe-Müller"
    assert bare.students == TAKEN
    assert row(output, "enrolled, missing") == "1 gone"


def enrol(room: Room, *lines: str) -> None:
    (room.root / "students.csv").write_text("id,first_name,last_name,email,lms_user_id\n" + "\n".join(lines) + "\n")


def moodle_of(room: Room, *names: str) -> Path:
    tree = {f"{name}_{100 + place}_assignsubmission_file_/x.ipynb": notebook_of(name) for place, name in enumerate(names)}
    return as_zip(tree, room.root / "download.zip")


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Größe-Müller", unicodedata.normalize("NFD", "Zoë Größe-Müller"), "ZOË GRÖSSE-MÜLLER", "Größe-Müller Zoë",
        "Zoe Groesse Mueller", "Zoe Grosse Muller", "Zoë Marie Größe-Müller", "Group 7-Zoë Größe-Müller", "zgm@uni.example",
    ],
)  # fmt: skip
def test_names_are_joined_however_they_are_written(bare: Room, name: str) -> None:
    enrol(bare, "zgm,Zoë,Größe-Müller,zgm@uni.example,", "jm,Jonas,Müller,,")
    status, output = bare.collect(moodle_of(bare, name))
    assert (status, bare.students) == (0, {"zgm"}), output


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("J. Smith", "may be jane or john"),
        ("Smith", "may be jane or john"),
        ("John Smyth", "may be john"),
        ("Mary Sue", "may be mary1 or mary2"),
        ("Nobody Known", "is nobody of students.csv"),
    ],
)
def test_doubtful_people_are_listed_and_not_guessed(bare: Room, name: str, may: str) -> None:
    enrol(bare, "john,John,Smith,,", "jane,Jane,Smith,,", "mary1,Mary,Sue,,", "mary2,Mary,Sue,,")
    status, output = bare.collect(moodle_of(bare, name))
    assert (status, bare.students) == (1, set())
    assert row(output, "who is it?") == f"1 {name} (100): {may}; x.ipynb"
    status, output = bare.collect(moodle_of(bare, name), "--who", f"{name}=jane")
    assert (status, bare.students) == (0, {"jane"}), output
    status, output = bare.collect(moodle_of(bare, name))  # and nobody asks again
    assert (status, row(output, "taken")) == (0, "1 1 as before"), output


def test_two_people_of_one_name_are_two(bare: Room) -> None:
    enrol(bare, "wei,Wei,Li,,")
    status, output = bare.collect(moodle_of(bare, "Wei Li", "Li Wei"))
    assert (status, bare.students) == (1, set())
    assert "Wei Li (100): may be wei (2 people have this name)" in row(output, "who is it?")
    status, _ = bare.collect(moodle_of(bare, "Wei Li", "Li Wei"), "--who", "101=wei")
    assert bare.path("wei").read_bytes() == notebook_of("Li Wei")


def test_two_people_of_one_name_without_a_roster(bare: Room) -> None:
    for taken in ("2 2 new", "2 2 as before"):
        status, output = bare.collect(moodle_of(bare, "Wei Li", "Wei Li"))
        assert (status, row(output, "taken")) == (0, taken), output
        assert bare.students == {"wei-li", "wei-li-101"}


def test_blind_marking_names_nobody(bare: Room) -> None:
    for taken in ("3 3 new", "3 3 as before"):
        status, output = bare.collect(moodle_of(bare, "Participant", "Participant", "Participant"))
        assert (status, row(output, "taken")) == (0, taken), output


def test_drive_files_without_a_name_are_nobodys(room: Room) -> None:
    tree = made.drive(CLASS[:4]) | {
        "MNIST/Copy of mnist_cnn.ipynb": notebook_of("x"),
        "MNIST/mnist_cnn (1).ipynb": notebook_of("y"),
    }
    status, output = room.collect(as_zip(tree, room.root / "download.zip"))
    assert (status, len(room.students)) == (1, 4)
    assert row(output, "whose is it?").startswith("2 ")


def test_people_who_are_not_enrolled_are_added_if_asked(room: Room) -> None:
    text = (room.root / "students.csv").read_text(encoding="utf-8")
    status, output = room.collect(moodle_of(room, "New Person", "Ada Lovelace"), "--add")
    assert (status, room.students) == (0, {"new-person", "ada"}), output
    after = (room.root / "students.csv").read_text(encoding="utf-8")
    assert after == text + "new-person,New,Person,,\n"


def test_an_id_goes_before_a_name(bare: Room) -> None:
    enrol(bare, "100200,Ada,Lovelace,,7", "100201,Bob,Jones,,8")
    tree = {"lovelaceada_8_900_x.ipynb": notebook_of("bob")}  # user 8 took her name
    assert bare.collect(as_zip(tree, bare.root / "download.zip"))[0] == 0
    assert bare.students == {"100201"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a/b,A,B,,"], "the id 'a/b' cannot name a folder"),
        (["..,A,B,,"], "the id '..' cannot name a folder"),
        (["ada,A,B,,", "Ada,C,D,,"], "has the id 'Ada' twice"),
    ],
)
def test_a_roster_with_other_ids_is_refused_by_name(bare: Room, lines: list[str], said: str) -> None:
    enrol(bare, *lines)
    status, output = bare.collect(moodle_of(bare, "A B"))
    assert (status, said in output) == (2, True), output


def test_ids_that_platforms_give_are_made_plain(bare: Room) -> None:
    script = "<script>alert(1)</script>"
    tree = {f"{name}+{NAME}+2026-03-01 10:00:00 UTC+1/x.ipynb": notebook_of(name) for name in (script, "-rf")}
    bare.collect(as_folder(tree, bare.root / "in"))
    assert len(bare.students) == 2
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in bare.students)
    assert not any(name.startswith("-") for name in bare.students)


# Groups


def test_a_submission_of_several_counts_for_all(room: Room) -> None:
    tree = made.gradescope(CLASS)
    name = "assignment_77_export/submission_metadata.yml"
    more = "submission_1:\n  :submitters:\n" + "".join(
        f"  - :name: {member.name}\n    :sid: {member.id}\n" for member in CLASS if member.id in ("ada", "wei", "gone")
    )
    tree[name] += f"{more}  :created_at: 2026-03-01 20:00:00 Z\n".encode()
    tree["assignment_77_export/submission_1/ours.ipynb"] = notebook_of("ours")
    _, output = room.collect(as_zip(tree, room.root / "download.zip"))
    for student in ("ada", "wei", "gone"):
        assert room.path(student).read_bytes() == notebook_of("ours"), output
    assert row(output, "in a group") == "1 submission_1: ada, gone, wei"
    assert "ada: ours.ipynb counts, handed in last; also final (2).ipynb" in row(output, "several files")
    found = room.record()
    assert found.groups == {"submission_1": ["ada", "gone", "wei"]}
    assert found.students["gone"].group == "submission_1"
    assert found.students["gone"].counts.person.id == "gone"


def test_groups_of_a_table(room: Room) -> None:
    (room.root / "groups.csv").write_text(
        "group,student\nTeam A,ada\nTeam A,Gone Missing\nBlue,omar@uni.example\nBlue,wei\n"
    )
    tree = {
        "Team A_77_assignsubmission_file/x.ipynb": notebook_of("team"),  # Moodle's teams
        "Wei Li_12_assignsubmission_file_/y.ipynb": notebook_of("blue"),
    }
    status, output = room.collect(as_zip(tree, room.root / "download.zip"), "--groups", "groups.csv")
    assert status == 0, output
    assert {student: room.path(student).read_bytes() for student in ("ada", "gone", "omar", "wei")} == {
        "ada": notebook_of("team"), "gone": notebook_of("team"), "omar": notebook_of("blue"), "wei": notebook_of("blue"),
    }  # fmt: skip
    assert room.record().groups == {"Blue": ["omar", "wei"], "Team A": ["ada", "gone"]}


def test_moodles_groups_stand_before_names(room: Room, bare: Room) -> None:
    people = {"ada": "Group A", "wei": "Group A", "omar": "B-2"}
    tree = {
        f"{people[member.id]}-{member.name}_{member.participant}_assignsubmission_file_/x.ipynb": notebook_of(
            people[member.id]
        )
        for member in CLASS
        if member.id in people
    }
    room.collect(as_zip(tree, room.root / "download.zip"))
    assert room.students == {"ada", "wei", "omar"}
    assert room.record().groups == {"Group A": ["ada", "wei"]}
    bare.collect(as_zip(tree, bare.root / "download.zip"))
    assert {"ada-king-lovelace", "wei-li"} < bare.students


def test_a_team_of_ilias_is_a_group(room: Room) -> None:
    tree = {
        "MNIST/Submissions/Team 7/Lovelace_Ada_ada_1/x.ipynb": notebook_of("team"),
        "MNIST/Submissions/Team 7/Li_Wei_wei_2/notes.txt": b"see the other one",
    }
    room.collect(as_zip(tree, room.root / "download.zip"))
    assert room.students == {"ada", "wei"}
    assert room.record().groups == {"Team 7": ["ada", "wei"]}


def test_a_group_with_a_stranger_is_told(room: Room) -> None:
    (room.root / "groups.csv").write_text("group,student\nTeam A,ada\nTeam A,nobody\n")
    status, output = room.collect(as_zip(made.moodle(CLASS), room.root / "download.zip"), "--groups", "groups.csv")
    assert (status, "'nobody' of the group 'Team A' is nobody of the roster" in output) == (2, True)


# What the record says


def test_the_record_has_the_platforms_own_names(room: Room) -> None:
    room.collect(as_zip(made.moodle(CLASS), room.root / "CS101-3.zip"))
    found = room.record().students["sobrien"].counts
    assert found.path == "Sean O'Brien_1230028_assignsubmission_file_/work.zip"
    assert (found.folder, found.filename, found.inside) == (
        "Sean O'Brien_1230028_assignsubmission_file_", "work.zip", "work/lab.ipynb",
    )  # fmt: skip
    assert (found.form, found.source, found.person.participant) == ("moodle", "CS101-3.zip", "1230028")
    shutil.rmtree(room.root / "collected")
    room.collect(as_zip(made.canvas(CLASS), room.root / "submissions.zip"))
    late = room.record().students["omar"].counts
    assert late.path == "hassanomar_LATE_40023_2901150_mnist_cnn.ipynb"
    assert (late.folder, late.filename, late.late) == ("hassanomar_LATE_40023_2901150_", "mnist_cnn.ipynb", True)
    assert json.loads((room.root / "collected" / NAME / "record.json").read_text())["assignment"] == NAME


# Bad input


def test_bad_input_is_one_line(room: Room) -> None:
    (room.root / "empty").mkdir()
    (room.root / "cut.zip").write_bytes(zipped(("a", b"x" * 9999))[:100])
    (room.root / "numbers.csv").write_text("a,b\n1,2\n")
    zip_path = as_zip(made.moodle(CLASS), room.root / "download.zip")
    for arguments, said in (
        (["nowhere.zip"], "nowhere.zip: cannot be read (No such file or directory)"),
        (["empty"], "empty: is empty; give the folder or archive that the platform gave you"),
        (["cut.zip"], "cut.zip: cannot be unpacked"),
        ([zip_path, "numbers.csv"], "numbers.csv: is no list of students; it needs the columns id, first_name"),
        ([zip_path, "--roster", "none.csv"], "none.csv: cannot be read"),
        ([zip_path, "--who", "somebody"], "--who says NAME=ID"),
        ([zip_path, "--who", "J. Smith=nobody"], "--who J. Smith=nobody: 'nobody' is nobody of students.csv"),
        ([zip_path, "--who", "J. Smith=../x"], "'../x' is nobody of students.csv"),
        ([zip_path, "--groups", "numbers.csv"], "needs the columns group and student, it has a, b"),
    ):
        status, output = room.collect(*arguments)
        assert (status, said in output) == (2, True), output
        assert len(output.strip().splitlines()) == 1, output
    with contextlib.chdir(room.root):
        done = CliRunner().invoke(app, ["collect", "mnist", str(zip_path)])
    assert (done.exit_code, "no assignment 'mnist'" in done.output) == (2, True)


def test_nothing_of_a_download_is_lost_without_a_word(room: Room) -> None:
    tree: Tree = made.moodle(CLASS) | {"readme.txt": b"hello", "unclear/x.ipynb": notebook_of("x")}
    status, output = room.collect(as_zip(tree, room.root / "download.zip"))
    assert status == 1
    assert row(output, "whose is it?") == "2 download.zip: readme.txt download.zip: unclear/x.ipynb"


def test_files_that_are_no_notebooks_are_kept_aside(room: Room) -> None:
    _, output = room.collect(as_zip(made.moodle(CLASS), room.root / "download.zip"))
    assert (room.root / "collected" / NAME / "aside" / "mroz" / "report.pdf").read_bytes() == b"%PDF-1.7 a report"
    assert f"kept at collected/{NAME}/aside/mroz/report.pdf" in row(output, "not a notebook")


def test_names_in_a_windows_code_page(room: Room) -> None:
    members = [member for member in CLASS if member.id in ("zgroesse", "jnunez", "bjorn")]
    path = room.root / "download.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in made.moodle(members).items():
            info = zipfile.ZipInfo("x" * len(name.encode("cp850")))
            archive.writestr(info, content)
    raw = path.read_bytes()
    for name in made.moodle(members):
        raw = raw.replace(b"x" * len(name.encode("cp850")), name.encode("cp850"), 1)
    for name in made.moodle(members):  # the same names again, in the directory
        raw = raw.replace(b"x" * len(name.encode("cp850")), name.encode("cp850"), 1)
    path.write_bytes(raw)
    room.collect(path)
    assert room.students == {"zgroesse", "jnunez", "bjorn"}


def test_a_large_class_is_read_in_seconds(room: Room) -> None:
    import time

    members = [
        Member(replace(CLASS[0].enrolled, id=f"s{number}", first_name=f"First{number}", last_name=f"Last{number}"),
               str(5000 + number),
               [made.Handin("x.ipynb", notebook_of(f"s{number}"), DUE)])
        for number in range(200)
    ]  # fmt: skip
    made.write_roster(members, room.root / "students.csv")
    source, before = as_zip(made.moodle(members), room.root / "download.zip"), time.process_time()
    assert room.collect(source)[0] == 0
    assert len(room.students) == 200
    assert time.process_time() - before < 20  # about 3 s


def test_the_help_has_examples(room: Room) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "collect", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "autograder collect pa4_convnet" in done.stdout
    assert "submitted/<student>/<assignment>/" in done.stdout


def test_ilias_says_in_a_spreadsheet_when(room: Room) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Name", "Login", "Letzte Abgabe", "Datum der Bewertung"])
    for member in CLASS:
        when = member.submitted.astimezone(made.ZONE).replace(tzinfo=None) if member.files else None
        sheet.append([member.name, member.id, when, datetime(2026, 3, 9, 8)])
    book.save(room.root / "Week_3.xlsx")
    tree = made.ilias(CLASS) | {"Week_3/Week_3.xlsx": (room.root / "Week_3.xlsx").read_bytes()}
    source = as_zip(tree, room.root / "download.zip")
    for arguments in ([source], [as_zip(made.ilias(CLASS), room.root / "bare.zip"), "Week_3.xlsx"]):
        shutil.rmtree(room.root / "submitted", ignore_errors=True)
        room.collect(*arguments)
        found = {member.id: room.time(member.id) for member in CLASS if member.id in TAKEN}
        assert found == {member.id: member.submitted for member in CLASS if member.id in TAKEN}


def test_somebody_at_a_terminal_is_asked_and_not_twice(bare: Room) -> None:
    from zoneinfo import ZoneInfo

    from autograder.collecting.collect import Request, collect

    enrol(bare, "john,John,Smith,,", "jane,Jane,Smith,,")
    asked = []

    def ask(person: record.Person, candidates: Sequence[str]) -> str:
        asked.append((person.shown, tuple(candidates)))
        return "jane"

    request = Request(Course(bare.root), NAME, (moodle_of(bare, "J. Smith"),), ZoneInfo("UTC"))
    for _ in range(2):
        report = collect(request, lambda done, of: None, ask)
        assert not report.needs_a_person
    assert asked == [("J. Smith", ("jane", "john"))]
    assert bare.students == {"jane"}
