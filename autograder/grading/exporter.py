"""Have nbgrader make the project's result pages: ``nbgrader_config.py`` names this exporter for its feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..notebooks import notebook as _notebook  # noqa: F401  first, because it makes the import of nbformat fast

# isort: split
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets import default

from ..course import Course
from ..pages.marks import read_marks
from ..pages.page import result_page
from . import adjustments
from .item_cells import read_outcomes


class NoPage(Exception):
    """No page could be made; the message names the student and says why. nbgrader goes on with the next one."""


class ResultPageExporter(Exporter):
    """Make a result page of an autograded notebook and what the gradebook says of it."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **options: Any) -> Any:
        """The page of an autograded notebook, and nbconvert's resources.

        Raises:
            NoPage: whatever went wrong.
        """
        try:
            return super().from_filename(filename, resources, **options)
        except Exception as error:
            student = (resources or {}).get("nbgrader", {}).get("student", filename)
            raise NoPage(f"no page for {student}: {type(error).__name__}: {error}") from error

    def from_notebook_node(self, nb: NotebookNode, resources: dict[str, Any] | None = None, **_: Any) -> Any:
        """The page, and nbconvert's resources, of a notebook and the names that nbgrader has for it."""
        found = self._init_resources(resources)  # type: ignore[no-untyped-call]
        names = found["nbgrader"]
        course = Course(Path(self.config.CourseDirectory.root))
        decided = adjustments.read(course, names["assignment"])
        marks = read_marks(names["db_url"], names["assignment"], names["student"], nb, decided)
        return result_page(names["assignment"], names["student"], nb, read_outcomes(nb), marks), found
