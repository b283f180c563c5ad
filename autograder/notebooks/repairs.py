"""Collect what was repaired in a submission, as one sentence for each kind of repair."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Repairs:
    """The names of repaired cells by what was done, in the order of first use."""

    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, what: str, name: str) -> None:
        """Say that ``what`` was done with the cell of that name."""
        if name not in self.names[what]:
            self.names[what].append(name)

    def sentences(self) -> list[str]:
        """Names and what was done with them."""
        return [f"{', '.join(names)}: {what}." for what, names in self.names.items()]
