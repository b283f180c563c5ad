"""Parse what a box sends, a frame at a time: strict JSON and safetensors, no larger than an honest run can need.

Student code can write frames too, so each bound is checked before what it bounds is made, and in a child of the grader.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from ..inside.reports import MAX_NODES, MOST_EVENTS, MOST_PASSES

if TYPE_CHECKING:
    from torch import Tensor

DEPTH = 40
MOST_VALUES = 500_000
"""In one frame. A value takes thirty times the memory of its text; what boxes send has some thousand of them."""
MOST_LETTERS = 8_000_000
"""Of one text. The longest that the box sends are pictures."""
MOST_DIGITS = 40
"""Of a whole number; no size of a tensor, count or seed has half of them."""
MOST_NUMBERS = 200_000
"""Entries of a list: losses of the batches of a long training are some ten thousand."""
MOST_ROWS = 4_000
"""Entries of a list that holds lists or objects: the layers and parameters of a network, calls of a method."""
ENTRIES = {"events": MOST_EVENTS, "nodes": MAX_NODES, "passes": MOST_PASSES}
"""Entries of a list by its key, where the box has a bound of its own."""
MOST_ELEMENTS = 200_000_000
"""Of a tensor of the network that a ``shape`` tells of; judging may make one like it."""
MOST_TENSORS, MOST_DIMENSIONS = 4_000, 16
MOST_DESCRIBED = 1 << 20
"""Bytes with which a frame describes its tensors; a description is parsed before it can be counted."""

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)  # to the end, if it is not closed, so that none is read twice


class Malformed(Exception):
    """A frame that the box's own code would not send; the message says what is wrong with it."""


def parse_frame(text: bytes, blob: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """One frame as a document and tensors.

    Raises:
        Malformed: not strict JSON of an object, not safetensors, or beyond a bound of this module.
    """
    import safetensors.torch  # and torch, which the grader's own process does without

    _require_few(text)
    if len(blob) >= 8 and int.from_bytes(blob[:8], "little") > MOST_DESCRIBED:
        raise Malformed(f"a piece of evidence with more than {MOST_DESCRIBED >> 20} MiB that describe its tensors")
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_short)
        _require_plain(document)
        tensors = safetensors.torch.load(blob) if blob else {}
    except (ValueError, RecursionError, SafetensorError, KeyError, TypeError) as error:
        raise Malformed(f"{type(error).__name__} in a piece of evidence") from error
    if not isinstance(document, dict):
        raise Malformed("a piece of evidence that is not an object")
    if len(tensors) > MOST_TENSORS:
        raise Malformed(f"a piece of evidence with more than {MOST_TENSORS:,} tensors")
    if any(tensor.ndim > MOST_DIMENSIONS for tensor in tensors.values()):
        raise Malformed(f"a tensor with more than {MOST_DIMENSIONS} dimensions")
    return document, tensors


def _require_few(text: bytes) -> None:
    """Refuse a text with too many values before it is parsed."""
    if _separators(text) > MOST_VALUES and _separators(_TEXT.sub(b"", text)) > MOST_VALUES:
        raise Malformed(f"a piece of evidence with more than {MOST_VALUES:,} values")


def _separators(text: bytes) -> int:
    return sum(text.count(sign) for sign in (b",", b"[", b"{"))


def _refuse_constant(name: str) -> Any:
    raise Malformed(f"{name} in JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed(f"the number {digits[:20]} in JSON")
    return number


def _short(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise Malformed(f"a whole number of {len(digits):,} digits in JSON")
    return int(digits)


def _require_plain(value: Any, key: str = "", left: int = DEPTH) -> None:
    if left == 0:
        raise Malformed(f"JSON nested deeper than {DEPTH}")
    if isinstance(value, str):
        _require_text(value)
    elif isinstance(value, dict):
        for name, item in value.items():
            _require_text(name)
            _require_plain(item, name, left - 1)
    elif isinstance(value, list):
        rows = any(isinstance(item, (dict, list)) for item in value)
        most = ENTRIES.get(key, MOST_ROWS if rows else MOST_NUMBERS)
        if len(value) > most:
            raise Malformed(f"a list {key[:40]!r} of {len(value):,} entries, more than {most:,}")
        if key in ("shape", "shapes") and not rows:
            _require_shape(value)
        for item in value:
            _require_plain(item, key if rows else "", left - 1)


def _require_shape(sizes: list[Any]) -> None:
    """Bounds what a tensor of such a shape takes, and how many sizes it has."""
    if len(sizes) > MOST_DIMENSIONS or math.prod(size for size in sizes if isinstance(size, int)) > MOST_ELEMENTS:
        raise Malformed(f"the shape of a tensor of more than {MOST_ELEMENTS:,} elements or {MOST_DIMENSIONS} dimensions")


def _require_text(text: str) -> None:
    text.encode()  # half of a surrogate pair could be written into no file
    if len(text) > MOST_LETTERS:
        raise Malformed(f"a text of {len(text):,} characters")
