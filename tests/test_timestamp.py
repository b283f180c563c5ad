"""The time stamp beside a notebook is read as distrustfully as the notebook."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from traitlets.config import Config

from autograder.course import CourseError
from autograder.notebooks.timestamp import NAME, course_zone, moment, settled

NOON = datetime(2026, 1, 31, 12)


@pytest.mark.parametrize(
    ("content", "time"),
    [
        (b"2026-01-31 12:00:00 UTC\n", NOON),
        (b"\xef\xbb\xbf2026-01-31 12:00:00 UTC", NOON),
        ("2026-01-31 12:00:00 UTC".encode("utf-16"), NOON),
        (b" \n", None),
    ],
)
def test_times(tmp_path: Path, content: bytes, time: datetime | None) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert settled(tmp_path) == (time, "")


def test_there_need_not_be_one(tmp_path: Path) -> None:
    assert settled(tmp_path) == (None, "")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_text("yesterday evening"), "is no time"),
        (lambda path: path.write_text("99999-01-01"), "is no time"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is no time"),
        (lambda path: path.write_text("9" * 5_000), "has 5,000 bytes"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: os.mkfifo(path), "is no regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a symbolic link"),
        (lambda path: path.symlink_to("/nowhere"), "is a symbolic link"),
        (lambda path: path.hardlink_to(__file__), "is a hard link"),
    ],
)
def test_what_is_no_time_is_said_and_nothing_is_waited_for(tmp_path: Path, make: Callable[[Path], object], why: str) -> None:
    try:
        make(tmp_path / NAME)
    except OSError as error:
        pytest.skip(f"cannot be made here: {error}")
    time, problem = settled(tmp_path)
    assert time is None
    assert why in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-29 01:59:59", "00:59:59"),  # the last second of winter time in Berlin
        ("2026-03-29 03:00:00", "01:00:00"),  # the next second there
        ("2026-03-29 02:30:00", "01:30:00"),  # which no clock there shows
        ("2026-10-25 01:59:59", "23:59:59"),
        ("2026-10-25 02:30:00", "00:30:00"),  # which clocks there show twice: the first
        ("2026-10-25 02:30:00 CEST", "00:30:00"),
        ("2026-10-25 02:30:00 CET", "01:30:00"),
        ("2026-10-25 03:00:00", "02:00:00"),
        ("2026-10-25 03:00:00 UTC", "03:00:00"),
        ("2026-10-25T03:00:00Z", "03:00:00"),
        ("2026-10-25 03:00:00 +0100", "02:00:00"),
        ("2026-10-25 03:00:00.000000+02:00", "01:00:00"),
        ("2026-10-25 03:00:00 America/New_York", "07:00:00"),
    ],
)
def test_a_time_without_zone_is_the_courses_across_clock_changes(text: str, utc: str) -> None:
    assert f"{moment(text, 'Europe/Berlin'):%H:%M:%S}" == utc


@pytest.mark.parametrize(
    "text",
    ["12:00", "0001-01-01", "9999-12-31 12:00:00 UTC", "2026-01-31 12:00 Nowhere/Land", "2026-01-31 12:00 XYZ", "a/../b"],
)
def test_what_depends_on_today_or_on_no_known_place_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"no |Unknown"):
        moment(text, "Europe/Berlin")


def test_a_course_zone_that_does_not_exist_is_one_line() -> None:
    assert course_zone(Config()) == "UTC"
    assert course_zone(Config(NbGraderAPI={"timezone": ""})) == "UTC", "as good as unset"
    assert course_zone(Config(NbGraderAPI={"timezone": "Europe/Berlin"})) == "Europe/Berlin"
    for zone in ("Europe/Berln", "/etc/localtime"):
        with pytest.raises(CourseError, match="no such time zone"):
            course_zone(Config(NbGraderAPI={"timezone": zone}))
