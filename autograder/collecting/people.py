"""Say which student a person is whom a platform names: by id where there is one, else by name; what is doubtful is not
guessed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from .record import Person
from .roster import Enrolled, is_plain

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Latin letters that Unicode does not take apart."""
_SPELT = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
"""How some are spelt where there is no such key."""
_ALIKE = 0.8
"""Likeness from which names are offered as candidates."""


@dataclass(frozen=True)
class Match:
    """The student's id, or none and the ids of those who may be meant. ``sure``: by an id, number or address."""

    student: str = ""
    sure: bool = False
    candidates: tuple[str, ...] = ()


@lru_cache(maxsize=65_536)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case without accents, in its order."""
    return _words(name)


def _words(name: str) -> tuple[str, ...]:
    apart = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return tuple(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", bare)))


@lru_cache(maxsize=65_536)
def spellings(name: str) -> frozenset[tuple[str, ...]]:
    """The words of a name as they may be spelt: ``Müller`` as ``muller`` and ``mueller``."""
    spelt = "".join(_SPELT.get(letter, letter) for letter in unicodedata.normalize("NFC", name).casefold())
    return frozenset({_words(name), _words(spelt)})


class Roster:
    """The students of a course, found by what platforms say of them."""

    def __init__(self, students: Iterable[Enrolled]) -> None:
        self.students: dict[str, Enrolled] = {}
        self._by: dict[str, dict[object, set[str]]] = defaultdict(lambda: defaultdict(set))
        for student in students:
            self.add(student)

    def add(self, student: Enrolled) -> None:
        """One more student."""
        self.students[student.id] = student
        email = student.email.casefold()
        self._by["id"][student.id.casefold()].add(student.id)
        for kind, text in (("user", student.user), ("email", email), ("address", email.partition("@")[0])):
            if text:
                self._by[kind][text].add(student.id)
        for spelt in spellings(student.name):
            self._by["words"][tuple(sorted(spelt))].add(student.id)
        for spelt in spellings(student.name) | spellings(f"{student.last_name} {student.first_name}"):
            self._by["joined"]["".join(spelt)].add(student.id)

    def find(self, person: Person) -> Match:
        """The student whom a person surely is: by login, number or address, else by a name that one student has."""
        address = person.email.partition("@")[0]
        said = [("id", person.id), ("user", person.user), ("email", person.email), ("address", person.id), ("id", address)]
        said += [("email", person.name)] if "@" in person.name else []
        for kind, text in said:
            if text and len(found := self._by[kind].get(text.casefold(), set())) == 1:
                return Match(next(iter(found)), sure=True)
        if person.id and not person.name:
            person = person.model_copy(update={"name": person.id})
        found = self._named(person)
        if not found and len(longer := self._with_middle_names(person.name)) == 1:
            return Match(next(iter(longer)))
        return Match(next(iter(found))) if len(found) == 1 else Match(candidates=tuple(sorted(found or self._alike(person))))

    def _named(self, person: Person) -> set[str]:
        found: set[str] = set()
        for spelt in spellings(person.name):
            if spelt:
                found |= self._by["words"].get(tuple(sorted(spelt)), set()) | self._by["joined"].get("".join(spelt), set())
        for spelt in spellings(person.joined):
            if spelt:
                found |= self._by["joined"].get("".join(spelt), set())
        return found

    def _with_middle_names(self, name: str) -> set[str]:
        """Those with the same first and last name, of whom one of the two lists has names in between that the other has
        not.
        """
        said, found = words(name), set()
        for student in self.students.values():
            first, last = words(student.first_name), words(student.last_name)
            if not (first and last and said and (said[0], said[-1]) == (first[0], last[-1])):
                continue
            known = {*first, *last}
            if known <= set(said) or set(said) <= known:
                found.add(student.id)
        return found

    def _alike(self, person: Person) -> list[str]:
        """The three with the likeliest names."""
        said, ranks = words(person.name), []
        joined = "".join(said) or "".join(words(person.joined))
        for student in self.students.values():
            known = words(student.name)
            turned = "".join(words(f"{student.last_name} {student.first_name}"))
            like = max(_likeness(joined, text) for text in ("".join(known), turned))
            starts = bool(joined) and bool(turned) and (joined.startswith(turned) or turned.startswith(joined))
            if like >= _ALIKE or starts or _initials(said, known) or _initials(known, said):
                ranks.append((-like, student.id))
        return [student for _, student in sorted(ranks)[:3]]

    def enrol(self, person: Person, form: str, number: bool = False) -> Enrolled:
        """Add a person as a new student, with an id of plain letters; with ``number`` the platform's is a part of it."""
        own, sign = person.user or person.participant, ""
        named = "-".join(words(person.name)) or "".join(words(person.joined))
        for text in (person.id, person.email.partition("@")[0], named):
            if text and is_plain(text):
                sign = text
                break
        sign = sign or (f"{form}-{own}" if own else f"student-{hashlib.sha256(person.shown.encode()).hexdigest()[:8]}")
        if own and own not in sign and (number or self._taken(sign)):
            sign = f"{sign}-{own}"
        free, count = sign, 2
        while self._taken(free):
            free, count = f"{sign}-{count}", count + 1
        first, _, last = " ".join((person.name or person.joined).split()).rpartition(" ")
        student = Enrolled(free, first, last, person.email, person.user)
        self.add(student)
        return student

    def _taken(self, text: str) -> bool:
        return any(known.casefold() == text.casefold() for known in self.students)


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    close = one and matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE
    return matcher.ratio() if close else 0.0


def _initials(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether names agree where one has only the first letters of some words: ``J. Smith`` and ``John Smith``."""
    left = list(long)
    whole = False
    for word in sorted(short, key=len, reverse=True):
        found = next((other for other in left if other == word or (len(word) == 1 and other.startswith(word))), None)
        if found is None:
            return False
        whole |= len(word) > 1
        left.remove(found)
    return whole
