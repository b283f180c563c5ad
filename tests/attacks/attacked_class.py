"""A course with planted secrets whose students hand in attacks, graded once as any class is: in boxes, into a gradebook."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from attack import ANSWERS, EVERYTHING, SOON, Attack
from attack_listener import Listener
from conftest import LEFTOVER, browser
from nbformat import NotebookNode
from rich.console import Console

from autograder.assignment import Assignment, load
from autograder.course import Course
from autograder.grading import gradebook
from autograder.grading import session as grading_session
from autograder.judging import wording
from autograder.networks import replay
from autograder.notebooks import notebook
from autograder.outcomes import ClassOutcomes, SubmissionOutcome
from autograder.proof.answer import Answer
from autograder.proof.catalogue import build
from autograder.runs import cells, collect, plan
from autograder.sandbox import box
from autograder.sandbox.slots import SLOTS_HERE

ASSIGNMENT = "pa4_convnet"
ROOT = Path(__file__).resolve().parents[2]

PROSE = ("act20", "act21_text", "act22", "act24")
HONEST = ("aa_honest", "o_honest", "zz_honest")  # first, in the middle and last, so that attacks come before and after
VICTIM = "victim"
PLACES = ("source", "hidden_tests", "gradebook", "neighbour", "environment", "memory")
JOBS = 3  # one more than cores, since an attack that waits for its end needs none
# Long enough for honest cells on a machine that does much else; what is meant to be ended has limits of its own.
SECONDS = {"cell": 60.0, "training": 120.0, "probe": 20.0, "grace": 1.5, "replay": 3.0}
SOON_SECONDS = 3.0
_real_job_of = collect.job_of
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class SmallLimits(box.Limits):
    """Limits at which an attack ends within seconds."""

    memory: int = 1400 * MEBIBYTE
    processes: int = 48
    scratch: int = 64 * MEBIBYTE
    evidence: int = 64 * MEBIBYTE
    frame: int = 24 * MEBIBYTE


def base_name(solved: Sequence[str]) -> str:
    """The student who solved the same cells and attacked nothing."""
    return "base_" + ("_".join(name for name in ANSWERS if name in solved) or "blank")


@dataclass
class AttackedClass:
    """The class after grading: outcomes, artefacts, and what the machine looked like."""

    course: Course
    mark: str
    secrets: dict[str, str]
    listener: Listener
    alone: SubmissionOutcome
    outcomes: ClassOutcomes
    terminal: str
    changed: list[str]
    left_running: list[str]

    @property
    def out(self) -> Path:
        return self.course.root / "out"

    def outcome(self, student: str) -> SubmissionOutcome:
        return self.outcomes.submissions[student]

    def executed(self, student: str) -> str:
        """The autograded notebook as text; empty where there is none."""
        path = self.out / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def page(self, student: str) -> str:
        """The feedback page; empty where there is none."""
        path = self.out / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def shown(self, student: str) -> str:
        """What its cells put out, its flags and repairs, its messages and root causes."""
        outcome = self.outcome(student)
        said = [outcome.reason or "", *outcome.flags, *outcome.repairs, *(item.message for item in outcome.items.values())]
        said += [wording.root_cause(cause) for cause in outcome.root_causes]
        if text := self.executed(student):
            for cell in notebook.nbformat.reads(text, as_version=4).cells:
                for output in cell.get("outputs", []):
                    data = output.get("data", {})
                    said += [output.get("text", ""), data.get("text/plain", ""), "\n".join(output.get("traceback", []))]
        return "\n".join(said)

    @cached_property
    def files(self) -> list[Path]:
        """Files and folders outside of the boxes with the attacks' mark in their name, or owned by a box's user."""
        found = []
        for top in (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path.home(), ROOT, self.course.root):
            for path in [*top.glob("*"), *top.glob("*/*"), *top.glob(".*")]:
                try:
                    owned = os.geteuid() == 0 and path.lstat().st_uid in _users()
                except OSError:
                    continue
                if (self.mark in path.name and path.name != Path(self.listener.path).name) or owned:
                    found.append(path)
        return found


@cache
def _notebook(stage: str) -> NotebookNode:
    return notebook.read(ROOT / stage / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")


def _fill(text: str, places: dict[str, str]) -> str:
    return re.sub("|".join(map(re.escape, places)), lambda match: places[match[0]], text)


def _hand_in(course: Course, student: str, answer: Answer, places: dict[str, str], file: Any = None) -> None:
    made: NotebookNode = build(answer, *(_notebook(stage) for stage in ("source", "release")))
    for cell in made.cells:
        cell.source = _fill(cell.source, places)
    path = course.submitted / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True)
    if file is None:
        notebook.write(made, path)
    else:
        file(path, made)


def answer_of(attack: Attack) -> Answer:
    """The attack as a submission of the catalogue's form."""
    own = {*attack.cells, *attack.prose}
    blank = tuple(name for name in (*ANSWERS, *PROSE, "manual") if name not in own and name not in attack.solved)
    return Answer(attack.student, "hostile", attack.tries, {**attack.cells, **attack.prose}, (), blank, attack.added)


def _answer_base(solved: Sequence[str]) -> Answer:
    blank = tuple(name for name in (*ANSWERS, *PROSE, "manual") if name not in solved)
    return Answer(base_name(solved), "unfinished", "", blank=blank)


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts and path.stat().st_size < 10**8
    }


def _users() -> set[int]:
    """Those of the boxes that this process has had."""
    return {uid for slot in SLOTS_HERE.held for uid in (slot.uid, slot.bare_uid)}


def _alive() -> list[str]:
    """Processes of this run's boxes, but for servers that wait; where boxes have no user of their own, by their name."""
    waiting, found = collect.SERVERS.own, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "comm").read_text().strip()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            ours = folder.stat().st_uid in _users() or name == LEFTOVER
        except OSError:
            continue
        if state != "Z" and int(folder.name) not in waiting and ours:
            found.append(name)
    return found


def _plant(course: Course, planted: dict[str, str]) -> None:
    for name in ("source", "release"):
        shutil.copytree(ROOT / name / ASSIGNMENT, course.root / name / ASSIGNMENT)
    shutil.copy(ROOT / "nbgrader_config.py", course.root)
    solution = course.source_notebook(ASSIGNMENT)
    text = solution.read_text(encoding="utf-8")
    assert "### BEGIN SOLUTION\\n" in text
    solution.write_text(text.replace("### BEGIN SOLUTION\\n", f"### BEGIN SOLUTION\\n# {planted['source']}\\n", 1), "utf-8")
    hidden = course.hidden_tests(ASSIGNMENT)
    shutil.copytree(ROOT / "autograder" / "assignments" / ASSIGNMENT, hidden, ignore=shutil.ignore_patterns("__pycache__"))
    tests = hidden / "test_results.py"
    tests.write_text(tests.read_text(encoding="utf-8") + f"\n\nPLANTED = {planted['hidden_tests']!r}\n", "utf-8")


def _small(loaded: Assignment) -> Assignment:
    profile = loaded.profile("proof").model_copy(
        update={"cell_seconds": SECONDS["cell"], "training_seconds": SECONDS["training"]}
    )
    settings = loaded.settings.model_copy(
        update={"memory_gib": SmallLimits.memory / (1 << 30), "profiles": {**loaded.settings.profiles, "proof": profile}}
    )
    return Assignment(loaded.name, loaded.folder, settings)


def _cells_to_run(*given: Any) -> tuple[cells.Cell, ...]:
    """As always, but what never ends is ended soon."""
    chosen = cells.cells_to_run(*given)
    return tuple(replace(cell, seconds=SOON_SECONDS) if cell.source.startswith(SOON) else cell for cell in chosen)


def _job_of(chosen: Sequence[cells.Cell], *given: Any) -> dict[str, Any]:
    """As always, but figures are described, not drawn, which takes longer than most attacks; those without end are drawn."""
    return _real_job_of(chosen, *given) | {"pictures": any(cell.source.startswith(SOON) for cell in chosen)}


def _session(course: Course, out: Path, students: tuple[str, ...] = ()) -> grading_session.Session:
    return grading_session.Session(
        course=course, assignment=ASSIGNMENT, submitted=course.submitted, out=out, profile="proof", device="cpu",
        jobs=JOBS, students=students, gradebook=out / "gradebook.db", fresh=True,
    )  # fmt: skip


def _in_turn(course: Course) -> tuple[str, ...]:
    """Students from ``aa_honest`` to ``zz_honest``, with those who make the grader wait spread over all others."""
    students = sorted(path.name for path in course.submitted.iterdir())
    waits = [student for student in students if student.startswith("resource_")]
    others = [student for student in students if student not in waits]
    if not waits:
        return tuple(others)
    every = len(others) // len(waits)
    for number, student in enumerate(waits):
        others.insert(1 + number * (every + 1), student)
    return tuple(others)


@contextmanager
def graded(attacks: Sequence[Attack], root: Path, pages: Sequence[str]) -> Iterator[AttackedClass]:
    """Grade the attacks beside honest students, and write feedback pages for the students that ``pages`` (globs) name."""
    mark = f"attack{secrets.token_hex(6)}"
    planted = {name: f"CANARY-{name}-{secrets.token_hex(12)}" for name in PLACES}
    course = Course(root / "course")
    course.root.mkdir()
    _plant(course, planted)
    listener = Listener()
    with listener.listening(mark):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GRADER_TOKEN", planted["environment"])
            patch.setattr(collect, "Limits", SmallLimits)
            patch.setattr(plan, "cells_to_run", _cells_to_run)
            patch.setattr(collect, "job_of", _job_of)
            patch.setattr(collect, "PROBE_SECONDS", SECONDS["probe"])
            patch.setattr(collect, "GRACE_SECONDS", SECONDS["grace"])
            patch.setattr(replay, "SECONDS", SECONDS["replay"])
            patch.setattr(grading_session, "load", lambda folder: _small(load(folder)))
            places = {"@PORT@": str(listener.port), "@COURSE@": str(course.root), "@MARK@": mark}
            for student in HONEST:
                _hand_in(course, student, _answer_base(EVERYTHING), places)
            victim = Answer(VICTIM, "right", "", {"act20": planted["neighbour"]}, blank=(*ANSWERS, "manual"))
            _hand_in(course, VICTIM, victim, places)
            for solved in {tuple(name for name in ANSWERS if name in attack.solved) for attack in attacks}:
                _hand_in(course, base_name(solved), _answer_base(solved), places)
            for attack in attacks:
                _hand_in(course, attack.student, answer_of(attack), places, attack.file)
            quiet = Console(file=io.StringIO(), width=200)
            alone = _session(course, root / "alone", HONEST[:1]).run(quiet).submissions[HONEST[0]]
            out = course.root / "out"
            _plant_in_gradebook(course, out / "gradebook.db", planted["gradebook"])
            before = [
                _tree(folder)
                for folder in (course.source, course.release, course.submitted, course.hidden_tests(ASSIGNMENT))
            ]
            screen = Console(file=io.StringIO(), width=200, force_terminal=True, color_system=None)
            outcomes = _session(course, out, _in_turn(course)).run(screen)
            left = _alive()
            for student in pages:
                if not any((out / "autograded").glob(f"{student}/{ASSIGNMENT}")):
                    continue
                gradebook.feedback(
                    course, ASSIGNMENT, db=out / "gradebook.db", autograded=out / "autograded", feedback=out / "feedback",
                    student=student,
                )  # fmt: skip
            after = [
                _tree(folder)
                for folder in (course.source, course.release, course.submitted, course.hidden_tests(ASSIGNMENT))
            ]
            pairs = zip(before, after, strict=True)
            changed = [name for old, new in pairs for name in {*old, *new} if old.get(name) != new.get(name)]
        collect.SERVERS.stop()
        assert isinstance(screen.file, io.StringIO)
        yield AttackedClass(
            course, mark, planted, listener, alone, outcomes, screen.file.getvalue(), changed, left
        )  # fmt: skip


def _plant_in_gradebook(course: Course, db: Path, secret: str) -> None:
    gradebook.ensure_assignment(course, ASSIGNMENT, db)
    with gradebook.open_gradebook(course, db) as opened:
        opened.add_student("kept_secret", last_name=secret)


def dom_after_scripts(page: Path, profile: Path) -> str:
    """What Chromium makes of a page after five seconds of its own time, in which scripts run."""
    command = [
        browser(), "--headless", "--no-sandbox", "--disable-gpu",
        f"--user-data-dir={profile}", "--virtual-time-budget=5000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


__all__ = ["AttackedClass", "answer_of", "base_name", "dom_after_scripts", "graded"]
