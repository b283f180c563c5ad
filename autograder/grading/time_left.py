"""Say how long a class still takes: first by what one submission is known to take, then by the pace of the last ones."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

LAST = 10  # finished submissions whose pace counts; more where more run at once


class TimeLeft:
    """The time left for ``count`` submissions, ``at_once`` of which run side by side.

    ``expected``: seconds that one is known to take, None where nobody has measured it. ``clock`` counts seconds.
    """

    def __init__(
        self, count: int, at_once: int, expected: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._left, self._at_once, self._expected, self._clock = count, at_once, expected, clock
        self._began = clock()
        self._ends = deque([self._began], maxlen=max(LAST, 2 * at_once) + 1)

    def finished(self) -> None:
        """Take note that a submission has finished."""
        self._left -= 1
        self._ends.append(self._clock())

    def seconds(self) -> float | None:
        """Seconds left; None where nothing is known yet."""
        if len(self._ends) > 1:
            # Up to now: the pace slows down while nothing finishes.
            return self._left * (self._clock() - self._ends[0]) / (len(self._ends) - 1)
        if self._expected is None:
            return None
        return max(0.0, math.ceil(self._left / self._at_once) * self._expected - (self._clock() - self._began))


def in_words(seconds: float) -> str:
    """A time as a person would say it: about 12 hours, about 5 minutes, less than a minute."""
    if seconds < 60:
        return "less than a minute"
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or unit == "minute":
            count = round(seconds / size)
            return f"about {count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError("minutes are the last unit")
