"""Judge what a student's function gives for drawn numbers, beside the right formula and known wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..networks.comparison import Complaint, require
from .diagnosis import diagnose

EXACT = 1e-9
Arguments = list[tuple[int, ...]]


@dataclass(frozen=True)
class Formula:
    """A function ``name``, its ``calls`` as :func:`autograder.inside.formulas.called` saw them, and the right formula."""

    name: str
    calls: list[dict[str, Any]]
    drawn: Arguments
    right: Callable[..., float]

    def require_values(self, mistakes: Mapping[str, Callable[..., float]]) -> None:
        """Each call gave the right number; a mistake is named where its wrong formula gives all that was found."""
        number, wanted = len(self.calls), len(self.drawn)
        require(wanted > 0 and number == wanted, f"{number} results", f"{wanted}", "the calls did not finish")
        values = [call["value"] for call in self.calls]
        for call, arguments in zip(self.calls, self.drawn, strict=True):
            if call["value"] is None or call["value"] != self.right(*arguments):
                results = {why: [formula(*each) for each in self.drawn] for why, formula in mistakes.items()}
                otherwise = _no_number(call) if call["value"] is None else "another formula"
                cause = diagnose(values, results, otherwise, EXACT)
                raise Complaint(f"{self.name}{arguments} gives {call['shows']}", self.right(*arguments), cause)

    def require_integers(self) -> None:
        """Each call gave an int."""
        for call, arguments in zip(self.calls, self.drawn, strict=False):
            cause = _no_number(call) if call["value"] is None else "the operator / gives a float, // does not"
            require(call["integer"], f"{self.name}{arguments} gives {call['shows']}", "an int", cause)


def _no_number(call: dict[str, Any]) -> str:
    return "return is missing" if call["shows"].startswith("NoneType") else "not one number"
