"""IDX files: what is written reads back, and anything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.datasets.idx import read_idx, write_idx


@given(shape=st.lists(st.integers(1, 6), min_size=1, max_size=3), seed=st.integers(0, 1000))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, shape: list[int], seed: int) -> None:
    values = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    path = tmp_path_factory.mktemp("idx") / "values"
    write_idx(path, values)
    assert torch.equal(read_idx(path), values)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<!doctype html>", id="a web page"),
        pytest.param(b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", id="floats"),
        pytest.param(b"\0\0\x08\x01\0\0\0\x05\x01\x02", id="truncated"),
        pytest.param(b"\0\0\x08\x01\0\0\0\x01\x01\x02", id="too long"),
        pytest.param(b"\0\0\x08\0\x01", id="no dimension"),
        pytest.param(b"\0\0\x08\x02\0\0", id="half a header"),
    ],
)
def test_anything_else_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="train-labels-idx1-ubyte is not a complete IDX file"):
        read_idx(path)
