"""A grader that has changed runs nothing again that has a grade, before somebody has agreed."""

import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from room import NAME, Room, hand_in, new_room

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled("long runs", 0.1)]


def change_probes(room: Room) -> None:
    """What is run with each submission is another file from now on, though it does the same."""
    hidden = room.root / "autograder" / "assignments"
    hidden.unlink()  # a link into this repository
    shutil.copytree(ROOT / "autograder" / "assignments" / NAME, hidden / NAME, ignore=shutil.ignore_patterns("__pycache__"))
    with (hidden / NAME / "probes.py").open("a") as file:
        file.write("# another version\n")


def contents(room: Room) -> dict[Path, bytes]:
    """All that a grading could change."""
    places = (room.out, room.root / "autograded", room.root / ".autograder")
    files = [room.db, *(path for place in places for path in place.rglob("*") if path.is_file())]
    return {path: path.read_bytes() for path in files if path.exists()}


def evidence(room: Room) -> int:
    return len(list((room.root / ".autograder" / "evidence").iterdir()))


def test_grades_of_another_grader_are_run_again_only_if_somebody_agrees(tmp_path: Path) -> None:
    room = new_room(tmp_path / "room")
    hand_in(room, "ada", ())
    hand_in(room, "emmy", ("act01",))
    assert room.grade("--feedback")[0] == 0, "nobody is asked about the first grades"
    assert room.grade()[0] == 0, "nor where nothing has changed"

    change_probes(room)
    before = contents(room)
    for gone in (None, room.out / "outcomes.json"):  # the gradebook knows who has a grade
        if gone is not None:
            gone.unlink()
            del before[gone]
        status, said = room.grade()
        assert status == 2, said
        assert "2 of 2 submissions would be run again: what they ran with has changed since they were graded" in said
        assert "nothing was changed: there is no terminal to ask on; add --yes" in said
        assert contents(room) == before

    hand_in(room, "zoe", ())
    assert room.grade("--student", "zoe")[0] == 0, "who has no grade yet needs nobody's leave"
    count = evidence(room)
    status, said = room.grade("--student", "ada", "--yes")
    assert status == 0, said
    assert "1 of 1 submission would be run again" in said
    assert evidence(room) == count + 1
    status, said = room.grade()
    assert status == 2
    assert "1 of 3 submissions would be run again" in said, "emmy's"
    assert room.grade("--yes")[0] == 0
    (room.out / "outcomes.json").unlink()
    status, said = room.grade()
    assert (status, "would be run again" in said) == (0, False), "what the gradebook has is kept"
