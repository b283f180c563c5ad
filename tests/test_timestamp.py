"""The time stamp beside a notebook is read as distrustfully as the notebook."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from autograder.notebooks.timestamp import NAME, settled

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
