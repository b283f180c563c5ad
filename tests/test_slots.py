"""Numbers of boxes: no two that run at once on a machine have the same, whichever processes started them."""

import os
import subprocess
import sys
from contextlib import ExitStack

import pytest
from conftest import ROOT
from tiers import grader_with_a_box

from autograder.sandbox import slots
from autograder.sandbox.box import FIRST_UID, CannotIsolate, Slot
from autograder.sandbox.processes import family, of_user
from autograder.sandbox.slots import SLOTS, Slots

CLAIM = """
import sys
from autograder.sandbox.slots import Slots
with Slots().one() as slot:
    print(slot.number, flush=True)
    sys.stdin.readline()
"""


def test_boxes_that_run_at_once_have_users_of_their_own() -> None:
    one, other = Slots(), Slots()
    with one.one() as first, one.one() as second, other.one() as third:
        assert len({uid for slot in (first, second, third) for uid in (slot.uid, slot.bare_uid)}) == 6
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert int(process.stdout.readline()) not in {first.number, second.number, third.number}
        process.communicate("\n", timeout=20)


def test_a_process_keeps_its_number_for_its_next_box() -> None:
    one = Slots()
    with one.one() as first:
        pass
    with one.one() as again, one.one() as second:
        assert again == first != second
    assert one.held == [first, second]
    with ExitStack() as opened:
        opened.enter_context(one.one())
        with one.one():
            opened.close()  # the first ends before the second
    with one.one() as alone:
        assert alone == first


def test_a_number_is_free_when_all_that_have_it_open_are_gone() -> None:
    one = Slots()
    with one.one() as slot:
        pass
    heir = subprocess.Popen(["sleep", "60"], pass_fds=[slot.claim])
    one._held[slot].close()
    try:
        with Slots().one() as other:
            assert other.number != slot.number
    finally:
        heir.kill()
        heir.wait()


def test_a_number_whose_user_still_runs_something_is_left_alone() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives boxes users of their own")
    with Slots().one() as slot:
        pass
    for uid in (slot.uid, slot.bare_uid):
        left = subprocess.Popen(["sleep", "60"], user=uid)
        try:
            with Slots().one() as other:
                assert other.number != slot.number
        finally:
            left.kill()
            left.wait()


def test_when_all_are_taken_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "SLOTS", 0)
    with pytest.raises(CannotIsolate, match="0 boxes run on this machine already"), Slots().one():
        pass


def test_users_of_all_boxes_differ_and_exist_in_any_container() -> None:
    made = [Slot(number, -1) for number in range(SLOTS)]
    users = {slot.uid for slot in made} | {slot.bare_uid for slot in made}
    assert len(users) == 2 * SLOTS
    assert all(FIRST_UID <= uid < 65_534 for uid in users)


def test_two_graders_do_not_share_a_user() -> None:
    """Two real boxes of two real graders; each counts its own processes only."""
    if os.geteuid() != 0:
        pytest.skip("only root gives boxes users of their own")
    graders = [grader_with_a_box("auto") for _ in range(2)]
    try:
        users = [{os.stat(f"/proc/{pid}").st_uid for pid in family(grader.pid)} - {0} for grader in graders]
        assert all(users)
        assert not users[0] & users[1]
        assert all(of_user(uid) for found in users for uid in found)
    finally:
        for grader in graders:
            grader.kill()
            grader.wait()
