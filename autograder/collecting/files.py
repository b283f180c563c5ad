"""List the files of a folder or archive, and read them one at a time, whatever somebody packed into it.

Nothing is unpacked to the disk and no link is followed. Archives are bounded in names, size, how far they unfold and how
deep they lie in each other, all of it before anything in them is read.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ..notebooks.submission import Unreadable, read_regular
from ..notebooks.terminal import printable
from .filenames import decoded

MAX_FILES = 100_000
"""Names in one folder or archive."""
MAX_ARCHIVE_BYTES = 200_000_000
"""Size of an archive that lies in another one, and so of one that a student handed in."""
MAX_UNFOLDED_BYTES, MAX_RATIO = 2_000_000_000, 200
"""What such an archive may unfold to: this much, and this many times its size if that is above 100 MB."""
MAX_DEPTH = 3
"""Archives in each other."""
ARCHIVE_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_DIRECTORY_BYTES = 512
"""What one name takes in an archive's directory at most, on the mean."""
_JUNK = {
    "__macosx", ".ipynb_checkpoints", ".git", ".github", ".vscode", ".idea", "__pycache__", ".ds_store", "thumbs.db",
    "desktop.ini", "node_modules", "site-packages", ".virtual_documents", ".trash-0", ".gitignore", ".gitattributes",
}  # fmt: skip
"""Names that no person gave: left by systems and editors."""


@dataclass(frozen=True)
class File:
    """A file by the parts of its path, of ``size`` bytes as its folder or archive says, not yet read.

    ``depth`` counts the archives that it is in; ``on_disk`` is its place, if it is in none.
    """

    parts: tuple[str, ...]
    size: int
    content: Callable[[int], bytes]
    depth: int = 0
    on_disk: Path | None = None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.parts[-1]

    @property
    def path(self) -> str:
        """Its path in what was collected from."""
        return "/".join(self.parts)

    def read(self, most: int) -> bytes:
        """Its content.

        Raises:
            Unreadable: it has more than ``most`` bytes, is a link or damaged.
        """
        if self.size > most:
            raise Unreadable(f"{self.path}: has {_bytes(self.size)}, the limit is {_bytes(most)}")
        return self.content(most)


@dataclass
class Listing:
    """The files of a folder or archive, and one sentence for each thing in it that is not opened."""

    files: list[File] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def is_junk(parts: tuple[str, ...]) -> bool:
    """Whether a system or editor left the file, and not a person."""
    return any(part.casefold() in _JUNK for part in parts) or parts[-1].startswith(("._", "~$"))


def listing(path: Path, words: frozenset[str] = frozenset()) -> Listing:
    """The files of a folder, of a zip file, or the one file that ``path`` is; a link to one of these is followed here alone.
    ``words`` help to read names (:func:`autograder.collecting.filenames.decoded`).

    Raises:
        Unreadable: there is nothing, or an archive that is damaged or too large.
    """
    try:
        path = path.resolve(strict=True)
        if path.is_dir():
            return _folder(path)
        file = File((path.name,), path.stat().st_size, _reader(path), on_disk=path)
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read ({error.strerror}); check the name") from None
    return unpacked(file, download=True, words=words) if _begins_as_archive(path) else Listing([file])


def unpacked(file: File, *, download: bool = False, words: frozenset[str] = frozenset()) -> Listing:
    """The files of an archive. Of a ``download``, which an instructor made and which may be as large as it is, their paths
    begin in it; of one that a student handed in they go on from its own.

    Raises:
        Unreadable: it is damaged, or larger, deeper or fuller than what is opened.
    """
    if file.depth >= MAX_DEPTH:
        raise Unreadable(f"{file.path}: is an archive in {file.depth} others, which is deeper than what is opened")
    if file.size > MAX_ARCHIVE_BYTES and not (download and file.on_disk):
        raise Unreadable(f"{file.path}: is an archive of {_bytes(file.size)}, the limit is {_bytes(MAX_ARCHIVE_BYTES)}")
    try:
        stream = _stream(file.on_disk) if file.on_disk else io.BytesIO(file.read(MAX_ARCHIVE_BYTES))
        return _entries(file, stream, download, words)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise Unreadable(f"{file.path}: cannot be unpacked ({error}); ask for the file again") from None


def _entries(file: File, stream: BinaryIO, download: bool, words: frozenset[str]) -> Listing:
    base = () if download else file.parts
    end = zipfile._EndRecData(stream)  # type: ignore[attr-defined]  # read before the directory, whose size it says
    if end and (end[5] > MAX_FILES * _DIRECTORY_BYTES or end[4] > MAX_FILES):
        raise Unreadable(f"{file.path}: holds more than {MAX_FILES:,} files and is not opened")
    archive = zipfile.ZipFile(stream)
    entries = [info for info in archive.infolist() if not info.is_dir()]
    _check_bounds(file, entries, download)
    names = decoded([(info.orig_filename, bool(info.flag_bits & 0x800), info.extra) for info in entries], words)
    found = Listing()
    for info, name in zip(entries, names, strict=True):
        parts = _parts(name)
        shown = printable(f"{'/'.join(base)}/{name}" if base else name)[:200]
        if not parts:
            found.refused.append(f"{shown}: leads out of its folder and was not opened")
        elif stat.S_ISLNK(info.external_attr >> 16):
            found.refused.append(f"{shown}: is a link, which could point at anything, and was not followed")
        elif not is_junk(parts):
            content = _entry_reader(archive, info, shown)
            found.files.append(File((*base, *parts), info.file_size, content, file.depth + 1))
    return found


def _check_bounds(file: File, entries: list[zipfile.ZipInfo], download: bool) -> None:
    until = 0
    for info in sorted(entries, key=lambda info: info.header_offset):
        if info.header_offset < until:
            raise Unreadable(f"{file.path}: has files that overlap, which no packer writes; it is not opened")
        until = info.header_offset + info.compress_size
    total = sum(info.file_size for info in entries)
    much = total > MAX_UNFOLDED_BYTES or total > max(100_000_000, MAX_RATIO * file.size)
    if much and not download:
        raise Unreadable(f"{file.path}: has {_bytes(file.size)} and would unfold to {_bytes(total)}; it is not opened")


def _parts(name: str) -> tuple[str, ...]:
    """The parts of a path in an archive; none of a path that is absolute or goes up."""
    name = name.split("\x00")[0].replace("\\", "/")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    outside = name.startswith("/") or ".." in parts or (parts and parts[0][1:] == ":")
    return () if outside else parts


def _entry_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, shown: str) -> Callable[[int], bytes]:
    def content(most: int) -> bytes:
        if info.flag_bits & 1:
            raise Unreadable(f"{shown}: is encrypted; ask for the file without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unfold without a bound
            raise Unreadable(f"{shown}: is packed by a method that is not opened; ask for the file itself")
        try:
            with archive.open(info) as stream:
                data = stream.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            raise Unreadable(f"{shown}: cannot be unpacked ({error}); ask for the file again") from None
        if len(data) > most:
            raise Unreadable(f"{shown}: has more than {_bytes(most)}, which is the limit")
        return data

    return content


def _folder(root: Path) -> Listing:
    found = Listing()
    for path in _walk(root):
        parts = path.relative_to(root).parts
        if is_junk(parts):
            continue
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            found.refused.append(printable(f"{path}: is a link, which could point at anything, and was not followed"))
        elif not stat.S_ISREG(status.st_mode):
            found.refused.append(printable(f"{path}: is no regular file and was not opened"))
        else:
            found.files.append(File(parts, status.st_size, _reader(path), on_disk=path))
        if len(found.files) > MAX_FILES:
            raise Unreadable(f"{root}: holds more than {MAX_FILES:,} files; give the folder with the submissions alone")
    return found


def _walk(root: Path) -> Iterator[Path]:
    """Files below a folder, and links to anything, sorted; not what lies in folders of systems and editors."""
    folders = [root]
    while folders:
        entries = sorted(os.scandir(folders.pop()), key=lambda entry: entry.name)
        below = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        yield from (Path(entry.path) for entry in entries if entry not in below)
        folders += [Path(entry.path) for entry in reversed(below) if entry.name.casefold() not in _JUNK]


def _reader(path: Path) -> Callable[[int], bytes]:
    def content(most: int) -> bytes:
        try:
            return read_regular(path, most, "a file")
        except OSError as error:
            raise Unreadable(f"{path}: cannot be read ({error.strerror}); check its permissions") from None

    return content


def _begins_as_archive(path: Path) -> bool:
    with _stream(path) as stream:
        return stream.read(4) in ARCHIVE_MAGIC


def _stream(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    return os.fdopen(handle, "rb")


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count:,} bytes"
