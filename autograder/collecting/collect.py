"""Collect what was handed in for an assignment: read downloads, say whose each file is and what it is, choose, store,
report.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from ..course import Course, CourseError
from ..notebooks.submission import Unreadable
from . import record, roster
from .choosing import Choice, choose
from .content import Recogniser
from .downloads import Download, downloads
from .forms.claim import Claim, Context
from .opening import Found, opened
from .people import Roster
from .record import Collection, Person, Student
from .resolving import Ask, Doubt, Key, Resolved, Resolver, key_of, read_groups
from .roster import Enrolled, Lists
from .storing import Plan, Store


@dataclass(frozen=True)
class Request:
    """What to collect, and how. ``form`` empty: each download's is recognised. ``due``: from when on a submission is
    late.
    """

    course: Course
    assignment: str
    sources: tuple[Path, ...]
    zone: tzinfo
    form: str = ""
    roster: Path | None = None
    groups: Path | None = None
    said: dict[str, str] = field(default_factory=dict)
    add: bool = False
    due: datetime | None = None
    dry_run: bool = False


@dataclass
class Outcome:
    """What came of one student: the choice and what was done, and files that are no notebook of the assignment."""

    choice: Choice | None = None
    plan: Plan | None = None
    person: Person | None = None
    late: bool = False
    problems: list[Found] = field(default_factory=list)
    aside: list[Path] = field(default_factory=list)


@dataclass
class Report:
    """What was collected: outcomes by student, and all that a person should look at."""

    downloads: list[Download]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    doubts: dict[str, tuple[Doubt, list[str]]] = field(default_factory=dict)
    unclaimed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    enrolled: list[Enrolled] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: int = 0

    @property
    def needs_a_person(self) -> bool:
        """Whether something was not taken, or may be the wrong one."""
        some = any(
            one.choice is None or one.choice.doubtful or (one.plan and one.plan.change == "refused")
            for one in self.outcomes.values()
        )
        return some or bool(self.doubts or self.unclaimed or self.refused)


def collect(request: Request, notify: Callable[[int, int], None], ask: Ask | None = None) -> Report:
    """Collect, and say what came of it; ``notify`` hears how many files of how many are done.

    Raises:
        CourseError: the assignment, a source or a list is not what it should be; or something cannot be written.
    """
    recogniser = Recogniser(request.course, request.assignment)
    known = record.read(request.course, request.assignment)
    lists, students = _lists(request)
    context = Context(request.assignment, request.zone)
    names = [one.name for one in students.students.values()] + [row.name for row in lists.rows]
    expected = frozenset(word for name in names for word in name.casefold().split() if len(word) > 1)
    sources = [source for source in request.sources if source.suffix.casefold() not in roster.TABLES]
    found = [one for source in sources for one in downloads(source, context, lists, request.form, expected)]
    made = not students.students
    for name, student in request.said.items():
        if not roster.is_plain(student) or not (made or student in students.students):
            raise CourseError(
                f"--who {name}={student}: {student!r} is nobody of {roster.NAME}; add a line for them, or --add"
            )
    if made:
        _enrol_rows(students, lists)
    resolver = Resolver(
        students,
        made=made,
        add=request.add,
        said=known.persons | request.said,
        known=_numbered(known),
        groups=read_groups(request.groups, students) if request.groups else {},
        rows=lists.rows,
        ask=ask,
    )
    report = Report(found)
    claims = [(claim, download) for download in found for claim in download.claims]
    here = [(claim, download) for claim, download in claims if claim.assignment not in recogniser.others]
    report.elsewhere = len(claims) - len(here)
    enrolled = set(students.students)
    resolved = resolver.resolve((claim, download.form.name) for claim, download in here)
    with tempfile.TemporaryDirectory(prefix="collect-") as stage:
        handed = _opened(here, recogniser, Path(stage), _times(lists, here, request.zone), notify)
        _sort(handed, resolved, report, request.assignment)
        _note_empty(here, resolved, report)
        store = Store(request.course, request.assignment)
        for student, outcome in report.outcomes.items():
            _settle(student, outcome, known, store, recogniser, request)
    for download in found:
        report.unclaimed += [f"{download.source}: {file.path}" for file in download.unclaimed]
        report.refused += download.refused
    report.groups = resolved.groups
    report.missing = sorted(students.students.keys() - report.outcomes.keys() - known.students.keys())
    report.enrolled = [one for one in students.students.values() if one.id not in enrolled or made]
    if not request.dry_run:
        _write(request, known, resolved, report, students)
    return report


def _lists(request: Request) -> tuple[Lists, Roster]:
    """What lists say, and the students of the roster: the one that is named, else the course's."""
    lists = Lists()
    path = request.course.root / roster.NAME
    named = [request.roster] if request.roster else [path] if path.is_file() else []
    for listed in [*named, *(source for source in request.sources if source.suffix.casefold() in roster.TABLES)]:
        lists.add(roster.read(listed, request.zone))
    return lists, Roster(lists.enrolled)


def _numbered(known: Collection) -> dict[Key, str]:
    """Who persons with a number of the platform's were found to be."""
    found: dict[Key, set[str]] = defaultdict(set)
    for student, one in known.students.items():
        for upload in (one.counts, *one.others):
            if upload.person.participant or upload.person.user:
                found[key_of(upload.person, upload.form)].add(student)
    return {key: students.pop() for key, students in found.items() if len(students) == 1}


def _enrol_rows(students: Roster, lists: Lists) -> None:
    """Without a roster, those on lists beside the submissions are the students."""
    for one in lists.enrolled:
        students.add(one)
    for row in lists.rows if not students.students else ():
        if not (row.name or row.email or row.login):
            continue
        participant = Person(name=row.name, id=row.login, email=row.email, user=row.user, participant=row.participant)
        students.enrol(participant, "canvas" if row.user else "moodle")


def _times(lists: Lists, claims: list[tuple[Claim, Download]], zone: tzinfo) -> dict[str, datetime]:
    """When each participant or id handed in, as a list says."""
    moments = {row.participant: row.submitted for row in lists.rows if row.participant and row.submitted}
    ids = {person.id.casefold() for claim, _ in claims for person in claim.persons if person.id}
    for table in lists.tables:
        moments |= roster.times(table, ids, zone)
    return moments


def _opened(
    claims: list[tuple[Claim, Download]],
    recogniser: Recogniser,
    stage: Path,
    times: dict[str, datetime],
    notify: Callable[[int, int], None],
) -> Iterator[Found]:
    for done, (claim, download) in enumerate(claims, start=1):
        if not claim.note:
            for one in opened(claim, download.form.name, download.source, recogniser, stage):
                signs = [person.participant or person.id.casefold() for person in claim.persons]
                moment = claim.submitted or next((times[sign] for sign in signs if sign in times), None)
                yield Found(claim, one.upload.model_copy(update={"submitted": moment}), one.look, one.staged)
        notify(done, len(claims))


def _sort(handed: Iterable[Found], resolved: Resolved, report: Report, assignment: str) -> None:
    """By student, what is a notebook of the assignment and what is not; and what is of nobody that is known."""
    taken: dict[str, list[Found]] = defaultdict(list)
    for one in handed:
        students, doubts = resolved.of(one.claim, one.upload.form)
        for doubt in doubts:
            report.doubts.setdefault(doubt.person.shown, (doubt, []))[1].append(one.shown)
        for student, person in students:
            outcome = report.outcomes.setdefault(student, Outcome(person=person))
            if one.look.kind == "taken":
                taken[student].append(Found(one.claim, one.of(person), one.look, one.staged))
            else:
                outcome.problems.append(one)
        if not students and not doubts:
            report.unclaimed.append(f"{one.upload.source}: {one.upload.path}")
    for student, found in taken.items():
        report.outcomes[student].choice = choose(found, assignment)


def _note_empty(claims: list[tuple[Claim, Download]], resolved: Resolved, report: Report) -> None:
    """Students of whom there is a file of the platform's own and nothing else."""
    for claim, download in claims:
        for student, person in resolved.of(claim, download.form.name)[0] if claim.note else ():
            report.outcomes.setdefault(student, Outcome(person=person))


def _settle(
    student: str, outcome: Outcome, known: Collection, store: Store, recogniser: Recogniser, request: Request
) -> None:
    """Store what counts, or keep aside what is no notebook."""
    if outcome.choice is None:
        if not request.dry_run:
            kept = (store.set_aside(student, one) for one in outcome.problems)
            outcome.aside = list(dict.fromkeys(path for path in kept if path))
        return
    upload = outcome.choice.counts.upload
    outcome.late = bool(upload.late) or bool(request.due and upload.submitted and upload.submitted > request.due)
    try:
        outcome.plan = store.plan(student, outcome.choice, known.students.get(student), recogniser)
    except Unreadable as error:
        outcome.plan = Plan("refused", error.reason)
        return
    if not request.dry_run:
        store.put(student, outcome.choice.counts, outcome.plan)


def _write(request: Request, known: Collection, resolved: Resolved, report: Report, students: Roster) -> None:
    """The record, and the roster if there are new students."""
    known.persons = resolved.said
    known.groups |= report.groups
    group_of = {student: name for name, members in known.groups.items() for student in members}
    for student, outcome in report.outcomes.items():
        before, change = known.students.get(student), outcome.plan.change if outcome.plan else "refused"
        if outcome.choice is None or change == "refused" or (change == "kept" and before is None):
            continue
        uploads = [one.upload for one in (outcome.choice.counts, *outcome.choice.others)]
        if before:
            uploads = [before.counts, *uploads] if change == "kept" else uploads
            uploads += [before.counts, *before.others]
        different = list({upload.sha256: upload for upload in reversed(uploads)}.values())[::-1]
        counts = next(upload for upload in different if upload.sha256 == uploads[0].sha256)
        others = [upload for upload in different if upload is not counts]
        reason = before.reason if before and change == "kept" else outcome.choice.reason
        known.students[student] = Student(counts=counts, reason=reason, others=others, group=group_of.get(student, ""))
    record.write(request.course, known)
    if report.enrolled:
        roster.add(request.course.root / roster.NAME, report.enrolled)
