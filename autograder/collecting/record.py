"""What was collected for one assignment: whose each file is, and how the learning platform named it.

Grades and feedback go back under the platform's own names, so ``collected/<assignment>/record.json`` keeps these as they
were.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ..course import Course, CourseError
from ..notebooks.notebook import write_text

NAME = "record.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Person(_Part):
    """A person as one platform names them; what it does not say is empty.

    ``id``: a login or student number. ``user``: the platform's number for this person in every course (Canvas).
    ``participant``: its number for this assignment alone (Moodle). ``joined``: last and first name run together in lower
    case (Canvas).
    """

    name: str = ""
    id: str = ""
    email: str = ""
    user: str = ""
    participant: str = ""
    joined: str = ""

    @property
    def shown(self) -> str:
        """What a reader knows the person by."""
        return self.name or self.id or self.joined or self.email or self.user or self.participant


class Upload(_Part):
    """One file that was handed in, as the platform gave it.

    ``form``: which platform's naming (``moodle``, ``canvas``, ...). ``source``: what was collected from. ``path``: the
    file in it, with ``/`` between folders; ``inside``: the notebook in it, if it is an archive. ``folder`` and
    ``filename``: what of the path the platform made (empty where it made none) and what the student chose.
    ``submission``: the platform's number of the submission. Times are UTC, and None where the platform does not say.
    """

    form: str
    source: str
    path: str
    inside: str = ""
    folder: str = ""
    filename: str
    person: Person = Person()
    submission: str = ""
    submitted: datetime | None = None
    late: bool | None = None
    sha256: str = ""


class Student(_Part):
    """What was collected of one student: the upload that counts, why, all others, and the group it was handed in by."""

    counts: Upload
    reason: str = ""
    others: list[Upload] = Field(default_factory=list)
    group: str = ""


class Collection(_Part):
    """All that was collected for an assignment.

    ``groups``: members' ids by the group's name; a group is graded once. ``persons``: which student somebody said a
    person of the platform is, so that nobody is asked twice.
    """

    assignment: str
    students: dict[str, Student] = Field(default_factory=dict)
    groups: dict[str, list[str]] = Field(default_factory=dict)
    persons: dict[str, str] = Field(default_factory=dict)


def folder(course: Course, assignment: str) -> Path:
    """Where the record of an assignment is, and beside it earlier versions and files that are no notebooks."""
    return course.root / "collected" / assignment


def read(course: Course, assignment: str) -> Collection:
    """The record of an assignment; an empty one where nothing was collected yet.

    Raises:
        CourseError: the file is no such record.
    """
    path = folder(course, assignment) / NAME
    try:
        return Collection.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Collection(assignment=assignment)
    except ValueError as error:
        raise CourseError(f"{path}: is no record of `autograder collect`; move it away and collect again") from error


def write(course: Course, record: Collection) -> Path:
    """Write the record, sorted by student, and return its path."""
    path = folder(course, record.assignment) / NAME
    students = {student: record.students[student] for student in sorted(record.students)}
    write_text(path, record.model_copy(update={"students": students}).model_dump_json(indent=1) + "\n")
    return path
