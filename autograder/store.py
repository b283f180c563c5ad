"""Keep evidence by the content it depends on, so that nothing is run twice and a finished training is not repeated."""

from __future__ import annotations

import hashlib
import json
import secrets

from nbformat import NotebookNode

from . import decoy
from .assignment import Assignment
from .collect import collect
from .evidence import Checkpoint, Evidence
from .plan import Cell, Options, cells_to_run, versions
from .sandbox.mounts import PACKAGE


def _hash(cells: list[Cell], assignment: Assignment, options: Options) -> str:
    """Content hash of everything that evidence depends on: code that runs, probes, box code, data, versions, profile."""
    digest = hashlib.sha256()
    images = assignment.profile(options.profile).test_images
    parts = [[vars(cell) for cell in cells], options.profile, images, options.device, versions(), decoy.VERSION]
    digest.update(json.dumps(parts, sort_keys=True).encode())
    for path in [assignment.probes, *sorted((PACKAGE / "inside").glob("*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def gather(notebook: NotebookNode, assignment: Assignment, options: Options, slot: int = 0) -> Evidence:
    """Evidence from the store if it is there, else from a box, which trains only what it has not trained before."""
    seed = secrets.randbelow(2**31)
    if options.store is None:
        return collect(notebook, assignment, options, seed=seed, slot=slot)
    cells = cells_to_run(notebook, assignment.profile(options.profile), options.everything)
    folder = options.store / _hash(cells, assignment, options)
    if (kept := Evidence.load(folder)) is not None:
        return kept
    training = next((number for number, cell in enumerate(cells) if cell.training), None)
    point = None
    if training is not None:
        point = options.store / f"trained-{_hash(cells[: training + 1], assignment, options)}"
    known = Checkpoint.load(point) if point is not None else None
    found = collect(notebook, assignment, options, seed=seed, slot=slot, checkpoint=known)
    found.save(folder)
    if point is not None and training is not None and known is None:
        Checkpoint.save(point, cells[training].id, found)
    return found
