"""What the notebooks' text states is so: counts and shapes are those of the networks, and known misstatements are not there.

Where a number has another reason, the assignment's ``reference.py`` gives it in ``FACTS``, a dictionary from the number to
what it is.
"""

import ast
import inspect
import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from autograder import own_files
from autograder.course import Course
from autograder.inside import trace
from autograder.notebooks import notebook

COURSE = Course.find(Path(__file__))
NAMES = COURSE.assignments()
every_assignment = pytest.mark.parametrize("name", NAMES)
IMAGES = {10_000, 50_000, 60_000, 70_000}
INPUTS = [(2, 1, 28, 28), (2, 784)]


def cells(name: str) -> list[notebook.NotebookNode]:
    found: list[notebook.NotebookNode] = notebook.read(COURSE.source_notebook(name)).cells
    return found


def prose(name: str) -> str:
    """All text of the source notebook, with rubrics and comments."""
    return "\n\n".join(cell.source for cell in cells(name) if cell.cell_type == "markdown")


def code(name: str, *roles: str) -> str:
    return "\n".join(cell.source for cell in cells(name) if cell.cell_type == "code" and notebook.role(cell) in roles)


def parse(text: str) -> ast.Module:
    """Code of cells without IPython's own lines."""
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", notebook.without_region_marks(text), flags=re.MULTILINE))


def reference(name: str) -> ModuleType:
    return own_files.module(COURSE.hidden_tests(name) / "reference.py")


def given_by_reference(name: str) -> Iterator[object]:
    """What the reference's functions that need no argument give, each member of what is iterable."""
    for function in vars(reference(name)).values():
        if getattr(function, "__module__", "") != reference(name).__name__ or not callable(function):
            continue
        if all(parameter.default is not parameter.empty for parameter in inspect.signature(function).parameters.values()):
            found = function()
            yield from found if isinstance(found, Iterator) else [found]


def networks(name: str) -> Iterator[nn.Module]:
    """The reference's networks, and those whose classes stand in the source notebook."""
    yield from (found for found in given_by_reference(name) if isinstance(found, nn.Module))
    scope = {"torch": torch, "nn": nn, "F": nn.functional}
    for node in ast.walk(parse(code(name, "given", "answer"))):
        if isinstance(node, ast.ClassDef) and node.bases:
            exec(compile(ast.Module([node], []), name, "exec"), scope)  # the instructors' own notebook
            made = scope[node.name]
            if isinstance(made, type) and issubclass(made, nn.Module):
                yield made()


@cache
def stated(name: str) -> tuple[set[int], set[tuple[int, ...]], set[tuple[int, ...]]]:
    """Numbers that the networks have, shapes of their values for one image, and shapes of their parameters."""
    numbers, shapes, parameters = set(IMAGES), {(1, 28, 28), (28, 28), (784,)}, set()
    for network in networks(name):
        layers = [sum(p.numel() for p in module.parameters(recurse=False)) for module in network.modules()]
        # One layer, all of them, or a block of some in a row.
        numbers |= {sum(layers[first:last]) for first in range(len(layers)) for last in range(first, len(layers) + 1)}
        numbers |= {parameter.numel() for parameter in network.parameters()}
        for size in INPUTS:
            with torch.no_grad():
                recorded = trace.record(network.eval(), torch.zeros(size))
            shapes |= {tuple(out[1:]) for node in recorded.nodes for out in node["shapes"] if out and out[0] == 2}
        parameters |= {tuple(parameter.shape) for parameter in network.parameters()}
    numbers |= {math.prod(shape) for shape in shapes}
    numbers |= {found for found in given_by_reference(name) if isinstance(found, int)}
    numbers |= {node.value for node in ast.walk(parse(code(name, "given"))) if is_integer(node)}
    return numbers | set(getattr(reference(name), "FACTS", {})), shapes, parameters


def is_integer(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


@every_assignment
def test_every_large_number_in_the_text_has_a_source(name: str) -> None:
    numbers, _, _ = stated(name)
    text = prose(name)
    for found in sorted(set(re.findall(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])", text))):
        where = next(line for line in text.splitlines() if found in line)
        assert int(found.replace(",", "")) in numbers, (
            f"{found} is no count of a network of {name}: correct it, or explain it in FACTS of reference.py; in: {where}"
        )


@every_assignment
def test_every_shape_in_the_text_is_one_of_the_networks(name: str) -> None:
    _, shapes, parameters = stated(name)
    text = prose(name)
    for found in sorted(set(re.findall(r"\bN((?: ?[x×] ?\d+)+)\b", text) + re.findall(r"\(N((?:, ?\d+)+)\)", text))):
        assert numbers_in(found) in shapes, f"N{found} is the shape of no value in a network of {name}"
    for found in sorted(set(re.findall(r"(?<!\w)\((\d+(?:, ?\d+){3})\)", text))):
        shape = numbers_in(found)
        assert shape in parameters or shape[1:] in shapes, f"({found}) is no shape in a network of {name}"


@every_assignment
def test_no_placeholder_is_left(name: str) -> None:
    text = "\n".join(cell.source for cell in cells(name))
    assert not re.search(r"\b(MINUTES|SECONDS|XXX|FIXME|TBD)\b", text)


def numbers_in(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


# Each of these is wrong in versions of the assignments that circulate.
KNOWN = pytest.mark.parametrize(
    ("name", "kind", "pattern", "expected"),
    [
        ("cnn_blocks", "text", r"100 ?[x×,] ?4 ?[x×,] ?4", True),
        ("cnn_blocks", "code", r"Normalize\(\(0\.1307,\), \(0\.3081,\)\)", True),
        ("cnn_blocks", "text", r"77,918", True),
        ("mnist_cnn", "code", r"Normalize\(", False),
        ("mnist_cnn", "text", r"(?i)four convolution", True),
        ("pa4_convnet", "code", r"Normalize\(\(0\.5,\), \(0\.5,\)\)", True),
        ("pa4_convnet", "text", r"3,184,010", True),
        ("fashion_cnn", "code", r"random_split\((.|\n)*?generator=", True),
        ("fashion_cnn", "code", r"Normalize\(", False),
        ("fashion_cnn", "code", r"(?<!Fashion-)\bMNIST\b", False),
    ],
)


@KNOWN
def test_known_misstatements_are_not_there(name: str, kind: str, pattern: str, expected: bool) -> None:
    if name not in NAMES:
        pytest.skip(f"there is no {name}")
    text = prose(name) if kind == "text" else code(name, "given", "answer", "item")
    found = re.search(pattern, text)
    assert bool(found) == expected, f"{kind} of {name}: {found and text[max(0, found.start() - 60) : found.end() + 60]!r}"


def test_fashion_mnist_is_called_by_its_name() -> None:
    """Only a paragraph that sets the two apart, or quotes the mistake, may name the other dataset."""
    if "fashion_cnn" not in NAMES:
        pytest.skip("there is no fashion_cnn")
    for paragraph in re.split(r"\n\s*\n", prose("fashion_cnn")):
        if re.search(r"(?<!Fashion-)(?<!\")\bMNIST\b", paragraph):
            assert "Fashion-MNIST" in paragraph, paragraph


@pytest.mark.parametrize("answer", ["conv_maxpool", "conv_batchnorm"])
def test_blocks_are_numbered_one_to_three(answer: str) -> None:
    """In versions that circulate all three comments say block 1."""
    if "cnn_blocks" not in NAMES:
        pytest.skip("there is no cnn_blocks")
    source = notebook.cells_by_grade_id(notebook.read(COURSE.release_notebook("cnn_blocks")))[answer].source
    assert set(re.findall(r"(?i)#.*?block ?(\d)", source)) == {"1", "2", "3"}
