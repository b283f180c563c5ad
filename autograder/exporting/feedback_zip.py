"""Pack result pages for a learning platform, under the names by which it hands each of them to its student."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..collecting.record import Collection, Upload

# Moodle's importer takes a part of the path that begins with a full name, the participant's number, and the plug-in that
# exported the file: mod/assign/feedback/file/importziplib.php, is_valid_filename_for_import.
_MOODLE = re.compile(r"[^/_]*_\d+_assign(?:submission|feedback)_[a-z]+_?")
# Canvas knows a file of "Upload Submissions" by the two numbers that it gave it, of the user and of the file.
_CANVAS = re.compile(r"(.*?_\d+_\d+_.*?)(?:\.[^./]*)?")


def _moodle(upload: Upload, page: str) -> str | None:
    found = _MOODLE.search(upload.path)
    return f"{found.group().rstrip('_')}_/{page}" if found else None


def _canvas(upload: Upload, page: str) -> str | None:
    found = _CANVAS.fullmatch(upload.path.rpartition("/")[2])
    return found[1] + Path(page).suffix if found else None


NAMING: Mapping[str, Callable[[Upload, str], str | None]] = {"moodle": _moodle, "canvas": _canvas}
"""By platform: the name in the zip of the page for an upload; None where the upload did not come from that platform."""


@dataclass
class Packed:
    """A zip, whose pages are in it, and students whose page is not: there is none, or the platform's name is not known."""

    content: bytes = b""
    students: list[str] = field(default_factory=list)
    without_page: list[str] = field(default_factory=list)
    without_name: list[str] = field(default_factory=list)


def pack(platform: str, collected: Collection, feedback: Path) -> Packed:
    """Put the pages below ``feedback`` (``<student>/<assignment>/<assignment>.html``) into a zip for a platform.

    Args:
        platform: a key of :data:`NAMING`.
        collected: what ``autograder collect`` took from the platform's download, with its names.
    """
    packed, written, page = Packed(), io.BytesIO(), f"{collected.assignment}.html"
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, one in sorted(collected.students.items()):
            name = NAMING[platform](one.counts, page)
            path = feedback / student / collected.assignment / page
            if name is None:
                packed.without_name.append(student)
            elif not path.is_file():
                packed.without_page.append(student)
            else:
                archive.write(path, name)
                packed.students.append(student)
    packed.content = written.getvalue()
    return packed
