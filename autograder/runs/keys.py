"""Know all that what is kept depends on: the keys of evidence and of what is computed from it, and the seed."""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ..assignment import Assignment, Profile
from ..datasets import decoy
from ..notebooks.python import MOST, tree_of
from ..sandbox.mounts import PACKAGE
from ..sandbox.tiers import UNISOLATED
from .cells import Cell
from .options import Options, versions

SEEDS = 2**31
_MOST = 1_000_000
"""Characters of all cells of a submission that are read as Python; beyond, their text stands for them."""
_MOST_MAGICS = 20  # in a cell; IPython reads the whole cell again for each
_AROUND_CODE = ("%%time", "%%capture")  # magics that run the rest of their cell as any other code


@dataclass(frozen=True)
class Keys:
    """The two keys under which the evidence of a submission may be kept.

    ``by_code`` is the same for all texts that Python reads as the same code, so that a comment, a blank line or another
    format runs nothing again. Evidence that tells of a text, by the number of a line, is kept ``by_text``, so that what
    a page shows of it is true. Docstrings are code, because a program may use them. Code that looks at its own text in other
    ways, through ``inspect`` or by its line numbers, may be given what another text of the same code did: honest answers
    do not look, and one that hides figures in comments finds them beside other draws, since the seed follows from the text.
    """

    by_code: str
    by_text: str


def of_evidence(cells: Sequence[Cell], assignment: Assignment, options: Options) -> Keys:
    """The keys of what comes out if ``cells`` are run: of their code or their text, and of all that is run with them.

    It reads student code and belongs into a child.
    """
    around = [of_grader(assignment, options), options.speedups]
    return Keys(_hash("code", _codes(cells), *around), _hash("text", [vars(cell) for cell in cells], *around))


def of_grader(assignment: Assignment, options: Options) -> str:
    """The key of all that evidence depends on but the cells: probes, box code, data, versions, profile, device."""
    return _hash(
        [options.profile, assignment.profile(options.profile).test_images, options.device, options.everything],
        # Of the tiers one is as good as another; what ran in none of them must never be taken for it.
        UNISOLATED if options.unisolated else "isolated",
        [versions(), decoy.VERSION, assignment.settings.dataset],
        [(path.name, _content(path)) for path in (assignment.probes, *assignment.files)],
        _box_code(),
    )


def seed_of(cells: Sequence[Cell], assignment: Assignment, options: Options) -> int:
    """A seed that no submission can know; what probes draw follows from it.

    It is the same whenever the same text is run with the same secret, in whatever company; any other text has another one.
    Speed-ups change no outcome, and no seed.
    """
    if not options.secret:
        return secrets.randbelow(SEEDS)
    content = _hash([vars(cell) for cell in cells], of_grader(assignment, options))
    return int.from_bytes(hmac.digest(options.secret, content.encode(), "sha256")) % SEEDS


def of_findings(folder: Path, profile: Profile) -> dict[str, str]:
    """For each hidden test file of a folder the key of what it says of given evidence, by the name of the file."""
    common = (trusted_code(), code_beside_tests(folder), profile.model_dump_json())
    return {path.name: _hash(*common, _content(path)) for path in sorted(folder.glob("test_*.py"))}


def of_figure(*depends_on: bytes | str) -> str:
    """The key of what the grader's own code computes from given evidence and from what else it ``depends_on``."""
    return _hash(trusted_code(), *(part.hex() if isinstance(part, bytes) else part for part in depends_on))


def code_beside_tests(folder: Path) -> str:
    """Hash of the Python files of a folder that hidden tests may import; the tests themselves change for other reasons."""
    return _hash([(path.name, _content(path)) for path in sorted(folder.glob("*.py")) if not path.name.startswith("test_")])


@cache
def trusted_code() -> str:
    """Hash of the grader's own code, without that of assignments, and of the versions of what it is built on."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if not path.is_relative_to(PACKAGE / "assignments")]
    return _hash(versions(), [(str(path.relative_to(PACKAGE)), _content(path)) for path in paths])


@cache
def _box_code() -> str:
    return _hash([(path.name, _content(path)) for path in sorted((PACKAGE / "inside").glob("*.py"))])


def _codes(cells: Sequence[Cell]) -> list[object]:
    """The cells with the syntax trees of their sources in place of these."""
    if sum(len(source) for cell in cells for source in (cell.source, *cell.below)) > _MOST:
        return [vars(cell) for cell in cells]
    return [
        {**vars(cell), "source": _code(cell.source), "below": [_code(source) for source in cell.below]} for cell in cells
    ]


@lru_cache(maxsize=64)  # most cells are given, and the same in all submissions
def _code(source: str) -> tuple[str, ...]:
    """What Python makes of a cell, without positions and comments; its text where that cannot be told."""
    head, _, body = source.partition("\n")
    if head.partition(" ")[0] in _AROUND_CODE and (tree := _tree(body)):
        return head, tree
    tree = _tree(source) or _tree(_without_magics(source))
    return ("tree", tree) if tree else ("text", source)


def _tree(source: str) -> str:
    """Hash of the syntax tree of a source; empty where it has none."""
    try:
        return hashlib.sha256(ast.dump(tree_of(source)).encode()).hexdigest()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def _without_magics(source: str) -> str:
    """A cell as IPython hands it to Python; as it is where it has no magics, or too many to tell."""
    if len(source) > MOST or not 0 < sum(map(source.count, "%!?")) <= _MOST_MAGICS:
        return source
    from IPython.core.inputtransformer2 import TransformerManager  # takes time to import, and few cells need it

    try:
        return TransformerManager().transform_cell(source)  # type: ignore[no-untyped-call]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
