"""Put a student's notebook where nbgrader looks for it, and keep what was there before."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ..course import Course, CourseError
from ..notebooks.converter import course_config
from ..notebooks.notebook import write_bytes
from ..notebooks.submission import MAX_BYTES, Unreadable, read_regular
from ..notebooks.timestamp import NAME, course_zone, settled
from . import record
from .choosing import Choice
from .content import Recogniser
from .opening import Found
from .record import Student

Change = Literal["new", "replaced", "as before", "timed", "kept", "refused"]
MAX_ASIDE_BYTES = 50_000_000
"""Size up to which a file that is no notebook is kept aside."""


@dataclass(frozen=True)
class Plan:
    """What is to be done for one student: ``new``, ``replaced``, ``as before``, ``timed`` (only its time is new),
    ``kept`` (what is there counts, for the ``reason``), ``refused`` (nothing can be put there, for the ``reason``).
    """

    change: Change
    reason: str = ""


class Store:
    """The folders that submissions of an assignment are put into."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.folder = record.folder(course, assignment)
        self.zone = course_zone(course_config(course))

    def path(self, student: str) -> Path:
        """Where nbgrader looks for a student's notebook."""
        return self.course.submitted / student / self.assignment / f"{self.assignment}.ipynb"

    def plan(self, student: str, choice: Choice, before: Student | None, recogniser: Recogniser) -> Plan:
        """What to do about a choice, from what was collected before and what lies there.

        Raises:
            Unreadable: what lies there is a link or no file.
        """
        upload, path = choice.counts.upload, self.path(student)
        there = self._there(path)
        if there is None:
            return Plan("new")
        here = hashlib.sha256(there).hexdigest()
        stamped = settled(path.parent, self.zone)[0]
        since = stamped.replace(tzinfo=UTC) if stamped else None
        if here == upload.sha256:
            timed = upload.submitted is not None and _second(upload.submitted) != since
            return Plan("timed" if timed else "as before")
        if before and before.counts.sha256 == upload.sha256:
            return Plan("kept", "the file there was changed by hand since it was collected")
        if before and any(other.sha256 == upload.sha256 for other in before.others):
            return Plan("kept", "this version was collected before and a newer one counts")
        if since and upload.submitted and _second(upload.submitted) < since:
            return Plan("kept", f"the one that is there is newer ({since:%Y-%m-%d %H:%M} UTC)")
        if not choice.counts.look.answers and recogniser.look(path.name, there).answers:
            return Plan("kept", "the new one has no answers")
        return Plan("replaced")

    def put(self, student: str, found: Found, plan: Plan) -> None:
        """Write a student's notebook and time stamp as planned; what they replace goes into ``earlier/``.

        Raises:
            CourseError: it cannot be written.
        """
        if plan.change in ("as before", "kept", "refused"):
            return
        path = self.path(student)
        try:
            if plan.change == "replaced":
                self._keep(student, path)
            if plan.change != "timed":
                assert found.staged is not None
                write_bytes(path, found.staged.read_bytes())
            if found.upload.submitted:
                write_bytes(path.parent / NAME, f"{found.upload.submitted:%Y-%m-%d %H:%M:%S} UTC\n".encode())
        except OSError as error:
            raise CourseError(f"{path}: cannot be written ({error.strerror}); check its folder") from error

    def set_aside(self, student: str, found: Found) -> Path | None:
        """Keep a file that is no notebook where a person finds it; None if it is too large or cannot be read."""
        try:
            content = found.claim.file.read(MAX_ASIDE_BYTES)
        except Unreadable:
            return None
        name = re.sub(r"[^\w. -]|^\.+", "_", found.upload.filename.rpartition("/")[2])[-100:] or "file"
        path = self.folder / "aside" / student / name
        if path.exists() and path.read_bytes() != content:
            path = path.with_name(f"{hashlib.sha256(content).hexdigest()[:8]} {name}")
        write_bytes(path, content)
        return path.relative_to(self.course.root)

    def _there(self, path: Path) -> bytes | None:
        """The notebook that lies there."""
        for folder in (path.parent.parent, path.parent):
            if folder.is_symlink():
                raise Unreadable(f"{folder}: is a link, which could point at anything; remove it, and collect again")
        try:
            return read_regular(path, MAX_BYTES, "a notebook")
        except FileNotFoundError:
            return None

    def _keep(self, student: str, path: Path) -> None:
        content = path.read_bytes()
        stamped = settled(path.parent, self.zone)[0]
        when = f"{stamped:%Y-%m-%d %H%M%S}" if stamped else f"before {datetime.now(UTC):%Y-%m-%d %H%M%S}"
        write_bytes(self.folder / "earlier" / student / f"{when} {hashlib.sha256(content).hexdigest()[:8]}.ipynb", content)
        (path.parent / NAME).unlink(missing_ok=True)  # it is that of the file which is replaced


def _second(moment: datetime) -> datetime:
    """A time as a time stamp has it."""
    return moment.astimezone(UTC).replace(microsecond=0)
