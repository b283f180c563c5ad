"""Clean Markdown and HTML that students wrote for a reader's browser: no script, no request, no text over the page.

Nor a link to the reader's own machine or one beside it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from ..notebooks import notebook as _notebook  # noqa: F401  first, because it makes the import of nbformat fast

# isort: split
from bleach import clean  # type: ignore[import-untyped]
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer  # type: ignore[import-untyped]
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl", "dt",
    "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "small", "span",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
# Of highlighted code and of tables of pandas. Others are known to the page's own style sheets, some of which put a text
# over the whole page: marks that nobody gave.
_CLASS = re.compile(r"highlight|hl-\w+|hll|dataframe|err|[a-z]{1,2}\d?")
_STYLES = ALLOWED_CSS_PROPERTIES - {"cursor"}  # which may name a picture elsewhere
STYLE = 2_000  # characters of one style, in which functions may be nested
_OPENED_STYLE = 20
HTML = 200_000  # characters of one output that are cleaned, which takes a second for each 200,000
PROSE = 20_000  # characters of one cell that are read as Markdown, whose parser takes quadratic time on some texts
_OPENED = 400  # brackets and formulas in them, for the same reason


def _of_any(_: str, name: str, value: str) -> bool:
    if name == "class":
        return all(_CLASS.fullmatch(one) for one in value.split())
    if name == "style":  # one that is nested deeply ends its parser
        return len(value) <= STYLE and value.count("(") <= _OPENED_STYLE
    return name in ("colspan", "rowspan", "title")


def _of_picture(tag: str, name: str, value: str) -> bool:
    # A picture from elsewhere would tell that machine who reads the page, and when.
    if name == "src":
        return value.startswith("data:image/")
    return name in ("alt", "width", "height") or (name in ("class", "title") and _of_any(tag, name, value))


def _of_link(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return value.startswith("#") or _leads_out(value)
    return name in ("class", "title") and _of_any(tag, name, value)


_NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*")
_INSIDE = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa")
"""Where names end that stand for this machine or one beside it."""


def _leads_out(address: str) -> bool:
    """Whether a web address names a machine of the internet, in a way that browsers can read in one manner only.

    Behind one of this machine or its network may be what acts on a click, such as a Jupyter server.
    """
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removesuffix(".")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or re.search(r"[\x00-\x20\\]", address) or "@" in parts.netloc:
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return bool(_NAME.fullmatch(host)) and not f".{host}".endswith(tuple(f".{end}" for end in _INSIDE))


_ATTRIBUTES = {"*": _of_any, "a": _of_link, "img": _of_picture}


def clean_html(page: str) -> str:
    """The HTML without scripts, styles, event handlers and links that run code; tables and pictures stay.

    What cannot be read as HTML, because it is too long or nested too deeply, is shown as it was written.
    """
    if len(page) > HTML:
        return as_written(page)
    body = re.sub(r"(?is)<(style|script)\b.*?(</\1\s*>|$)", "", page)
    css = CSSSanitizer(allowed_css_properties=_STYLES)
    try:
        cleaned: str = clean(body, _TAGS, _ATTRIBUTES, {"data", "http", "https"}, strip=True, css_sanitizer=css)
    except RecursionError:
        return as_written(page)
    return _IMG.sub(_with_alt, cleaned)


_IMG = re.compile(r"""<img(?:[^>"']|"[^"]*"|'[^']*')*>""")


def _with_alt(match: re.Match[str]) -> str:
    """A picture with a description; one whose address was taken away is its description alone."""
    tag = match[0]
    alt = re.search(r"""\salt=(?:"([^"]*)"|'([^']*)')""", tag)
    if " src=" not in tag:
        return (alt[1] or alt[2] or "") if alt else ""
    return tag if alt else f'<img alt="picture without a description"{tag[4:]}'


def clean_markdown(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """Markdown as clean HTML; pictures pasted into the cell are shown, formulas stay as they were written."""
    if len(source) > PROSE or source.count("[") + source.count("\\begin") > _OPENED:
        return as_written(source)
    renderer: Any = IPythonRenderer(escape=False, attachments=dict(attachments or {}), exclude_anchor_links=True)
    try:
        return clean_html(MarkdownWithMath(renderer=renderer).render(source))
    except RecursionError:
        return as_written(source)


def as_written(source: str) -> str:
    """The source itself, for a reader to see."""
    # nbconvert searches a page for Markdown's links once more, and takes as long over brackets.
    return f"<pre>{html.escape(source).replace('[', '&#91;')}</pre>"
