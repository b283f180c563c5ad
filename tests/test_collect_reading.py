"""Times in any language, names in any code page, names of people: the small readers of `autograder collect`."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.collecting.filenames import decoded
from autograder.collecting.people import Roster, spellings
from autograder.collecting.record import Person
from autograder.collecting.roster import Enrolled, is_plain, parsed
from autograder.collecting.times import parse

BERLIN = ZoneInfo("Europe/Berlin")
LAST_MINUTE = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01-23-59-00",
        "Mar 1, 2026 1159 PM",
        "Mar 1, 2026 11:59 PM",
        "1 Mar, 2026 2359",
        "Sunday, 1 March 2026, 11:59 PM",
        "Sonntag, 1. März 2026, 23:59",
        "dimanche 1 mars 2026, 23:59",
        "domingo, 1 de marzo de 2026, 23:59",
        "niedziela, 1 marca 2026, 23:59",
        "neděle, 1. března 2026, 23:59",
        "воскресенье, 1 марта 2026, 23:59",
        "nedjelja, 1 ožujka 2026, 23:59",
        "Pazar, 1 Mart 2026, 23:59",
        "Κυριακή, 1 Μαρτίου 2026, 11:59 PM",
        "الأحد، 1 مارس 2026، 11:59 PM",
        "2026年 03月 1日(日曜日) 23:59",
        "2026年03月01日 星期日 23:59",
        "2026년 3월 1일 일요일, 오후 11:59",
        "2026-03-01 22:59:00 UTC",
        "2026-03-01 23:59:00 +0100",
        "2026-03-01T22:59:00Z",
    ],
)
def test_a_time_is_read_in_any_language(text: str) -> None:
    assert parse(text, BERLIN) == LAST_MINUTE


def test_a_time_is_of_its_zone() -> None:
    assert parse("2026-03-01-23-59-00", ZoneInfo("America/New_York")) == datetime(2026, 3, 2, 4, 59, tzinfo=UTC)
    assert parse("Jul 1, 2026 1200 PM", BERLIN) == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert parse("Jul 1, 2026 1205 AM", BERLIN) == datetime(2026, 6, 30, 22, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "No submission",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "2026-13-01 10:00",
        "1 listopad 2026, 10:00",
        "1" * 5000,
        "31 February 2026, 10:00",
    ],
)
def test_what_is_no_time_or_two_is_none(text: str) -> None:
    assert parse(text, BERLIN) is None  # listopad is October in Zagreb and November in Prague


def test_a_weekday_tells_which_language_it_is() -> None:
    assert parse("nedjelja, 1 studenoga 2026, 10:00", BERLIN) == datetime(2026, 11, 1, 9, tzinfo=UTC)


NAMES = {
    "cp437": ["José Núñez", "Ångström Åsa"],
    "cp850": ["Jürgen Müller", "Zoë Größe"],
    "cp1252": ["Élodie Français", "Jürgen Müller"],
    "cp852": ["Łukasz Żółć", "Dvořák Antonín"],
    "cp1250": ["Łukasz Żółć", "Dvořák Antonín"],
    "cp857": ["Ayşe Çelik", "Doğan Yıldız"],
    "cp866": ["Иван Петров", "Мария Ёлкина"],
    "cp737": ["Γιώργος Παπαδόπουλος"],
    "cp862": ["איימן שפסו"],
    "cp932": ["山田太郎", "佐藤 花子"],
    "gbk": ["王小明", "李雷", "陈丽"],
    "big5": ["王小明", "陳麗"],
    "utf-8": ["王小明", "Jürgen"],
}
KNOWN = NAMES | {"cp1251": ["Иван Петров", "Анна Щукина"], "cp949": ["김철수", "이영희"], "cp720": ["محمد علي"]}


def of_archive(page: str, names: list[str]) -> list[tuple[str, bool, bytes]]:
    return [(f"{name}_1".encode(page).decode("cp437"), False, b"") for name in names]


@pytest.mark.parametrize("page", list(NAMES))
def test_names_are_read_in_the_code_page_in_which_they_look_like_names(page: str) -> None:
    assert decoded(of_archive(page, NAMES[page])) == [f"{name}_1" for name in NAMES[page]]


@pytest.mark.parametrize("page", list(KNOWN))
def test_names_of_the_roster_tell_the_code_page(page: str) -> None:
    first = frozenset(word for name in KNOWN[page] for word in name.casefold().split()[:1])
    assert decoded(of_archive(page, KNOWN[page]), first) == [f"{name}_1" for name in KNOWN[page]]


def test_a_name_that_the_archive_states_is_taken() -> None:
    import zlib

    raw = "Müller".encode("cp1252")
    field = b"\x01" + zlib.crc32(raw).to_bytes(4, "little") + "Müller (gesagt)".encode()
    extra = b"\x75\x70" + len(field).to_bytes(2, "little") + field
    assert decoded([(raw.decode("cp437"), False, extra), ("plain", False, b"")]) == ["Müller (gesagt)", "plain"]


def test_spellings_of_a_name() -> None:
    assert spellings("Müller") == {("muller",), ("mueller",)}
    assert spellings("Ødegård") & spellings("Oedegaard")
    assert spellings("Łukasz") == {("lukasz",)}


ROSTER = [
    Enrolled("ada", "Ada King", "Lovelace", "lovelace@uni.example", "7"),
    Enrolled("wang", "小明", "王"),
    Enrolled("muller", "Jo", "Muller"),
    Enrolled("mueller", "Jo", "Müller"),
    Enrolled("vdb", "Maria", "van den Berg"),
]


@pytest.mark.parametrize(
    ("person", "student"),
    [
        (Person(id="ADA"), "ada"),
        (Person(user="7"), "ada"),
        (Person(email="Lovelace@uni.example"), "ada"),
        (Person(id="lovelace"), "ada"),
        (Person(email="ada@elsewhere.example"), "ada"),
        (Person(name="Ada Lovelace"), "ada"),
        (Person(joined="lovelaceadaking"), "ada"),
        (Person(name="王小明"), "wang"),
        (Person(joined="王小明"), "wang"),
        (Person(joined="vandenbergmaria"), "vdb"),
        (Person(name="Berg, Maria van den"), "vdb"),
        (Person(name="Jo Mueller"), "mueller"),
        (Person(id="unknown", name="Ada King Lovelace"), "ada"),
    ],
)
def test_a_person_is_found(person: Person, student: str) -> None:
    assert Roster(ROSTER).find(person).student == student


@pytest.mark.parametrize(
    ("person", "candidates"),
    [
        (Person(name="Jo Müller"), ("mueller", "muller")),  # spelt as one, and without its dots the other
        (Person(joined="lovelaceada"), ("ada",)),  # may be of another Ada
        (Person(name="A. Lovelace"), ("ada",)),
        (Person(name="Somebody Else"), ()),
        (Person(), ()),
    ],
)
def test_what_is_doubtful_is_not_guessed(person: Person, candidates: tuple[str, ...]) -> None:
    found = Roster(ROSTER).find(person)
    assert (found.student, found.candidates) == ("", candidates)


def test_ids_are_plain() -> None:
    assert all(map(is_plain, ("ada", "a.b-c_d", "ada@uni.example", "100200", "A" * 64)))
    assert not any(
        map(is_plain, ("", ".", "..", "-rf", "a/b", "a b", "ä", "a\n", "a" * 65, "a.", "王", "<b>", "a+b", "a:b", "*"))
    )


def test_a_worksheet_of_blind_marking_has_no_names() -> None:
    lines = ["Identifier,Status,Grade", *(f'Participant {number},Submitted for grading,""' for number in range(5))]
    found = parsed("\n".join(lines).encode(), BERLIN)
    assert found
    assert [(row.participant, row.name) for row in found.rows] == [(str(number), "") for number in range(5)]


def test_other_tables_are_no_lists() -> None:
    for content in (b"", b"a,b\n1,2\n", b"x\ny\n", b"\x00\xff" * 50, b'"unclosed\n' * 3, b"id,points\n1,2\n"):
        assert parsed(content, BERLIN) is None
