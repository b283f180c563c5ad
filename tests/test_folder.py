"""Which file of a student's folder counts, what is said of the others, and who is missing from no table."""

import copy
import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from test_submission import ASSIGNMENT as NAME
from test_submission import OTHER, PLAIN, RELEASE, cell_of

from autograder.notebooks.folder import MOST, everybody, is_of, take
from autograder.notebooks.recognise import CODE_STUB
from autograder.notebooks.restore import Restored
from autograder.notebooks.submission import Unreadable

Give = Callable[..., None]
EXPECTED = f"{NAME}.ipynb"
LOOK = partial(is_of, release=RELEASE, assignment=NAME)
UNTOUCHED = json.dumps(RELEASE)


def work(*names: str, by: str = "me") -> str:
    """A notebook with some answers."""
    made = copy.deepcopy(RELEASE)
    for name in names:
        cell_of(made, name).source = cell_of(made, name).source.replace(CODE_STUB, f"answer = {by!r}")
    return json.dumps(made)


ONE, TWO = work("trainer", by="one"), work("trainer", "convnet", by="two")
TORN = ONE[:5000]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where ada's notebook is expected."""
    return tmp_path / "submitted" / "ada" / NAME / EXPECTED


@pytest.fixture
def give(place: Path) -> Give:
    def write(**files: str | bytes) -> None:
        for name, content in files.items():
            path = place.parent / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def by(submission: Restored) -> str:
    """Whose answer is graded."""
    return cell_of(submission.notebook, "trainer").source.partition("answer = '")[2][:3] or "nobody"


def refused(place: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        take(place, RELEASE, NAME)
    assert caught.value.reason.isprintable()
    return caught.value.reason.replace(str(place.parents[2]), "S")


@pytest.mark.parametrize(
    "name",
    [
        f"Copy of {NAME}.ipynb", f"Copy_of_{NAME}.ipynb", f"{NAME} (1).ipynb", f"{NAME}-2.ipynb", f"{NAME}.ipynb.txt",
        f"{NAME}.ipynb.json", f"{NAME}.ipynb (1)", f"{NAME}.IPYNB", f"{NAME}-checkpoint.ipynb", "Untitled7.ipynb",
        "Kopie von Übung 4 \u202egnp.ipynb", "ada_12345_678_pa4.ipynb",
    ],
)  # fmt: skip
def test_a_notebook_of_another_name_is_graded_and_flagged(name: str, place: Path, give: Give) -> None:
    give(**{name: ONE, "notes.pdf": b"%PDF", ".hidden.ipynb": TWO})
    found = take(place, RELEASE, NAME)
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    assert (by(found), found.flags) == ("one", [f"{shown} is graded: there is no {EXPECTED}."])


@pytest.mark.parametrize(
    ("files", "whose", "flags"),
    [
        (
            {EXPECTED: UNTOUCHED, f"{NAME} (1).ipynb": ONE},
            "one",
            [f"{NAME} (1).ipynb is graded in place of {EXPECTED}.", f"{EXPECTED} is not graded: nothing is answered in it."],
        ),
        (
            {EXPECTED: ONE, f"{NAME} (1).ipynb": UNTOUCHED},
            "one",
            [f"{NAME} (1).ipynb is not graded: nothing is answered in it."],
        ),
        (
            {EXPECTED: ONE, f"{NAME} (1).ipynb": TWO},
            "one",
            [f"{NAME} (1).ipynb is not graded: it has answers in 2 cells, {EXPECTED} has the expected name."],
        ),
        (
            {EXPECTED: UNTOUCHED, "a.ipynb": UNTOUCHED},
            "nobody",
            ["a.ipynb is not graded: nothing is answered in it."],
        ),
        (
            {"a.ipynb": TWO, "b.ipynb": ONE},
            "two",
            [
                f"a.ipynb is graded: there is no {EXPECTED}.",
                "b.ipynb is not graded: it has answers in 1 cell, a.ipynb in 2.",
            ],
        ),
        (
            {"x (2).ipynb": work("trainer", by="old"), "x (10).ipynb": work("trainer", by="new")},
            "new",
            [
                f"x (10).ipynb is graded: there is no {EXPECTED}.",
                "x (2).ipynb is not graded: it has answers in 1 cell, x (10).ipynb in 1.",
            ],
        ),
        (
            {EXPECTED: TORN, "saved.ipynb": ONE},
            "one",
            [f"saved.ipynb is graded in place of {EXPECTED}.", f"{EXPECTED} is not graded: it is not valid JSON"],
        ),
        (
            {EXPECTED: json.dumps(OTHER), "saved.ipynb": ONE},
            "one",
            [f"saved.ipynb is graded in place of {EXPECTED}.", f"{EXPECTED} is not graded: it is a notebook of another"],
        ),
        ({EXPECTED: ONE, "scratch.ipynb": json.dumps(PLAIN)}, "one", ["scratch.ipynb is not graded: no cell of"]),
    ],
)  # fmt: skip
def test_of_several_the_one_with_answers_counts(
    files: dict[str, str], whose: str, flags: list[str], place: Path, give: Give
) -> None:
    give(**files)
    found = take(place, RELEASE, NAME)
    assert by(found) == whose
    assert len(found.flags) == len(flags)
    assert [flag for flag, said in zip(flags, found.flags, strict=True) if not said.startswith(flag)] == []


def test_an_expected_file_alone_is_no_news(place: Path, give: Give) -> None:
    give(**{EXPECTED: ONE, "figure.png": b"\x89PNG", "data/more.ipynb": TWO, ".ipynb_checkpoints/x.ipynb": TWO})
    assert (take(place, RELEASE, NAME).flags, by(take(place, RELEASE, NAME))) == ([], "one")


def test_a_folder_full_of_notebooks_costs_no_more_than_a_few(place: Path, give: Give) -> None:
    give(**{EXPECTED: UNTOUCHED} | {f"x{n:03}.ipynb": ONE for n in range(300)})
    found = take(place, RELEASE, NAME)
    assert by(found) == "one"
    assert len(found.flags) == MOST + 1
    assert re.fullmatch(r"x004.ipynb, x005.ipynb, x006.ipynb and \d+ more: not looked at, .*", found.flags[-1])


def test_a_link_is_never_the_one_that_counts(place: Path, give: Give, tmp_path: Path) -> None:
    (tmp_path / "neighbour.ipynb").write_text(TWO)
    give(**{EXPECTED: UNTOUCHED})
    (place.parent / "mine.ipynb").symlink_to(tmp_path / "neighbour.ipynb")
    os.link(tmp_path / "neighbour.ipynb", place.parent / "hard.ipynb")
    found = take(place, RELEASE, NAME)
    assert by(found) == "nobody"
    assert [flag.partition(",")[0] for flag in found.flags] == [
        "hard.ipynb is not graded: it is a hard link", "mine.ipynb is not graded: it is a symbolic link",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({f"../{EXPECTED}": ONE}, f"S/ada/{EXPECTED} lies one folder too high; move it to S/ada/{NAME}/{EXPECTED}"),
        ({"../Untitled.ipynb": ONE}, f"S/ada/Untitled.ipynb lies one folder too high; move it to S/ada/{NAME}/{EXPECTED}"),
        ({f"{NAME}/{EXPECTED}": ONE}, f"S/ada/{NAME}/{NAME}/{EXPECTED} lies too deep; move it to S/ada/{NAME}/{EXPECTED}"),
        ({f"../PA4/{EXPECTED}": ONE}, f"S/ada/PA4/{EXPECTED} lies in the wrong folder; move it to"),
        ({"../homework/hw.ipynb": ONE}, "S/ada/homework/hw.ipynb lies in the wrong folder; move it to"),
        ({f"{NAME}.zip": b"PK"}, f"there is only {NAME}/{NAME}.zip; unpack {NAME}.zip and put {EXPECTED} there"),
        ({"all.tar.gz": b""}, f"there is only {NAME}/all.tar.gz; unpack all.tar.gz and put {EXPECTED} there"),
        ({f"{NAME}.pdf": b"%PDF"}, f"there is only {NAME}/{NAME}.pdf; ask the student for {EXPECTED}"),
        ({f"{NAME}.py": b"x"}, f"there is only {NAME}/{NAME}.py; ask the student for {EXPECTED}"),
        ({"a.html": b"", "b.docx": b""}, f"there is only {NAME}/a.html, {NAME}/b.docx; ask the student for {EXPECTED}"),
        ({"../report.pdf": b""}, f"there is only report.pdf; ask the student for {EXPECTED}"),
        ({"../mnist_cnn/mnist_cnn.ipynb": json.dumps(OTHER)}, "nothing to grade"),
    ],
)
def test_what_lies_in_its_place_is_named(files: dict[str, str | bytes], line: str, place: Path, give: Give) -> None:
    give(**files)
    assert f"S/ada/{NAME}/{EXPECTED}: there is no such file; {line}" in refused(place)


def test_of_several_that_are_none_the_first_is_explained(place: Path, give: Give) -> None:
    give(**{"a.ipynb": TORN, "b.ipynb": json.dumps(OTHER)})
    line = refused(place)
    assert line.startswith(f"S/ada/{NAME}/a.ipynb: is not valid JSON")
    assert line.endswith(f"(nor is any of b.ipynb one of {NAME})")


@pytest.mark.parametrize(
    ("files", "listed"),
    [
        ({f"ada/{NAME}/": ""}, True),
        ({f"ada/{EXPECTED}": ONE}, True),
        ({f"ada/{EXPECTED}": TORN}, True),
        ({"ada/Untitled.ipynb": ONE}, True),
        ({"ada/Untitled.ipynb": json.dumps(PLAIN)}, True),
        ({"ada/Untitled.ipynb": json.dumps(OTHER)}, False),
        ({"ada/homework.zip": ""}, True),
        ({"ada/report.pdf": ""}, True),
        ({"ada/pa4.py": ""}, True),
        ({f"ada/{NAME.upper()}/only.zip": ""}, True),
        ({"ada/homework/hw.ipynb": ONE}, True),
        ({"ada/homework/hw.zip": ""}, False),
        ({"ada/mnist_cnn/mnist_cnn.ipynb": json.dumps(OTHER)}, False),
        ({"ada/mnist_cnn.ipynb": ONE}, False),
        ({"ada/mnist_cnn.zip": ""}, False),
        ({"ada/other_assignment/": ""}, False),
        ({"ada/": ""}, False),
        ({"ada/.DS_Store": "", "ada/timestamp.txt": "", "ada/Thumbs.db": "", "ada/__MACOSX/x.ipynb": ONE}, False),
        ({f"{NAME}/{EXPECTED}": ONE}, False),
        ({"README.txt": ""}, False),
        ({f".hidden/{EXPECTED}": ONE}, False),
    ],
)
def test_nobody_is_missing(files: dict[str, str], listed: bool, tmp_path: Path) -> None:
    for name, content in files.items():
        path = tmp_path / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_text(content)
    found = everybody(tmp_path, NAME, ["mnist_cnn", "cnn_blocks"], LOOK)
    assert found == ({"ada": tmp_path / "ada" / NAME / EXPECTED} if listed else {})


def test_a_notebook_in_nobodys_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / f"ada {EXPECTED}").write_text(ONE)
    (path,) = everybody(tmp_path, NAME, [], LOOK).values()
    with pytest.raises(Unreadable, match=rf"lies in no student's folder; move it to {tmp_path}/<student>/{NAME}"):
        take(path, RELEASE, NAME)
