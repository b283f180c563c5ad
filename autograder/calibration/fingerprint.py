"""Tell by a hash whether a calibration run, done again, would measure the same figures.

In the hash is what decides a figure: the code that runs in the box, the profile's parameters, the versions of the numerical
libraries, and of the hidden tests the functions that measure, with all that they use. Not in it are comments, docstrings and
messages, bounds, other profiles' values, and the probes, which only look on: bounds, texts and other tests can be edited
without hours of training again.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from ..assignment import Assignment
from ..datasets import decoy
from ..runs.cells import cells_to_run
from ..runs.options import versions

NUMERICAL = ("torch", "torchvision", "numpy")
PROFILES = ("full", "quick", "proof")


def fingerprint(notebook: NotebookNode, assignment: Assignment, profile: str) -> str:
    """Sixteen hexadecimal digits that stand for all that decides the figures of a notebook, whatever its seed."""
    chosen, software = assignment.profile(profile), versions()
    parts = [
        [(cell.id, _code(cell.source)) for cell in cells_to_run(notebook, chosen, everything=False)],
        [software[name] for name in NUMERICAL],
        [decoy.VERSION, chosen.test_images],
        list(_measuring(assignment.folder, profile)),
        *([path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in assignment.files),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _code(source: str) -> str:
    """What Python makes of a source, without comments and docstrings; the source itself where it is no Python."""
    try:
        return ast.dump(_Bare("").visit(ast.parse(source)))
    except SyntaxError:
        return source


def _measuring(folder: Path, profile: str) -> Iterator[str]:
    """The definitions in each hidden test that a figure depends on, sorted, with those of the reference that they name."""
    reference = _definitions(folder / "reference.py", profile)
    for path in sorted(folder.glob("test_*.py")):
        own = _definitions(path, profile)
        thresholds = {name for name, node in own.items() if "Threshold" in _names(node) and isinstance(node, ast.stmt)}
        wanted = {name for name, node in own.items() if thresholds & _names(node)}
        left = list(wanted)
        while left:
            node = own.get(name := left.pop()) or reference[name]
            new = {other for other in _names(node) if other in own or other in reference} - wanted
            wanted |= new
            left += new
        yield from sorted(ast.dump(own.get(name) or reference[name]) for name in wanted)


def _definitions(path: Path, profile: str) -> dict[str, ast.stmt]:
    """Functions, classes and assignments at the top of a module, by name."""
    found: dict[str, ast.stmt] = {}
    if not path.is_file():
        return found
    for node in _Bare(profile).visit(ast.parse(path.read_text(encoding="utf-8"))).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id: node for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


def _names(node: ast.AST) -> set[str]:
    """Names that a definition uses: variables, attributes, and parameters, which may be pytest's fixtures."""
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.arg):
            found.add(part.arg)
    return found


class _Bare(ast.NodeTransformer):
    """Takes out docstrings; of hidden tests, which a profile is named for, also what does not decide its figures.

    That is the bounds of thresholds, other profiles' values in a dictionary by profile, decorators, and sentences.
    """

    def __init__(self, profile: str) -> None:
        self._profile = profile

    def _without_docstring(self, node: ast.AST) -> ast.AST:
        assert isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        if self._profile and not isinstance(node, ast.Module):
            node.decorator_list = []
        return self.generic_visit(node)

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _without_docstring  # noqa: N815

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func).rpartition(".")[2] == "Threshold":
            for keyword in node.keywords:
                if keyword.arg in ("at_least", "below"):
                    keyword.value = ast.Constant(None)
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        sentence = isinstance(node.value, str) and " " in node.value
        return ast.Constant("") if self._profile and sentence else node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if self._profile in keys and set(keys) <= set(PROFILES):
            return self.generic_visit(node.values[keys.index(self._profile)])
        return self.generic_visit(node)
