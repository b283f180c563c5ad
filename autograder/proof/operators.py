"""Mutations of a piece of code: what a student may get wrong in one expression or statement, as edits of its text."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from .layer_calls import CLASSES, FUNCTIONS, SIGNATURES, Edits, arguments, last_name, of_call

OTHER_DATA = {
    "train_loader": "test_loader", "test_loader": "train_loader", "val_loader": "train_loader",
    "train_data": "test_data", "test_data": "train_data", "train_dataset": "test_dataset", "test_dataset": "train_dataset",
    "val_data": "train_data", "val_dataset": "train_dataset",
}  # fmt: skip
VALUES = {*SIGNATURES, *CLASSES, *FUNCTIONS, "Sequential", "item"}
"""Calls that are made for their value: as a piece of code they are a part of a statement, not one that may be left out."""


@dataclass(frozen=True)
class Mutation:
    """One mutation of a piece of code: the operator's name, the whole new code, and the part that changed."""

    operator: str
    code: str
    old: str
    new: str


def mutations(code: str) -> list[Mutation]:
    """Every mutation of a piece of code; names of operators are unique.

    Raises:
        ValueError: it is no Python.
    """
    tree, before = parse(code)
    found: list[Mutation] = []
    for node in ast.walk(tree):
        span = _span(node, code, before)
        if span is None or not span[0] < span[1] <= len(code):
            continue
        for operator, new in _edits(node, tree):
            changed, new = _put(code, span, new)
            if _means_the_same(changed, tree) or any(changed == other.code for other in found):
                continue
            operator = operator.lower()
            times = sum(re.fullmatch(rf"{operator}(_\d+)?", other.operator) is not None for other in found)
            name = operator if not times else f"{operator}_{times + 1}"
            found.append(Mutation(name, changed, code[span[0] : span[1]], new))
    return found


def _put(code: str, span: tuple[int, int], new: str) -> tuple[str, str]:
    """``code`` with ``new`` at ``span``, in parentheses where it needs them; and ``new`` as it was put there."""
    plain, bracketed = (code[: span[0]] + text + code[span[1] :] for text in (new, f"({new})"))
    try:
        if ast.dump(parse(plain)[0]) == ast.dump(parse(bracketed)[0]):
            return plain, new
    except ValueError:
        return plain, new  # a statement, which takes no parentheses
    return bracketed, f"({new})"


def parse(code: str) -> tuple[ast.Module, str]:
    """A piece of a cell as a tree, and the text that was put before it.

    Continued lines may be indented as they stand in the cell, and the header of a block may stand alone.

    Raises:
        ValueError: no Python.
    """
    indents = sorted({len(line) - len(line.lstrip()) for line in code.splitlines()[1:] if line.strip()}, reverse=True)
    for body in (code, f"{code} pass"):
        for indent in [0, *indents, *(indent - 1 for indent in indents if indent > 1)]:
            before = f"if True:\n{' ' * indent}" if indent else ""
            try:
                return ast.parse(before + body), before
            except SyntaxError:
                continue
    raise ValueError(f"not Python: {code!r}")


def _means_the_same(changed: str, tree: ast.Module) -> bool:
    return ast.dump(parse(changed)[0]) == ast.dump(tree)


def _span(node: ast.AST, code: str, before: str) -> tuple[int, int] | None:
    """Where a node stands in ``code``, in characters; None for nodes without a place and for what was put before."""
    if not isinstance(node, (ast.expr, ast.stmt)) or node.end_lineno is None or node.end_col_offset is None:
        return None
    lines = (before + code).encode().splitlines(keepends=True)

    def place(line: int, column: int) -> int:
        return len(b"".join([*lines[: line - 1], lines[line - 1][:column]]).decode()) - len(before)

    start, end = place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)
    return (start, end) if start >= 0 else None


def _edits(node: ast.AST, tree: ast.Module) -> Edits:
    if isinstance(node, ast.Call):
        yield from of_call(node)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        name = last_name(node.value.func)
        if isinstance(node.value.func, ast.Attribute) and name not in VALUES:
            yield f"without_{name}", "pass"
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
        name = ast.unparse(node.targets[0])
        if name in {ast.unparse(part) for part in ast.walk(node.value) if isinstance(part, (ast.Name, ast.Attribute))}:
            yield "not_kept", ast.unparse(node.value)
    elif isinstance(node, ast.AugAssign):
        yield "overwritten", f"{ast.unparse(node.target)} = {ast.unparse(node.value)}"
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        sign = "!=" if isinstance(node.ops[0], ast.Eq) else "=="
        yield "negated", f"{ast.unparse(node.left)} {sign} {ast.unparse(node.comparators[0])}"
    elif isinstance(node, (ast.Name, ast.Attribute)) and (name := last_name(node)) in OTHER_DATA:
        yield "other_data", ast.unparse(node)[: -len(name)] + OTHER_DATA[name]
    elif isinstance(node, ast.BinOp) and not _inside_layer(node, tree):
        yield from _arithmetic(node)


def _inside_layer(node: ast.AST, tree: ast.Module) -> bool:
    calls = (call for call in ast.walk(tree) if isinstance(call, ast.Call) and last_name(call.func) in SIGNATURES)
    return any(part is node for call in calls for argument in arguments(call) for part in ast.walk(argument))


def _arithmetic(node: ast.BinOp) -> Edits:
    """Another sign, one side only, and a constant that is one too large."""
    if any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in (node.left, node.right)):
        return
    signs: dict[type[ast.operator], ast.operator] = {
        ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Add(), ast.Div: ast.Mult(), ast.FloorDiv: ast.Div(),
    }  # fmt: skip
    if type(node.op) in signs:
        yield "sign", ast.unparse(ast.BinOp(node.left, signs[type(node.op)], node.right))
    yield "left_only", ast.unparse(node.left)
    if isinstance(node.op, (ast.Add, ast.Mult)):
        yield "right_only", ast.unparse(node.right)
    if isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
        yield "constant", ast.unparse(ast.BinOp(node.left, node.op, ast.Constant(node.right.value + 1)))
