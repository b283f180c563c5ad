"""Not attempted is told by the placeholders that are left, per ACT, and never for work that was done."""

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.judging.attempts import not_attempted

STUB = "...  # your code here"
RELEASED = f"""class ConvNet:
    def __init__(self):
        ### ACT1: the first convolution
        {STUB}
        ### ACT2: the pooling
        # two lines of advice
        {STUB}

    def forward(self, x):
        ### ACT3: the rest
        {STUB}
"""
PLOT = f"### ACT17: plot the losses\n{STUB}"


def notebook(network: str, plot: str = PLOT, *, dropped: bool = False) -> NotebookNode:
    def cell(name: str, source: str, **meta: object) -> NotebookNode:
        made = nbformat.v4.new_code_cell(source)
        made.metadata["nbgrader"] = {"grade_id": name, "schema_version": 3, "locked": False, **meta}
        return made

    answer = {"solution": True, "grade": False}
    item = {"solution": False, "grade": True, "points": 2}
    cells = [cell("convnet", network, **answer), *(cell(f"act0{n}", "check()", **item) for n in (1, 2, 3))]
    cells += [cell("loss_plot", plot, **answer), cell("act17", "check()", **item)]
    cells += [cell("essay", "*Your answer here.*", solution=True, grade=True, points=2)]
    return nbformat.v4.new_notebook(cells=[c for c in cells if not (dropped and c.metadata.nbgrader.grade_id == "convnet")])


RELEASE = notebook(RELEASED)


def answered(*acts: int) -> str:
    parts = RELEASED.split(STUB)
    fillings = [f"self.x{act} = {act}" if act in acts else STUB for act in (1, 2, 3)]
    return "".join(part + filling for part, filling in zip(parts, [*fillings, ""], strict=True))


def test_the_release_itself_is_not_attempted() -> None:
    assert not_attempted(RELEASE, RELEASE) == {"act01", "act02", "act03", "act17"}


@pytest.mark.parametrize("acts", [(1,), (2,), (3,), (1, 2), (1, 2, 3)])
def test_each_act_counts_for_itself(acts: tuple[int, ...]) -> None:
    expected = {f"act0{act}" for act in (1, 2, 3) if act not in acts} | {"act17"}
    assert not_attempted(notebook(answered(*acts)), RELEASE) == expected


def test_blank_lines_and_indentation_do_not_hide_a_placeholder() -> None:
    spaced = answered(1).replace(STUB, f"\n\n    {STUB}   ")
    assert not_attempted(notebook(spaced), RELEASE) == {"act02", "act03", "act17"}


def test_a_placeholder_below_the_work_is_no_lack() -> None:
    left = answered(1, 2, 3) + f"\n        {STUB}\n"
    assert not_attempted(notebook(left), RELEASE) == {"act17"}


def test_work_without_the_markers_is_an_attempt() -> None:
    assert not_attempted(notebook("class ConvNet:\n    pass"), RELEASE) == {"act17"}


@pytest.mark.parametrize("source", ["", "\n\n", "# nothing\n# but comments"])
def test_an_emptied_cell_is_not_attempted(source: str) -> None:
    assert {"act01", "act02", "act03"} <= not_attempted(notebook(source), RELEASE)


def test_a_missing_cell_is_not_attempted() -> None:
    assert {"act01", "act02", "act03"} <= not_attempted(notebook("x", dropped=True), RELEASE)


def test_written_answers_are_left_to_the_person_who_marks_them() -> None:
    assert "essay" not in not_attempted(RELEASE, RELEASE)


def test_a_todo_that_names_an_item_marks_it() -> None:
    released = RELEASED.replace("### ACT1:", "# TODO act01:").replace("### ACT2:", "# TODO something:")
    release, parts = notebook(released), released.split(STUB)
    rest = f"self.x = 2{parts[2]}self.x = 3{parts[3]}"
    assert not_attempted(notebook(f"{parts[0]}{STUB}{parts[1]}{rest}"), release) == {"act01", "act17"}
    assert not_attempted(notebook(f"{parts[0]}self.x = 1{parts[1]}{rest}"), release) == {"act17"}
