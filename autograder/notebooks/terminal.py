"""Text that commands no terminal, and names that mean nothing to a page or a shell."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text without control characters, which a terminal obeys: each is replaced by one sign."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


_MARKUP = frozenset('<>&"`\\')


def unfit(student: str) -> str | None:
    """Why the name of a student's folder cannot be a student's id; None if it can.

    nbgrader's pages write ids into HTML, scripts and shell commands.
    """
    if student != printable(student):
        return "the name of the folder has signs that cannot be shown; rename the folder"
    if signs := sorted(_MARKUP.intersection(student)):
        return f"the name of the folder has {' '.join(signs)}, which mean something to pages and shells; rename the folder"
    return None
