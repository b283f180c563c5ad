"""Ask what a student's function gives for numbers: the kind *formula*, judged by `judging/formulas`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import values


def called(function: Callable[..., Any], drawn: Iterable[tuple[int, ...]]) -> list[dict[str, Any]]:
    """For each of the drawn arguments the ``value``, whether that is an ``integer``, and how it ``shows``."""
    return [_called(function, arguments) for arguments in drawn]


def _called(function: Callable[..., Any], arguments: tuple[int, ...]) -> dict[str, Any]:
    try:
        value = function(*arguments)
    except Exception as error:
        return {"value": None, "integer": False, "shows": f"{type(error).__name__}: {str(error)[:200]}"}
    integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return {"value": values.number(value), "integer": integer, "shows": f"{type(value).__name__} {str(value)[:60]}"}
