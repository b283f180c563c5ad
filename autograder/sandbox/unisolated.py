"""No tier, by request only: run a job in an ordinary process, which sees and can do all that the grader's user can.

It has an empty environment, limits and a folder of its own, so that results are those of a box; none of this stops code that
means harm. Everything that comes of it is stamped with this module's name.
"""

from __future__ import annotations

from . import open_box
from .box import Order, Started
from .open_box import Places

NAME = "UNISOLATED"


def start(order: Order) -> Started:
    """Start a job in a process of its own."""
    return open_box.start(order, Places.new(), uid=None, rights=[], rules=b"", held=[])
