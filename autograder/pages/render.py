"""Fill the templates of this folder; whatever is not marked as clean HTML is escaped."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

TEMPLATES = Path(__file__).parent / "templates"
LONGEST = 4_000  # characters of one sentence: the words of an error may be as long as a student likes


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"words": words, "number": number, "ended": ended}
    return made


def render(template: str, **values: Any) -> str:
    """The text of a template of ``templates/`` with these values."""
    return _environment().get_template(template).render(values)


def number(points: float) -> str:
    """Points as they are read: at most two digits after the point, none where there are none."""
    return f"{round(points, 2):g}" if abs(points) < 100_000 else f"{points:.0f}"


def ended(text: str) -> str:
    """A sentence with its final stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def words(text: str) -> Markup:
    """A sentence as HTML, in which `` `code` `` is set as code."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} ... (and {len(text) - LONGEST:,} more characters)"
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped in this line
