"""Find the imports that a student added to a released cell, so that they are kept when the released text is put back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .python import tree_of

_MOST = 20_000
"""Characters of a cell that is read; released cells are far shorter."""
_Scope = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class Added:
    """Import statements of one name each, and whether they are all that differs from the released cell."""

    statements: tuple[str, ...] = ()
    nothing_else: bool = False


@dataclass(frozen=True)
class _Import:
    """One name that is imported: ``name`` then stands for ``target``, for example ``nn`` for ``torch.nn``."""

    name: str
    target: str
    statement: str


def added_imports(mine: str, released: str, taken: Mapping[str, str]) -> Added:
    """The imports in a student's version of a cell that the released one has not.

    A name that stands for something else in ``taken`` (see :func:`bindings`) is not imported: what the release gives a value
    keeps it. Anything else a student may import, as in any cell of their own.
    """
    tree, given = _tree(mine), _tree(released)
    if tree is None or given is None:
        return Added()
    here, there = list(_imports(tree)), {one.statement for one in _imports(given)}
    new = [one for one in here if one.statement not in there]
    kept = [one for one in new if taken.get(one.name, one.target) == one.target]
    whole = bool(kept) and len(kept) == len(new) and there <= {one.statement for one in here}
    try:
        nothing_else = whole and _rest(tree, mine) == _rest(given, released)
    except RecursionError:
        nothing_else = False
    return Added(tuple(dict.fromkeys(one.statement for one in kept)), nothing_else)


def bindings(sources: Iterable[str]) -> dict[str, str]:
    """Names that cells give a value, with what is imported under them; an empty text for every other kind of value."""
    found: dict[str, str] = {}
    for source in sources:
        if (tree := _tree(source)) is None:
            continue
        pairs = [(one.name, one.target) for one in _imports(tree)]
        for node in _outside(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                pairs.append((node.name, ""))
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                pairs.append((node.id, ""))
        for name, target in pairs:
            found[name] = target if found.get(name, target) == target else ""
    return found


def _tree(source: str) -> ast.Module | None:
    """The cell as Python, its magics aside; None where it is none."""
    if len(source) > _MOST:
        return None
    lines = [re.sub(r"^(\s*)[%!?].*", r"\1pass", line) for line in source.splitlines()]
    try:
        return tree_of("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imports(tree: ast.Module) -> Iterator[_Import]:
    """What is imported when the cell runs: not within functions and classes."""
    for node in _outside(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                target = alias.name if alias.asname else alias.name.partition(".")[0]
                yield _Import(alias.asname or target, target, ast.unparse(ast.Import([alias])))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                name, target = alias.asname or alias.name, f"{node.module}.{alias.name}"
                yield _Import(name, target, ast.unparse(ast.ImportFrom(node.module, [alias], 0)))


def _outside(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that are run when the cell is, in their order."""
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, _Scope):
            left.extend(reversed(list(ast.iter_child_nodes(node))))


def _rest(tree: ast.Module, source: str) -> list[str]:
    """All of a cell but the imports: its other statements, and its comments and magics."""
    statements = [ast.dump(node) for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    return statements + [line.strip() for line in source.splitlines() if line.strip()[:1] in ("#", "%", "!")]
