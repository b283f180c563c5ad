"""A CSV file that another system wrote, in which cells can be replaced while every other byte stays as it was."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_QUOTED = r'"(?:[^"]|"")*"'


@dataclass
class Sheet:
    """The rows of a file as they are written there, quotes included, and what is between them.

    ``ends`` are the line ends, one for each row. ``comma`` is the sign before decimals, ``.`` or ``,``.
    """

    rows: list[list[str]]
    ends: list[str]
    separator: str
    encoding: str
    mark: bytes

    @classmethod
    def read(cls, content: bytes) -> Sheet:
        """Take a file apart, whatever its encoding and separator are.

        Raises:
            ValueError: it has no line with two columns.
        """
        mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
        body = content[len(mark) :]
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            encoding = "latin-1"  # gives back the same bytes, whichever of its relatives was meant
            text = body.decode(encoding)
        first = re.sub(_QUOTED, "", text.partition("\n")[0])
        separator = max(",;\t", key=first.count)
        if not first.count(separator):
            raise ValueError("its first line has no two columns")
        field = re.compile(rf"[ \t]*{_QUOTED}[^{separator}\r\n]*|[^{separator}\r\n]*" if separator != "\t"
                           else rf"{_QUOTED}[^\t\r\n]*|[^\t\r\n]*")  # fmt: skip
        rows: list[list[str]] = []
        ends: list[str] = []
        place = 0
        while place < len(text):
            row = []
            while True:
                found = field.match(text, place)
                assert found is not None
                row.append(found.group())
                place = found.end()
                if text[place : place + 1] != separator:
                    break
                place += 1
            end = re.compile(r"\r\n|\r|\n|").match(text, place)
            assert end is not None
            rows.append(row)
            ends.append(end.group())
            place = end.end()
        return cls(rows, ends, separator, encoding, mark)

    def text(self, row: int, column: int) -> str:
        """What a cell says; empty where a row is too short."""
        raw = self.rows[row][column].strip() if column < len(self.rows[row]) else ""
        return raw[1:-1].replace('""', '"') if len(raw) > 1 and raw.startswith('"') and raw.endswith('"') else raw

    def put(self, row: int, column: int, text: str) -> None:
        """Replace a cell, in quotes where the old one had them or the new one needs them; a short row is filled up."""
        self.rows[row] += [""] * (column + 1 - len(self.rows[row]))
        old = self.rows[row][column].strip()
        quoted = old.startswith('"') or any(sign in text for sign in (self.separator, '"', "\n", "\r"))
        self.rows[row][column] = '"' + text.replace('"', '""') + '"' if quoted else text

    def written(self) -> bytes:
        """The file."""
        lines = (self.separator.join(row) + end for row, end in zip(self.rows, self.ends, strict=True))
        return self.mark + "".join(lines).encode(self.encoding)
