"""Write the outcomes of a class as a table, with the students' names or without.

Without names a table can be shown to others: students have numbers that follow from a secret of the course, the same in each
of its exports and useless without the secret, and what may hold their own words (messages, flags, reasons) is left out.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io

from ..outcomes import ClassOutcomes, SubmissionOutcome

DIGITS = 10
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""


def pseudonym(student: str, secret: bytes) -> str:
    """The number of a student: hexadecimal digits of a keyed hash."""
    # The secret serves other purposes too: the first word keeps them apart.
    return hmac.new(secret, b"pseudonym " + student.encode(), hashlib.sha256).hexdigest()[:DIGITS]


def anonymous(outcomes: ClassOutcomes, secret: bytes) -> ClassOutcomes:
    """The outcomes under pseudonyms, in their order, without anything that a student may have written."""

    def bare(outcome: SubmissionOutcome) -> SubmissionOutcome:
        said: dict[str, object] = {"message": "", "note": "", "findings": [], "root_cause": None}
        items = {name: item.model_copy(update=said) for name, item in outcome.items.items()}
        nothing: dict[str, object] = {"root_causes": [], "reason": None, "flags": [], "repairs": []}
        return outcome.model_copy(update={"items": items, **nothing})

    renamed = {pseudonym(student, secret): bare(outcome) for student, outcome in outcomes.submissions.items()}
    return outcomes.model_copy(update={"submissions": dict(sorted(renamed.items()))})


def table(outcomes: ClassOutcomes) -> str:
    """CSV with a row for each student: status, points, points of each item (empty where there is no score), seconds,
    why there is no grade, how code was isolated.
    """
    names = list(dict.fromkeys(name for outcome in outcomes.submissions.values() for name in outcome.items))
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["student", "status", "points", "max_points", *names, "seconds", "reason", "isolation"])
    for student, outcome in outcomes.submissions.items():
        items = [outcome.items.get(name) for name in names]
        scores = ["" if item is None or item.score is None else f"{item.score:g}" for item in items]
        reason = outcome.reason or ""
        graded = outcome.status == "graded"
        rows.writerow(
            [
                _plain(student),
                outcome.status,
                f"{outcome.points:g}" if graded else "",
                f"{outcome.max_points:g}",
                *scores,
                f"{outcome.seconds:g}",
                _plain(reason),
                _plain(outcomes.isolation),
            ]
        )
    return written.getvalue()


def _plain(text: str) -> str:
    """Text that a spreadsheet shows and does not compute."""
    return f"'{text}" if text.startswith(_FORMULA) else text
