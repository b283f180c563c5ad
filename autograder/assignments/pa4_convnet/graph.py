"""A graph in the language DOT, read as nodes and arrows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

CHARACTERS = 500_000  # of the source
# Each alternative ends where it began or takes what it reads for good, so that the time grows with the length alone.
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)|->|[\w.]++|[\[\]=]', re.DOTALL)


@dataclass
class Graph:
    """Labels by node, and where arrows lead."""

    labels: dict[str, str] = field(default_factory=dict)
    after: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, source: str) -> Graph:
        """What graphviz would draw of ``source``, as far as its nodes have labels."""
        found = cls()
        last, inside = "", False  # the last node, and whether its attributes are being read
        tokens = ["", "", *TOKEN.findall(source[:CHARACTERS])]
        for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False):
            word = third.strip('"')
            if third in ("[", "]"):
                inside = third == "["
            elif inside and (first, second) == ("label", "="):
                found.labels[last] = word
            elif not inside and third not in ("->", "="):
                if second == "->":
                    found.after.setdefault(last, set()).add(word)
                last = word
        return found

    def reversed(self) -> Graph:
        """The same graph with all arrows turned round."""
        turned = Graph(self.labels)
        for first, others in self.after.items():
            for second in others:
                turned.after.setdefault(second, set()).add(first)
        return turned

    def kind(self, node: str) -> str:
        """The first word of a node's label: what operation it is."""
        match = re.match(r"\w+", self.labels.get(node, ""))
        return match[0] if match else ""

    def names(self) -> set[str]:
        """The first line of each label."""
        return {re.split(r"\n|\\n", label)[0].strip() for label in self.labels.values()}

    def along(self, kinds: Iterable[Callable[[str], bool]]) -> tuple[set[str], set[str]]:
        """Where the paths begin and end whose nodes are of these kinds, one after another."""
        paths = {node: node for node in self.labels}
        for number, right in enumerate(kinds):
            if number:
                paths = {after: first for last, first in paths.items() for after in self.after.get(last, ())}
            paths = {last: first for last, first in paths.items() if right(self.kind(last))}
        return set(paths.values()), set(paths)

    def reached(self, nodes: set[str]) -> set[str]:
        """These nodes and all to which arrows lead from them."""
        found, queue = set(nodes), list(nodes)
        while queue:
            new = self.after.get(queue.pop(), set()) - found
            found |= new
            queue += new
        return found
