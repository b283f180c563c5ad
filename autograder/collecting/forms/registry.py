"""All forms, and which one a download has."""

from __future__ import annotations

from collections.abc import Sequence

from ...notebooks.submission import Unreadable
from ..files import File
from . import blackboard, brightspace, canvas, drive, exchange, folders, github, gradescope, ilias, moodle, submitted
from .claim import Claim, Context, Form

FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        moodle.FORM,
        canvas.FORM,
        gradescope.FORM,
        blackboard.FORM,
        brightspace.FORM,
        ilias.FORM,
        exchange.FORM,
        submitted.FORM,
        github.FORM,
        drive.FORM,
        folders.FOLDERS,
        folders.FILES,
    )
}
"""By name; of forms that are as sure the first is taken."""
SURE = 0.35
"""From here on a download has a platform's form, and is not just some folder."""


def recognise(files: Sequence[File], context: Context) -> tuple[Form, list[Claim], float]:
    """The form that explains the files best, what it makes of them, and how sure it is: its strength times the share of
    files that it explains.

    Raises:
        Unreadable: no form is sure, and a platform's own list cannot be read.
    """
    best: tuple[Form, list[Claim], float] = (folders.FILES, [], 0.0)
    problem: Unreadable | None = None
    for form in FORMS.values():
        try:
            claims = form.read(files, context)
        except Unreadable as error:
            problem = error
            continue
        sure = form.strength * len(claims) / max(1, len(files))
        if sure > best[2]:
            best = form, claims, sure
    if problem and best[2] < SURE:
        raise problem
    return best
