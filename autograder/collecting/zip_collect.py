"""Let ``nbgrader zip_collect`` unpack within bounds, and count what lies in a student's archive for that student alone.

Left to itself it matches its pattern with the whole path of a file, so that a name in one student's archive can say
another one; and one bad member of an archive ends the collection for all. The course's configuration calls :func:`guard` by
way of :mod:`autograder.grading.student_folders`.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from traitlets.log import get_logger

from ..notebooks.submission import MAX_BYTES, Unreadable
from .files import File, Listing, listing, unpacked

_ENDINGS = ("", ".ipynb", ".zip")
"""With what the folder of an archive is held against a pattern that is made for files."""
_MAX_FILES = 10_000
_unpacked: dict[Path, bool] = {}
"""Folders that archives were unpacked into, and whether the archive was in another one, and so is a student's."""


def guard() -> None:
    """Change nbgrader's classes for this process; once is enough."""
    from nbgrader.plugins import zipcollect

    collector = zipcollect.FileNameCollectorPlugin
    if zipcollect.unzip is _unzip:
        return
    zipcollect.unzip = _unzip
    zipcollect.shutil = SimpleNamespace(copy=_copy)
    given = collector.collect

    def collect(plugin: Any, submitted_file: str) -> dict[str, str] | None:
        return _as_its_students(plugin, Path(submitted_file), given(plugin, submitted_file))

    collector.collect = collect


def _as_its_students(plugin: Any, path: Path, found: dict[str, str] | None) -> dict[str, str] | None:
    """What a pattern says of a file, with person and time from the student's archive that it is in."""
    if not found:
        return found
    said = next((outer for folder in _archives(path) if (outer := _match_folder(plugin, folder))), {})
    own = {name: value for name, value in said.items() if name != "file_id" and value is not None}
    if own.get("student_id", found.get("student_id")) != found.get("student_id"):
        plugin.log.warning(f"{path}: lies in the archive of {own['student_id']} and counts for nobody else")
    found = found | own
    if said and not found.get("timestamp"):  # nbgrader ends where two files of one student have one name and no time
        seen = plugin.__dict__.setdefault("_seen", set())
        if (key := (found.get("student_id"), found.get("file_id"))) in seen:
            plugin.log.warning(f"{path}: is one more file of this name in one archive and is left out")
            return None
        seen.add(key)
    return found


def _archives(path: Path) -> Iterator[Path]:
    """The folders of students' archives around a file, from the outermost."""
    for folder in reversed(path.parents):
        nested = _unpacked.get(folder)
        if nested or (nested is False and sum(1 for _ in folder.parent.iterdir()) > 1):  # one alone is the class's
            yield folder


def _match_folder(plugin: Any, folder: Path) -> dict[str, str] | None:
    import re

    pattern = plugin.named_regexp
    for ending in _ENDINGS:
        if pattern and (found := re.match(pattern, f"{folder}{ending}")) and found.groupdict().get("student_id"):
            return found.groupdict()
    return None


def _unzip(src: str, dest: str, zip_ext: Any = None, create_own_folder: bool = False, tree: bool = False) -> None:
    """Unpack an archive, and archives in it into folders beside them; what is not safe to unpack is left out with a
    warning.
    """
    archive = Path(src)
    folder = Path(dest) / archive.name.removesuffix(archive.suffix).removesuffix(".tar") if create_own_folder else Path(dest)
    folder.mkdir(parents=True, exist_ok=True)
    _unpacked[folder] = False
    try:
        if archive.suffix == ".zip":
            _write(listing(archive), folder, tree)
        else:
            _untar(archive, folder)
    except (Unreadable, tarfile.TarError, OSError, EOFError) as error:
        get_logger().warning(f"{archive}: was not unpacked ({error})")


def _write(found: Listing, folder: Path, tree: bool) -> None:
    for problem in found.refused:
        get_logger().warning(problem)
    for file in found.files[:_MAX_FILES]:
        place = folder.joinpath(*file.parts)
        try:
            if tree and file.name.casefold().endswith(".zip"):
                _unpacked[place.with_suffix("")] = True
                _write(_below(unpacked(file), file), place.with_suffix(""), tree)
                continue
            content = file.read(MAX_BYTES)
        except Unreadable as error:
            get_logger().warning(error.reason)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _below(found: Listing, archive: File) -> Listing:
    """The files of an archive by their paths in it."""
    cut = len(archive.parts)
    files = [File(file.parts[cut:], file.size, file.content, file.depth) for file in found.files]
    return Listing(files, found.refused)


def _untar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as opened:
        for count, member in enumerate(opened):
            parts = Path(member.name).parts
            if (
                not member.isfile()
                or member.size > MAX_BYTES
                or os.path.isabs(member.name)
                or ".." in parts
                or count > _MAX_FILES
            ):
                if not member.isdir():
                    get_logger().warning(f"{archive}: {member.name!r} is no file to unpack and was left out")
                continue
            stream = opened.extractfile(member)
            assert stream
            place = folder.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(stream.read(MAX_BYTES))


def _copy(source: str, dest: str) -> None:
    """Copy a file that is no link."""
    if os.path.islink(source) or not os.path.isfile(source):
        get_logger().warning(f"{source}: is a link or no file, and was not copied")
        return
    shutil.copy(source, dest)
