"""Read numbers out of what student code gives: a number, or a list of them; anything else is none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor

MOST = 20_000  # entries of a list


def number(value: Any) -> float | None:
    """A finite float from a number or a tensor or array with one value; None for anything else, a text included."""
    try:
        read = float(value.detach() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return read if math.isfinite(read) and not isinstance(value, str) else None


def numbers(value: Any) -> list[float | None] | None:
    """The numbers of a list, a tuple, an array or a tensor, None in place of what is none; None for anything else."""
    if isinstance(value, (Tensor, np.ndarray)):
        value = value.reshape(-1).tolist()
    return [number(entry) for entry in value[:MOST]] if isinstance(value, (list, tuple)) else None
