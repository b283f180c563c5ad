"""Say what became of the locked cells of a submission, whose text is the release's again, and keep imports added to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from nbformat import NotebookNode

from .imports import added_imports, bindings
from .notebook import grade_id
from .recognise import StudentCell, tight, worked
from .repairs import Repairs

_SHOWN = 200
"""Characters of a student's code in a sentence."""


@dataclass
class Locked:
    """The locked cells of one submission.

    ``imports`` are statements that the student added, by the place of the released cell. Each becomes a cell that runs
    before the released one, so that what the release imports wins. ``dropped`` are the student's versions that hold nothing
    else of theirs, by their numbers: the text is that of an older release, or differs in kept imports alone.
    """

    cells: list[StudentCell]
    released: list[NotebookNode]
    repairs: Repairs
    imports: dict[int, tuple[str, ...]] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    older: list[int] = field(default_factory=list)

    def put_back(self, place: int, pick: int | None, copies: list[int], how: str) -> None:
        """The released cell at ``place`` stands again where the student had ``copies`` of it, of which ``pick`` counts."""
        released = self.released[place]
        name = grade_id(released) or str(released.get("id", "a given cell"))
        changed = [s for s in copies if tight(self.cells[s].source) != tight(released.source)]
        self._keep_imports(place, [s for s in changed if self.cells[s].kind == released.cell_type == "code"])
        self.dropped |= {s for s in changed if self.cells[s].untouched}
        if pick in changed and self.cells[pick or 0].untouched:
            self.older.append(place)
            return
        if shown := self._shown([place]):
            self.repairs.add(f"imports that were added to this locked cell are kept ({shown})", name)
        if pick is None:
            self.repairs.add("locked cell is missing, it was put back", name)
        elif pick in changed and pick not in self.dropped:
            self.repairs.add("locked cell was changed, the released one was put back", name)
        elif pick in changed:
            return
        elif how != "grade_id" and grade_id(released):
            self.repairs.add("nbgrader's metadata was lost on a locked cell, it was put back", name)
        elif self.cells[pick].kind != released.cell_type:
            self.repairs.add(f"the cell's type had changed, it is {released.cell_type} again", name)

    def report_older(self) -> None:
        """Say once, of all cells that have the text of another release, that the notebook was made from it."""
        if self.older:
            count = "1 locked cell differs" if len(self.older) == 1 else f"{len(self.older)} locked cells differ"
            kept = f"; imports that only it has are kept ({shown})" if (shown := self._shown(self.older)) else ""
            self.repairs.add(
                f"it was made from an older release ({count}), the present cells were put back{kept}", "notebook"
            )

    def _keep_imports(self, place: int, changed: list[int]) -> None:
        if not changed:
            return
        taken = bindings(cell.source for cell in self.released[: place + 1] if cell.cell_type == "code")
        found = {s: added_imports(self.cells[s].source, self.released[place].source, taken) for s in changed}
        self.imports[place] = tuple(dict.fromkeys(line for one in found.values() for line in one.statements))
        self.dropped |= {s for s, one in found.items() if one.nothing_else}

    def _shown(self, places: list[int]) -> str:
        text = "; ".join(line for place in places for line in self.imports.get(place, ()))
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def answered(mine: StudentCell | None, restored: NotebookNode, released: NotebookNode) -> bool:
    """Whether something of the student's stands in an answer cell; ``mine`` is what they handed in of it."""
    if not worked(StudentCell(restored.cell_type, restored.source), released):
        return False
    return mine is None or not mine.untouched or mine.source != restored.source
