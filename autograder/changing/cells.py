"""Let a gradebook with graded submissions take over a release with other cells: added, removed, renamed.

nbgrader refuses to ("Cannot add or remove cells"), so that no mark is lost. Here marks of a removed item are put aside, and
come back with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode

from ..course import CourseError
from ..grading.adjustments import Adjustments, Parked
from ..grading.marks import marked_text, remember_text
from ..notebooks.notebook import cells_by_grade_id, items

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@dataclass(frozen=True)
class Known:
    """A cell as a gradebook has it: the checksum of its text, and its points if it is graded."""

    checksum: str
    points: float | None


@dataclass(frozen=True)
class CellChanges:
    """What is different in a release from the cells that a gradebook has; points as (old, new)."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """One for each kind of change, with the names of the cells."""
        found = [
            (f"added: {', '.join(self.added)}", self.added),
            (f"removed: {', '.join(self.removed)}; marks are put aside and come back with the cell", self.removed),
            (", ".join(f"{old} is now called {new}" for old, new in self.renamed.items()), self.renamed),
            (", ".join(f"{name}: {old:g} -> {new:g} points" for name, (old, new) in self.points.items()), self.points),
            (f"other text: {', '.join(self.texts)}", self.texts),
        ]
        return [sentence for sentence, cells in found if cells]


def known_cells(gradebook: Gradebook, assignment: str) -> dict[str, Known]:
    """The cells of an assignment as its gradebook has them."""
    notebook = gradebook.find_notebook(assignment, assignment)
    points = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
    return {cell.name: Known(cell.checksum or "", points.get(cell.name)) for cell in notebook.source_cells}


def changes(
    known: Mapping[str, Known], release: NotebookNode, renamed: Mapping[str, str], adjustments: Adjustments
) -> CellChanges:
    """What a release changes.

    Args:
        renamed: new names of cells by their old ones.

    Raises:
        CourseError: a name in ``renamed`` is not that of such a cell.
    """
    cells = cells_by_grade_id(release)
    graded = adjustments.points({item.id: item.max_points for item in items(release)})
    for old, new in renamed.items():
        if old not in known or old in cells:
            raise CourseError(
                f"--rename {old}={new}: {old!r} is not a cell that the gradebook has and the source has no more"
            )
        if new not in cells or new in known:
            raise CourseError(f"--rename {old}={new}: {new!r} is not a new cell of the source")
    before = {renamed.get(name, name): cell for name, cell in known.items()}
    both = [name for name in cells if name in before]
    points = {name: (before[name].points, graded[name]) for name in both if name in graded}
    return CellChanges(
        added=[name for name in cells if name not in before],
        removed=[name for name in before if name not in cells],
        renamed=dict(renamed),
        points={name: (old, new) for name, (old, new) in points.items() if old is not None and old != new},
        texts=[name for name in both if before[name].checksum != cells[name].metadata.nbgrader.get("checksum", "")],
    )


def take_over(
    gradebook: Gradebook, assignment: str, release: NotebookNode, changed: CellChanges, adjustments: Adjustments
) -> None:
    """Give the gradebook the cells of a release, so that nbgrader's own registration of it goes through.

    Texts and points are that registration's. Marks of removed items go into ``adjustments``, those of items that come
    back are taken out of them.
    """
    notebook = gradebook.find_notebook(assignment, assignment)
    for old, new in changed.renamed.items():
        for cell in [*notebook._base_cells, *notebook.source_cells]:
            if cell.name == old:
                cell.name = new
    gradebook.db.commit()
    for name in changed.removed:
        _remove(gradebook, notebook, name, adjustments)
    cells = cells_by_grade_id(release)
    for name in changed.added:
        _add(gradebook, assignment, cells[name], adjustments)


def _remove(gradebook: Gradebook, notebook: Any, name: str, adjustments: Adjustments) -> None:
    for cell in [cell for cell in notebook._base_cells if cell.name == name]:
        for grade in cell.grades:
            parked = adjustments.parked.setdefault(grade.student.id, {}).setdefault(name, Parked())
            parked.automatic, parked.manual, parked.bonus = grade.auto_score, grade.manual_score, grade.extra_credit
            parked.text_hash = marked_text(gradebook, grade.id)
            gradebook.db.delete(grade)
        for comment in cell.comments:
            parked = adjustments.parked.setdefault(comment.student.id, {}).setdefault(name, Parked())
            parked.comment = comment.manual_comment
            gradebook.db.delete(comment)
        gradebook.db.delete(cell)
    for cell in [cell for cell in notebook.source_cells if cell.name == name]:
        gradebook.db.delete(cell)
    gradebook.db.commit()


def _add(gradebook: Gradebook, assignment: str, cell: NotebookNode, adjustments: Adjustments) -> None:
    from nbgrader.api import Comment, Grade

    meta, name = cell.metadata.nbgrader, cell.metadata.nbgrader.grade_id
    kind = {"cell_type": cell.cell_type}
    gradebook.add_source_cell(
        name, assignment, assignment, source=cell.source, checksum=meta.get("checksum"), locked=meta.locked, **kind
    )
    notebook = gradebook.find_notebook(assignment, assignment)
    if meta.grade:
        graded = gradebook.add_grade_cell(name, assignment, assignment, max_score=float(meta.points), **kind)
        for submitted in notebook.submissions:
            old = adjustments.parked.get(submitted.student.id, {}).get(name, Parked())
            score = old.automatic if old.manual is None else old.manual
            grade = Grade(
                cell_id=graded.id, notebook=submitted, auto_score=old.automatic, manual_score=old.manual,
                extra_credit=old.bonus, needs_manual_grade=score is None,
            )  # fmt: skip
            gradebook.db.add(grade)
            gradebook.db.flush()
            if old.text_hash:
                remember_text(gradebook, grade.id, old.text_hash)
    if meta.solution:
        solution = gradebook.add_solution_cell(name, assignment, assignment)
        for submitted in notebook.submissions:
            old = adjustments.parked.get(submitted.student.id, {}).get(name, Parked())
            gradebook.db.add(Comment(cell_id=solution.id, notebook=submitted, manual_comment=old.comment))
    gradebook.db.commit()
    for student in list(adjustments.parked):
        adjustments.parked[student].pop(name, None)
        if not adjustments.parked[student]:
            del adjustments.parked[student]
