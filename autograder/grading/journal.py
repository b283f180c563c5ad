"""Remember each outcome with a hash of all that it depends on, so that a grading run goes on where it was ended."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ..cluster.executor import Handed
from ..notebooks.folder import candidates
from ..notebooks.notebook import write_text
from ..notebooks.submission import MAX_BYTES
from ..notebooks.timestamp import NAME as TIMESTAMP
from ..outcomes import SubmissionOutcome
from ..runs.keys import of_outcome

NAME = "graded.jsonl"


@dataclass
class Journal:
    """The outcomes of a run, a line each, in a file that only grows: however the run ends, what was written counts.

    ``kept`` are those that still hold, by student.
    """

    path: Path
    grader: str
    kept: dict[str, SubmissionOutcome] = field(default_factory=dict)
    _known: dict[str, tuple[str, SubmissionOutcome]] = field(default_factory=dict)
    _inputs: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, grader: str, resume: bool, students: Collection[str] = ()) -> Journal:
        """The journal in ``folder``; without ``resume`` it forgets the outcomes of ``students``, or all if none is named."""
        folder.mkdir(parents=True, exist_ok=True)
        journal = cls(folder / NAME, grader)
        if resume:
            journal._known = {student: (inputs, outcome) for student, inputs, outcome, _ in journal._lines()}
        elif students:
            left = [line for student, _, _, line in journal._lines() if student not in students]
            write_text(journal.path, "".join(f"{line}\n" for line in left))
        else:
            journal.path.unlink(missing_ok=True)
        return journal

    def _lines(self) -> Iterator[tuple[str, str, SubmissionOutcome, str]]:
        """Student, hash of the inputs and outcome of each line, and the line itself."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                entry = json.loads(line)
                outcome = SubmissionOutcome.model_validate(entry["outcome"])
                yield entry["student"], entry["inputs"], outcome, line.decode()
            except (ValueError, KeyError, TypeError, ValidationError):
                continue  # the line at which the run was ended

    def begin(self, submissions: Iterable[Handed]) -> None:
        """Take note of the files as they are now, and of the outcomes that still hold for them.

        An outcome holds if the submission was graded at every item, and nothing that it depends on has changed since.
        """
        for handed in submissions:
            now = self._inputs[handed.student] = self._hash(handed)
            inputs, outcome = self._known.get(handed.student, (None, None))
            if outcome is not None and outcome.complete and now is not None and inputs == now:
                self.kept[handed.student] = outcome

    def keep_only(self, holds: Callable[[str, SubmissionOutcome], bool]) -> None:
        """Forget outcomes of which ``holds(student, outcome)`` says that they were lost elsewhere."""
        self.kept = {student: outcome for student, outcome in self.kept.items() if holds(student, outcome)}

    def add(self, handed: Handed, outcome: SubmissionOutcome) -> None:
        """Remember an outcome that has been entered everywhere."""
        # Of the file as it was at the beginning: if it changed meanwhile, the next run reads it again.
        entry = {"student": handed.student, "inputs": self._inputs[handed.student], "outcome": outcome.model_dump()}
        # On a line of its own even after one that was cut off.
        line = b"\n" + json.dumps(entry).encode() + b"\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    def _hash(self, handed: Handed) -> str | None:
        """The key of an outcome; None for what cannot be a submission."""
        found, read = candidates(handed.path), []
        for path in (*found, handed.path.parent / TIMESTAMP):
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_BYTES:
                read.append((path.name, path.read_bytes()))
            elif path in found:
                return None
        return of_outcome(self.grader, read) if found else None
