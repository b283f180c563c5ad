"""Find the notebook that counts in a student's folder, and say in one line what lies in its place.

Students hand in ``Copy of NAME.ipynb`` and ``NAME (1).ipynb``, the empty file beside the worked one, a folder too high or
too deep, or an archive, a print or a script in place of the notebook. What is surely meant is graded, with a flag.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from nbformat import NotebookNode

from .restore import Restored
from .submission import OfAnother, Unreadable, read_submission, refuse_links
from .terminal import printable
from .timestamp import NAME as TIMESTAMP

Look = Callable[[Path], "bool | None"]
"""Tells whether a notebook is one of the assignment; None where it cannot tell."""
MOST = 5
"""Notebooks of one folder that are read; each may take a second."""
_LISTED = 200  # entries of a folder that are looked at
_NOTEBOOK = re.compile(r"\.ipynb( ?\(\d+\))?(\.(txt|json|download))?$", re.IGNORECASE)
"""How the name of a notebook ends, as browsers save it."""
_ARCHIVE = re.compile(r"\.(zip|7z|rar|tar|tgz|gz|bz2|xz)$", re.IGNORECASE)
_JUNK = {TIMESTAMP, "thumbs.db", "desktop.ini", "__macosx"}


def candidates(path: Path) -> list[Path]:
    """The notebooks in the folder of ``path``, where one is expected: that one first, if it is there."""
    others = [one for one in _entries(path.parent) if one != path and _NOTEBOOK.search(one.name) and not one.is_dir()]
    return [path, *others] if os.path.lexists(path) else others


def take(path: Path, release: NotebookNode, assignment: str) -> Restored:
    """Read the submission of a student of whom ``path`` is expected; what other notebooks lie there is told in its flags.

    The expected name counts if something is answered in it, else the notebook with the most answers, of equals the last by
    name; so the same folder is graded alike everywhere, whatever times its files have.

    Raises:
        Unreadable: no notebook in the folder is one of the assignment; the line says what lies there or elsewhere.
    """
    refuse_links(path, assignment)
    found = candidates(path)
    if found == [path]:
        return read_submission(path, release, assignment)
    if not found:
        raise Unreadable(f"{path}: there is no such file; {_instead(path, release, assignment)}")
    answers: dict[Path, int] = {}
    problems: dict[Path, Unreadable] = {}
    for one in found[:MOST]:
        try:
            answers[one] = read_submission(one, release, assignment).answered
        except Unreadable as error:
            problems[one] = error
    if not answers:
        first, *more = problems
        also = f" (nor is any of {_names([one.name for one in more])} one of {assignment})" if more else ""
        raise Unreadable(f"{problems[first].reason}{also}")
    expected = path in answers and (answers[path] > 0 or not any(answers.values()))
    counts = path if expected else max(answers, key=lambda one: (answers[one], _in_order(one.name)))
    restored = read_submission(counts, release, assignment)
    return replace(restored, flags=[*_told(path, counts, answers, problems, found[MOST:]), *restored.flags])


def everybody(submitted: Path, assignment: str, others: Collection[str], look: Look) -> dict[str, Path]:
    """Students who handed something in, sorted, with the path at which :func:`take` finds it or says where else it lies.

    A student counts who has a folder of the assignment, or files that may be of it and lie elsewhere. What plainly is of one
    of the ``others``, the course's other assignments, is not looked at. A notebook in no student's folder stands for itself.
    ``look`` is asked where names do not tell: :func:`is_of`, or what asks it of another process.
    """
    found: dict[str, Path] = {}
    for entry in _entries(submitted, most=None):
        path = entry / assignment / f"{assignment}.ipynb"
        if path.parent.is_dir() or _misplaced(entry, assignment, others, look):
            found[entry.name] = path
    return found


def _misplaced(folder: Path, assignment: str, others: Collection[str], look: Look) -> bool:
    """Whether a student's folder, which has none of the assignment, has a file that may be of it."""
    known = [assignment, *others]
    if folder.is_symlink() or folder.name in known:
        return False
    if folder.is_file():
        return bool(_NOTEBOOK.search(folder.name)) and _may_be_of(folder, assignment, known, look) is True
    for entry in _entries(folder):
        whose = _named_after(entry.name, known)
        if whose not in (assignment, None) or entry.is_symlink():
            continue
        if entry.is_dir():
            inside = [file for file in _entries(entry) if file.is_file()]
            notebooks = [file for file in inside if _NOTEBOOK.search(file.name)][:MOST]
            if (whose and inside) or any(_may_be_of(file, assignment, known, look) for file in notebooks):
                return True
        elif whose or not _NOTEBOOK.search(entry.name) or _may_be_of(entry, assignment, known, look) is not False:
            return True
    return False


def _may_be_of(file: Path, assignment: str, known: Collection[str], look: Look) -> bool | None:
    """Whether a notebook is one of the assignment, by its name or else its content; None where neither tells."""
    whose = _named_after(file.name, known)
    return whose == assignment if whose else look(file)


def is_of(file: Path, release: NotebookNode, assignment: str) -> bool | None:
    """Whether a notebook is one of the assignment by its content; None where that does not tell."""
    try:
        read_submission(file, release, assignment)
    except OfAnother:
        return False
    except Unreadable:
        return None
    return True


def _named_after(name: str, known: Collection[str]) -> str | None:
    """Which assignment a file or folder is named after: the longest known name in it."""

    def plain(text: str) -> str:
        return "".join(filter(str.isalnum, text.lower()))

    return max((one for one in known if plain(one) in plain(name)), key=len, default=None)


def _instead(path: Path, release: NotebookNode, assignment: str) -> str:
    """What lies in a student's folders where no notebook is, and what to do with it."""
    home, student = path.parent, path.parent.parent
    if student.is_file():
        return f"{student} lies in no student's folder; move it to {student.parent / '<student>' / assignment}"
    near = [*_below(home), *(_below(student, home) if home.name == assignment else [])]
    look = partial(is_of, release=release, assignment=assignment)
    for file in [file for file in near if _NOTEBOOK.search(file.name)][:MOST]:
        if _may_be_of(file, assignment, [assignment], look):
            high = "one folder too high" if file.parent == student else "in the wrong folder"
            return f"{file} lies {'too deep' if home in file.parents else high}; move it to {path}"
    here = [file for file in near if home in file.parents] or [file for file in near if file.parent == student]
    if not here:
        return "nothing to grade"
    packed = [file.name for file in here if _ARCHIVE.search(file.name)]
    do = f"unpack {_names(packed[:1])} and put {path.name} there" if packed else f"ask the student for {path.name}"
    return f"there is only {_names([str(file.relative_to(student)) for file in here])}; {do}"


def _below(folder: Path, but: Path | None = None, depth: int = 3) -> Iterator[Path]:
    """Files in a folder and those in it, except one of them, the near ones first."""
    entries = [entry for entry in _entries(folder) if entry != but and not entry.is_symlink()]
    yield from (entry for entry in entries if entry.is_file())
    if depth > 1:
        for entry in entries:
            if entry.is_dir():
                yield from _below(entry, but, depth - 1)


def _entries(folder: Path, most: int | None = _LISTED) -> list[Path]:
    """What is in a folder, sorted, but hidden files and those that systems leave; nothing where it is no folder."""
    try:
        names = sorted(name for name in os.listdir(folder) if name[0] != "." and name.lower() not in _JUNK)
    except OSError:
        return []
    return [folder / name for name in names[:most]]


def _told(
    path: Path, counts: Path, answers: dict[Path, int], problems: dict[Path, Unreadable], unseen: list[Path]
) -> Iterator[str]:
    """Which notebook of a folder is graded, and of each other one why it is not."""
    best = _names([counts.name])
    if counts != path:
        known = path in answers or path in problems
        yield f"{best} is graded{f' in place of {path.name}' if known else f': there is no {path.name}'}."
    for other, count in answers.items():
        why = "nothing is answered in it"
        if count:
            better = "has the expected name" if counts == path else f"in {answers[counts]}"
            why = f"it has answers in {count} {'cell' if count == 1 else 'cells'}, {best} {better}"
        if other != counts:
            yield f"{_names([other.name])} is not graded: {why}."
    for other, problem in problems.items():
        reason = problem.reason.removeprefix(printable(f"{other}: "))
        it = "it " if reason.startswith(("is ", "has ", "cannot ")) else ""
        yield f"{_names([other.name])} is not graded: {it}{reason}."
    if unseen:
        yield f"{_names([one.name for one in unseen])}: not looked at, there are too many notebooks in the folder."


def _names(names: list[str]) -> str:
    """Names that students chose, so that a terminal and a reader can bear them."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(printable(name)[:80] for name in names[:3]) + more


def _in_order(name: str) -> str:
    return re.sub(r"\d+", lambda number: number[0].zfill(12), name)
