"""Text that commands no terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text without control characters, which a terminal obeys: each is replaced by one sign."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
