"""Train an assignment's solution under many seeds, and answers that are close to right beside it, and note what is measured.

Each run is a submission like any other: built from the source notebook, run in a box, judged by the hidden tests, which
report what they measured (:mod:`autograder.judging.thresholds`). Only the notebook's ``seed`` is another one each time.
"""

from __future__ import annotations

import datetime
import os
import platform
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from nbformat import NotebookNode

from ..assignment import Assignment, load
from ..course import Course, CourseError
from ..datasets.data import DataMissing
from ..judging import hidden_tests, thresholds
from ..judging.decision import decide
from ..judging.wording import in_one_line
from ..notebooks.notebook import read
from ..proof import catalogue
from ..proof.answer import Answer
from ..runs.evidence import Evidence
from ..runs.options import Options, versions
from ..runs.plan import planned
from ..runs.store import gather
from ..sandbox.box import CannotIsolate
from .calibration import REFERENCE, Calibration, Environment, Figure, Run
from .fingerprint import NUMERICAL, fingerprint

MESSAGE = 400  # characters of an item's message that are kept


@dataclass(frozen=True)
class Job:
    """One run to do: an answer's notebook under one seed; ``content`` is its fingerprint."""

    answer: str
    seed: int
    content: str
    notebook: NotebookNode


@dataclass(frozen=True)
class Schedule:
    """The runs that are asked for at one profile and those still ``to_do``; ``current`` are answers with their content."""

    assignment: Assignment
    profile: str
    jobs: list[Job]
    to_do: list[Job]
    current: set[tuple[str, str]]
    figures: list[Figure]

    def keeps(self, run: Run) -> bool:
        """Whether a kept run still counts: it is of another profile, or of code that is still the same."""
        return run.profile != self.profile or (run.answer, run.content) in self.current


Notify = Callable[[Job, Run | None], None]
"""Called with a job when it starts (None) and when its run was judged and written."""


def scheduled(course: Course, name: str, profile: str, *, runs: int, close: int) -> Schedule:
    """What to run: the solution under seeds 0 to ``runs`` - 1, and each answer that is close to right ``close`` times.

    Raises:
        CourseError: no such assignment or profile, the notebook was not generated, the kept file is damaged, an answer does
            not fit the solution any more, or two thresholds share a name.
        JudgeError: a hidden test does not import.
    """
    source, release = read(course.source_notebook(name)), read(course.release_notebook(name))
    assignment = load(course.hidden_tests(name))
    assignment.profile(profile)
    answers = [Answer(REFERENCE, "right", "The solution."), *close_answers(assignment)]
    jobs, current = [], set()
    for answer in answers:
        try:
            notebook = catalogue.build(answer, source, release)
        except ValueError as error:
            raise CourseError(f"{name}: {error}; correct its answers") from error
        content = fingerprint(notebook, assignment, profile)
        current.add((answer.name, content))
        wanted = runs if answer.name == REFERENCE else close
        jobs += [Job(answer.name, seed, content, notebook) for seed in range(wanted)]
    kept = {run.key for run in Calibration.read(assignment.folder, name).runs if not run.problem}
    to_do = [job for job in jobs if (profile, job.answer, job.seed, job.content) not in kept]
    return Schedule(assignment, profile, jobs, to_do, current, figures(assignment))


def close_answers(assignment: Assignment) -> list[Answer]:
    """Answers of the catalogue that are wrong, but train to figures close to right ones."""
    return [answer for answer in catalogue.answers(assignment.folder) if answer.close]


def figures(assignment: Assignment) -> list[Figure]:
    """The figures that the hidden tests bound, with their bounds.

    Raises:
        CourseError: two thresholds share a name, so that their figures could not be told apart.
        JudgeError: a test file does not import.
    """
    found: list[thresholds.Threshold] = []
    for module in hidden_tests.modules(assignment):
        found += [threshold for threshold in _thresholds_in(vars(module).values()) if threshold not in found]
    names = [threshold.figure for threshold in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CourseError(
            f"{assignment.name}: more than one threshold is called {', '.join(map(repr, twice))}; name them apart"
        )
    return [Figure.of(threshold) for threshold in sorted(found, key=lambda threshold: threshold.figure)]


def _thresholds_in(values: Iterable[object]) -> Iterator[thresholds.Threshold]:
    """Thresholds among module-level values, also those in a list or a dictionary of them."""
    for value in values:
        if isinstance(value, thresholds.Threshold):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _thresholds_in(value)
        elif isinstance(value, dict) and value and all(isinstance(one, thresholds.Threshold) for one in value.values()):
            yield from _thresholds_in(value.values())


def refresh(course: Course, name: str, risk: float | None = None) -> Calibration:
    """Bring bounds and descriptions in the kept file up to date, without any run.

    Raises:
        CourseError: no such assignment, nothing kept of it, or its thresholds share names.
        JudgeError: a hidden test does not import.
    """
    course.source_notebook(name)
    assignment = load(course.hidden_tests(name))
    kept = Calibration.read(assignment.folder, name)
    if not kept.runs:
        raise CourseError(f"{name}: no run is kept; run `autograder calibrate {name} --runs 20` first")
    kept.describe(figures(assignment), close_answers(assignment), risk)
    kept.write(assignment.folder)
    return kept


def run(course: Course, schedule: Schedule, options: Options, jobs: int, notify: Notify) -> None:
    """Do what is to do, ``jobs`` boxes at once, and write each run into the file as soon as it is judged.

    Boxes run in threads that end with this process, so that an interrupt waits for none of them; hidden tests run in this
    thread. Kept runs of other code are dropped when the first new one is written.

    Raises:
        CannotIsolate: this machine cannot run a box.
        DataMissing: the dataset is not there.
    """
    assignment, folder = schedule.assignment, schedule.assignment.folder
    release, environment = read(course.release_notebook(assignment.name)), environment_of(options)
    left: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in schedule.to_do:
        left.put(job)
    done: queue.SimpleQueue[tuple[Job, Evidence | Exception]] = queue.SimpleQueue()

    def work() -> None:
        while True:
            try:
                job = left.get_nowait()
            except queue.Empty:
                return
            try:
                notify(job, None)
                done.put((job, gather(planned(job.notebook, seeded(assignment, schedule.profile, job.seed), options))))
            except Exception as error:
                done.put((job, error))

    for _ in range(min(jobs, len(schedule.to_do))):
        threading.Thread(target=work, daemon=True).start()
    for _ in schedule.to_do:
        job, found = done.get()
        if isinstance(found, (CannotIsolate, DataMissing)):
            raise found
        made = _judged(job, found, seeded(assignment, schedule.profile, job.seed), schedule.profile, release)
        kept = Calibration.read(folder, assignment.name)
        kept.describe(schedule.figures, close_answers(schedule.assignment))
        kept.runs = [earlier for earlier in kept.runs if schedule.keeps(earlier)]
        kept.add(made, environment)
        kept.write(folder)
        notify(job, made)


def seeded(assignment: Assignment, profile: str, seed: int) -> Assignment:
    """The assignment with the notebook's parameter ``seed`` among what the profile replaces."""
    one = assignment.profile(profile)
    one = one.model_copy(update={"parameters": {**one.parameters, "seed": seed}})
    settings = assignment.settings.model_copy(deep=True)
    settings.profiles[profile] = one  # type: ignore[index]
    return replace(assignment, settings=settings)


def _judged(job: Job, found: Evidence | Exception, assignment: Assignment, profile: str, release: NotebookNode) -> Run:
    """Let the hidden tests judge a run, and note what they measured; what the grader cannot judge is a run with a problem.

    Bounds are not enforced here: which figures miss theirs follows from the figures, also when a bound is changed later. A
    figure that is measured more than once is noted at its worst, since a submission must pass with each of them.
    """
    made = Run(profile=profile, answer=job.answer, seed=job.seed, content=job.content, date=_today())
    if isinstance(found, Exception):
        made.problem = f"the grader failed: {type(found).__name__}: {found}"[:MESSAGE]
        return made
    try:
        with thresholds.recording(enforce=False) as log:
            outcome = decide(job.notebook, release, assignment, found)
    except Exception as error:  # a fault of the grader must not end a calibration of hours
        made.problem = f"the grader failed: {type(error).__name__}: {error}"[:MESSAGE]
        return made
    for one in log:
        worst = min if one.at_least else max
        made.figures[one.figure] = worst(one.value, made.figures.get(one.figure, one.value))
    lost = {name: item for name, item in outcome.items.items() if item.outcome != "passed"}
    made.failed = {name: in_one_line(item)[:MESSAGE] for name, item in lost.items()}
    broken = [f"{name}: {in_one_line(item)}" for name, item in lost.items() if item.outcome == "could_not_grade"]
    made.problem = (outcome.reason or "; ".join(broken))[:MESSAGE]
    made.grading_seed, made.seconds = found.record.seed, round(found.record.seconds, 1)
    return made


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def environment_of(options: Options) -> Environment:
    """This machine, without anything that names it."""
    found = versions()
    numerical = {"python": platform.python_version(), **{name: found[name] for name in NUMERICAL}}
    processor = torch.cuda.get_device_name() if options.device == "cuda" else _processor()
    return Environment(
        processor=processor,
        cores=os.cpu_count() or 1,
        device=options.device,
        threads=options.threads,
        versions=numerical,
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
