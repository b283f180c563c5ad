"""Find the notebooks in what a student handed in: the file itself, or the files of an archive, whatever they are called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..notebooks.submission import MAX_BYTES, Unreadable
from .content import Look, Recogniser
from .files import ARCHIVE_MAGIC, File, unpacked
from .forms.claim import Claim
from .record import Person, Upload

MAX_FILES, MAX_UNFOLDED = 100, 300_000_000
"""Files of one upload that are looked into, and their bytes in all."""
_LIKELY = ("", ".json", ".txt", ".zip")


@dataclass(frozen=True)
class Found:
    """A file that was looked into. ``staged`` has its content, if it is a notebook of the assignment."""

    claim: Claim
    upload: Upload
    look: Look
    staged: Path | None = None

    @property
    def shown(self) -> str:
        """The name that the student gave it."""
        return f"{self.upload.filename}, {self.upload.inside}" if self.upload.inside else self.upload.filename

    def of(self, person: Person) -> Upload:
        """The upload as that of one of the persons who handed it in."""
        return self.upload.model_copy(update={"person": person})


def opened(claim: Claim, form: str, source: str, recogniser: Recogniser, stage: Path) -> list[Found]:
    """What is found in a file: all notebooks, and what is wrong with it; if there is neither, what else it is.

    Contents of notebooks of the assignment are kept in ``stage``.
    """
    upload = Upload(
        form=form,
        source=source,
        path=claim.file.path,
        folder=claim.folder,
        filename=claim.filename,
        submission=claim.submission,
        submitted=claim.submitted,
        late=claim.late,
    )
    found, left = [], _Left()
    for file, content, problem in _files(claim.file, left):
        inside = file.path.removeprefix(claim.file.path).lstrip("/")
        look = Look("unreadable", why=problem) if problem else recogniser.look(file.name, content)
        sha256 = hashlib.sha256(content).hexdigest() if content else ""
        staged = None
        if look.kind == "taken":
            staged = stage / sha256
            staged.write_bytes(content)
        found.append(Found(claim, upload.model_copy(update={"inside": inside, "sha256": sha256}), look, staged))
    if notebooks := [one for one in found if one.look.kind != "no notebook"]:
        return notebooks
    if len(found) == 1 and not found[0].upload.inside:
        return found
    names = ", ".join([one.upload.inside for one in found][:3])
    why = f"an archive without a notebook{f', but with {names}' if names else ''}"
    return [Found(claim, upload, Look("no notebook", why=why))]


@dataclass
class _Left:
    """What may still be read of one upload."""

    files: int = MAX_FILES
    bytes: int = MAX_UNFOLDED


def _files(file: File, left: _Left) -> Iterator[tuple[File, bytes, str]]:
    """The file, or those in it if it is an archive: each with its content, or with why it cannot be read."""
    try:
        named = PurePosixPath(file.name.casefold())
        content = b"" if named.suffix == ".zip" else file.read(MAX_BYTES)
        left.files, left.bytes = left.files - 1, left.bytes - len(content)
        archive = named.suffix == ".zip" or (content.startswith(ARCHIVE_MAGIC) and _is_likely(file))
        if not archive:
            yield file, content, ""
            return
        inside = unpacked(file)
    except Unreadable as error:
        yield file, b"", error.reason
        return
    for problem in inside.refused[:3]:
        yield file, b"", problem
    for one in sorted(filter(_is_likely, inside.files), key=lambda one: (".ipynb" not in one.name.casefold(), one.parts)):
        if left.files <= 0 or left.bytes <= 0:
            yield file, b"", f"{file.path}: holds more than what is looked into; ask for the notebook alone"
            return
        yield from _files(one, left)
    if not any(map(_is_likely, inside.files)):
        yield from ((one, b"", "") for one in inside.files[:3])


def _is_likely(file: File) -> bool:
    """Whether a file may be a notebook, or hold one, by its name."""
    name = file.name.casefold()
    return ".ipynb" in name or PurePosixPath(name).suffix in _LIKELY
