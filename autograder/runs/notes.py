"""Keep beside evidence what judging has computed from it, so that a re-grade computes only what has changed.

A key must hold all that a value depends on besides the evidence. Each judging keeps the values that it used, and no others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..notebooks.notebook import write_text
from ..sandbox.mounts import PACKAGE
from .plan import versions

NAME = "notes.json"


@dataclass
class Notes:
    """JSON values by key; in memory only where there is no ``path``."""

    path: Path | None = None
    _before: dict[str, Any] = field(default_factory=dict)
    _used: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def beside(cls, folder: Path) -> Notes:
        """The notes in the folder of kept evidence; damaged ones are none."""
        try:
            before = json.loads((folder / NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = {}
        return cls(folder / NAME, before if isinstance(before, dict) else {})

    def once(self, key: str, compute: Callable[[], Any]) -> Any:
        """The value under ``key``; computed, as a JSON value, if it is not there."""
        if key not in self._used:
            self._used[key] = self._before[key] if key in self._before else compute()
        return self._used[key]

    def has(self, key: str) -> bool:
        """Whether the value under ``key`` is known."""
        return key in self._used or key in self._before

    def forget(self, key: str) -> None:
        """Compute the value anew next time."""
        self._used.pop(key, None)
        self._before.pop(key, None)

    def save(self) -> None:
        """Write what was used since these notes were read, if that is not what they were."""
        if self.path is not None and self._used.keys() != self._before.keys() and self.path.parent.is_dir():
            write_text(self.path, json.dumps(self._used))
        self._before, self._used = {**self._before, **self._used}, {}


@cache
def trusted_code() -> str:
    """Hash of the grader's own code, without that of assignments, and of the versions of what it is built on."""
    digest = hashlib.sha256(json.dumps(versions(), sort_keys=True).encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        if not path.is_relative_to(PACKAGE / "assignments"):
            digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
