"""The keys of what is kept: code that Python reads as the same has one, whatever its text, and nothing else has it."""

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder.assignment import Assignment, load
from autograder.limited import Children
from autograder.notebooks.notebook import to_text
from autograder.runs import apart, plan
from autograder.runs.cells import Cell
from autograder.runs.keys import Keys, of_evidence, seed_of
from autograder.runs.options import Options

QUICK = Options("quick")
OTHERS = (("profile", "full"), ("device", "cuda"), ("everything", True), ("speedups", False), ("isolation", "none"))


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "probes.py").write_text("")
    (folder / "assignment.toml").write_text('title = "Toy"\ndataset = "mnist"\n[profiles.quick]\n[profiles.full]\n')
    return load(folder)


def keys(toy: Assignment, source: str, below: tuple[str, ...] = (), options: Options = QUICK) -> Keys:
    return of_evidence([Cell("answer", source, 60.0, below=below)], toy, options)


SAME = [
    ("x = 1", "x = 1  # one"),
    ("x = 1", "\n\n# one\nx  =  1\n"),
    ("x = 1", "x = (1)"),
    ("x", "x;"),  # it is shown all the same: the box has no history for IPython to look at
    ("f(1, 2)", "f(\n    1,  # first\n    2,\n)"),
    ("x = 'a'", 'x = "a"'),
    ("if x:\n    y = 1", "if x:\n  # deeper\n  y = 1"),
    ("%matplotlib inline\nx = 1", "# plots\n%matplotlib inline\nx = 1  # one"),
    ("%%time\nx = 1", "%%time\nx = 1  # one"),
]
DIFFERENT = [
    ("x = 1", "x = 2"),
    ("x = 1", "x = 1.0"),
    ("x = 'a'", "x = 'a '"),
    ("x = 'a'", "x = b'a'"),
    ("def f():\n    'it adds'", "def f():\n    'it subtracts'"),
    ("x = 1\ny = 2", "y = 2\nx = 1"),
    ("if x:\n    y = 1\nz = 1", "if x:\n    y = 1\n    z = 1"),
    ("%matplotlib inline\nx = 1", "%matplotlib agg\nx = 1"),
    ("%%time\nx = 1", "x = 1"),
    ("%%capture\nx = 1", "%%time\nx = 1"),
    ("s = '''\n%a\n'''", "s = '''\n%b\n'''"),
    ("%%writefile own.py\nx = 1", "%%writefile own.py\nx = 1  # one"),  # the file has the comment
    ("x = (1", "x = (1  # one"),  # which does not parse
    ("x = 1", ""),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_comments_and_formatting_are_no_other_code(toy: Assignment, one: str, other: str) -> None:
    first, second = keys(toy, one), keys(toy, other)
    assert first.by_code == second.by_code
    assert first.by_text != second.by_text
    assert keys(toy, "pass", (one,)).by_code == keys(toy, "pass", (other,)).by_code


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_code_has_another_key(toy: Assignment, one: str, other: str) -> None:
    assert keys(toy, one).by_code != keys(toy, other).by_code
    assert keys(toy, "pass", (one,)).by_code != keys(toy, "pass", (other,)).by_code


def test_what_is_run_with_the_cells_is_in_both_keys(toy: Assignment, tmp_path: Path) -> None:
    def both(options: Options = QUICK, of: Assignment = toy) -> set[str]:
        return set(vars(keys(of, "x = 1", options=options)).values())

    first, everything = both(), [both()]
    assert len(first) == 2, "evidence of a text is never taken for that of a code"
    assert both(Options("quick", threads=4, store=tmp_path)) == first, "neither changes what comes out"
    everything += [both(replace(QUICK, **{name: value})) for name, value in OTHERS]  # type: ignore[arg-type]
    other = Assignment("toy", tmp_path, toy.settings)
    other.probes.write_text("# other probes")
    everything.append(both(of=other))
    assert len(set.union(*everything)) == 2 * len(everything)


def test_figures_hidden_in_a_comment_meet_other_draws(toy: Assignment) -> None:
    """Code can read its own comments, and an earlier page of the same code may have told what was drawn."""
    options = Options("quick", secret=b"of the course")

    def seed(source: str, options: Options = options) -> int:
        return seed_of([Cell("answer", source, 60.0)], toy, options)

    assert seed("x = 1") == seed("x = 1")
    assert seed("x = 1") != seed("x = 1  # 0.1234")
    assert seed("x = 1") == seed("x = 1", Options("quick", secret=b"of the course", speedups=False))


HOSTILE = {
    "nested quotes": 'f"{' * 10_000,
    "brackets": "(" * 49_000,
    "signs": "-" * 49_000 + "1",
    "a long sum": "1" + "+1" * 24_000,
    "statements": "a;" * 24_000,
    "digits": "x = 0x" + "f" * 49_000,
    "magics": "%a\n" * 16_000,
    "a few magics in much": "%a\n" * 20 + "b = 1\n" * 8_000,
    "the same magic": "%%time\n" * 7_000,
    "much": "x = 1\n" * 500_000,
}


def test_hostile_text_is_read_by_a_child_alone(toy: Assignment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> Keys:
        raise AssertionError("read by the grader's own process")

    monkeypatch.setattr(plan, "of_evidence", fail)
    options = Options("quick", store=tmp_path)
    with Children("autograder.runs.apart") as children:
        for name, text in HOSTILE.items():
            cell = nbformat.v4.new_code_cell(text, metadata={"nbgrader": {"grade_id": "answer"}})
            notebook = to_text(nbformat.v4.new_notebook(cells=[cell])).encode()
            assert not apart.is_known(children, notebook, toy, options), name
