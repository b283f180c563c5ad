"""Say where a release is behind the source that it was generated from, as far as grading depends on it."""

from __future__ import annotations

from nbformat import NotebookNode

from ..notebooks.notebook import Item, cells_by_grade_id, items, role

_REGIONS = ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")


def behind(source: NotebookNode, release: NotebookNode) -> list[str]:
    """A phrase for each difference in items, their points and given code; none where `generate` would change nothing."""
    ours, theirs = _items(release), _items(source)
    found = [
        f"{name} has {item.max_points:g} points in source/ and {ours[name].max_points:g} in release/"
        for name, item in theirs.items()
        if name in ours and ours[name].max_points != item.max_points
    ]
    found += [f"{name} is new in source/" for name in theirs if name not in ours]
    found += [f"{name} is gone from source/" for name in ours if name not in theirs]
    shared = [name for name in theirs if name in ours]
    found += [f"{name} judges another answer in source/" for name in shared if _judges(ours[name]) != _judges(theirs[name])]
    now, then = _given_code(source), _given_code(release)
    found += [
        f"the given code of {name} has changed in source/" for name, code in now.items() if then.get(name, code) != code
    ]
    return found


def _items(notebook: NotebookNode) -> dict[str, Item]:
    return {item.id: item for item in items(notebook)}


def _judges(item: Item) -> tuple[str, bool]:
    return item.answer, item.manual


def _given_code(notebook: NotebookNode) -> dict[str, str]:
    """Given code cells and checks, but for those that nbgrader changes for students."""
    return {
        name: cell.source
        for name, cell in cells_by_grade_id(notebook).items()
        if cell.cell_type == "code" and role(cell) in ("given", "item") and not any(mark in cell.source for mark in _REGIONS)
    }
