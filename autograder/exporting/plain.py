"""Make text harmless for spreadsheets: no cell of a table that is opened in one is computed as a formula."""

from __future__ import annotations

import re

_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""How a formula begins, also with the full-width signs that some spreadsheets take for these."""

# A program that expects another separator cuts the text there, and computes what then begins a cell. Quotes and white
# space around are dropped by some of them.
_BEGINS = re.compile(rf"(?:^|(?<=[,;|\t\r\n]))[\s\"']*(?=[{_FORMULA}])")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def plain(text: str) -> str:
    """The text with an apostrophe before each place where a formula could begin; a plain number stays as it is."""
    if _NUMBER.fullmatch(text):
        return text
    return _BEGINS.sub(lambda found: f"'{found.group()}" if not found.group().startswith("'") else found.group(), text)
