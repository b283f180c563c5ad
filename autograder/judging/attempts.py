"""Tell which items a student has not attempted, by the stubs that are still in the answer cells."""

from __future__ import annotations

import re

from nbformat import NotebookNode

from ..notebooks.notebook import cells_by_grade_id, items


def _lines(source: str) -> list[str]:
    return [line.strip() for line in source.splitlines() if line.strip()]


def _markers(lines: list[str]) -> dict[str, int]:
    """Where each marker, ``### ACT7`` or ``# TODO block1``, stands: item id (``act07``, ``block1``) -> line."""
    found = {}
    for number, line in enumerate(lines):
        # Bounded, and no part can match what the next one does: a student's comment must not keep the grader busy.
        match, todo = re.match(r"#+\s*([A-Za-z_]{1,40})(\d{1,6})\b", line), re.match(r"#+\s*TODO\s+(\w+)", line)
        if todo:
            found[todo[1]] = number
        elif match:
            found[f"{match[1].lower()}{int(match[2]):02d}"] = number
    return found


def _stubs(release_lines: list[str]) -> set[str]:
    """The stub lines of a release cell: what nbgrader put in place of solutions (``...  # your code here``)."""
    return {line for line in release_lines if line.startswith("...") or "YOUR CODE HERE" in line}


def not_attempted(submitted: NotebookNode, release: NotebookNode) -> set[str]:
    """Ids of autograded items whose answer cell has only lines of the release, or whose stub still follows its marker."""
    given, handed_in = cells_by_grade_id(release), cells_by_grade_id(submitted)
    found = set()
    for item in items(release):
        if item.manual or item.answer not in given:
            continue
        released = _lines(given[item.answer].source)
        lines = _lines(handed_in[item.answer].source) if item.answer in handed_in else []
        code = [line for line in lines if not line.startswith("#")]
        if set(code) <= set(released):
            found.add(item.id)
            continue
        marker = _markers(lines).get(item.id)
        after = [line for line in lines[marker + 1 :] if not line.startswith("#")] if marker is not None else []
        if after and after[0] in _stubs(released):
            found.add(item.id)
    return found
