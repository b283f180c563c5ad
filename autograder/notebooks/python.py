"""Read Python that students wrote: as a syntax tree, one thread at a time, or line by line where it need not parse."""

from __future__ import annotations

import ast
import re
import threading

_alone = threading.Lock()
_LINE = 1_000  # characters of a line that are read
MOST = 50_000
"""Characters of a cell that are read as Python: some texts take quadratic time, others a thousand times their memory."""
_DEFINES = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)")
_IMPORTS = re.compile(r"(?:from\s+\S+\s+)?import\s+(.*)")
_BINDS = re.compile(r"(?:async\s+)?(?:for\s+(.*?)\s+in\b|with\b.*?\sas\s+(\w+))")
_EQUALS = re.compile(r"(?<![=!<>+\-*/%&|^@:])=(?!=)")
_WORD = re.compile(r"[^\W\d]\w*")
_TARGETS = re.compile(r"\(?[\w ,*]+\)?(?::.*)?")


def tree_of(source: str) -> ast.Module:
    """The syntax tree of a cell.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python, nested too deeply, or longer than ``MOST``.
    """
    if len(source) > MOST:
        raise ValueError(f"{len(source):,} characters")
    with _alone:  # CPython 3.11 counts the depth of what all threads read in one place, and fails where they meet
        return ast.parse(source)


def given(source: str) -> dict[str, list[str]]:
    """The global names to which code gives a value, each with the lines that do, as far as lines tell.

    It may hold errors of syntax. Of a function or a class it is the line with its name.
    """
    found: dict[str, list[str]] = {}
    inside = False  # of a function or a class, whose names are its own
    for whole in source.splitlines():
        line = whole[:_LINE].partition("#")[0].rstrip()
        if line and line[0] not in " \t)]}":
            inside = line.startswith("@") or _DEFINES.match(line) is not None
        elif inside:
            continue
        for name in _given(line.strip()):
            found.setdefault(name, []).append(line)
    return found


def words(line: str) -> set[str]:
    """All that could be a name in a line of code."""
    return set(_WORD.findall(line[:_LINE]))


def _given(line: str) -> set[str]:
    """The names to which one line gives a value."""
    if defined := _DEFINES.match(line):
        return {defined[1]}
    if imported := _IMPORTS.match(line):
        parts = (part.strip("() ").split() for part in imported[1].split(","))
        return {words[-1] if "as" in words else words[0].partition(".")[0] for words in parts if words}
    bound = _BINDS.match(line)
    targets = [bound[1] or bound[2]] if bound else []
    targets += [part.strip() for part in _EQUALS.split(line)[:-1]]
    return {word for target in targets if _TARGETS.fullmatch(target) for word in _WORD.findall(target.partition(":")[0])}
