"""Read times as learning platforms write them, in any language, and put them into UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

_LANGUAGES = (  # noqa: SIM905  a list of as many short words is long
    "en de fr es it pt nl da sv nb fi is pl cs sk sl hr sr uk ru bg ro hu el tr ar he fa id ms vi th ca eu gl et lv lt ka hy"
).split()
"""Those whose months are known; Chinese, Japanese and Korean write them as numbers."""
_YEARS = range(1990, 2100)
"""What else a file says is no time at which somebody handed in."""
_DASHED = re.compile(r"(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[年년./-]\s*(\d{1,2})\s*[月월./-]\s*(\d{1,2})\s*[日일]?")
_DOTTED = re.compile(r"(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_CLOCK = re.compile(r"(\d{1,2})[:.h](\d\d)(?:[:.](\d\d))?")
_BARE_CLOCK = re.compile(r"(?<!\d)(\d{1,2})([0-5]\d)(?!\d)")
_AFTERNOON = re.compile(r"(?<![^\W\d_])(?:p\.?\s?m\b|下午|午後|오후)", re.IGNORECASE)
_MORNING = re.compile(r"(?<![^\W\d_])(?:a\.?\s?m\b|上午|午前|오전)", re.IGNORECASE)


def utc(moment: datetime, zone: tzinfo) -> datetime:
    """A moment in UTC; one without a time zone is taken to be in ``zone``."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def parse(text: str, zone: tzinfo) -> datetime | None:
    """The moment in UTC that a text says; None if it says none of these years, or may mean two different ones.

    Understands ISO 8601, ``2026-03-01-23-59-59``, and a day, a month by its name in any of many languages, a year and a
    time of day, such as ``Mar 1, 2026 1159 PM`` or ``Sonntag, 1. März 2026, 23:59``.
    """
    moments = {moment for moment in _readings(text.strip()[:200], zone) if moment.year in _YEARS}
    return moments.pop() if len(moments) == 1 else None


def _readings(text: str, zone: tzinfo) -> Iterator[datetime]:
    """All that a text may mean."""
    with suppress(ValueError, OverflowError):
        if dashed := _DASHED.fullmatch(text):
            yield utc(datetime(*map(int, dashed.groups())), zone)  # type: ignore[arg-type]
            return
        if re.match(r"\d{4}-\d\d-\d\d", text):
            text = re.sub(r"\s+(UTC|GMT|Z)$", "+00:00", text)
            yield utc(datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d)", "", text)), zone)
            return
    for year, month, day, rest in _dates(text):
        with suppress(ValueError, OverflowError):
            yield utc(datetime(year, month, day, *_clock(rest)), zone)


def _clock(text: str) -> tuple[int, int, int]:
    found = _CLOCK.search(text) or _BARE_CLOCK.search(text)
    if not found:
        return 0, 0, 0
    hour, minute, second = (int(part or 0) for part in (*found.groups(), 0, 0)[:3])
    if _AFTERNOON.search(text) and hour < 12:
        hour += 12
    elif _MORNING.search(text) and hour == 12:
        hour = 0
    return hour, minute, second


def _dates(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Year, month, day and the text without them, for each reading."""
    if found := _YEAR_FIRST.search(text) or _DOTTED.search(text):
        year, month, day = map(int, found.groups() if found.re is _YEAR_FIRST else reversed(found.groups()))
        yield year, month, day, text[: found.start()] + " " + text[found.end() :]
        return
    words = [word.strip(".").casefold() for word in re.findall(r"[^\W\d_]+\.?", text)]
    year_found = re.search(r"(?<!\d)(?:19|20|25)\d\d(?!\d)", text)
    if not year_found:
        return
    rest = text[: year_found.start()] + " " + text[year_found.end() :]
    day_found = re.search(r"(?<![\d:.])(\d{1,2})(?![\d:h]|\.\d)", rest)
    if not day_found:
        return
    rest = rest[: day_found.start()] + " " + rest[day_found.end() :]
    for months, weekdays in _calendar():
        for word in words:
            if word not in months:
                continue
            month = months[word]
            year, day = int(year_found.group()), int(day_found.group(1))
            with suppress(ValueError):
                said = [weekdays[other] for other in words if other in weekdays and other != word]
                if not said or datetime(year, month, day).weekday() in said:
                    yield year, month, day, rest


@lru_cache
def _calendar() -> list[tuple[dict[str, int], dict[str, int]]]:
    """For each language its months (1 to 12) and weekdays (Monday is 0) by name, whole and shortened."""
    from babel import Locale

    found = []
    for language in _LANGUAGES:
        locale, tables = Locale.parse(language), []
        for table in (locale.months, locale.days):
            names: dict[str, int] = {}
            for context in ("format", "stand-alone"):
                for width in ("wide", "abbreviated"):
                    for number, name in table[context][width].items():
                        names[str(name).strip(".").casefold()] = int(number)
            tables.append(names)
        found.append((tables[0], tables[1]))
    return found
