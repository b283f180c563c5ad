"""Show outcomes in the terminal: a table of students and items, and of one submission all that was found."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..judging import wording
from ..notebooks.terminal import printable
from ..outcomes import SIGNS, ClassOutcomes, SubmissionOutcome, profile_note
from ..sandbox.tiers import UNISOLATED, WARNING

STYLES = {"passed": "green", "partial": "yellow", "failed": "red", "not_attempted": "dim", "could_not_grade": "magenta"}
GLYPHS = {verdict: (sign, STYLES[verdict]) for verdict, sign in SIGNS.items()}
NAMES = {
    "passed": "passed",
    "partial": "partly",
    "failed": "failed",
    "not_attempted": "not attempted",
    "could_not_grade": "could not be graded",
}


NAMED = 20  # students that are named where something is wrong with all of them


def _glyphs(outcome: SubmissionOutcome) -> Text:
    text = Text()
    for number, item in enumerate(outcome.items.values()):
        if number and number % 5 == 0:
            text.append(" ")
        text.append(*GLYPHS[item.outcome])
    return text


def _lost(outcome: SubmissionOutcome) -> str:
    """Why points were lost, in one line for each mistake that several items wait for, and the items; or one phrase."""
    if outcome.status == "could_not_grade":
        return outcome.reason or ""
    verdicts = [item.outcome for item in outcome.items.values()]
    if verdicts and all(verdict == "not_attempted" for verdict in verdicts):
        return "nothing attempted"
    lost = ", ".join(name for name, item in outcome.items.items() if item.outcome != "passed")
    return "\n".join([*(printable(wording.summary(cause)) for cause in outcome.root_causes), lost])


def line(student: str, outcome: SubmissionOutcome) -> str:
    """One submission in one line, for logs."""
    if outcome.status == "could_not_grade":
        return f"{printable(student)}: could not be graded: {outcome.reason}"
    trial = f" at profile {outcome.profile}" if profile_note(outcome.profile) else ""
    failed = f"; could not be graded: {', '.join(outcome.not_graded)}" if outcome.not_graded else ""
    points = f"{outcome.points:g} of {outcome.max_points:g} points"
    return f"{printable(student)}: {points}{trial}, {outcome.seconds:.0f} s{failed}"


def table(outcomes: ClassOutcomes) -> Table:
    """One row a student: points, a glyph for each item in the order of the notebook, and where points were lost."""
    shown = Table(title=f"{outcomes.assignment}, profile {outcomes.profile}, isolation {outcomes.isolation}")
    shown.add_column("student", overflow="fold")
    shown.add_column("points", justify="right", no_wrap=True)
    shown.add_column("items", no_wrap=True)
    shown.add_column("lost at", overflow="fold")
    shown.add_column("s", justify="right", no_wrap=True)
    for student, outcome in outcomes.submissions.items():
        if outcome.status == "could_not_grade":
            row = ("-", Text("could not grade", style="magenta"), _lost(outcome), "")
        else:
            trial = f" ({outcome.profile})" if profile_note(outcome.profile) else ""
            points = f"{outcome.points:g}/{outcome.max_points:g}{trial}"
            row = (points, _glyphs(outcome), _lost(outcome), f"{outcome.seconds:.0f}")
        shown.add_row(Text(printable(student)), row[0], row[1], Text(row[2]), row[3])
    return shown


def legend() -> Text:
    """What the glyphs mean."""
    text = Text()
    for verdict, (glyph, style) in GLYPHS.items():
        text.append(glyph, style)
        text.append(f" {NAMES[verdict]}   ")
    return text


def show(outcomes: ClassOutcomes, console: Console) -> None:
    """Print the table, its legend and the count of submissions."""
    if UNISOLATED in outcomes.isolation:
        console.print(Text(WARNING, style="bold red"))
    console.print(table(outcomes))
    console.print(legend())
    failed = [student for student, outcome in outcomes.submissions.items() if not outcome.complete]
    if len(outcomes.submissions) == 1:
        for part in findings(*outcomes.submissions.values()):
            console.print(part)
    for text in faults(outcomes):
        console.print(Text(text, style="magenta"), soft_wrap=True)
    graded = len(outcomes.submissions) - len(failed)
    count = f"{graded} graded" + (f", {len(failed)} could not be graded: {_some(failed)}" if failed else "")
    console.print(Text(count), soft_wrap=True)


def faults(outcomes: ClassOutcomes) -> Iterator[str]:
    """Where the grader failed at an item: a line for each item and fault, with those whose item it was."""
    whose: dict[tuple[str, str], list[str]] = {}
    for student, outcome in outcomes.submissions.items():
        for told in outcome.faults().items():
            whose.setdefault(told, []).append(student)
    for (item, fault), students in whose.items():
        yield f"{item} could not be graded ({_some(students)}): {printable(fault)}"


def _some(students: list[str]) -> str:
    """The names of the first, and how many there are besides."""
    shown = ", ".join(printable(student) for student in students[:NAMED])
    return f"{shown} and {len(students) - NAMED} more" if len(students) > NAMED else shown


def findings(outcome: SubmissionOutcome) -> Iterator[RenderableType]:
    """What a student reads of one submission: mistakes that several items wait for, and each item that lost points."""
    for cause in outcome.root_causes:
        what, *more = wording.root_cause(cause).splitlines()
        yield Text(f"\n{printable(what)}", "bold red")
        yield _indented(more)
    for name, item in outcome.items.items():
        if item.outcome != "passed":
            glyph, style = GLYPHS[item.outcome]
            points = "" if item.score is None else f", {item.score:g} of {item.max_points:g} points"
            yield Text.assemble("\n", (glyph, style), f" {name}: {NAMES[item.outcome]}{points}")
            yield _indented(item.message.splitlines())


def _indented(lines: list[str]) -> Padding:
    return Padding.indent(Text("\n".join(printable(line) for line in lines)), 2)
