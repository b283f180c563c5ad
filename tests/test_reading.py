"""Files that take long or much memory to read: each costs its own submission alone, and says which file and what to do."""

import copy
import random
import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode, from_dict
from test_submission import ASSIGNMENT as NAME
from test_submission import RELEASE

from autograder.limited import Children
from autograder.notebooks import reading
from autograder.notebooks.notebook import to_text
from autograder.notebooks.reading import Read, looking, read
from autograder.notebooks.recognise import CODE_STUB
from autograder.notebooks.submission import Unreadable

pytestmark = pytest.mark.slow  # with --quick no child reads
TEXT = to_text(RELEASE).encode()


def code(*sources: str) -> list[NotebookNode]:
    made: list[NotebookNode] = [
        from_dict({"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None})  # type: ignore[no-untyped-call]
        for source in sources
    ]
    return made


def with_cells(*sources: str) -> NotebookNode:
    """A solved notebook with cells of the student's own below an answer."""
    made = copy.deepcopy(RELEASE)
    place = next(n for n, cell in enumerate(made.cells) if CODE_STUB in cell.source)
    made.cells[place].source = "answer = 1"
    made.cells[place + 1 : place + 1] = code(*sources)
    return made


def answering(source: str) -> NotebookNode:
    """A notebook in which every answer is that text, and none can be told by its id."""
    made = copy.deepcopy(RELEASE)
    for number, cell in enumerate(made.cells):
        cell.pop("id", None)
        if CODE_STUB in cell.source:
            cell.source, cell.metadata = f"{source}\nlast = {number}", {}
    return made


def anagrams() -> NotebookNode:
    """Long released cells are gone, and there are cells with all of their letters."""
    made, draw = copy.deepcopy(RELEASE), random.Random(1)
    long = sorted((cell.source for cell in made.cells if len(cell.source) < 4_000), key=len)[-12:]
    made.cells = [cell for cell in made.cells if cell.source not in long]
    return from_dict({**made, "cells": made.cells + code(*("".join(draw.sample(text, len(text))) for text in long * 12))})  # type: ignore[no-any-return,no-untyped-call]


NESTED = "f'''" + '{"a"}' * 9_900 + "'''"
FILES: dict[str, Callable[[], NotebookNode]] = {
    "one long f-string": lambda: with_cells("f'''" + '{"a"}' * 600_000 + "'''"),
    "f-strings in cells": lambda: with_cells(*[f"a{number} = {NESTED}" for number in range(15)]),
    "f-strings in answers": lambda: answering(NESTED),
    "statements": lambda: with_cells("a;" * 1_000_000),
    "statements in answers": lambda: answering("a;" * 60_000),
    "brackets": lambda: with_cells("(" * 1_000_000, "[" * 90 + "1" + "]" * 90),
    "backslashes": lambda: with_cells("x = 1 \\\n" * 300_000),
    "names": lambda: with_cells("\n".join(f"n{number} = n{number - 1}" for number in range(1, 80_000))),
    "assignments": lambda: with_cells("a = " * 20_000 + "1"),
    "anagrams": anagrams,
}


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children("autograder.notebooks.reading") as made:
        yield made


@pytest.fixture
def ordinary(tmp_path: Path, children: Children) -> Callable[[], Read]:
    path = tmp_path / "ordinary" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(to_text(with_cells("more = 2")))
    return lambda: read(children, path, TEXT, NAME)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_takes_long_is_read_or_refused_in_its_own_words(
    name: str, children: Children, ordinary: Callable[[], Read], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hostile" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(to_text(FILES[name]()))
    before = ordinary()
    ours = resource.getrusage(resource.RUSAGE_SELF)
    monkeypatch.setattr(reading, "BUDGET", reading.Budget("to read", 10.0, 120.0, 500 << 20))
    said = ""
    try:
        assert len(read(children, path, TEXT, NAME).notebook) < 30_000_000
    except Unreadable as refused:
        said = refused.reason
    assert not said or re.search(rf"{NAME}.ipynb: took more than .* to read; .*ask the student", said)
    now = resource.getrusage(resource.RUSAGE_SELF)
    assert now.ru_utime - ours.ru_utime < 1.0, "this process reads nothing of it"
    assert now.ru_maxrss - ours.ru_maxrss < 100_000, "KiB"
    assert ordinary() == before


def test_a_file_of_which_nobody_can_tell_costs_a_listing_of_the_class_nothing(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = tmp_path / "slow.ipynb", tmp_path / "other.ipynb"
    slow.write_text(to_text(anagrams()))
    other.write_text(to_text(with_cells()))
    look = looking(children, TEXT, NAME)
    assert look(other) is True
    monkeypatch.setattr(reading, "BUDGET", reading.Budget("to read", 0.02, 60.0, 500 << 20))
    assert look(slow) is None
    monkeypatch.undo()
    assert look(other) is True


def test_sentences_about_a_file_are_few_and_short(children: Children, tmp_path: Path) -> None:
    path = tmp_path / NAME / f"{NAME}.ipynb"
    path.parent.mkdir()
    made = with_cells()
    named = [cell for cell in made.cells if cell.metadata.get("nbgrader")]
    path.write_text(to_text(from_dict({**made, "cells": made.cells + named * 20})))  # type: ignore[no-untyped-call]
    found = read(children, path, TEXT, NAME)
    assert len(found.repairs) <= reading.SENTENCES + 1
    assert max(map(len, found.repairs)) <= reading.SENTENCE + 4
