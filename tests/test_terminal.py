"""Streams as a terminal shows them."""

import io

import pytest
from tqdm import tqdm

from autograder.notebooks.terminal import shown


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain\n  text \n", "plain\n  text \n"),
        ("windows\r\nlines\r\n", "windows\r\nlines\r\n"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        (" 10%\r100%\n", "100%\n"),
        ("long line\rshort", "shortline"),
        ("one\ntwo\x1b[A\rONE", "ONE\ntwo"),
        ("a\n\n\x1b[2A\rb\n", "b\n"),
        ("\x1b[9A\x1b[31mtop\x08p", "top"),
        ("cut \x1b", "cut \x1b"),
    ],
)
def test_what_is_left(text: str, wanted: str) -> None:
    assert shown(text) == wanted


def test_nested_bars_end_in_a_line_each() -> None:
    stream = io.StringIO()
    for epoch in tqdm(range(3), file=stream, ncols=60, mininterval=0, desc="epochs"):
        for _ in tqdm(range(20), file=stream, ncols=60, mininterval=0, desc=f"epoch {epoch + 1}", leave=False):
            pass
    assert stream.getvalue().count("\n") > 40
    lines = shown(stream.getvalue()).splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("epochs: 100%")
