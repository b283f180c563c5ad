"""Make what students wrote harmless in a reader's browser: in nbgrader's feedback pages and in formgrader.

nbgrader itself shows a student's HTML as it is, so that a script in an answer runs with the rights of the
person who marks it. ``nbgrader_config.py`` sets both parts of this module for every page: the filter that
turns Markdown into HTML, and the preprocessor that looks at the rest.
"""

from __future__ import annotations

import html
import re
from typing import Any

from .item_cells import OUTCOME  # first, because it makes the import of nbformat fast

# isort: split
from bleach import clean  # type: ignore[import-untyped]
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer  # type: ignore[import-untyped]
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Bool

from ..sandbox.tiers import WARNING

_TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl", "dt",
    "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "small", "span",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip


# Of highlighted code and of tables of pandas. Others are known to the page's own style sheets, some of which put a text
# over the whole page: marks that nobody gave.
_CLASS = re.compile(r"highlight|hl-\w+|hll|dataframe|err|[a-z]{1,2}\d?")


def _of_any(_: str, name: str, value: str) -> bool:
    if name == "class":
        return all(_CLASS.fullmatch(one) for one in value.split())
    return name in ("colspan", "rowspan", "style", "title")


def _of_picture(tag: str, name: str, value: str) -> bool:
    # A picture from elsewhere would tell that machine who reads the page, and when.
    if name == "src":
        return value.startswith("data:image/")
    return name in ("alt", "width", "height") or (name in ("class", "title") and _of_any(tag, name, value))


def _of_link(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return value.strip().lower().startswith(("http://", "https://", "#"))
    return name in ("class", "title") and _of_any(tag, name, value)


_ATTRIBUTES = {"*": _of_any, "a": _of_link, "img": _of_picture}
_STYLES = ALLOWED_CSS_PROPERTIES - {"cursor"}  # which may name a picture elsewhere
_PROSE = 20_000  # characters of one cell that are read as Markdown, whose parser takes quadratic time on some texts
_OPENED = 400  # brackets and formulas in them, for the same reason
_PROSE_OF_ALL = 120_000  # characters of all cells together, four times those of a release
_PICTURES = ("image/png", "image/jpeg")


def clean_html(page: str) -> str:
    """The HTML without scripts, styles, event handlers and links that run code; tables and pictures stay."""
    body = re.sub(r"(?is)<(style|script)\b.*?(</\1\s*>|$)", "", page)
    css = CSSSanitizer(allowed_css_properties=_STYLES)
    cleaned: str = clean(body, _TAGS, _ATTRIBUTES, {"data", "http", "https"}, strip=True, css_sanitizer=css)
    return cleaned


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """nbconvert's filter of this name, with clean HTML; pasted pictures are shown."""
    if len(source) > _PROSE or source.count("[") + source.count("\\begin") > _OPENED:
        # nbconvert searches the page for Markdown's links once more, and takes as long over brackets.
        return f"<pre>{html.escape(source).replace('[', '&#91;')}</pre>"
    attachments = context.get("cell", {}).get("attachments", {})
    renderer: Any = IPythonRenderer(escape=False, attachments=attachments)
    return clean_html(MarkdownWithMath(renderer=renderer).render(source))


class SafeToRead(Preprocessor):
    """Clean outputs and raw cells, and say above the notebook what was repaired and where points were lost."""

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Change the copy of the notebook that a page is made from; the autograded file stays as it is."""
        found = nb.metadata.get(OUTCOME, {})
        flags = found.get("flags", [])
        repaired = [*found.get("repairs", []), *(flag for flag in flags if flag != WARNING)]
        for name, title, lines in (
            ("lost", "Where points were lost (each reason stands at its item below)", found.get("lost", [])),
            ("repairs", "Before grading, this notebook was repaired", repaired),
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
