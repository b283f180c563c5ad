"""Read the names in an archive, which Windows packs in whatever code page it has and does not say in which."""

from __future__ import annotations

import unicodedata
import zlib

_CODE_PAGES = (
    "cp437", "cp850", "cp1252", "cp852", "cp1250", "cp857", "cp866", "cp1251", "cp737", "cp862", "cp720",
    "cp932", "gbk", "big5", "cp949", "cp874",
)  # fmt: skip
"""Of Windows Explorer and DOS, those of western Europe first: of equals the first is taken."""
_UNICODE_PATH = 0x7075
"""Info-ZIP's extra field that holds the name in UTF-8 and a checksum of the other name."""


def decoded(names: list[tuple[str, bool, bytes]], words: frozenset[str] = frozenset()) -> list[str]:
    """The names of one archive's entries, from what ``zipfile`` makes of each: its text, whether the archive says that it
    was UTF-8, and the entry's extra fields. Names of unknown encoding are read in the one that suits all of them best:
    in which most have one of the ``words`` (in lower case), as students' names are, or else look most like words.
    """
    raw = {
        place: text.encode("cp437") for place, (text, is_utf8, _) in enumerate(names) if not is_utf8 and not text.isascii()
    }
    result = [text for text, _, _ in names]
    for place, name in list(raw.items()):
        if stated := _unicode_path(names[place][2], name):
            result[place] = stated
            del raw[place]
    page = _best_page(list(raw.values()), words) if raw else ""
    for place, name in raw.items():
        result[place] = name.decode(page)
    return result


def _best_page(names: list[bytes], words: frozenset[str]) -> str:
    """``utf-8`` if all names are that, which hardly any other text is by chance."""
    readable = {}
    for page in ("utf-8", *_CODE_PAGES):
        try:
            readable[page] = [name.decode(page) for name in names]
        except UnicodeDecodeError:
            continue
    if "utf-8" in readable:
        return "utf-8"

    def rank(page: str) -> tuple[int, int]:
        texts = [unicodedata.normalize("NFC", text).casefold() for text in readable[page]]
        return -sum(any(word in text for word in words) for text in texts), sum(map(_strangeness, readable[page]))

    return min(readable, key=rank, default="cp437")


def _strangeness(name: str) -> int:
    """How little a text looks like words: signs beside letters, a capital after a small letter, scripts mixed in a word."""
    strange, before = 0, ""
    for letter in name:
        if letter.isascii() and not letter.isalpha():
            before = ""
            continue
        if not letter.isascii():  # East Asian letters take two bytes
            wide = unicodedata.east_asian_width(letter) == "W"
            strange += 1 + wide if unicodedata.category(letter)[0] in "LM" else 6
        if before and letter.isalpha():
            strange += 3 * (_script(before) != _script(letter)) + 4 * (before.islower() and letter.isupper())
            strange += not letter.isascii() and before.isupper() and letter.isupper()
        before = letter
    return strange


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "?").split()[0]
    # A Japanese word has all of these, and half-width ones are what other code pages turn into.
    return "JAPANESE" if first in ("CJK", "HIRAGANA", "KATAKANA") else first


def _unicode_path(extra: bytes, name: bytes) -> str:
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and field[1:5] == zlib.crc32(name).to_bytes(4, "little"):
            return field[5:].decode("utf-8", errors="replace")
    return ""
