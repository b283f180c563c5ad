"""A class of 25 with what each handed in, and the same written as each platform gives it out.

Where a form is from stands in the module that reads it, ``autograder/collecting/forms/``.
"""

import csv
import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from conftest import ROOT, link_hidden_tests

from autograder.collecting.roster import Enrolled
from autograder.notebooks import notebook
from autograder.notebooks.recognise import CODE_STUB

DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
NAME, OTHER = "mnist_cnn", "cnn_blocks"
ZONE = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 3, 1, 23, 59, 59, tzinfo=ZONE).astimezone(UTC)
NAMES = """
ada|Ada King|Lovelace
zgroesse|Zoë|Größe-Müller
xiaoming|小明|王
ipetrov|Иван|Петров
sobrien|Sean|O'Brien
jnunez|José Luis|Núñez
kvlk|Karel|Dvořák
ylmz|Işıl|Yılmaz
bjorn|Bjørn|Ødegård
mroz|Łukasz|Mróz
kim|민준|김
hana|はな|佐藤
layla|ليلى|حداد
noa|נועה|לוי
thuy|Thùy|Nguyễn
priya|प्रिया|शर्मा
elena|Ελένη|Παπαδοπούλου
jean|Jean-Luc|Picard
anna1|Anna|Schmidt
anna2|Anna|Schmitt
vdberg|Maria|van den Berg
wei|Wei|Li
li|Li|Wei Zhang
omar|Omar|Hassan
gone|Gone|Missing
"""


@dataclass
class Handin:
    """One file as a student handed it in, and when."""

    filename: str
    content: bytes
    submitted: datetime


@dataclass
class Member:
    """A student, the numbers that platforms have for them, and what they handed in, the last of it counting."""

    enrolled: Enrolled
    participant: str
    files: list[Handin] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.enrolled.id

    @property
    def name(self) -> str:
        return self.enrolled.name

    @property
    def submitted(self) -> datetime:
        return self.files[-1].submitted

    @property
    def late(self) -> bool:
        return bool(self.files) and self.submitted > DUE


@cache
def _released(name: str) -> str:
    return json.dumps(notebook.read(ROOT / "release" / name / f"{name}.ipynb"))


def notebook_of(student: str, answers: int = 2, name: str = NAME) -> bytes:
    """A release with a line of the student's own in the first answers."""
    made = json.loads(_released(name))
    for cell in made["cells"]:
        if answers and cell["cell_type"] == "code" and CODE_STUB in cell["source"]:
            cell["source"] = cell["source"].replace(CODE_STUB, f"value = {student!r}  # {answers}")
            answers -= 1
    return json.dumps(made).encode()


def zipped(*files: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return made.getvalue()


def the_class() -> list[Member]:
    """25 students: most handed in one notebook, and one in each way that instructors know."""
    members = []
    for number, line in enumerate(NAMES.strip().splitlines()):
        student, first, last = line.split("|")
        enrolled = Enrolled(student, first, last, f"{student}@uni.example", str(40_000 + number))
        member = Member(enrolled, str(1_230_000 + 7 * number))
        when = datetime(2026, 2, 27, 10, number, tzinfo=ZONE).astimezone(UTC)
        member.files = [Handin(f"{NAME}.ipynb", notebook_of(student), when)]
        members.append(member)
    by = {member.id: member for member in members}

    def give(student: str, *files: tuple[str, bytes]) -> None:
        when = by[student].submitted
        by[student].files = [Handin(name, data, when + timedelta(hours=at)) for at, (name, data) in enumerate(files)]

    give("ada", ("final (2).ipynb", notebook_of("ada")))
    give("xiaoming", ("作业.ipynb", notebook_of("xiaoming")))
    give("ipetrov", ("mnist_cnn.ipynb.txt", notebook_of("ipetrov")))
    give("sobrien", ("work.zip", zipped(("work/lab.ipynb", notebook_of("sobrien")), ("__MACOSX/work/._lab.ipynb", b"\0"))))
    give("kvlk", ("mnist_cnn.ipynb", notebook_of("kvlk", 1)), ("mnist_cnn-2.ipynb", notebook_of("kvlk", 3)))
    give("ylmz", ("empty.ipynb", notebook_of("ylmz", 0)), ("mnist_cnn.ipynb", notebook_of("ylmz")))
    give("mroz", ("report.pdf", b"%PDF-1.7 a report"))
    give("kim", ("cnn_blocks.ipynb", notebook_of("kim", name=OTHER)))
    give("hana", ("mnist_cnn.ipynb", notebook_of("hana")[:5000]))
    give("bjorn", ("mnist_cnn.ipynb", notebook_of("bjorn")), ("plan.pdf", b"%PDF-1.7 a plan"))
    by["omar"].files[0].submitted = DUE + timedelta(hours=3)
    by["gone"].files = []
    return members


def write_roster(members: list[Member], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "first_name", "last_name", "email", "lms_user_id"])
        for member in members:
            one = member.enrolled
            rows.writerow([one.id, one.first_name, one.last_name, one.email, one.user])


Tree = dict[str, bytes]


def moodle(members: list[Member]) -> Tree:
    return {
        f"{member.name}_{member.participant}_assignsubmission_file_/{file.filename}": file.content
        for member in members
        for file in member.files
    }


def moodle_flat(members: list[Member]) -> Tree:
    return {path.replace("_file_/", "_file_"): content for path, content in moodle(members).items()}


def worksheet(members: list[Member], german: bool = False) -> bytes:
    """Moodle's grading worksheet; times as ``userdate`` writes them (langconfig.php, strftimedaydatetime)."""
    text = io.StringIO()
    rows = csv.writer(text)
    english = "Identifier|Full name|Email address|Status|Grade|Maximum grade|Grade can be changed|"
    english += "Last modified (submission)|Last modified (grade)|Feedback comments"
    words = "ID|Vollständiger Name|E-Mail-Adresse|Status|Bewertung|Bestwertung|Bewertung kann geändert werden|"
    words += "Zuletzt geändert (Abgabe)|Zuletzt geändert (Bewertung)|Feedback als Kommentar"
    rows.writerow((words if german else english).split("|"))
    for member in members:
        when, status = "-", "Keine Abgabe" if german else "No submission"
        if member.files:
            local = member.submitted.astimezone(ZONE)
            status = "Zur Bewertung abgegeben" if german else "Submitted for grading"
            when = f"{local:%A, %-d %B %Y, %I:%M %p}"
            if german:
                day = DAYS[local.weekday()]
                when = f"{day}, {local.day}. {'Februar' if local.month == 2 else 'März'} {local.year}, {local:%H:%M}"
        word = "Teilnehmer/in" if german else "Participant "
        graded = "Montag, 9. März 2026, 08:00" if german else "Monday, 9 March 2026, 08:00 AM"
        rows.writerow(
            [f"{word}{member.participant}", member.name, member.enrolled.email, status, "", "100,00", "Ja", when, graded, ""]
        )
    return text.getvalue().encode("utf-8-sig")


def canvas(members: list[Member]) -> Tree:
    made = {}
    for member in members:
        one = member.enrolled
        joined = "".join(
            letter for letter in f"{one.last_name}{one.first_name}".lower() if letter.isalnum() or letter == "_"
        )
        for number, file in enumerate(member.files):
            late = "LATE_" if file.submitted > DUE else ""
            made[f"{joined}_{late}{one.user}_{900_000 + 50 * int(one.user) + number}_{file.filename}"] = file.content
    return made


def gradescope(members: list[Member]) -> Tree:
    made, lines = {}, []
    for member in members:
        if not member.files:
            continue
        folder = f"submission_{3_000_000 + int(member.participant)}"
        lines += [
            f"{folder}:", "  :submitters:", f"  - :name: {json.dumps(member.name, ensure_ascii=False)}",
            f"    :sid: '{member.id}'",
            f"    :email: {member.enrolled.email}", f"  :created_at: {member.submitted:%Y-%m-%d %H:%M:%S}.000000000 Z",
            "  :score: 0.0", "  :history: []", "  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess",
            "    tests: []",
        ]  # fmt: skip
        for file in member.files:
            made[f"assignment_77_export/{folder}/{file.filename}"] = file.content
    made["assignment_77_export/submission_metadata.yml"] = ("---\n" + "\n".join(lines) + "\n").encode()
    return made


def blackboard(members: list[Member]) -> Tree:
    made = {}
    for member in members:
        for file in member.files:
            stem = f"Week 3 MNIST_{member.id}_attempt_{file.submitted.astimezone(ZONE):%Y-%m-%d-%H-%M-%S}"
            made[f"{stem}_{file.filename}"] = file.content
            made[f"{stem}.txt"] = f"Name: {member.name} ({member.id})\r\nAssignment: Week 3 MNIST\r\n".encode()
    return made


def brightspace(members: list[Member]) -> Tree:
    made = {"index.html": b"<html>"}
    for member in members:
        for file in member.files:
            when = f"{file.submitted.astimezone(ZONE):%b %-d, %Y %-I%M %p}"
            made[f"{member.enrolled.user}-640693 - {member.name} - {when} - {file.filename}"] = file.content
    return made


def brightspace_folders(members: list[Member]) -> Tree:
    made = {"Week 3/index.html": b"<html>"}
    for member in members:
        for file in member.files:
            when = f"{file.submitted.astimezone(ZONE):%b %-d, %Y %-I%M %p}"
            made[f"Week 3/{member.enrolled.user}-640693 - {member.name} - {when}/{file.filename}"] = file.content
    return made


def ilias(members: list[Member]) -> Tree:
    return {
        f"Week_3/Submissions/{member.enrolled.last_name.replace(' ', '_')}_{member.enrolled.first_name.replace(' ', '_')}_"
        f"{member.id}_{member.enrolled.user}/{'Late Submission - ' * (file.submitted > DUE)}{file.filename}": file.content
        for member in members
        for file in member.files
    }


def drive(members: list[Member]) -> Tree:
    return {f"MNIST/{member.name} - {file.filename}": file.content for member in members for file in member.files}


def github(members: list[Member]) -> Tree:
    return {f"mnist-cnn-{member.id}/{file.filename}": file.content for member in members for file in member.files}


def exchange(members: list[Member]) -> Tree:
    made = {"inbound/ada+cnn_blocks+2026-02-01 10:00:00 UTC+1/cnn_blocks.ipynb": notebook_of("ada", name=OTHER)}
    for member in members:
        for file in member.files:
            folder = f"inbound/{member.id}+{NAME}+{file.submitted:%Y-%m-%d %H:%M:%S.%f} UTC+4b1f"
            made[f"{folder}/{file.filename}"] = file.content
            made[f"{folder}/timestamp.txt"] = f"{file.submitted:%Y-%m-%d %H:%M:%S.%f} UTC".encode()
    return made


def submitted(members: list[Member]) -> Tree:
    made = {"submitted/ada/cnn_blocks/cnn_blocks.ipynb": notebook_of("ada", name=OTHER)}
    for member in members:
        for file in member.files:
            made[f"submitted/{member.id}/{NAME}/{file.filename}"] = file.content
            made[f"submitted/{member.id}/{NAME}/timestamp.txt"] = f"{member.submitted:%Y-%m-%d %H:%M:%S} UTC\n".encode()
    return made


def folders(members: list[Member]) -> Tree:
    return {f"class/{member.name}/{file.filename}": file.content for member in members for file in member.files}


FORMS: dict[str, Callable[[list[Member]], Tree]] = {
    function.__name__: function
    for function in (
        moodle, moodle_flat, canvas, gradescope, blackboard, brightspace, brightspace_folders, ilias, drive, github,
        exchange, submitted, folders,
    )
}  # fmt: skip
WITH_TIMES = {"gradescope", "blackboard", "brightspace", "brightspace_folders", "exchange", "submitted"}
"""Forms whose names or files beside say when each was handed in."""


def as_zip(tree: Tree, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in tree.items():
            archive.writestr(name, content)
    return path


def as_folder(tree: Tree, path: Path) -> Path:
    for name, content in tree.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def commit(folder: Path, when: datetime) -> None:
    """Make a folder a checkout whose only commit is of that time."""
    environment = {
        "GIT_COMMITTER_DATE": f"{when:%Y-%m-%dT%H:%M:%S}Z",
        "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
        "HOME": str(folder),
    }
    who = ["-c", "user.name=x", "-c", "user.email=x@uni.example"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *command], cwd=folder, env={"PATH": "/usr/bin:/bin", **environment}, check=True)


def course(root: Path, zone: str = "Europe/Berlin") -> Path:
    """A course with two of the assignments of this repository, nobody enrolled, nothing handed in."""
    for folder in ("source", "release"):
        (root / folder).mkdir(parents=True)
        for name in (NAME, OTHER):
            (root / folder / name).symlink_to(ROOT / folder / name)
    link_hidden_tests(root)
    (root / "nbgrader_config.py").write_text(f"c = get_config()\nc.NbGraderAPI.timezone = {zone!r}\n")
    return root
