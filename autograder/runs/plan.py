"""Plan what is run of a submission: its cells, how they are run, the seed, and the keys under which evidence is kept."""

from __future__ import annotations

from dataclasses import dataclass

from nbformat import NotebookNode

from ..assignment import Assignment
from .cells import Cell, cells_to_run
from .keys import Keys, of_evidence, seed_of
from .options import Options


@dataclass(frozen=True)
class Plan:
    """What is run of one submission.

    ``few`` are the cells with few images, for a training that changes nothing; none where no training is cut short.
    """

    assignment: Assignment
    options: Options
    cells: tuple[Cell, ...]
    few: tuple[Cell, ...]
    seed: int
    keys: Keys


def planned(notebook: NotebookNode, assignment: Assignment, options: Options, seed: int | None = None) -> Plan:
    """The plan of a restored notebook; without a ``seed``, with the one that follows from it.

    It reads student code and belongs into a child.
    """
    cells = cells_to_run(notebook, assignment.profile(options.profile), options.everything)
    few: tuple[Cell, ...] = ()
    # Shortening concerns all trainings, so that where there are several the others would be judged by too few images.
    may_stall = options.speedups and not options.everything and sum(cell.training for cell in cells) == 1
    if may_stall and (shortened := assignment.shortened(options.profile)):
        few = cells_to_run(notebook, assignment.profile(options.profile, shortened), options.everything)
    seed = seed_of(cells, assignment, options) if seed is None else seed
    return Plan(assignment, options, cells, few, seed, of_evidence(cells, assignment, options))
