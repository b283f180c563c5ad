"""Prove an assignment's hidden tests: run its catalogue of right and wrong answers in boxes and judge each of them.

A grader is worth what it catches and what it does not punish. The answers train at profile ``proof``, which tells a trained
network from an untrained one, and share what they have in common (:mod:`.variants`).
"""

from __future__ import annotations

import ast
import hashlib
import math
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from ..assignment import Assignment
from ..course import Course
from ..judging import decision
from ..notebooks.notebook import cells_by_grade_id, items, read
from ..notebooks.split import mark
from ..outcomes import SubmissionOutcome
from ..runs.cells import cells_to_run
from ..runs.evidence import Evidence
from ..runs.options import Options
from ..runs.plan import planned
from ..sandbox.tiers import AUTO
from ..sandbox.tiers import chosen as chosen_tier
from . import catalogue
from .answer import Answer
from .proof import Proof, Proven
from .variants import collect_variants

PROFILE = "proof"
KINDS = ("right", "mistake", "mutant")
WAITING = 16  # evidence that waits for the judge; each holds a trained network

Notify = Callable[[Proven], None]


class Unfit(Exception):
    """The catalogue does not fit the notebook, or an entry does not say what it must; the message names the entry."""


def chosen(assignment: Path, only: Sequence[str] = ()) -> list[Answer]:
    """The answers of an assignment, from its folder, that take part in a proof: all but unfinished and hostile ones.

    With ``only`` those of these names.

    Raises:
        Unfit: two answers have one name, or there is none of a name.
    """
    listed = catalogue.answers(assignment)
    twice = [name for name, times in Counter(answer.name for answer in listed).items() if times > 1]
    if twice:
        raise Unfit(f"{assignment.name}: two answers are called {', '.join(twice)}")
    found = [answer for answer in listed if answer.kind in KINDS and (not only or answer.name in only)]
    missing = sorted(set(only) - {answer.name for answer in found})
    if missing:
        raise Unfit(f"{assignment.name}: no right answer, mistake or mutant is called {', '.join(missing)}")
    return found


def sample(answers: Sequence[Answer], share: float, seed: int) -> list[Answer]:
    """The ``share`` (0 to 1) of the answers that a seed draws, at least one; the same whatever their order."""
    ranked = sorted(answers, key=lambda answer: hashlib.sha256(f"{seed}/{answer.name}".encode()).digest())
    taken = {answer.name for answer in ranked[: math.ceil(share * len(ranked))]}
    return [answer for answer in answers if answer.name in taken]


def uncovered(answers: list[Answer], release: NotebookNode) -> list[str]:
    """Autograded items at which no answer is wrong."""
    named = {item for answer in answers for item in answer.fails}
    return [item.id for item in items(release) if not item.manual and item.id not in named]


def notebooks(answers: list[Answer], source: NotebookNode, release: NotebookNode) -> dict[str, NotebookNode]:
    """What each answer hands in.

    Raises:
        Unfit: an edit does not fit the reference solution any more, an item does not exist, a wrong answer does not
            say where it is wrong, or a mutant is no Python.
    """
    known = {item.id for item in items(release) if not item.manual}
    made = {}
    for answer in answers:
        if unknown := sorted(set(answer.fails) - known):
            raise Unfit(f"{answer.name}: no autograded item {', '.join(unknown)}")
        is_right = answer.kind == "right" or bool(answer.equivalent)
        if is_right == bool(answer.fails):
            raise Unfit(f"{answer.name}: a right answer fails nothing, a wrong one names its items in `fails`")
        try:
            made[answer.name] = catalogue.build(answer, source, release)
        except ValueError as error:
            raise Unfit(f"{error}; the notebook was changed, so change the catalogue") from error
        mark(made[answer.name], release)
        if answer.kind == "mutant":
            _require_python(answer, made[answer.name])
    return made


def _require_python(answer: Answer, notebook: NotebookNode) -> None:
    cells = cells_by_grade_id(notebook)
    for name in {name for name, _, _ in answer.edits}:
        try:
            ast.parse(TransformerManager().transform_cell(cells[name].source))  # type: ignore[no-untyped-call]
        except SyntaxError as error:
            raise Unfit(f"{answer.name}: its cell {name} is no Python ({error.msg}, line {error.lineno})") from error


def prove(
    course: Course,
    assignment: Assignment,
    answers: list[Answer],
    *,
    jobs: int,
    seed: int,
    notify: Notify = lambda proven: None,
    isolation: str = AUTO,
) -> Proof:
    """Run and judge the answers, ``jobs`` boxed processes at once; ``notify`` is called with each outcome.

    Raises:
        Unfit: the catalogue does not fit the notebook.
        CannotIsolate: no box can be started on this machine.
    """
    begun = time.monotonic()
    source, release = read(course.source_notebook(assignment.name)), read(course.release_notebook(assignment.name))
    made = notebooks(answers, source, release)
    profile = assignment.profile(PROFILE)
    solved = catalogue.build(Answer("reference", "right", ""), source, release)
    variants = {name: cells_to_run(notebook, profile, False) for name, notebook in made.items()}
    options = Options(profile=PROFILE, device="cpu", threads=1, isolation=chosen_tier(isolation))
    waiting: queue.Queue[tuple[str, Evidence] | BaseException | None] = queue.Queue(WAITING)

    def run() -> None:
        try:
            collect_variants(
                planned(solved, assignment, options, seed),
                variants,
                jobs=jobs,
                deliver=lambda name, evidence: waiting.put((name, evidence)),
            )
            waiting.put(None)
        except BaseException as error:
            waiting.put(error)

    threading.Thread(target=run, daemon=True).start()
    outcomes: dict[str, SubmissionOutcome] = {}
    while (found := waiting.get()) is not None:
        if isinstance(found, BaseException):
            raise found
        name, evidence = found
        outcomes[name] = decision.decide(made[name], release, assignment, evidence)
        notify(Proven(next(answer for answer in answers if answer.name == name), outcomes[name]))
    proven = [Proven(answer, outcomes[answer.name]) for answer in answers]
    return Proof(assignment.name, time.monotonic() - begun, seed, proven, isolation=options.isolation)
