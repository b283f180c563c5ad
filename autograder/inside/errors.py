"""Say of an error in student code what it is, where in the cell it happened, and which library or name is missing."""

from __future__ import annotations

import traceback
from typing import Any

CELL = "ipython-input"  # in the file name that IPython gives to a cell's code
BODY = ("<timed exec>", "<timed eval>")  # those of code below ``%%time``
UNPARSED = "<unknown>"  # that of a body which ``%%time`` cannot parse
TEXT, NAME = 2_000, 200


def describe(error: BaseException, source: str = "") -> dict[str, Any]:
    """``ename``, ``evalue``, ``line`` of the cell with this ``source`` (None if unknown), ``module`` of a failed import,
    ``undefined``, the global name that has no value.

    An error in a function of another cell happened in the line that called it.
    """
    module = error.name if isinstance(error, ImportError) else None
    undefined = error.name if type(error) is NameError else None  # an UnboundLocalError is about a local one
    return {
        "ename": type(error).__name__[:NAME],
        "evalue": _text(error),
        "line": _line(error, source),
        "module": module[:NAME] if isinstance(module, str) else None,
        "undefined": undefined[:NAME] if isinstance(undefined, str) else None,
    }


def text_of(error: BaseException) -> str:
    """Its message, whatever its class makes of it."""
    try:
        return str(error)[:TEXT]
    except Exception:
        return "(its message could not be read)"


def _text(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and str(error.filename).startswith("<"):
        return str(error.msg)[:TEXT]  # without the file, which is the cell
    text = text_of(error)
    return text.replace(f" ({error.path})", "") if isinstance(error, ImportError) and error.path else text


def _line(error: BaseException, source: str) -> int | None:
    left_out = len(source) - len(source.lstrip())
    first = source[:left_out].count("\n")  # IPython runs a cell from its first line that is not blank
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = next((name for name, _ in frames if CELL in name), None)
    syntax = error.lineno if isinstance(error, SyntaxError) and isinstance(error.lineno, int) else None
    if own is None:
        return first + syntax if syntax else None
    if source.startswith("%%", left_out):
        body = [line for name, line in frames if name in BODY]
        body += [syntax] if syntax and isinstance(error, SyntaxError) and error.filename == UNPARSED and not body else []
        if body:
            return first + 1 + body[-1]
    return first + [line for name, line in frames if name == own][-1]
