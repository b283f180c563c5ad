"""A late penalty is that of the dates that are set now, by either command, whether anything else has changed or not."""

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from nbgrader.api import Gradebook
from room import ENVIRONMENT, NAME, Room, hand_in, new_room

PAGE = (ROOT / "docs" / "lateness.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def settings() -> str:
    """The lines that the page shows for nbgrader_config.py: the time zone, and a tenth of the points a day."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    return "\n".join(block for block in blocks if "c." in block and "grant_extension" not in block)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Two students, graded before there is a due date: ada came at 3:30 on the day the clocks went forward at 2:00."""
    room = new_room(tmp_path_factory.mktemp("late") / "room")
    (room.root / "nbgrader_config.py").unlink()
    (room.root / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text() + settings())
    for student in ("ada", "emmy"):
        hand_in(room, student, ("convnet",))
    stamp(room, "2026-03-29 03:30:00")
    status, said = room.grade()
    assert status == 0, said
    assert late(room)["ada"] == (datetime(2026, 3, 29, 1, 30), None)
    return room


def stamp(room: Room, text: str) -> None:
    (room.path("ada").parent / "timestamp.txt").write_text(text)


def change(room: Room, **changes: Any) -> None:
    with Gradebook(f"sqlite:///{room.db}") as gradebook:
        if "due" in changes:
            gradebook.update_or_create_assignment(NAME, duedate=changes["due"])
        if "days" in changes:
            gradebook.grant_extension(NAME, "ada", days=changes["days"])


def late(room: Room) -> dict[str, tuple[datetime | None, float | None]]:
    """Time of submission and share of the points that was taken."""
    with Gradebook(f"sqlite:///{room.db}") as gradebook:
        found = {}
        for submission in gradebook.assignment_submissions(NAME):
            (notebook,) = submission.notebooks
            penalty = notebook.late_submission_penalty
            assert notebook.score > 0
            found[submission.student_id] = (submission.timestamp, None if penalty is None else penalty / notebook.score)
        return found


def nbgrader(room: Room) -> tuple[int, str]:
    """``nbgrader autograde`` without ``--force``: it has nothing to grade again."""
    path = {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(BIN / "nbgrader"), "autograde", NAME], cwd=room.root, env=ENVIRONMENT | path, capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip
    assert "Autograding" not in done.stderr, "nothing has changed that is graded"
    return done.returncode, done.stderr


@pytest.mark.timeout(900)
def test_a_penalty_follows_due_date_extension_and_time_stamp_without_fresh(room: Room) -> None:
    def ada() -> float | None:
        found = late(room)
        assert found["emmy"] == (None, None), "who has no time is never late"
        return found["ada"][1]

    change(room, due="2026-03-29 03:00:00 Europe/Berlin")
    status, said = room.grade()
    assert (status, ada()) == (0, pytest.approx(0.1)), said
    assert "late penalty changed: ada" in said
    change(room, due="2026-03-29 04:00:00 Europe/Berlin")
    assert nbgrader(room)[0] == 0
    assert not ada()
    change(room, due="2026-03-28 03:15:00 Europe/Berlin")  # 23 hours and 15 minutes before, though a day by the clock
    assert nbgrader(room)[0] == 0
    assert ada() == pytest.approx(0.1)
    change(room, days=1)
    room.grade()
    assert not ada()
    change(room, days=0)
    room.grade("--student", "emmy")
    assert not ada(), "only emmy was asked for"
    room.grade()
    assert ada() == pytest.approx(0.1)
    stamp(room, "2026-03-30 04:00:00 +0200")
    _, said = room.grade()
    assert ada() == pytest.approx(0.2)
    assert "late penalty changed" not in said, "this submission was entered anew"
    stamp(room, "2026-03-28 03:00:00")
    status, said = nbgrader(room)
    assert (status, late(room)["ada"][0]) == (0, datetime(2026, 3, 28, 2)), said
    assert not ada()
    change(room, due=None, days=1)
    assert room.grade()[0] == 0, "an extension of nothing"


def test_a_method_that_fails_is_one_line_and_takes_no_grade(room: Room, tmp_path: Path) -> None:
    mine = room.copy(tmp_path / "room")
    change(mine, due="2026-03-01 12:00:00 UTC", days=0)
    whole = mine.scores()
    config = mine.root / "nbgrader_config.py"
    config.write_text(config.read_text().replace("return score *", "return no_such_name *"))
    mine.grade("--student", "emmy")
    status, said = mine.grade("--student", "ada")
    assert status == 1
    assert "NameError: name 'no_such_name'" in said
    assert "Traceback" not in said
    assert mine.scores()["emmy"] == whole["emmy"]
