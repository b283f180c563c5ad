"""What students may pack into archives, and names that they may choose: no other submission and no file outside changes."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import collected_class as made
import pytest
from collected_class import NAME, as_folder, as_zip, notebook_of, zipped
from test_collect import CLASS, Room, bare, room, row

from autograder.collecting import files, opening
from autograder.collecting.files import listing
from autograder.notebooks.submission import Unreadable

__all__ = ["bare", "room"]
EVE = "Eve Mallory_666_assignsubmission_file_"


@pytest.fixture
def eves(room: Room) -> Room:
    """A course in which Eve is enrolled."""
    with (room.root / "students.csv").open("a") as stream:
        stream.write("eve,Eve,Mallory,eve@uni.example,\n")
    return room


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, str]:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info, target


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@cache
def bomb() -> bytes:
    return zipped(("bomb.ipynb", b"0" * 300_000_000))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "up": lambda: packed(("../../../../../../tmp/collected-evil.ipynb", notebook_of("evil"))),
    "absolute": lambda: packed(("/tmp/collected-evil.ipynb", notebook_of("evil"))),
    "windows": lambda: packed(
        ("..\\..\\ada\\mnist_cnn\\mnist_cnn.ipynb", notebook_of("evil")), ("C:\\x.ipynb", notebook_of("evil"))
    ),
    "link": lambda: packed(link("mnist_cnn.ipynb", "/etc/passwd")),
    "link to a folder": lambda: packed(link("d", "/etc"), ("d/passwd.ipynb", b"x")),
    "bomb": bomb,
    "bomb in a bomb": lambda: zipped(("inner.zip", bomb()), ("again.zip", bomb())),
    "nested without end": lambda: zipped(
        ("1.zip", zipped(("2.zip", zipped(("3.zip", zipped(("4.ipynb", notebook_of("evil"))))))))
    ),
    "many names": lambda: zipped(*((f"{number}.txt", b"") for number in range(files.MAX_FILES // 50))),
    "many notebooks": lambda: zipped(*((f"{number}.ipynb", b"{}") for number in range(opening.MAX_FILES + 50))),
    "not a zip": lambda: b"PK\x03\x04 and then nothing",
    "cut off": lambda: zipped(("x.ipynb", notebook_of("evil")))[:-40],
}


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_hostile_archive_is_its_students_problem_alone(eves: Room, kind: str) -> None:
    outside = everything(eves.root.parent)
    tree = made.moodle(CLASS) | {f"{EVE}/work.zip": HOSTILE[kind]()}
    status, output = eves.collect(as_zip(tree, eves.root / "download.zip"))
    assert status == 1
    assert eves.students == {member.id for member in CLASS} - {"mroz", "kim", "hana", "gone"}
    assert "eve" in " ".join(row(output, which) for which in ("cannot be read", "not a notebook", "another assignment")), (
        output
    )
    assert not Path("/tmp/collected-evil.ipynb").exists()
    assert not list(eves.root.rglob("passwd*"))
    changed = {name for name, content in everything(eves.root.parent).items() if outside.get(name) != content}
    assert all(
        name.startswith(("course/submitted/", f"course/collected/{NAME}/", "course/download.zip")) for name in changed
    )
    for member in CLASS:
        if member.id not in ("mroz", "kim", "hana", "gone", "sobrien", "bjorn"):
            assert eves.path(member.id).read_bytes() == member.files[-1].content


SPOOFS = {
    "moodle": (
        "Eve Mallory_666_assignsubmission_file_/work.zip",
        f"Ada King Lovelace_1230000_assignsubmission_file_/{NAME}.ipynb",
    ),
    "moodle_flat": (
        "Eve Mallory_666_assignsubmission_file_work.zip",
        f"Ada King Lovelace_1230000_assignsubmission_file_{NAME}.ipynb",
    ),
    "canvas": ("malloryeve_50666_1_work.zip", f"lovelaceadaking_40000_99_{NAME}.ipynb"),
    "gradescope": ("assignment_77_export/submission_5/work.zip", "submission_4230000/x.ipynb"),
    "blackboard": (
        "Week 3 MNIST_eve_attempt_2026-03-01-10-00-00_work.zip",
        f"Week 3 MNIST_ada_attempt_2026-03-09-10-00-00_{NAME}.ipynb",
    ),
    "brightspace": (
        "5-5 - Eve Mallory - Mar 1, 2026 100 PM - work.zip",
        "40000-6 - Ada King Lovelace - Mar 9, 2026 100 PM - x.ipynb",
    ),
    "ilias": ("Week_3/Submissions/Mallory_Eve_eve_5/work.zip", "Lovelace_Ada_King_ada_40000/x.ipynb"),
    "exchange": (f"inbound/eve+{NAME}+2026-03-01 10:00:00 UTC+1/work.zip", f"ada+{NAME}+2026-03-09 10:00:00 UTC+1/x.ipynb"),
    "submitted": (f"submitted/eve/{NAME}/work.zip", f"submitted/ada/{NAME}/{NAME}.ipynb"),
    "github": ("mnist-cnn-eve/work.zip", "mnist-cnn-ada/x.ipynb"),
}


@pytest.mark.parametrize("form", list(SPOOFS))
def test_what_lies_in_a_students_archive_is_that_students(eves: Room, form: str) -> None:
    outer, inner = SPOOFS[form]
    tree = made.FORMS[form](CLASS)
    metadata = "assignment_77_export/submission_metadata.yml"
    if form == "gradescope":
        tree[metadata] += b"submission_5:\n  :submitters:\n  - :name: Eve Mallory\n    :sid: eve\n"
    evil = ((inner, notebook_of("evil", 9)), ("submission_metadata.yml", tree.get(metadata, b"").replace(b"ada", b"eve")))
    for number, content in enumerate((zipped(*evil), zipped(("deeper.zip", zipped(*evil))))):
        source = as_zip(tree | {outer: content}, eves.root / f"{number}.zip")
        eves.collect(source)
        assert eves.path("ada").read_bytes() == CLASS[0].files[-1].content
        assert eves.path("eve").read_bytes() == notebook_of("evil", 9)


def test_a_file_whose_name_looks_like_anothers_is_its_own_students(eves: Room) -> None:
    name = "Week 3 MNIST_eve_attempt_2026-03-01-10-00-00_x_ada_attempt_2026-03-09-10-00-00_y.ipynb"
    eves.collect(as_zip(made.blackboard(CLASS) | {name: notebook_of("evil", 9)}, eves.root / "download.zip"))
    assert eves.path("ada").read_bytes() == CLASS[0].files[-1].content
    assert eves.path("eve").read_bytes() == notebook_of("evil", 9)


def test_a_students_many_files_do_not_decide_the_form(eves: Room) -> None:
    lures = [(f"X_ada_attempt_2026-03-09-10-00-0{number % 10}_{number}.ipynb", b"{}") for number in range(90)]
    _, output = eves.collect(as_zip(made.moodle(CLASS) | {f"{EVE}/work.zip": zipped(*lures)}, eves.root / "download.zip"))
    assert "Moodle, 28 files" in output
    assert "eve" not in eves.students


def test_a_students_list_is_nobodys_list(eves: Room) -> None:
    """Eve hands in a worksheet that says that Ada came early, and metadata that say that Ada's file is hers."""
    early = replace(CLASS[0], files=[made.Handin("x", b"", made.DUE - timedelta(days=30))])
    metadata = b"Ada King Lovelace_1230000_assignsubmission_file_:\n  :submitters:\n  - :sid: eve\n"
    named = {"moodle": f"{EVE}/", "moodle_flat": EVE, "canvas": "malloryeve_50666_7_", "drive": "Eve Mallory - "}
    for form, folder in named.items():
        tree = made.FORMS[form](CLASS)
        tree |= {f"{folder}Grades.csv": made.worksheet([early]), f"{folder}submission_metadata.yml": metadata}
        tree |= {f"{folder}x.ipynb": notebook_of("eve")}
        if form == "moodle":
            tree[f"{folder}submission_1/x.txt"] = b""
        eves.collect(as_zip(tree, eves.root / "download.zip"))
        assert eves.time("ada") is None
        assert eves.path("ada").read_bytes() == CLASS[0].files[-1].content
        assert eves.path("eve").read_bytes() == notebook_of("eve")


@pytest.mark.parametrize(
    "name", ["../ada/x.ipynb", "/etc/x.ipynb", "Ada King Lovelace_1_assignsubmission_file_/../../x.ipynb"]
)
def test_a_path_that_leads_out_of_a_download_does_not_stop_the_class(room: Room, name: str) -> None:
    status, output = room.collect(as_zip(made.moodle(CLASS) | {name: b"x"}, room.root / "download.zip"))
    assert (status, len(room.students)) == (1, 21)
    assert "leads out of its folder and was not opened" in row(output, "not opened")


def test_links_in_a_folder_are_not_followed(room: Room) -> None:
    source = as_folder(made.moodle(CLASS), room.root / "download")
    secret = room.root / "secret.ipynb"
    secret.write_bytes(notebook_of("secret"))
    folder = source / "Gone Missing_1230168_assignsubmission_file_"
    folder.mkdir()
    (folder / "link.ipynb").symlink_to(secret)
    os.link(secret, folder / "hard.ipynb")
    (source / "elsewhere").symlink_to("/etc")
    os.mkfifo(folder / "pipe.ipynb")
    status, output = room.collect("download")
    assert (status, "gone" in room.students) == (1, False)
    assert row(output, "not opened").startswith("3 ")
    assert "hard link" in row(output, "cannot be read")


def test_a_link_in_place_of_a_students_folder_is_not_written_through(room: Room) -> None:
    (room.root / "elsewhere").mkdir()
    (room.root / "submitted").mkdir()
    (room.root / "submitted" / "ada").symlink_to(room.root / "elsewhere")
    room.path("wei").parent.mkdir(parents=True)
    room.path("wei").symlink_to("/etc/passwd")
    status, output = room.collect(as_zip(made.moodle(CLASS), room.root / "download.zip"))
    assert status == 1
    assert not list((room.root / "elsewhere").iterdir())
    assert "ada: " in row(output, "left as it was")
    assert "is a link" in row(output, "left as it was")
    assert len(room.students - {"ada", "wei"}) == 19


def test_twice_the_same_name_in_an_archive_is_two_files(eves: Room) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped(("x.ipynb", notebook_of("first", 1)), ("x.ipynb", notebook_of("second", 4)))
    eves.collect(as_zip({f"{EVE}/work.zip": content}, eves.root / "download.zip"))
    assert eves.path("eve").read_bytes() == notebook_of("second", 4)


def test_an_archive_called_a_notebook_and_a_notebook_called_otherwise(eves: Room) -> None:
    eves.collect(as_zip({f"{EVE}/mnist_cnn.ipynb": zipped(("a/b.json", notebook_of("eve")))}, eves.root / "download.zip"))
    assert eves.path("eve").read_bytes() == notebook_of("eve")


def test_encrypted_and_oddly_packed_files_are_told(eves: Room) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.ipynb", notebook_of("eve"))
    plain = zipped(("x.ipynb", notebook_of("eve")))
    place = plain.index(b"PK\x01\x02")
    encrypted = plain[:6] + b"\x01" + plain[7 : place + 8] + b"\x01" + plain[place + 9 :]
    for content, said in ((stream.getvalue(), "packed by a method that is not opened"), (encrypted, "is encrypted")):
        _, output = eves.collect(as_zip({f"{EVE}/work.zip": content}, eves.root / "download.zip"))
        assert said in row(output, "cannot be read")


def test_files_that_overlap_are_refused(tmp_path: Path) -> None:
    """After David Fifield, "A better zip bomb" (WOOT 2019): many entries of the directory share one file."""
    kernel = zlib.compress(b"0" * 1_000_000, 9)[2:-4]
    local = (
        struct.pack(
            "<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, zlib.crc32(b"0" * 1_000_000), len(kernel), 1_000_000, 1, 0
        )
        + b"a"
        + kernel
    )
    entries = b"".join(
        struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\x01\x02",
            20,
            20,
            0,
            8,
            0,
            0,
            zlib.crc32(b"0" * 1_000_000),
            len(kernel),
            1_000_000,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
        )
        + b"a"
        for _ in range(100)
    )
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 100, 100, len(entries), len(local), 0)
    path = tmp_path / "bomb.zip"
    path.write_bytes(local + entries + end)
    with pytest.raises(Unreadable, match="overlap"):
        listing(path)


def test_a_directory_without_end_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 10)
    path = as_zip({f"{number}": b"" for number in range(11)}, tmp_path / "many.zip")
    with pytest.raises(Unreadable, match="holds more than 10 files and is not opened"):
        listing(path)
    as_folder({f"{number}": b"" for number in range(11)}, tmp_path / "many")
    with pytest.raises(Unreadable, match="holds more than 10 files"):
        listing(tmp_path / "many")


def test_a_large_entry_is_not_read(eves: Room) -> None:
    tree = made.moodle(CLASS[:1]) | {f"{EVE}/large.ipynb": b"[" + b" " * 30_000_000}
    _, output = eves.collect(as_zip(tree, eves.root / "download.zip"))
    assert "has 30 MB, the limit is 20 MB" in row(output, "cannot be read")


def test_names_command_no_terminal(eves: Room) -> None:
    tree = {f"{EVE}/\x1b]0;owned\x07[bold]x[/bold].pdf": b"%PDF", "\x1b[2J\x07.txt": b"x"}
    _, output = eves.collect(as_zip(tree, eves.root / "download.zip"))
    assert "\x1b]0" not in output
    assert "\x07" not in output
    assert "[bold]x[/bold].pdf" in output


def test_a_table_that_is_a_formula_is_none_in_the_roster(bare: Room) -> None:
    tree = {
        f"{name}_{number}_assignsubmission_file_/x.ipynb": notebook_of(name)
        for number, name in enumerate(("=1+1 Cmd", "@SUM Sum"))
    }
    bare.collect(as_zip(tree, bare.root / "download.zip"))
    lines = (bare.root / "students.csv").read_text().splitlines()[1:]
    assert not any(cell.startswith(("=", "@", "+", "-")) for line in lines for cell in line.split(","))


@pytest.mark.parametrize(
    "metadata",
    [
        b"&a [*a, *a]",
        b"- 1",
        b"!!python/object/apply:os.system [touch /tmp/collected-evil.ipynb]",
        b"\x80\xff",
        b"a: [" * 3000,
    ],
)
def test_metadata_that_is_no_metadata_is_one_line(room: Room, metadata: bytes) -> None:
    tree = made.gradescope(CLASS) | {"assignment_77_export/submission_metadata.yml": metadata}
    status, output = room.collect(as_zip(tree, room.root / "download.zip"))
    assert (status, len(output.strip().splitlines())) == (2, 1), output
    assert not Path("/tmp/collected-evil.ipynb").exists()
