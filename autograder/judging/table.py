"""Write hidden tests as a table: for each its item, its weight, the line that the student reads, and what is required."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

Row = tuple[str, float, str, Callable[..., None]]
"""Item, weight, task, and what complains unless the task is done; it takes what the test judges."""


def table(*rows: Row, needs: Mapping[str, Sequence[str]] | None = None) -> pytest.MarkDecorator:
    """Decorate a test function that has a parameter ``required`` and calls it: it is a hidden test for each row.

    Args:
        needs: by item the items whose failure explains a failure there.
    """
    parameters = []
    for number, (item, weight, task, required) in enumerate(rows):
        marks = [pytest.mark.item(item, weight=weight, task=task)]
        if needs and item in needs:
            marks.append(pytest.mark.needs(*needs[item]))
        parameters.append(pytest.param(required, id=f"{item}-{number}", marks=marks))
    return pytest.mark.parametrize("required", parameters)
