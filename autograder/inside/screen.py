"""What a screen shows of a stream with progress bars, which go back to write over themselves hundreds of times."""

from __future__ import annotations

import re

_PIECES = re.compile(r"\n|\r|\x08|\x1b\[(\d*)A|\x1b\[[0-9;?]*[A-Za-z]|[^\n\r\x08\x1b]+|\x1b")
_MOVES = re.compile(r"\r(?!\n)|\x08|\x1b\[\d*A")


def _screen(text: str) -> tuple[list[str], int, int]:
    """The rows of the screen, and the row and the column of the cursor."""
    rows: list[list[str]] = [[]]  # character by character, since a text is written into its middle in no time
    row = column = 0
    for piece in _PIECES.finditer(text):
        found = piece[0]
        if found == "\n":
            row, column = row + 1, 0
            if row == len(rows):
                rows.append([])
        elif found == "\r":
            column = 0
        elif found == "\x08":
            column = max(0, column - 1)
        elif found.startswith("\x1b"):
            if found.endswith("A"):
                row = max(0, row - int(piece[1] or 1))
        else:
            line = rows[row]
            line += " " * (column - len(line))
            line[column : column + len(found)] = found
            column += len(found)
    return ["".join(line) for line in rows], row, column


def shown(text: str) -> str:
    """What is left on the screen; a text in which the cursor never goes back is returned as it is.

    Where it does, other control sequences (colours) are left out.
    """
    if not _MOVES.search(text):
        return text
    rows, _, _ = _screen(text)
    # A bar that was cleared leaves a line of blanks.
    return "\n".join(line.rstrip() for line in rows).rstrip("\n") + ("\n" if text.endswith("\n") else "")


def compact(text: str) -> str:
    """A text, mostly shorter, that leaves the same on the screen and the cursor at the same place."""
    if not _MOVES.search(text):
        return text
    rows, row, column = _screen(text)
    up = len(rows) - 1 - row
    back = (f"\x1b[{up}A" if up else "") + "\r" + rows[row][:column].ljust(column)
    return "\n".join(rows) + (back if up or column != len(rows[row]) else "")
