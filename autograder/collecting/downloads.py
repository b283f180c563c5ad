"""Make downloads of what an instructor names: folders, archives, archives of archives, each read in its platform's form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..course import CourseError
from ..notebooks.submission import Unreadable
from .files import File, Listing, listing, unpacked
from .forms.claim import Claim, Context, Form
from .forms.registry import FORMS, SURE, recognise
from .roster import MAX_BYTES, TABLES, Lists, parsed


@dataclass
class Download:
    """What one folder or archive holds: the claims of its form, files that the form does not explain, things not opened."""

    source: str
    form: Form
    claims: list[Claim]
    unclaimed: list[File] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def downloads(
    path: Path, context: Context, lists: Lists, form: str = "", words: frozenset[str] = frozenset()
) -> list[Download]:
    """All downloads at ``path``; lists of students that lie among the files are added to ``lists``.

    Raises:
        CourseError: there is nothing at ``path``, or nothing that can be read.
    """
    try:
        found = listing(path, words)
        made = list(_read(path.name or str(path), found, context, lists, form, words))
    except Unreadable as error:
        raise CourseError(error.reason) from None
    if not found.files and not found.refused:
        raise CourseError(f"{path}: is empty; give the folder or archive that the platform gave you")
    return made


def _read(
    source: str, found: Listing, context: Context, lists: Lists, form: str, words: frozenset[str]
) -> Iterator[Download]:
    files = found.files
    chosen, claims, sure = (FORMS[form], FORMS[form].read(files, context), 1.0) if form else recognise(files, context)
    archives = [file for file in files if file.name.casefold().endswith(".zip")]
    packed = {id(file) for file in archives}
    beside = [file for file in files if id(file) not in packed and not _is_table(file)]
    if sure < SURE and archives and (inner := _each(source, archives, not beside, context, lists, form, words)):
        yield from inner
        files = [file for file in files if id(file) not in packed and not _is_list(file, context, lists)]
        chosen, claims, _ = recognise(files, context)
    claimed = {id(claim.file) for claim in claims}
    left = [file for file in files if id(file) not in claimed]
    if chosen.named:  # what it does not explain is no student's
        left = [file for file in left if not _is_list(file, context, lists)]
    if claims or left or found.refused:
        yield Download(source, chosen, claims, left, found.refused)


def _each(
    source: str,
    archives: Sequence[File],
    alone: bool,
    context: Context,
    lists: Lists,
    form: str,
    words: frozenset[str],
) -> list[Download]:
    """The downloads that the archives are; none if no platform's form is in them, for then each is one student's, unless
    there is just one and nothing else.
    """
    made: list[Download] = []
    for archive in archives:
        try:
            inside = unpacked(archive, download=True, words=words)
        except Unreadable as error:
            made.append(Download(source, FORMS["files"], [], refused=[error.reason]))
            continue
        made += _read(f"{source}/{archive.path}", inside, context, lists, form, words)
    strengths = [download.form.strength for download in made if download.claims]
    return made if strengths and (max(strengths) > SURE or (alone and len(archives) == 1)) else []


def _is_table(file: File) -> bool:
    return file.name.casefold().endswith(TABLES)


def _is_list(file: File, context: Context, lists: Lists) -> bool:
    """Whether a file is a platform's list of students, which is then read."""
    if not _is_table(file) or file.size > MAX_BYTES:
        return False
    try:
        found = parsed(file.read(MAX_BYTES), context.zone)
    except Unreadable:
        return False
    if found is None:
        return False
    lists.add(found)
    return True
