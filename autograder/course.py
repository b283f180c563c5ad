"""Find the root and the stage folders of an nbgrader course.

A course is a folder with an ``nbgrader_config.py`` and a ``source/`` folder, laid out as nbgrader expects:
``source/<assignment>/<assignment>.ipynb`` -> ``release/`` -> ``submitted/<student>/`` -> ``autograded/`` -> ``feedback/``.
Hidden tests are in ``autograder/assignments/<assignment>/``.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


class CourseError(Exception):
    """The course, or an assignment of it, is not where it was looked for. The message is one clear line."""


@dataclass(frozen=True)
class Course:
    """The folders of one course; none of them needs to exist but ``source``."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course that holds ``start`` (default: the current folder), else the one this package was checked out with.

        Raises:
            CourseError: neither has an ``nbgrader_config.py`` beside a ``source`` folder.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
            if (folder / "nbgrader_config.py").is_file() and (folder / "source").is_dir():
                return cls(folder)
        raise CourseError(
            f"{here}: no course here (an nbgrader_config.py beside a source/ folder); run this inside your course folder, "
            "or begin one: `autograder new NAME --course FOLDER`"
        )

    @property
    def source(self) -> Path:
        """Instructors' notebooks."""
        return self.root / "source"

    @property
    def release(self) -> Path:
        """Students' notebooks, generated."""
        return self.root / "release"

    @property
    def solutions(self) -> Path:
        """Executed reference solutions."""
        return self.root / "solutions"

    @property
    def submitted(self) -> Path:
        """What students handed in."""
        return self.root / "submitted"

    @property
    def gradebook(self) -> Path:
        """nbgrader's database."""
        return self.root / "gradebook.db"

    @property
    def evidence_store(self) -> Path:
        """What boxes have shown, by content hash."""
        return self.root / ".autograder" / "evidence"

    def hidden_tests(self, assignment: str) -> Path:
        """The folder of an assignment's settings, probes, hidden tests and catalogue of answers; it need not exist."""
        return self.root / "autograder" / "assignments" / assignment

    def secret(self) -> bytes:
        """32 bytes that no student knows, from which challenges and pseudonyms follow; made when first asked for.

        Empty where the course cannot be written: then nothing is kept from one run to the next either.
        """
        path = self.root / ".autograder" / "secret"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                with tempfile.NamedTemporaryFile(dir=path.parent) as made:  # readable by its owner alone
                    made.write(secrets.token_bytes(32))
                    made.flush()
                    with contextlib.suppress(FileExistsError):  # another process was faster
                        os.link(made.name, path)
            return path.read_bytes()
        except OSError:
            return b""

    def assignments(self) -> list[str]:
        """Names of the assignments that have a source notebook of their own name, sorted."""
        return sorted(path.parent.name for path in self.source.glob("*/*.ipynb") if path.stem == path.parent.name)

    def source_notebook(self, assignment: str) -> Path:
        """Path of the instructor's notebook.

        Raises:
            CourseError: there is no such assignment; the message names the nearest, and lists those there are.
        """
        path = self.source / assignment / f"{assignment}.ipynb"
        if Path(assignment).name != assignment or not path.is_file():
            known = self.assignments()
            near = nearest(assignment, known)
            meant = f"did you mean {' or '.join(near)}? There is" if near else "there is"
            raise CourseError(f"no assignment {assignment!r} in {self.source}; {meant}: {', '.join(known) or 'none'}")
        return path

    def release_notebook(self, assignment: str) -> Path:
        """Path of the students' notebook.

        Raises:
            CourseError: the assignment does not exist or was not generated yet.
        """
        self.source_notebook(assignment)
        path = self.release / assignment / f"{assignment}.ipynb"
        if not path.is_file():
            raise CourseError(f"{path} is missing; run `autograder generate {assignment}` first")
        return path


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Which of the known words may be meant by one that is not among them: those that hold it, else up to three like it."""
    plain = {"".join(filter(str.isalnum, name.lower())): name for name in known}
    asked = "".join(filter(str.isalnum, word.lower()))
    holding = [name for text, name in plain.items() if len(asked) > 1 and asked in text]
    return holding or [plain[text] for text in difflib.get_close_matches(asked, plain, cutoff=0.5)]
