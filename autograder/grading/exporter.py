"""Have nbgrader make the project's result pages: :mod:`.configuration` names this exporter for its feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..notebooks import notebook as _notebook  # noqa: F401  first, because it makes the import of nbformat fast

# isort: split
from nbconvert.exporters import Exporter
from traitlets import default

from ..child import Plain
from ..course import Course
from ..limited import Budget, Children, Ended, Failed
from ..notebooks.notebook import read
from ..pages.marks import read_marks
from ..pages.page import result_page
from . import adjustments
from .item_cells import read_outcomes

BUDGET = Budget("to show", seconds=60.0, wall=600.0, memory=1 << 30)
"""For one page, which takes a tenth of a second."""

_children = Children(__name__)
"""Of this process: nbgrader asks for one page after another."""


class NoPage(Exception):
    """No page could be made; the message names the student and says why. nbgrader goes on with the next one."""


class ResultPageExporter(Exporter):
    """Make, in a child, a result page of an autograded notebook and what the gradebook says of it."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **_: Any) -> Any:
        """The page of an autograded notebook, and nbconvert's resources.

        Raises:
            NoPage: whatever went wrong.
        """
        found = self._init_resources(resources)  # type: ignore[no-untyped-call]
        names = {key: str(found["nbgrader"][key]) for key in ("assignment", "student", "db_url")}
        try:
            made = _children.ask(_page, BUDGET, path=str(filename), course=str(self.config.CourseDirectory.root), **names)
        except Failed as error:
            raise NoPage(f"no page for {names['student']}: {error}") from error
        except Ended as error:
            raise NoPage(f"no page for {names['student']}: {filename} {error}; look at it by hand") from error
        return made["page"].decode(), found


def _page(path: str, course: str, assignment: str, student: str, db_url: str) -> Plain:
    notebook, decided = read(Path(path)), adjustments.read(Course(Path(course)), assignment)
    marks = read_marks(db_url, assignment, student, notebook, decided)
    return {"page": result_page(assignment, student, notebook, read_outcomes(notebook), marks).encode("utf-8", "replace")}
