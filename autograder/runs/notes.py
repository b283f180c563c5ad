"""Keep beside evidence what judging has computed from it, so that a re-grade computes only what has changed.

A note has a name, and says what it was computed from; a newer one takes the place of an older one of its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..notebooks.notebook import write_text

NAME = "notes.json"


@dataclass
class Notes:
    """JSON values by name, each with a key that holds all that it depends on besides the evidence.

    In memory only where there is no ``path``.
    """

    path: Path | None = None
    _kept: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _changed: bool = False

    @classmethod
    def beside(cls, folder: Path) -> Notes:
        """The notes in the folder of kept evidence; damaged ones are none."""
        try:
            read = json.loads((folder / NAME).read_bytes())
            kept = {name: (str(key), value) for name, (key, value) in read.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            kept = {}
        return cls(folder / NAME, kept)

    def once(self, name: str, key: str, compute: Callable[[], Any]) -> Any:
        """The value of this name and key; computed, as a JSON value, if it is not there."""
        if not self.has(name, key):
            self._kept[name] = (key, compute())
            self._changed = True
        return self._kept[name][1]

    def has(self, name: str, key: str) -> bool:
        """Whether the value of this name and key is known."""
        return name in self._kept and self._kept[name][0] == key

    def forget(self, name: str) -> None:
        """Compute the value anew next time."""
        self._changed = self._kept.pop(name, None) is not None or self._changed

    def save(self) -> None:
        """Write what is new since these notes were read."""
        if self.path is not None and self._changed and self.path.parent.is_dir():
            write_text(self.path, json.dumps(self._kept))
        self._changed = False
