"""Damaged notebooks graded for real: the same answers have the same points, and a class with all of them in it is graded."""

import copy
import shutil
from pathlib import Path

import pytest
from nbformat import NotebookNode
from room import NAME, Room, answered, new_room
from round_trips import TRIPS
from test_nbgrader_fixtures import FOLDER

from autograder.notebooks import notebook
from autograder.notebooks.notebook import grade_id, role

DAMAGED = [
    "colab_saved", "colab_without_nbgrader", "vscode_language_changed", "every_cell_copied", "jupyterlab_split",
    "every_cell_merged_with_the_next_code", "only_answers_left", "through_jupytext_without_metadata", "notebook_of_format_3",
]  # fmt: skip
pytestmark = pytest.mark.timeout(600)


def without(made: NotebookNode, *names: str) -> NotebookNode:
    made = copy.deepcopy(made)
    made.cells = [cell for cell in made.cells if grade_id(cell) not in names]
    return made


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A class in which everybody has the same two answers right, in notebooks that went through much."""
    made = new_room(tmp_path_factory.mktemp("damaged") / "room")
    plain = answered("convnet", "network_graph")
    for cell in plain.cells:
        if role(cell) == "manual":
            cell.source = f"My answer to {grade_id(cell)}."
    lacking = {"check_deleted": without(plain, "act03"), "answer_deleted": without(plain, "act10", "network_graph")}
    for student, one in ({"plain": plain} | lacking | {name: TRIPS[name](plain) for name in DAMAGED}).items():
        notebook.write(one, made.path(student))
    for name in ("apps/files/test.ipynb", "apps/files/too-new.ipynb", "preprocessors/files/duplicate-grade-ids.ipynb"):
        path = made.path(f"theirs_{Path(name).stem}")
        path.parent.mkdir(parents=True)
        shutil.copy(FOLDER / name, path)
    status, said = made.grade("--jobs", "1")  # the later ones are of the same content as the first
    assert status == 1, said
    return made


def test_nothing_damaged_ends_the_batch(room: Room) -> None:
    found = room.outcomes()
    refused = {student for student, outcome in found.items() if outcome["status"] != "graded"}
    assert refused == {student for student in found if student.startswith("theirs_")}
    assert len(found) == len(DAMAGED) + 6
    assert all("\n" not in found[student]["reason"] for student in refused)


@pytest.mark.parametrize("student", [*DAMAGED, "check_deleted"])
def test_damage_costs_no_points(room: Room, student: str) -> None:
    found, scores = room.outcomes(), room.scores()
    verdicts = {who: {name: item["outcome"] for name, item in found[who]["items"].items()} for who in (student, "plain")}
    assert verdicts[student] == verdicts["plain"]
    assert found["plain"]["points"] > 20
    assert scores[student] == scores["plain"]
    assert bool(found[student]["repairs"]) == (student != "colab_saved")


def test_a_check_deleted_with_its_answer_is_not_attempted(room: Room) -> None:
    found = room.outcomes()
    mine, plain = found["answer_deleted"]["items"], found["plain"]["items"]
    assert (mine["act10"]["outcome"], plain["act10"]["outcome"]) == ("not_attempted", "passed")
    assert room.scores()["answer_deleted"]["act10"] == 0
    assert {name for name in plain if mine[name]["outcome"] != plain[name]["outcome"]} == {"act10"}


def test_what_is_no_submission_has_no_score(room: Room) -> None:
    assert not [student for student in room.scores() if student.startswith("theirs_")]
    assert room.path("theirs_test").name == f"{NAME}.ipynb"
