"""Make formgrader's view of a submission harmless for the person who marks it.

nbgrader itself shows a student's HTML as it is, so that a script in an answer runs with the rights of the
person who marks it. :mod:`.configuration` sets both parts of this module for every page: the filter that
turns Markdown into HTML, and the preprocessor that looks at the rest. Result pages are made by ``pages``.
"""

from __future__ import annotations

import html
import re
from functools import wraps
from typing import Any

from .item_cells import OUTCOME  # first, because it makes the import of nbformat fast

# isort: split
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Bool

from ..pages.clean import clean_html, clean_markdown
from ..sandbox.tiers import WARNING

_PROSE_OF_ALL = 120_000  # characters of all cells together, four times those of a release
_PICTURES = ("image/png", "image/jpeg")
_NAMES = ("student", "first_name", "last_name", "notebook_path")


def guard() -> None:
    """Let formgrader's templates escape what they show: names of folders are students' text, too."""
    from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

    init = FormgradeExtension.init_tornado_settings

    @wraps(init)
    def escaping(extension: Any, webapp: Any) -> None:
        init(extension, webapp)
        webapp.settings["nbgrader_jinja2_env"].autoescape = True

    FormgradeExtension.init_tornado_settings = escaping


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """nbconvert's filter of this name, with clean HTML; pasted pictures are shown."""
    return clean_markdown(source, context.get("cell", {}).get("attachments", {}))


class SafeToRead(Preprocessor):
    """Clean outputs and raw cells, and say above the notebook what a marker should know of it."""

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Change the copy of the notebook that a page is made from; the autograded file stays as it is."""
        for name in _NAMES:
            if isinstance(resources.get(name), str):  # nbconvert's templates escape nothing
                resources[name] = html.escape(resources[name])
        found = nb.metadata.get(OUTCOME, {})
        flags = found.get("flags", [])
        repaired = [*found.get("repairs", []), *(flag for flag in flags if flag != WARNING)]
        for name, title, lines in (
            ("repairs", "About this notebook", repaired),
            ("isolation", "These results count for nothing but a trial", [flag for flag in flags if flag == WARNING]),
        ):
            if lines:
                report = f"**{title}**\n\n" + "\n".join(f"- {line}" for line in lines)
                new: Any = NotebookNode
                nb.cells.insert(0, new(cell_type="markdown", id=name, metadata=new(), source=report))
        left = _PROSE_OF_ALL
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                left -= len(cell.source)
                cell.cell_type = "markdown" if left >= 0 else "raw"
            if cell.cell_type == "raw":
                cell.source = f"<pre>{html.escape(cell.source)}</pre>"
            for output in cell.get("outputs", []):
                if "data" in output:
                    output["data"] = _clean_data(output["data"])
                    output["metadata"] = {}
        return nb, resources


def _clean_data(data: dict[str, Any]) -> dict[str, str]:
    kept = {}
    for kind, value in data.items():
        text = "".join(value) if isinstance(value, list) else value
        if not isinstance(text, str):
            continue
        picture = kind in _PICTURES and re.fullmatch(r"[A-Za-z0-9+/=\s]*", text)
        # nbconvert shows SVG as an image, where scripts are dead.
        if picture or kind in ("text/plain", "image/svg+xml"):
            kept[kind] = text
        elif kind == "text/html":
            kept[kind] = clean_html(text)
    return kept
