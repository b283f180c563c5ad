"""Make wrong answers for an assignment's catalogue from the code of its reference solution.

Each function names a piece of code that stands exactly once in an answer cell, and gives answers of kind ``mutant`` with the
items at which they are wrong. :mod:`.operators` says what is changed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from .catalogue import Answer
from .operators import mutations, parse

_PLACE = "<exchanged>"


def at(
    cell: str,
    code: str,
    fails: Sequence[str],
    *,
    target: str = "",
    label: str = "",
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    others: Mapping[str, Sequence[str]] | None = None,
    equivalent: Mapping[str, str] | None = None,
    also: Sequence[tuple[str, str, str]] = (),
) -> list[Answer]:
    """Every mutation of a piece of the reference solution, named ``mutant_<cell>_<label>_<operator>``.

    Args:
        cell: ``grade_id`` of the answer cell.
        code: text that stands exactly once in the cell, without the solution's region marks.
        fails: the items at which these mutants are wrong.
        target: the part of ``code`` to mutate; default all of it.
        label: the name of the piece in the mutants' names; default what it assigns to or calls.
        only, skip: operators to use, or not to use; ``operators.mutations(code)`` lists them.
        others: items by operator, where they differ from ``fails``.
        equivalent: by operator, why its mutant computes the same and earns full marks.
        also: further (cell, old, new) edits of every mutant.

    Raises:
        ValueError: ``code`` is no Python, nothing in it can be mutated, or an operator that was named does not apply.
    """
    found = mutations(code, target)
    others, equivalent = others or {}, equivalent or {}
    known = {mutation.operator for mutation in found}
    unknown = {*only, *skip, *others, *equivalent} - known
    if unknown or not found:
        raise ValueError(f"{cell}: {sorted(unknown)} do not apply to {target or code!r}, only {sorted(known)}")
    label = label or _label(target or code)
    made = []
    for mutation in found:
        operator = mutation.operator
        if operator in skip or (only and operator not in only):
            continue
        reason = equivalent.get(operator, "")
        made.append(
            Answer(
                f"mutant_{cell}_{label}_{operator}",
                "mutant",
                f"{operator.replace('_', ' ').strip().capitalize()}: `{_short(mutation.new)}` for `{_short(mutation.old)}`.",
                edits=((cell, code, mutation.code), *also),
                fails=() if reason else tuple(others.get(operator, fails)),
                equivalent=reason,
            )
        )
    return made


def swapped(cell: str, first: str, second: str, fails: Sequence[str], *, label: str = "", equivalent: str = "") -> Answer:
    """The reference solution with two pieces of a cell exchanged."""
    name = label or f"{_label(first)}_and_{_label(second)}"
    return Answer(
        f"mutant_{cell}_{name}_swapped",
        "mutant",
        f"`{_short(first)}` and `{_short(second)}` are exchanged.",
        edits=((cell, first, _PLACE), (cell, second, first), (cell, _PLACE, second)),
        fails=tuple(fails),
        equivalent=equivalent,
    )


def dropped(cell: str, code: str, fails: Sequence[str], *, label: str = "", equivalent: str = "") -> Answer:
    """The reference solution without a statement, which becomes ``pass``."""
    return Answer(
        f"mutant_{cell}_{label or _label(code)}_dropped",
        "mutant",
        f"`{_short(code)}` is left out.",
        edits=((cell, code, "pass"),),
        fails=tuple(fails),
        equivalent=equivalent,
    )


def replaced(
    cell: str,
    old: str,
    new: str,
    fails: Sequence[str],
    about: str,
    *,
    label: str = "",
    also: Sequence[tuple[str, str, str]] = (),
    equivalent: str = "",
) -> Answer:
    """The reference solution with a piece of a cell written otherwise; ``also`` has further (cell, old, new) edits.

    ``also`` is for a student who makes the rest fit: without padding, and the next layer's size adapted to it.
    """
    return Answer(
        f"mutant_{cell}_{label or _slug(about)}",
        "mutant",
        about,
        edits=((cell, old, new), *also),
        fails=tuple(fails),
        equivalent=equivalent,
    )


def _label(code: str) -> str:
    """What a piece of code is about: the name that it assigns to, else the functions that it calls."""
    for node in ast.walk(parse(code)[0]):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            place = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(place, ast.Attribute) or (isinstance(place, ast.Name) and len(place.id) > 1):
                return _slug(ast.unparse(place).removeprefix("self."))
    calls = [node.func for node in ast.walk(parse(code)[0]) if isinstance(node, ast.Call)]
    names = [call.attr if isinstance(call, ast.Attribute) else ast.unparse(call) for call in calls]
    return _slug("_".join(names[:3]) or code)


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_").lower()[:50].strip("_")


def _short(code: str) -> str:
    text = " ".join(code.split())
    return text if len(text) <= 90 else text[:87] + "..."
