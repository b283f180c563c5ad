"""Find the cells of a student's own that are the rest of an answer: what the answer cell above them left open is in them.

Students build a network in the answer cell and train it in a cell of their own below, or draw there what they computed.
Most cells below an answer are something else, to look at things or to try them, and must change nothing. So a cell belongs
to the answer only if it does what the answer cell does not do: it gives a value to a name that still has the value it was
handed out with, defines what the answer uses and nobody defined, completes a class, defines a class or function that was
asked for once more, which then counts, or shows what was to be shown.
Cells between the answer cell and such a cell belong to it too, since it may rest on them.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from nbformat import NotebookNode

from .notebook import cells_by_grade_id, grade_id, role, tags
from .python import tree_of
from .recognise import CODE_STUB, StudentCell, tight, worked

PART = "part-of-answer"
"""Tag of a student's own cells that are run as a part of the answer cell above them."""

_Scope = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# ruff: noqa: SIM905 -- lists of words
_GROW = frozenset({"append", "extend", "insert", "update", "add", "setdefault"})
_PICTURE = frozenset(
    "plot scatter bar step stem errorbar semilogx semilogy loglog lineplot imshow matshow pcolormesh display".split()
)
_TABLE = frozenset({"DataFrame", "from_dict", "from_records", "head", "round", "set_index"})
_QUIET = frozenset("show title xlabel ylabel set_title tight_layout close append extend update eval train step".split())
_ASKS_TO_SHOW = re.compile(r"\bplt\.|\bpictures?\b|\bplots?\b|\bfigures?\b|\btables?\b")
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_RUNS_ITS_TEXT = frozenset({"time", "capture", "prun"})  # of others, as of %%writefile, the text does nothing to names here
_ALWAYS = frozenset(dir(builtins)) | {"display", "get_ipython", "In", "Out", "exit", "quit"}
_SHORT = 10_000  # characters; more of what is read is not kept
_MOST = 500_000  # characters of all code cells; reading more would take too long


@dataclass
class _Code:
    """What a cell does to names.

    Args:
        read: whether it is Python.
        binds: names of the notebook that get a value.
        changes: names whose list, dictionary or object is changed.
        removes: names that are deleted.
        mentions: all names that stand in it.
        unknown: names that it uses and nowhere binds.
        calls: names of functions and methods that it calls.
        shows: whether it draws or ends in a value, which the notebook then shows: ``picture``, ``value``,
            or ``another value`` where it may as well be what a change returned.
        functions: what its functions change, by their names.
        classes: its classes by their names.
    """

    tree: ast.Module = field(default_factory=lambda: ast.Module([], []))
    read: bool = False
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    removes: set[str] = field(default_factory=set)
    mentions: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    shows: set[str] = field(default_factory=set)
    functions: dict[str, set[str]] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)


def mark(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    """Tag the student's own cells that belong to the answer above them; the ``grade_id`` of each such answer."""
    released, ids = cells_by_grade_id(release), {cell.get("id") for cell in release.cells}
    code = [(place, cell) for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    if len(notebook.cells) == len(release.cells) or sum(len(cell.source) for _, cell in code) > _MOST:
        return []
    known: set[str] = set()
    found, before = [], 0
    for number, (place, cell) in enumerate(code):
        given = released.get(grade_id(cell))
        if role(cell) == "answer" and given is not None and "not-graded" not in tags(cell):
            own = list(_own_below(notebook.cells[place + 1 :], ids))
            if own and worked(StudentCell("code", cell.source), given):
                for _, earlier in code[before:number]:
                    read = _code(earlier.source)
                    known |= read.binds if read.read else set(re.findall(r"\w+", earlier.source))
                before = number
                count = _belonging(cell.source, given.source, [one.source for one in own], known)
                for one in own[:count]:
                    one.metadata["tags"] = [PART]
                found += [grade_id(cell)] if count else []
    return found


def _own_below(cells: list[NotebookNode], released: set[object]) -> Iterator[NotebookNode]:
    """The code cells of the student's own before the next released cell."""
    for cell in cells:
        if role(cell) != "extra" or cell.get("id") in released:
            return
        if cell.cell_type == "code" and not tags(cell) and cell.source.strip():
            yield cell


def _belonging(answer: str, released: str, own: list[str], known: set[str]) -> int:
    """How many of the cells below an answer cell belong to it: up to the last that does what was left open."""
    mine, given = _code(answer), _code(released)
    if not mine.tree.body:
        return 0
    open_names = _open(mine, answer, given, released)
    unknown = set() if "*" in known else mine.unknown - known
    shown = mine.shows | ({"value"} if "print" in mine.calls else set())
    shown |= {"value"} if "another value" in shown else set()
    shown |= set() if _ASKS_TO_SHOW.search(released) else {"picture", "value"}
    answers, functions = set(given.binds - _called(given.tree)), dict(mine.functions)
    bound, count = set(mine.binds), 0
    for number, source in enumerate(own, start=1):
        code = _code(source)
        functions |= code.functions
        set_now = code.binds | code.changes | {name for call in code.calls for name in functions.get(call, ())}
        set_now |= open_names if "*" in code.binds else set()  # whatever a module holds
        more_shown = (
            code.shows & {"picture", "value"} - shown and code.mentions & bound and not (code.binds | code.removes) & answers
        )
        written = _writes_again(code, given) or _completes(code, mine, answer, given)
        if set_now & open_names or code.binds & unknown or more_shown or written:
            count = number
            unknown |= code.unknown - known - bound
            shown |= code.shows
        open_names -= set_now - _empty(code.tree)
        unknown -= code.binds
        bound |= code.binds
    return count


def _open(mine: _Code, answer: str, given: _Code, released: str) -> set[str]:
    """Names that the student must give a value, and that have none but what they were handed out with."""
    placeholders = _placeholders(given.tree)
    lines = {tight(line) for line in released.splitlines()}
    touched: set[str] = set()
    written = answer.splitlines()
    for statement in mine.tree.body:
        alone = ast.Module([statement], [])
        text = [tight(line) for line in written[statement.lineno - 1 : statement.end_lineno]]
        if any(line not in lines for line in text if line and not line.startswith("#")):
            nodes = _outside([statement])
            touched |= ({node.id for node in nodes if isinstance(node, ast.Name)} | _defined(nodes)) - _empty(alone)
        elif not _placeholders(alone):
            touched |= placeholders & _code_of(alone).binds
    return (placeholders | _defined(_outside(given.tree.body))) - touched


def _completes(code: _Code, answer: _Code, text: str, given: _Code) -> bool:
    """Whether the code gives a class of the answer a released method that it lacks or that is still to be written."""
    lines = text.splitlines()
    for name in answer.classes.keys() & given.classes.keys():
        made = answer.classes[name]
        whole = {
            one.name
            for one in _methods(made)
            if not any(tight(CODE_STUB) == tight(line) for line in lines[one.lineno - 1 : one.end_lineno])
        }
        whole |= {target.id for one in made.body if isinstance(one, ast.Assign) for target in _names(one.targets)}
        stored = {
            node.attr
            for node in _outside(code.tree.body)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _root(node.value) == name
        }
        again = code.classes.get(name)
        if again is not None and any(_root(base) == name for base in again.bases):
            stored |= {one.name for one in _methods(again)}
        if stored & {one.name for one in _methods(given.classes[name])} - whole:
            return True
    return False


def _writes_again(code: _Code, given: _Code) -> bool:
    """Whether the code defines a released class with all of its methods, or a released function, from the beginning."""
    classes = ((code.classes[name], given.classes[name]) for name in code.classes.keys() & given.classes.keys())
    functions = (node for node in _outside(code.tree.body) if isinstance(node, ast.FunctionDef))
    return any(
        {one.name for one in _methods(asked)} <= {one.name for one in _methods(made) if _does_something(one)}
        for made, asked in classes
    ) or any(made.name in given.functions and _does_something(made) for made in functions)


def _does_something(made: ast.FunctionDef) -> bool:
    """Whether a function has more than a text, `pass` or `...`."""
    return any(not isinstance(one, ast.Pass) and not _is_constant(one) for one in made.body)


def _is_constant(one: ast.stmt) -> bool:
    return isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)


def _methods(made: ast.ClassDef) -> list[ast.FunctionDef]:
    return [one for one in made.body if isinstance(one, ast.FunctionDef)]


def _code(source: str) -> _Code:
    """What a cell does; nothing where it is no Python. Magics are passed over."""
    return _read_once(source) if len(source) < _SHORT else _read(source)


@lru_cache(maxsize=96)  # the code cells of a notebook, and a student's
def _read_once(source: str) -> _Code:
    return _read(source)  # most cells of a class are the release's


def _read(source: str) -> _Code:
    if (magic := _CELL_MAGIC.match(source)) and magic[1] not in _RUNS_ITS_TEXT:
        source = "pass"
    lines = [re.sub(r"^(\s*)[%!?].*", r"\1pass", line) for line in source.splitlines()]
    try:
        return _code_of(tree_of("\n".join(lines)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _Code()


def _code_of(tree: ast.Module) -> _Code:
    code = _Code(tree, read=True)
    outside = _outside(tree.body)
    scopes = [node for node in outside if isinstance(node, _Scope)]
    code.binds, code.changes, code.removes = _defined(outside), _changed(outside), set()
    for node in outside:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            code.binds.add(node.id)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            code.removes.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            code.binds |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            code.functions[node.name] = _changed(_outside(node.body))
            code.functions[node.name] |= {n for one in ast.walk(node) if isinstance(one, ast.Global) for n in one.names}
        elif isinstance(node, ast.ClassDef):
            code.classes[node.name] = node
    used: set[str] = set()
    held = set(code.binds)
    for node in itertools.chain(outside, *map(ast.walk, scopes)):
        if isinstance(node, ast.Name):
            code.mentions.add(node.id)
            (used if isinstance(node.ctx, ast.Load) else held).add(node.id)
        elif isinstance(node, ast.arg):
            held.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            held.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            held |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            held.add(node.name)
        elif isinstance(node, ast.Call):
            code.calls.add(_last(node.func))
    code.unknown = {name for name in used - held - _ALWAYS if not name.startswith("_")}
    code.shows |= {"picture"} if code.calls & _PICTURE else set()
    if tree.body and isinstance(last := tree.body[-1], ast.Expr) and not isinstance(last.value, ast.Constant):
        called = _last(last.value.func) if isinstance(last.value, ast.Call) else "DataFrame"
        code.shows |= {"value"} if called in _TABLE else set() if called in _QUIET else {"another value"}
    if "picture" in code.shows:
        code.shows.add("value")
    return code


def _outside(body: Iterable[ast.AST]) -> list[ast.AST]:
    """The nodes that are run when the cell is: not what is within functions and classes."""
    found, left = [], list(body)
    while left:
        node = left.pop()
        found.append(node)
        if not isinstance(node, _Scope):
            left.extend(ast.iter_child_nodes(node))
    return found


def _defined(nodes: Iterable[ast.AST]) -> set[str]:
    """The functions and classes that are defined there."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in nodes if isinstance(node, kinds)}


def _changed(nodes: Iterable[ast.AST]) -> set[str]:
    """Names of what is changed in place: by an entry, an attribute, or a method that adds something."""
    found = set()
    for node in nodes:
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            found.add(_root(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _GROW:
            found.add(_root(node.func.value))
    return found - {""}


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _names(targets: Iterable[ast.AST]) -> list[ast.Name]:
    parts = [part for one in targets for part in (one.elts if isinstance(one, (ast.Tuple, ast.List)) else [one])]
    return [part for part in parts if isinstance(part, ast.Name)]


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Names with what is assigned to them in statements of the cell itself."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            names, value = _names(statement.targets), statement.value
            values = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(names) else [value] * len(names)
            yield from zip((name.id for name in names), values, strict=True)


def _empty(tree: ast.Module) -> set[str]:
    """Names that get None, or an empty list or dictionary."""
    return {
        name
        for name, value in _assigned(tree)
        if (isinstance(value, ast.Constant) and value.value is None)
        or (isinstance(value, ast.List) and not value.elts)
        or (isinstance(value, ast.Dict) and not value.values)
        or (isinstance(value, ast.Call) and _last(value.func) in ("list", "dict") and not value.args)
    }


def _placeholders(tree: ast.Module) -> set[str]:
    """Names that get a constant, or an empty list or dictionary."""
    return _empty(tree) | {name for name, value in _assigned(tree) if isinstance(value, ast.Constant)}


def _called(tree: ast.Module) -> set[str]:
    """Names that get what a call returns."""
    return {name for name, value in _assigned(tree) if isinstance(value, ast.Call)}
