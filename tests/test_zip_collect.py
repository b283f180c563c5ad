"""`nbgrader zip_collect` with this course's configuration: what one student packs is that student's, and stops nobody."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from collected_class import NAME, notebook_of, zipped
from conftest import ROOT, link_hidden_tests

PATTERN = r".*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>\w+)"
UNTIMED = r".*/hw_(?P<student_id>[a-z]+)_(?P<file_id>\w+)"
BIN = Path(sys.executable).parent


def attempt(student: str, name: str = f"{NAME}.ipynb", hour: int = 10) -> str:
    return f"hw_{student}_attempt_2026-03-01-{hour:02}-00-00_{name}"


def collect(root: Path, pattern: str = PATTERN) -> str:
    shutil.copy(ROOT / "nbgrader_config.py", root)  # a link would make the course that of this repository
    for name in ("source", "release"):
        (root / name).symlink_to(ROOT / name)
    link_hidden_tests(root)
    done = subprocess.run(
        [BIN / "nbgrader", "zip_collect", NAME, f"--FileNameCollectorPlugin.named_regexp={pattern}"],
        cwd=root,
        env=os.environ | {"PATH": f"{BIN}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def handed_in(root: Path) -> dict[str, bytes]:
    return {path.parents[1].name: path.read_bytes() for path in sorted(root.glob("submitted/*/*/*.ipynb"))}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "downloaded" / NAME / "archive"
    folder.mkdir(parents=True)
    return folder


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, str]:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info, target


def test_an_archive_counts_for_its_own_student_and_bad_members_stop_nobody(tmp_path: Path, archive: Path) -> None:
    evil = notebook_of("evil", 9)
    inner = zipped((attempt("ada", hour=23), evil), ("deep.zip", zipped((attempt("bob", hour=23), evil))))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        opened.writestr(f"../../{attempt('evil')}", b"x")
        opened.writestr("/tmp/collected-evil.ipynb", b"x")
        opened.writestr(*link(attempt("dora"), "/etc/passwd"))
        opened.writestr(attempt("ada"), notebook_of("ada"))
        opened.writestr(attempt("bob"), notebook_of("bob"))
        opened.writestr(attempt("carl", "work.zip"), zipped(("work/lab.ipynb", notebook_of("carl"))))
        opened.writestr(attempt("eve", "work.zip"), inner)
        opened.writestr(attempt("fay", "work.zip"), b"PK\x03\x04 no archive")
        opened.writestr(attempt("guy", "work.zip"), zipped(("bomb.ipynb", b"0" * 200_000_000)))
    (archive / "gradebook_hw.zip").write_bytes(stream.getvalue())
    said = collect(tmp_path)
    assert handed_in(tmp_path) == {
        "ada": notebook_of("ada"), "bob": notebook_of("bob"), "carl": notebook_of("carl"), "eve": evil,
    }  # fmt: skip
    stamp = (tmp_path / "submitted" / "eve" / NAME / "timestamp.txt").read_text()
    assert stamp.startswith("2026-03-01 10:00:00")
    assert not Path("/tmp/collected-evil.ipynb").exists()
    for words in (
        "lies in the archive of eve and counts for nobody else", "leads out of its folder", "is a link", "it is not opened",
        "cannot be unpacked",
    ):  # fmt: skip
        assert words in said


def test_downloads_that_somebody_unpacked_are_guarded_too(tmp_path: Path, archive: Path) -> None:
    (archive / "hw_ada_x.ipynb").write_bytes(notebook_of("ada"))
    evil = ("hw_ada_x.ipynb", notebook_of("evil"))
    (archive / "hw_eve_work.zip").write_bytes(
        zipped(evil, ("a/x.ipynb", notebook_of("one")), ("b/x.ipynb", notebook_of("two")))
    )
    (archive / "hw_gus_x.ipynb").symlink_to("/etc/passwd")
    (archive / "hw_hal_work.zip").write_bytes(b"no archive at all")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as packed:
        for name in ("../../out.ipynb", "in.ipynb"):
            info = tarfile.TarInfo(name)
            info.size = len(notebook_of("ida"))
            packed.addfile(info, io.BytesIO(notebook_of("ida")))
    (archive / "hw_ida_work.tar.gz").write_bytes(tar.getvalue())
    said = collect(tmp_path, UNTIMED)
    found = handed_in(tmp_path)
    assert {student for student in found if student != "hal"} == {"ada", "eve", "ida"}
    assert (found["ada"], found["ida"]) == (notebook_of("ada"), notebook_of("ida"))
    assert not list(tmp_path.rglob("out.ipynb"))
    for words in ("is one more file of this name in one archive", "is a link or no file", "is no file to unpack"):
        assert words in said
