"""Say whose each claim is: students for persons, members for groups; what is doubtful is asked or listed, and not
guessed.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..course import CourseError
from ..notebooks.submission import Unreadable, read_regular
from .forms.claim import Claim
from .people import Match, Roster, words
from .record import Person
from .roster import MAX_BYTES, Row, is_plain

Key = tuple[str, str]
Ask = Callable[[Person, Sequence[str]], str]
"""Asks somebody which of some students a person is; empty if they do not know."""


@dataclass(frozen=True)
class Doubt:
    """A person who may be one of ``candidates``, or nobody of the course; ``why`` if there is more to say."""

    person: Person
    form: str
    candidates: tuple[str, ...] = ()
    why: str = ""


@dataclass
class Resolved:
    """Students by person, and doubts; ``groups`` has the members of each group that handed in together."""

    students: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    doubts: dict[Key, Doubt] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    def of(self, claim: Claim, form: str) -> tuple[list[tuple[str, Person]], list[Doubt]]:
        """The students of a claim, each with what the platform calls them, and who of its persons is doubtful."""
        keys = [(key_of(person, form), person) for person in claim.persons]
        doubts = [self.doubts[key] for key, _ in keys if key in self.doubts]
        return [(student, person) for key, person in keys for student in self.students.get(key, ())], doubts


def key_of(person: Person, form: str) -> Key:
    """What makes a person one and the same in a form: a number where there is one."""
    return form, (person.participant or person.user or person.id or person.email or person.shown).casefold()


@dataclass
class Resolver:
    """What is known of the people of a course.

    ``made``: there was no roster, and who appears is enrolled. ``add``: who is nobody of the roster is, too. ``said``: what
    somebody said, ``known`` who persons with a number of their own were found to be before. ``groups``: members by the
    group's name, as a table says them.
    """

    roster: Roster
    made: bool = False
    add: bool = False
    said: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[Key, str] = field(default_factory=dict)
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    ask: Ask | None = None

    def resolve(self, claims: Iterable[tuple[Claim, str]]) -> Resolved:
        """The students of all persons of these claims, each with its form."""
        claims = list(claims)
        persons: dict[Key, Person] = {}
        for claim, form in claims:
            for person in claim.persons:
                persons.setdefault(key_of(person, form), self._listed(person, form))
        result = Resolved(said=dict(self.said))
        prefixed = _all_prefixed([person.name for (form, _), person in persons.items() if form == "moodle"])
        by_name: dict[tuple[str, str], list[Key]] = defaultdict(list)
        settled: dict[tuple[str, str], Key] = {}
        members = {words(name): list(students) for name, students in self.groups.items()}
        for key, person in persons.items():
            if (spoken := self._spoken(person) or self.known.get(key)) is not None:
                result.students[key] = (spoken,)
                settled[key[0], spoken] = key
            elif (named := words(person.name) or words(person.joined)) and named in members:
                result.students[key] = tuple(members[named])
                result.groups[person.name or person.joined] = members[named]
            else:
                self._find(key, person, prefixed and key[0] == "moodle", by_name, result)
        self._part_namesakes(persons, by_name, settled, result)
        for key, doubt in list(result.doubts.items()):
            if self.ask and (student := self.ask(doubt.person, doubt.candidates)) in self.roster.students:
                result.students[key] = (student,)
                result.said[doubt.person.shown] = student
                del result.doubts[key]
        self._group(claims, result)
        return result

    def _listed(self, person: Person, form: str) -> Person:
        """The person with what a list of the platform says beside."""
        for row in self.rows:
            ours = person.participant if form == "moodle" else person.user if form == "canvas" else ""
            if ours and ours == (row.participant if form == "moodle" else row.user):
                update = {"name": row.name, "email": row.email, "id": row.login}
                return person.model_copy(update={name: text for name, text in update.items() if text})
        return person

    def _spoken(self, person: Person) -> str | None:
        texts = {
            text.casefold() for text in (person.name, person.id, person.joined, person.participant, person.user) if text
        }
        return next((student for text, student in self.said.items() if text.casefold() in texts), None)

    def _find(
        self, key: Key, person: Person, prefixed: bool, by_name: dict[tuple[str, str], list[Key]], result: Resolved
    ) -> None:
        form, number = key[0], person.participant or person.user
        match, group = self.roster.find(person), ""
        if self.made and not match.sure and (person.id or person.email or person.user):
            match = Match()  # who has an id of their own is not another one of like name
        parts = person.name.split("-")
        if not match.student and form == "moodle":  # groups stand before the name
            for place in range(1, len(parts)):
                shorter = person.model_copy(update={"name": "-".join(parts[place:])})
                if (found := self.roster.find(shorter)).student:
                    match, group, person = found, "-".join(parts[:place]), shorter
                    break
        if not match.student and prefixed:
            group, person = parts[0], person.model_copy(update={"name": "-".join(parts[1:])})
        if match.student:
            result.students[key] = (match.student,)
            if number and not match.sure:
                by_name[form, match.student].append(key)
        elif self.made or (self.add and not match.candidates):
            result.students[key] = (self.roster.enrol(person, form).id,)
            if number:
                by_name[form, result.students[key][0]].append(key)
        else:
            result.doubts[key] = Doubt(person, form, match.candidates)
        if group and key in result.students:
            result.groups.setdefault(group, []).extend(result.students[key])

    def _part_namesakes(
        self,
        persons: Mapping[Key, Person],
        by_name: Mapping[tuple[str, str], Sequence[Key]],
        settled: Mapping[tuple[str, str], Key],
        result: Resolved,
    ) -> None:
        """Two persons with numbers of their own are two, though one name of the roster fits both."""
        for (form, student), keys in by_name.items():
            if (form, student) in settled:
                for key in keys:
                    result.doubts[key] = Doubt(persons[key], form, (), f"{student} is said to be somebody else")
                    del result.students[key]
                continue
            if len(keys) < 2:
                continue
            if self.made:
                for key in keys[1:]:
                    result.students[key] = (self.roster.enrol(persons[key], form, number=True).id,)
                continue
            for key in keys:
                del result.students[key]
                result.doubts[key] = Doubt(persons[key], form, (student,), f"{len(keys)} people have this name")

    def _group(self, claims: Sequence[tuple[Claim, str]], result: Resolved) -> None:
        """Members of a group whom the platform names together, or a table does: what one hands in all have handed in."""
        for claim, form in claims:
            if claim.group:
                students = [student for student, _ in result.of(claim, form)[0]]
                if len(set(students)) > 1:
                    result.groups[claim.group] = students
        for name, members in self.groups.items():
            for key, handed in result.students.items():
                if set(handed) & set(members):
                    result.students[key] = tuple(dict.fromkeys((*handed, *members)))
                    result.groups[name] = list(members)
        result.groups = {name: sorted(set(students)) for name, students in result.groups.items() if len(set(students)) > 1}


def _all_prefixed(names: Sequence[str]) -> bool:
    """Whether all names begin with a group's, which two of them share: nobody's class has only double names."""
    firsts = [name.partition("-")[0] for name in names if name.partition("-")[2]]
    return len(names) >= 3 and len(firsts) == len(names) and len(set(firsts)) < len(firsts)


def read_groups(path: Path, roster: Roster) -> dict[str, list[str]]:
    """The groups of a table with the columns ``group`` and ``student``, the latter an id, an address or a name of the
    roster.

    Raises:
        CourseError: it is no such table, or has somebody who is not in the roster.
    """
    try:
        text = read_regular(path, MAX_BYTES, "a table").decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        raise CourseError(getattr(error, "reason", f"{path}: cannot be read ({error})")) from None
    first = text.split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    rows.fieldnames = [name.strip().casefold() for name in rows.fieldnames or ()]
    if not {"group", "student"} <= set(rows.fieldnames):
        raise CourseError(f"{path}: needs the columns group and student, it has {', '.join(rows.fieldnames) or 'none'}")
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        group, student = (str(row[column] or "").strip() for column in ("group", "student"))
        if not group or not student:
            continue
        person = Person(name=student, id=student, email=student if "@" in student else "")
        if not (found := roster.find(person).student):
            if roster.students or not is_plain(student):
                raise CourseError(f"{path}: {student!r} of the group {group!r} is nobody of the roster; write the id")
            found = student
        groups[group].append(found)
    return dict(groups)
