"""The passes of a real training are whole, or are told as broken off."""

import pytest

from autograder.judging.loops import require_whole_passes
from autograder.networks.comparison import Complaint
from autograder.runs.evidence import CellError, CellRecord, Evidence, Record

SEED = 5


def run_with(passes: list[tuple[int, int]], stopped: bool = False) -> Evidence:
    error = CellError(ename="ValueError", evalue="") if stopped else None
    record = Record(seed=SEED, profile="full", isolation="none", versions={})
    record.cells["train"] = CellRecord(seconds=1.0, error=error, passes=passes)
    return Evidence(record)


def test_a_real_run_whose_passes_break_off() -> None:
    with pytest.raises(Complaint, match="stepped 51 times in a pass over 120 batches"):
        require_whole_passes(run_with([(120, 51)] * 10), ["train"], epochs=10)
    with pytest.raises(Complaint, match="stepped 60 times"):
        require_whole_passes(run_with([(120, 120)] * 4 + [(120, 60)] * 6), ["other", "train"], epochs=10)


@pytest.mark.parametrize("passes", [[], [(120, 120)] * 10, [(120, 118)] * 10, [(120, 2), *[(120, 120)] * 10], [(120, 1200)]])
def test_a_real_run_that_is_whole_or_not_seen(passes: list[tuple[int, int]]) -> None:
    require_whole_passes(run_with(passes), ["train"], epochs=10)


def test_a_real_run_that_an_error_ended_is_told_as_that() -> None:
    require_whole_passes(run_with([(120, 51)], stopped=True), ["train"], epochs=10)
