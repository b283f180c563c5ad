"""Make wrong answers for an assignment's catalogue from a piece of its reference solution; :mod:`.operators` says how."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from .answer import Answer
from .operators import mutations, parse


def at(
    cell: str,
    code: str,
    fails: Sequence[str],
    *,
    label: str = "",
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    equivalent: Mapping[str, str] | None = None,
) -> list[Answer]:
    """Every mutation of a piece of the reference solution, named ``mutant_<cell>_<label>_<operator>``.

    Args:
        cell: ``grade_id`` of the answer cell.
        code: text that stands exactly once in the cell, without the solution's region marks; lines after its first one are
            indented from the line in which it stands.
        fails: the items at which these mutants are wrong.
        label: the name of the piece in the mutants' names; default what it assigns to or calls.
        only, skip: operators to use, or not to use; ``operators.mutations(code)`` lists them.
        equivalent: by operator, why its mutant computes the same and earns full marks.

    Raises:
        ValueError: ``code`` is no Python, nothing in it can be mutated, or an operator that was named does not apply.
    """
    found, equivalent = mutations(code), equivalent or {}
    known = {mutation.operator for mutation in found}
    unknown = {*only, *skip, *equivalent} - known
    if unknown or not found:
        raise ValueError(f"{cell}: {sorted(unknown)} do not apply to {code!r}, only {sorted(known)}")
    label = label or _label(code)
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
                edits=((cell, code, mutation.code),),
                fails=() if reason else tuple(fails),
                equivalent=reason,
            )
        )
    return made


def _label(code: str) -> str:
    """What a piece of code is about: the name that it assigns to, else the functions that it calls."""
    for node in ast.walk(parse(code)[0]):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            place = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(place, ast.Attribute) or (isinstance(place, ast.Name) and len(place.id) > 1):
                return slug(ast.unparse(place).removeprefix("self."))
    calls = [node.func for node in ast.walk(parse(code)[0]) if isinstance(node, ast.Call)]
    names = [call.attr if isinstance(call, ast.Attribute) else ast.unparse(call) for call in calls]
    return slug("_".join(names[:3]) or code)


def slug(text: str) -> str:
    """A text as a part of a name: words joined by underscores, at most 50 characters."""
    return re.sub(r"\W+", "_", text).strip("_").lower()[:50].strip("_")


def _short(code: str) -> str:
    text = " ".join(code.split())
    return text if len(text) <= 90 else text[:87] + "..."
