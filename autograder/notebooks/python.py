"""Read Python that students wrote as a syntax tree, one thread at a time."""

from __future__ import annotations

import ast
import threading

_alone = threading.Lock()


def tree_of(source: str) -> ast.Module:
    """The syntax tree of a cell.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python, or nested too deeply.
    """
    with _alone:  # CPython 3.11 counts the depth of what all threads read in one place, and fails where they meet
        return ast.parse(source)
