"""Read a submitted notebook as data, refuse what is no submission, and restore the rest to the released
cells.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from .notebook import grade_id, role
from .recognise import Matches, StudentCell, by_lines
from .restore import Restored, restore
from .terminal import printable

MAX_BYTES = 20_000_000
MAX_CELLS = 2_000
_MANY = 1e6  # points
_PICTURES = ("image/png", "image/jpeg", "image/gif")
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
}
"""How files begin that hold others in few bytes.
"""


class Unreadable(Exception):
    """The file is no submission of this assignment.

    ``reason`` is one line: what, where, why, what to do next.
    """

    def __init__(self, reason: str) -> None:
        # It may quote names that a student chose, and is printed to a terminal, which obeys control characters.
        self.reason = printable(reason)
        super().__init__(self.reason)


class OfAnother(Unreadable):
    """The file is a notebook of another assignment."""


def read_submission(path: Path, release: NotebookNode, assignment: str) -> Restored:
    """Read one submission, at most 20 MB of it, and restore it (see :mod:`autograder.notebooks.restore`).

    Raises:
        Unreadable: there is no regular file, it is too large, no notebook, or a notebook of something else.
    """
    repairs: list[str] = []
    document = _parse(path, _read(path, assignment), repairs)
    cells = _cells(path, document, repairs)
    _check_assignment(path, cells, release, assignment)
    restored = restore(cells, release)
    language = _language(document)
    if not restored.answers and restored.recognised < max(1, len(release.cells) // 10):
        hint = f"its kernel is for {language}, not Python; " if language not in ("", "python") else ""
        raise Unreadable(
            f"{path}: no cell of {assignment} is recognisable in it; {hint}the student may have handed in "
            "another file; ask for the right one"
        )
    if language not in ("", "python"):
        repairs.append(f"notebook: its kernel was for {language}, it is Python again.")
    return replace(restored, repairs=repairs + restored.repairs)


def read_cells(path: Path, content: bytes) -> list[StudentCell]:
    """The cells of a notebook that was read already; ``path`` is for messages alone.

    Raises:
        Unreadable: it is no notebook.
    """
    repairs: list[str] = []
    return _cells(path, _parse(path, content, repairs), repairs)


def refuse_links(path: Path, assignment: str) -> None:
    """Look at nothing in a folder that is a link.

    Raises:
        Unreadable: the folder of the submission is one, or in nbgrader's layout that of the student.
    """
    for folder in (path.parent, *([path.parent.parent] if path.parent.name == assignment else [])):
        if folder.is_symlink():
            raise Unreadable(
                f"{path}: is in a folder that is a symbolic link, which could point at anything; put a copy there"
            )


def _read(path: Path, assignment: str) -> bytes:
    refuse_links(path, assignment)
    try:
        return read_regular(path, MAX_BYTES, "a notebook")
    except FileNotFoundError:
        raise Unreadable(f"{path}: there is no such file; nothing to grade") from None


def read_regular(path: Path, most: int, what: str) -> bytes:
    """The content of a file that a student handed in, of at most ``most`` bytes.

    Raises:
        FileNotFoundError: there is none. Unreadable: it is a link, has several names, is no regular file, or is too large.
    """
    if path.is_symlink():
        raise Unreadable(f"{path}: is a symbolic link, which could point at anything; put a copy of the file there")
    try:
        # Not blocking, because opening a pipe would otherwise wait for a writer for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: cannot be opened ({error}); check the file and its permissions") from None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
        raise Unreadable(f"{path}: is {kind}, not {what}; put the file there")
    if status.st_nlink > 1:
        os.close(handle)
        raise Unreadable(
            f"{path}: is a hard link, the same file has {status.st_nlink} names and could be somebody else's; "
            "put a copy of the file there"
        )
    with os.fdopen(handle, "rb") as stream:
        content = stream.read(most + 1) if status.st_size <= most else b""
    if status.st_size > most or len(content) > most:
        size, limit = (f"{number / 1e6:.0f} MB" if most >= 1e6 else f"{number:,} bytes" for number in (status.st_size, most))
        do = "clear the notebook's outputs and hand it in again" if most >= 1e6 else "it should hold a line"
        raise Unreadable(f"{path}: has {size}, the limit is {limit}; {do}")
    return content


def _parse(path: Path, content: bytes, repairs: list[str]) -> dict[str, Any]:
    again = "ask the student to download the notebook and hand it in again"
    if not content.strip():
        raise Unreadable(f"{path}: is empty; {again}")
    packed = next((name for magic, name in _COMPRESSED.items() if content.startswith(magic)), None)
    if packed:
        raise Unreadable(
            f"{path}: is compressed ({packed}), whatever its name says, and is not unpacked here; "
            "ask the student to hand in the notebook itself"
        )
    encoding = "utf-8"
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            encoding = name
            repairs.append("notebook: the file began with a byte order mark, which was taken off.")
            break
    if encoding == "utf-8" and (guessed := json.detect_encoding(content)) != "utf-8":
        encoding = guessed
        repairs.append(f"notebook: the file was in {guessed.upper()} and was read as such.")
    if content.endswith(b"\x00") and encoding.startswith("utf-8"):
        content = content.rstrip(b"\x00")
        repairs.append("notebook: NUL bytes after its end were taken off.")
    try:
        text = content.decode(encoding)
        document = json.loads(text)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8, or {again}") from None
    except RecursionError:
        raise Unreadable(f"{path}: is nested too deeply for a notebook; {again}") from None
    except json.JSONDecodeError as error:
        if comma := _trailing_comma(text, error.pos):
            raise Unreadable(
                f"{path}: is not valid JSON: {comma} is a comma before a closing bracket, which no notebook editor writes; "
                f"take the comma out, or {again}"
            ) from None
        raise Unreadable(f"{path}: is not valid JSON ({error}); the file is damaged or cut off; {again}") from None
    except ValueError as error:  # a number of too many digits
        raise Unreadable(f"{path}: is not valid JSON ({error}); the file is damaged or cut off; {again}") from None
    if isinstance(document, dict) and document.get("type") == "notebook" and isinstance(document.get("content"), dict):
        document = document["content"]
        repairs.append("notebook: it was taken out of the answer of a Jupyter server.")
    if isinstance(document, dict) and document.get("cells") is None:
        document.pop("cells", None)
    if not isinstance(document, dict) or not isinstance(document.get("cells", document.get("worksheets")), list):
        raise Unreadable(f"{path}: is JSON but not a Jupyter notebook (it has no list of cells); {again}")
    return document


def _trailing_comma(text: str, problem: int) -> str:
    """Where the comma before a closing bracket is at which a parser stopped; nothing if it stopped at something else."""
    before, after = text[:problem].rstrip(), text[problem:].lstrip()
    if after.startswith(","):  # where newer Pythons stop
        before, after = before + ",", after[1:].lstrip()
    if not before.endswith(",") or after[:1] not in ("]", "}"):
        return ""
    return f"in line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10)) - 1},"


def _cells(path: Path, document: dict[str, Any], repairs: list[str]) -> list[StudentCell]:
    version = document.get("nbformat")
    try:
        version = 4 if version is None else int(version)
    except (TypeError, ValueError, OverflowError):
        version = 4  # the cells say which it is
    if version > 4:
        raise Unreadable(f"{path}: has notebook format {str(version)[:20]}, newer than the known 4; save it as format 4")
    listed = document.get("cells")
    if not isinstance(listed, list):
        sheets = [sheet for sheet in document["worksheets"] if isinstance(sheet, dict)]
        listed = [cell for sheet in sheets if isinstance(sheet.get("cells"), list) for cell in sheet["cells"]]
    if version < 4:
        repairs.append(f"notebook: format {str(version)[:20]} was converted to format 4.")
    found = [_cell(cell) for cell in listed if isinstance(cell, dict)]
    if len(found) < len(listed):
        repairs.append(f"notebook: {len(listed) - len(found)} entries that are no cells were left out.")
    if len(found) > MAX_CELLS:
        raise Unreadable(f"{path}: has {len(found)} cells, more than {MAX_CELLS}; ask for a notebook without the excess")
    if any(broken for _, broken in found):
        repairs.append("notebook: characters that no program can hold (NUL, half surrogates) were replaced.")
    return [cell for cell, _ in found]


def _cell(cell: dict[str, Any]) -> tuple[StudentCell, bool]:
    """The parts of a submitted cell that are used, and whether its text had unusable characters."""
    kind = {"code": "code", "markdown": "markdown", "heading": "markdown"}.get(str(cell.get("cell_type")), "raw")
    text = cell.get("source", cell.get("input", ""))
    if isinstance(text, list):
        lines = [line for line in text if isinstance(line, str)]
        # Some programs leave out the line ends that the format asks for.
        text = ("" if any(line.endswith("\n") for line in lines[:-1]) else "\n").join(lines)
    text = text if isinstance(text, str) else ""
    if cell.get("cell_type") == "heading":
        text = f"# {text}"
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    source = plain.replace("\x00", "\ufffd").encode("utf-8", errors="replace").decode("utf-8")
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    nbgrader = metadata.get("nbgrader")
    named = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else ""
    ids = tuple(value for value in (cell.get("id"), metadata.get("id")) if isinstance(value, str))
    return (
        StudentCell(
            kind,
            source,
            named if isinstance(named, str) else "",
            ids,
            _attachments(cell.get("attachments")),
            isinstance(nbgrader, dict) and _checksum(source, kind, nbgrader) == nbgrader.get("checksum"),
        ),
        source != plain,
    )


def _checksum(source: str, kind: str, nbgrader: dict[str, Any]) -> str:
    """What ``nbgrader.utils.compute_checksum`` says of a cell (importing that takes seconds); empty for odd metadata."""
    graded, solution, locked = (bool(nbgrader.get(key)) for key in ("grade", "solution", "locked"))
    name, points = nbgrader.get("grade_id"), nbgrader.get("points")
    if not isinstance(name, str) or (graded and not (isinstance(points, (int, float)) and abs(points) < _MANY)):
        return ""
    parts = [source, kind, str(graded), str(solution), str(not solution and (graded or locked)), name]
    text = "".join([*parts, str(float(points or 0))] if graded else parts)
    return hashlib.md5(text.encode(errors="replace"), usedforsecurity=False).hexdigest()


def _attachments(found: object) -> dict[str, Any]:
    """Pictures pasted into a text cell, and nothing else."""
    kept: dict[str, Any] = {}
    for name, bundle in found.items() if isinstance(found, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            data = "".join(data) if isinstance(data, list) and all(isinstance(d, str) for d in data) else data
            if kind in _PICTURES and isinstance(data, str):
                try:
                    kept[name] = {kind: base64.b64encode(base64.b64decode(data)).decode()}
                except (binascii.Error, ValueError):
                    continue
    return kept


def foreign_cells(cells: list[StudentCell], release: NotebookNode) -> list[str]:
    """The names of cells that show that a notebook is of another assignment than the released one; none if it is of this."""
    expected = {grade_id(cell) for cell in release.cells} - {""}
    present = {cell.grade_id for cell in cells} - {""}
    foreign = sorted(present - expected)
    if len(foreign) <= len(present & expected) or len(present & expected) >= len(expected) / 2:
        return []
    return [] if _has_its_text(cells, release) else foreign  # an editor, or a person, may have written other ids


def _check_assignment(path: Path, cells: list[StudentCell], release: NotebookNode, assignment: str) -> None:
    if foreign := foreign_cells(cells, release):
        names = ", ".join("".join(filter(str.isprintable, name))[:40] for name in foreign[:3])
        raise OfAnother(
            f"{path}: is a notebook of another assignment than {assignment} (it has the cells {names}); "
            "ask the student for the right one"
        )


def _has_its_text(cells: list[StudentCell], release: NotebookNode) -> bool:
    """Whether half of the released cells, or half of those to answer in, are recognised whatever they are called.

    Courses have cells that all their notebooks share, such as imports and loading; these are far fewer.
    """
    matches = Matches()
    by_lines(cells, release.cells, matches)  # likeness is not asked for: in what is another's it takes seconds to find none
    answers = {place for place, cell in enumerate(release.cells) if role(cell) in ("answer", "manual")}
    found = set(matches.copies)
    return 2 * len(found) >= len(release.cells) or 2 * len(answers & found) >= max(1, len(answers))


def _language(document: dict[str, Any]) -> str:
    """The kernel's language in lower case, or an empty string if the notebook does not say."""
    metadata = document.get("metadata")
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        section = metadata.get(part) if isinstance(metadata, dict) else None
        if isinstance(section, dict) and isinstance(section.get(key), str) and section[key].strip():
            language = "".join(c for c in section[key].strip().lower() if c.isalnum() or c in "+#-")[:20]
            return "python" if language.startswith(("python", "ipython")) else language
    return ""
