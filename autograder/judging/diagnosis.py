"""Say which known mistake gives what was found: a cause is told where its result is seen, and not guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..networks.comparison import close, require

TOLERANCE = 1e-3


def alike(found: Any, wanted: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether numbers, tensors, or lists of them are equal within ``tolerance`` of 1 or of the larger value wanted.

    What is no number (None) is like nothing; a list is like one of the same length.
    """
    if isinstance(wanted, Tensor):
        return isinstance(found, Tensor) and close(found, wanted, tolerance)
    if isinstance(wanted, (list, tuple)):
        same_length = isinstance(found, (list, tuple)) and len(found) == len(wanted)
        return same_length and all(alike(*pair, tolerance) for pair in zip(found, wanted, strict=True))
    if not isinstance(found, (int, float)) or not math.isfinite(found):
        return False
    return bool(abs(found - wanted) <= tolerance * max(1.0, abs(wanted)))


def diagnose(found: Any, mistakes: Mapping[str, Any], otherwise: str = "", tolerance: float = TOLERANCE) -> str:
    """The mistakes that give what was found, at most two; ``otherwise`` if none of them does, or too many."""
    fitting = [mistake for mistake, value in mistakes.items() if alike(found, value, tolerance)]
    return " or ".join(fitting) if 0 < len(fitting) < 3 else otherwise


def shown(value: Any) -> str:
    """A number, or the first one of a tensor, as messages write it."""
    if isinstance(value, Tensor):
        return f"{value.flatten()[0]:.4f} for the first number" if value.numel() else "no number"
    return "no number" if value is None else f"{value:.4f}"


def require_alike(
    found: Any, wanted: Any, mistakes: Mapping[str, Any], otherwise: str = "", *, of: str = "", tolerance: float = TOLERANCE
) -> None:
    """Complain unless a number or a tensor is the one wanted; the cause is the mistake that gives what was found.

    Args:
        of: what it is, as an addition to the number: ``for 17 images``.
    """
    right = alike(found, wanted, tolerance)
    require(right, f"{shown(found)} {of}".rstrip(), shown(wanted), diagnose(found, mistakes, otherwise, tolerance))
