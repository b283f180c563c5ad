"""Show what was collected: a table that leaves nobody out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..notebooks.terminal import printable
from .collect import Outcome, Report

LONG = 40
"""Lines of one kind that are shown; the record has the others."""


def show(report: Report, assignment: str, console: Console, *, zone: tzinfo, dry_run: bool = False) -> None:
    """Print the table, each kind of outcome with how many and who."""
    for download in report.downloads:
        if download.claims:
            _line(console, f"{download.source}: {download.form.title}, {_count(len(download.claims), 'file')}")
    table = Table(
        title=f"{assignment}{', nothing was written (--dry-run)' if dry_run else ''}",
        title_justify="left",
        show_header=False,
    )
    table.add_column()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for kind, count, lines in rows(report, assignment, zone):
        shown = [*lines[:LONG], *([f"... and {len(lines) - LONG} more"] if len(lines) > LONG else [])]
        table.add_row(kind, str(count), Text(printable_lines(shown)))
    console.print(table)


def rows(report: Report, assignment: str, zone: tzinfo) -> list[tuple[str, int, list[str]]]:
    """Kind, number and lines: first what was taken and what is to be known of it, then what was not."""
    taken = {student: one for student, one in report.outcomes.items() if one.choice}
    changed = {student: one for student, one in taken.items() if one.plan and one.plan.change in ("new", "replaced")}
    kept = {student: one for student, one in taken.items() if one.plan and one.plan.change in ("kept", "refused")}
    found: list[tuple[str, int, list[str]]] = [("taken", len(taken), [_changes(taken.values())] if taken else [])]

    def row(kind: str, lines: list[str]) -> None:
        if lines:
            found.append((kind, len(lines), lines))

    row(
        "  renamed", [f"{student}: {_name(one)}" for student, one in sorted(changed.items()) if _is_renamed(one, assignment)]
    )
    row("  late", [f"{student}{_when(one, zone)}" for student, one in sorted(taken.items()) if one.late])
    row(
        "  several files",
        [_several(student, one) for student, one in sorted(taken.items()) if one.choice and one.choice.others],
    )
    row("  left as it was", [f"{student}: {one.plan.reason}" for student, one in sorted(kept.items()) if one.plan])
    row("  in a group", [f"{name}: {', '.join(members)}" for name, members in sorted(report.groups.items())])
    row("  also handed in", [f"{student}: {_problem(one)}" for student, one in sorted(taken.items()) if _problem(one)])
    left = {student: one for student, one in report.outcomes.items() if not one.choice}
    row("not a notebook", [_not_taken(s, one) for s, one in sorted(left.items()) if _kind(one) == "no notebook"])
    row("another assignment", [_not_taken(s, one) for s, one in sorted(left.items()) if _kind(one) == "another"])
    row("cannot be read", [_not_taken(s, one) for s, one in sorted(left.items()) if _kind(one) == "unreadable"])
    row("who is it?", [_doubt(shown, report) for shown in sorted(report.doubts)])
    row("whose is it?", sorted(report.unclaimed))
    row("not opened", sorted(report.refused))
    row("enrolled, missing", [", ".join(report.missing)] if report.missing else [])
    if report.missing:
        found[-1] = ("enrolled, missing", len(report.missing), found[-1][2])
    if report.elsewhere:
        found.append(("of other assignments", report.elsewhere, ["passed over, as their folders say so"]))
    if report.enrolled:
        found.append(("new in students.csv", len(report.enrolled), [", ".join(one.id for one in report.enrolled)]))
    return found


def _changes(outcomes: Iterable[Outcome]) -> str:
    changes = [one.plan.change for one in outcomes if one.plan]
    words = {"new": "new", "replaced": "in place of an earlier one", "as before": "as before", "timed": "with a new time",
             "kept": "left as it was", "refused": "not written"}  # fmt: skip
    return ", ".join(f"{changes.count(change)} {word}" for change, word in words.items() if change in changes)


def _is_renamed(one: Outcome, assignment: str) -> bool:
    """Whether the student called it something else than it is called now."""
    upload = one.choice.counts.upload if one.choice else None
    last = (upload.inside or upload.filename).rpartition("/")[2] if upload else ""
    return bool(upload) and last != f"{assignment}.ipynb"


def _name(one: Outcome) -> str:
    return one.choice.counts.shown if one.choice else ""


def _several(student: str, one: Outcome) -> str:
    assert one.choice
    others = ", ".join(other.shown for other in one.choice.others[:4])
    return f"{student}: {one.choice.counts.shown} counts, {one.choice.reason}; also {others}"


def _when(one: Outcome, zone: tzinfo) -> str:
    moment: datetime | None = one.choice.counts.upload.submitted if one.choice else None
    return f": {moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ": the platform says so, and not when"


def _kind(one: Outcome) -> str:
    kinds = {problem.look.kind for problem in one.problems}
    return next((kind for kind in ("unreadable", "another") if kind in kinds), "no notebook")


def _problem(one: Outcome) -> str:
    return "; ".join(f"{problem.shown} ({problem.look.why or problem.look.kind})" for problem in one.problems[:3])


def _not_taken(student: str, one: Outcome) -> str:
    aside = f"; kept at {', '.join(map(str, one.aside[:2]))}" if one.aside else ""
    if not one.problems:
        return f"{student}: handed in no file"
    return f"{student}: {_problem(one)}{aside}"


def _doubt(shown: str, report: Report) -> str:
    doubt, files = report.doubts[shown]
    number = doubt.person.participant or doubt.person.user or doubt.person.id
    who = f"{shown} ({number})" if number and number != shown else shown
    may = f"may be {' or '.join(doubt.candidates)}" if doubt.candidates else "is nobody of students.csv"
    why = f" ({doubt.why})" if doubt.why else ""
    return f"{who}: {may}{why}; {', '.join(dict.fromkeys(files))}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _line(console: Console, text: str) -> None:
    console.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def printable_lines(lines: Iterable[str]) -> str:
    """Lines that command no terminal."""
    return "\n".join(map(printable, lines))
