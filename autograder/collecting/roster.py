"""Who is enrolled: ``students.csv`` as ``nbgrader db student import`` reads it, or a list that a platform exports.

Such lists are Canvas's gradebook and Moodle's grading worksheet, which also says when each submission was last changed,
and whose header is in the course's language. They are known by what is in them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile

from ..course import CourseError
from ..notebooks.notebook import write_text
from ..notebooks.submission import Unreadable, read_regular
from .times import parse

NAME = "students.csv"
COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")
MAX_BYTES = 20_000_000
MAX_ROWS = 20_000
TABLES = (".csv", ".tsv", ".xlsx")
"""How the names of tables end."""
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9_-])?")
_PARTICIPANT = re.compile(r"\D+?\s*(\d+)")


@dataclass(frozen=True)
class Enrolled:
    """A student of the course. ``user`` is the platform's number for them, nbgrader's ``lms_user_id``."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    user: str = ""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Row:
    """What a platform's list says of one person: a number, and perhaps a time."""

    name: str
    email: str = ""
    login: str = ""
    user: str = ""
    participant: str = ""
    submitted: datetime | None = None


@dataclass
class Lists:
    """What was read beside the submissions: enrolled students, if one of the files is a roster, rows of platforms' lists,
    and other tables in which there are times.
    """

    enrolled: list[Enrolled] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)

    def add(self, other: Lists) -> None:
        """Take what another one has, too."""
        self.enrolled += other.enrolled
        self.rows += other.rows
        self.tables += other.tables


def is_plain(student: str) -> bool:
    """Whether an id is of letters without accents, digits and ``. _ @ -``, at most 64 of them, and can name a folder."""
    return bool(_PLAIN.fullmatch(student))


def read(path: Path, zone: tzinfo) -> Lists:
    """The students of a roster or of a platform's list.

    Raises:
        CourseError: it is neither, or names a student twice, or has an id that cannot name a folder.
    """
    try:
        content = read_regular(path, MAX_BYTES, "a list")
    except (Unreadable, OSError) as error:
        raise CourseError(error.reason if isinstance(error, Unreadable) else f"{path}: cannot be read ({error})") from None
    found = parsed(content, zone)
    if found is None:
        raise CourseError(
            f"{path}: is no list of students; it needs the columns {', '.join(COLUMNS[:4])}, "
            "or to be Canvas's gradebook or Moodle's grading worksheet"
        )
    seen: set[str] = set()
    for student in found.enrolled:
        if not is_plain(student.id):
            raise CourseError(f"{path}: the id {student.id!r} cannot name a folder; use letters, digits, . _ @ and -")
        if student.id.casefold() in seen:
            raise CourseError(f"{path}: has the id {student.id!r} twice; take one out")
        seen.add(student.id.casefold())
    return found


def parsed(content: bytes, zone: tzinfo) -> Lists | None:
    """What a list says; None if the content is no such list."""
    table = _table(content)
    if len(table) < 2:
        return None
    header = [cell.strip().casefold() for cell in table[0]]
    if "id" in header and {"first_name", "last_name"} & set(header):
        rows = [dict(zip(header, (cell.strip() for cell in row), strict=False)) for row in table[1:]]
        return Lists(enrolled=[_enrolled(row) for row in rows if row.get("id")])
    if header[:2] == ["student", "id"]:
        return Lists(rows=list(_canvas(header, table[1:])))
    if participants := list(_moodle(table, zone)):
        return Lists(rows=participants)
    return Lists(tables=[table]) if any(parse(cell, zone) for row in table[1:] for cell in row) else None


def times(table: Sequence[Sequence[str]], ids: Collection[str], zone: tzinfo) -> dict[str, datetime]:
    """When each of ``ids`` (in lower case) handed in, by a table that has them in one column and times in another; of
    several columns of times the first.
    """
    width = max(map(len, table), default=0)
    cells = [[*row, *[""] * (width - len(row))] for row in table]
    named = max(range(width), key=lambda column: sum(row[column].strip().casefold() in ids for row in cells), default=0)
    rows = {login: row for row in cells if (login := row[named].strip().casefold()) in ids} if width else {}
    dated = next((column for column in range(width) if any(parse(row[column], zone) for row in rows.values())), None)
    found = {login: parse(row[dated], zone) for login, row in rows.items()} if dated is not None else {}
    return {login: moment for login, moment in found.items() if moment}


def _table(content: bytes) -> list[list[str]]:
    if content.startswith(b"PK\x03\x04"):
        return _sheet(content)
    for encoding in ("utf-8-sig", "utf-16") if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)) if any(row)]
        except csv.Error:
            return []
    return []


def _sheet(content: bytes) -> list[list[str]]:
    """The first sheet of an Excel file, as texts."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        cells = islice(book.worksheets[0].iter_rows(values_only=True), MAX_ROWS)
        rows = [["" if cell is None else str(cell) for cell in row] for row in cells]
    except (InvalidFileException, BadZipFile, KeyError, ValueError, IndexError, OSError, SyntaxError):  # all that it raises
        return []
    return [row for row in rows if any(row)]


def _enrolled(row: dict[str, str]) -> Enrolled:
    return Enrolled(row["id"], *(row.get(column, "") for column in COLUMNS[1:]))


def _canvas(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[Row]:
    """Of Canvas's gradebook; the rows of points possible and of the test student have no login."""
    login = next((header.index(name) for name in ("sis login id", "sis user id") if name in header), None)
    for row in rows:
        name, user = row[0].strip(), row[1].strip() if len(row) > 1 else ""
        if user.isdigit() and name.casefold() != "student, test":
            yield Row(_forward(name), login=row[login].strip() if login is not None and len(row) > login else "", user=user)


def _moodle(table: Sequence[Sequence[str]], zone: tzinfo) -> Iterable[Row]:
    """Of Moodle's grading worksheet: "Participant 1234567", the full name unless marking is blind, perhaps an address,
    times.

    The first column of times is that of submissions; the next one says when they were graded.
    """
    rows = [row for row in table[1:] if _PARTICIPANT.fullmatch(row[0].strip())]
    if 2 * len(rows) <= len(table) - 1:
        return
    second = [row[1].strip() for row in rows if len(row) > 1]
    named = 2 * len(set(second)) > len(rows) and not any("@" in cell for cell in second)  # a state is that of many
    moments = [[parse(cell, zone) for cell in row] for row in rows]
    column = min((place for row in moments for place, moment in enumerate(row) if moment), default=0)
    for row, times in zip(rows, moments, strict=True):
        number = _PARTICIPANT.fullmatch(row[0].strip())
        assert number
        email = next((cell.strip() for cell in row[1:] if re.fullmatch(r"\s*[^@\s]+@[^@\s]+\s*", cell)), "")
        submitted = times[column] if column and column < len(times) else None
        yield Row(row[1].strip() if named else "", email, participant=number[1], submitted=submitted)


def _forward(name: str) -> str:
    """``Last, First`` as ``First Last``."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma else name


def add(path: Path, students: Iterable[Enrolled]) -> None:
    """Add students to ``students.csv``, in the columns that it has; where there is none it is made."""
    before = path.read_bytes().decode("utf-8-sig") if path.is_file() else ",".join(COLUMNS) + "\n"
    header = next(csv.reader([before.split("\n", 1)[0].strip("\r")], delimiter=_delimiter(before)))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n", delimiter=_delimiter(before))
    for one in sorted(students, key=lambda student: student.id):
        named = dict(zip(COLUMNS, (one.id, one.first_name, one.last_name, one.email, one.user), strict=True))
        rows.writerow([_inert(named.get(column.strip().casefold(), "")) for column in header])
    write_text(path, before + ("" if before.endswith("\n") else "\n") + text.getvalue())


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _inert(cell: str) -> str:
    """A name without the signs at its beginning that make a spreadsheet compute; no name begins so."""
    return re.sub(r"^[\s=+@\-\uff1d\uff0b\uff20\uff0d]+", "", " ".join(cell.split()))
