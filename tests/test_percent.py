"""A catalogue is read from files in percent format: what each cell becomes, and every mistake in a file as one line."""

from pathlib import Path

import nbformat
import pytest

from autograder.course import CourseError
from autograder.proof import catalogue, percent
from autograder.proof.answer import Answer

FILE = """# Text above the first answer is for people.

# %% right: other_style
# about = "Other names."
# example = true

# %% network
class Net:

    layers = 3

# %% below network
%time Net()

# %% below network
Net

# %% text [markdown]
# One line.
#
# *Another* one.

# %% mistake: one_epoch
# about = "One epoch, and no step."
# fails = ["training"]
# partial = ["training", "results"]
# not_attempted = [
#     "plot",
# ]
# blank = ["plot_code"]
# close = true
# %% loop
# - for epoch in epochs:
for epoch in epochs[:1]:

# - optimizer.step()

# - losses.append(loss)
if loss:
    losses.append(loss)

# %% mutant:
# about = "Another loss."
# equivalent = "it is the same"
# %% loop
# - loss = one()
loss = other()

# %% mutants:
# fails = ["layers"]
# only = ["bias", "without_conv2d"]
# equivalent.bias = "batch norm follows"
# %% network
self.conv = nn.Conv2d(1, 2, 3)
# %% network
nn.Conv2d(2, 3, 3)

# %% unfinished: untouched
# about = "Nothing."

# %% damaged: cut
# about = "The file ends in the middle."
# damage = "cut_off"
"""


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Answer]:
    (tmp_path / "file.py").write_text(FILE)
    return {answer.name: answer for answer in percent.read(tmp_path / "file.py")}


def test_names_and_kinds(found: dict[str, Answer]) -> None:
    assert {name: answer.kind for name, answer in found.items()} == {
        "right_other_style": "right",
        "mistake_one_epoch": "mistake",
        "mutant_loop_another_loss": "mutant",
        "mutant_network_conv_bias": "mutant",
        "mutant_network_conv_without_conv2d": "mutant",
        "mutant_network_conv2d_bias": "mutant",
        "mutant_network_conv2d_without_conv2d": "mutant",
        "untouched": "unfinished",
        "cut": "damaged",
    }


def test_whole_cells_own_cells_and_text(found: dict[str, Answer]) -> None:
    right = found["right_other_style"]
    assert right.cells == {"network": "class Net:\n\n    layers = 3", "text": "One line.\n\n*Another* one."}
    assert right.added == (("network", "%time Net()"), ("network", "Net"))
    assert (right.about, right.example, right.slow, right.edits) == ("Other names.", True, False, ())


def test_changes_of_the_solution(found: dict[str, Answer]) -> None:
    mistake = found["mistake_one_epoch"]
    assert mistake.edits == (
        ("loop", "for epoch in epochs:", "for epoch in epochs[:1]:"),
        ("loop", "optimizer.step()", ""),
        ("loop", "losses.append(loss)", "if loss:\n    losses.append(loss)"),
    )
    assert mistake.verdicts == {"training": "partial", "results": "partial", "plot": "not_attempted"}
    assert (mistake.fails, mistake.blank, mistake.close) == (("training",), ("plot_code",), True)
    assert found["mutant_loop_another_loss"].equivalent == "it is the same"


def test_mutants_of_pieces_of_code(found: dict[str, Answer]) -> None:
    assert found["mutant_network_conv_bias"].fails == ()
    assert found["mutant_network_conv_bias"].equivalent == "batch norm follows"
    assert found["mutant_network_conv2d_without_conv2d"].fails == ("layers",)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# %% network\nx = 1\n", 1, "this cell belongs to no answer; begin one with `# %% right: NAME`"),
        ("\n# %% wrong: a\n", 2, "this cell belongs to no answer"),
        ("# %% right:\n# about = 'A.'\n", 1, "the answer has no name; write `# %% right: NAME`"),
        ("# %% mutant:\n# about = 'A.'\n# %% cell\nx = 1\n", 1, "name it, or change a cell"),
        ("# %% right: a\n", 1, "about: field required; known keys are about, fails, "),
        ("# %% right: a\n# about = 'A.'\n# close = 1\n", 1, "close: input should be a valid boolean"),
        ("# %% right: a\n# about = 'A.'\n# fail = ['b']\n", 1, "unknown key fail; known keys are"),
        ("# %% damaged: a\n# about = 'A.'\n# damage = 'burnt'\n", 1, "damage: input should be "),
        ("# %% right: a\n# about = A.\n", 1, "Invalid value (at line 2, column 9)"),
        ("# %% right: a\n# about = 'A.'\nx = 1\n", 1, "'x = 1' stands outside of a cell; begin one with `# %% CELL`"),
        ("# %% right: a\n# about = 'A.'\n# %% loop\nx = 1\n# - y\ny\n", 1, "'x = 1' stands above the first line"),
        ("# %% mutants:\n# fails = ['a']\n# %% loop\nx = 1\n", 1, "do not apply to 'x = 1'"),
        ("\n# %% right: ok\n# about = 'A.'\n\n# %% mutants:\n# only = ['b']\n", 5, "fails: field required; known keys"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_is_one_line(text: str, line: int, said: str, tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_text(text)
    with pytest.raises(CourseError) as error:
        percent.read(path)
    assert str(error.value).startswith(f"{path}, line {line}: ")
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_bytes(b"# %% right: \xff\n")
    with pytest.raises(CourseError, match=r"file\.py: cannot be read \('utf-8' codec"):
        percent.read(tmp_path / "file.py")


CELL = "for x in xs:\n    a(x)\n    if x:\n        b(x)\n\n        c(x)\n    a(y)\nd()"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("b(x)", "e(x)\nf(x)", CELL.replace("b(x)", "e(x)\n        f(x)")),
        ("if x:\n    b(x)\n\n", "if y:\n\n    z\n", CELL.replace("if x:\n        b(x)\n\n", "if y:\n\n        z\n")),
        ("a(x)", "", CELL.replace("    a(x)\n", "")),
        ("d()", "", CELL.removesuffix("\nd()")),
        (" in xs", "", CELL.replace(" in xs", "")),
        ("a(y)", "    a(y)", CELL.replace("    a(y)", "        a(y)")),
    ],
)  # fmt: skip
def test_a_change_is_indented_as_the_line_that_it_changes(old: str, new: str, expected: str) -> None:
    assert built(Answer("a", "right", "", edits=(("cell", old, new),))) == ["above", expected, "below"]


@pytest.mark.parametrize(("old", "times"), [("a(", 2), ("nowhere", 0), ("if x:\nb(x)", 0)])
def test_what_a_change_replaces_stands_once(old: str, times: int) -> None:
    with pytest.raises(ValueError, match=f"is {times} times in the cell cell"):
        built(Answer("a", "right", "", edits=(("cell", old, "new"),)))


def test_own_cells_keep_their_order() -> None:
    added = (("cell", "first"), ("above", "zeroth"), ("cell", "second"))
    assert built(Answer("a", "right", "", added=added)) == ["above", "zeroth", CELL, "first", "second", "below"]


def built(answer: Answer) -> list[str]:
    """The sources of a notebook with one answer cell, for an answer."""
    cells = [nbformat.v4.new_code_cell(name, id=name) for name in ("above", "cell", "below")]
    cells[1].metadata["nbgrader"] = {"grade_id": "cell", "solution": True, "grade": False, "locked": False}
    release = nbformat.v4.new_notebook(cells=cells)
    source = nbformat.from_dict(release)
    source.cells[1].source = f"### BEGIN SOLUTION\n{CELL}\n### END SOLUTION"
    found = catalogue.build(answer, source, release).cells
    return [cell.source.removesuffix("\n") if cell.id == "cell" else cell.source for cell in found]
