"""The steps that :mod:`.configuration` puts into nbgrader: read and repair, grade in the sandbox, show
safely.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..notebooks.notebook import as_notebook, items, role  # first, because it makes the import of nbformat fast

# isort: split
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Enum, Integer, List, Unicode

from ..course import Course
from ..judging.processes import MODULES
from ..limited import Children, Ended
from ..notebooks.reading import read as read_apart
from ..notebooks.submission import Unreadable
from ..outcomes import profile_note
from ..sandbox import tiers
from . import adjustments
from .entries import note_run
from .gradebook import forget_scores
from .item_cells import OUTCOME, write_outcomes

Resources = dict[str, Any]


class CouldNotGrade(Exception):
    """The submission as a whole has no grade; nbgrader reports the reason and goes on with the next one."""


class SubmissionExporter(NotebookExporter):
    """Read submissions in a child (:mod:`autograder.notebooks.reading`), before nbgrader can stumble over
    them.

    What was repaired and flagged travels in the notebook's metadata. Scores of an earlier run are taken back
    first, so that none survives if this run fails.
    """

    children = Children(*MODULES)

    def from_filename(self, filename: str, resources: Resources | None = None, **kwargs: Any) -> Any:
        """Restore what the student handed in; the second stage reads the restored notebook as it is."""
        converter: Any = self.parent
        if not getattr(converter, "_sanitizing", False) or resources is None:
            return super().from_filename(filename, resources, **kwargs)
        names, places = resources["nbgrader"], converter.coursedir
        assignment = names["assignment"]
        forget_scores(names["db_url"], assignment, names["student"], keep_entry=True)
        folder = places.format_path(places.release_directory, ".", assignment)
        release = (Path(folder) / f"{assignment}.ipynb").read_bytes()
        try:
            submission = read_apart(self.children, Path(filename), release, assignment)
        except (Unreadable, Ended) as error:
            forget_scores(names["db_url"], assignment, names["student"])
            raise CouldNotGrade(str(error)) from None
        notebook = as_notebook(json.loads(submission.notebook))
        notebook.metadata[OUTCOME] = {"repairs": submission.repairs, "flags": submission.flags}
        for sentence in [*submission.repairs, *submission.flags]:
            self.log.warning("%s: %s", names["student"], sentence)
        resources["metadata"] = {"name": Path(filename).stem, "path": str(Path(filename).parent)}
        exporter: Any = self
        return exporter.from_notebook_node(notebook, resources, **kwargs)


class GradeInSandbox(NbGraderPreprocessor):  # type: ignore[misc]
    """Run the submission in the sandbox, judge it, and write points and messages into its item cells."""

    runs_submission = True

    profile = Enum(["full", "quick", "proof"], "full", help="thresholds and run length").tag(config=True)
    device = Unicode("auto", help="auto, cpu or cuda").tag(config=True)
    threads = Integer(0, help="processor threads of the run, 0 for the grader's own choice").tag(config=True)
    isolation = Enum(tiers.CHOICES, tiers.AUTO, help="how student code is isolated; none stamps all results").tag(
        config=True
    )

    without_sandbox = List(
        Unicode(), help="assignments without hidden tests that nbgrader may grade by their own cells, without a sandbox"
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Grade the restored notebook; :class:`CouldNotGrade` if it has no grade as a whole."""
        # grade.py imports torch, which the other stages of nbgrader do without.
        from ..judging.grade import grade_notebook

        names = resources["nbgrader"]
        found = nb.metadata.get(OUTCOME, {})
        outcome, executed = grade_notebook(
            nb,
            assignment=names["assignment"],
            student=names["student"],
            course=Course.find(),
            profile=self.profile,
            device=self.device,
            threads=self.threads,
            isolation=self.isolation,
        )
        if outcome.status != "graded":
            forget_scores(names["db_url"], names["assignment"], names["student"])
            raise CouldNotGrade(outcome.reason or "no reason given")
        for item, fault in outcome.faults().items():
            self.log.error("%s: %s could not be graded: %s", names["student"], item, fault)
        repairs, flags = found.get("repairs", []), [*found.get("flags", []), *outcome.flags]
        outcome = outcome.model_copy(update={"repairs": repairs, "flags": flags})
        return write_outcomes(executed, outcome), resources


class FlagUngraded(NbGraderPreprocessor):  # type: ignore[misc]
    """Take back the score of each item that could not be graded, and ask a person to grade it, with the
    reason. Where submissions ran without isolation or at another profile than ``full``, say so in the gradebook beside
    each score.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Flag the items of one notebook, after nbgrader saved its automatic scores."""
        names = resources["nbgrader"]
        where = (names["notebook"], names["assignment"], names["student"])
        verdicts = {c.metadata.nbgrader.grade_id: c.metadata.get(OUTCOME, {}) for c in nb.cells if role(c) == "item"}
        run = nb.metadata.get(OUTCOME, {})
        stamped = [flag for flag in run.get("flags", []) if flag == tiers.WARNING]
        stamped += filter(None, [profile_note(run.get("profile", ""))])
        with Gradebook(names["db_url"]) as gradebook:
            submission = gradebook.find_submission(names["assignment"], names["student"])
            note_run(gradebook, submission.id, run.get("profile", ""), run.get("isolation", ""))
            for item in items(nb):
                verdict = verdicts.get(item.id, {})
                if stamped and item.answer:
                    comment = gradebook.find_comment(item.answer, *where)
                    comment.auto_comment = "\n\n".join(filter(None, [comment.auto_comment, *stamped]))
                if verdict.get("outcome") != "could_not_grade":
                    continue
                grade = gradebook.find_grade(item.id, *where)
                grade.auto_score = None
                grade.needs_manual_grade |= grade.manual_score is None  # else a person has settled it, or is asked already
                if item.answer:
                    comment = gradebook.find_comment(item.answer, *where)
                    reason = f"{item.id} could not be graded: {verdict.get('message', '')}"
                    comment.auto_comment = "\n\n".join(filter(None, [comment.auto_comment, reason]))
            gradebook.db.commit()
        return nb, resources


class AdjustScores(NbGraderPreprocessor):  # type: ignore[misc]
    """Let what was decided about items (dropped, given to all) hold for scores that were just entered."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Adjust the scores of one submission."""
        names, course = resources["nbgrader"], Course.find(self.course_root())
        decided = adjustments.read(course, names["assignment"])
        if decided.dropped or decided.given or decided.applied.get(names["student"]):
            released = {item.id: item.max_points for item in items(nb)}
            with Gradebook(names["db_url"]) as gradebook:
                adjustments.settle(gradebook, names["assignment"], decided, released, names["student"])
            adjustments.write(course, names["assignment"], decided)
        return nb, resources

    def course_root(self) -> Path | None:
        """The course that is being graded, which need not be where the command was typed."""
        root = self.config.CourseDirectory.get("root")
        return Path(root) if root else None
