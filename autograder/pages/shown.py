"""Show code, prose and outputs of a notebook as clean HTML, as much of it as a page may hold."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ipython_pygments_lexers import IPython3Lexer
from markupsafe import Markup
from nbconvert.filters.ansi import strip_ansi
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter

from ..inside.reports import ALT
from .clean import clean_html, clean_markdown

PICTURES = 12_000_000  # bytes of a page that are pictures
TEXT = 5_000_000  # bytes of a page that are code, prose and outputs
PROSE = 120_000  # characters of Markdown and HTML of a notebook that are read as such: four times those of a release
AROUND = 200  # bytes of the page around each of them
OUTPUT = 20_000  # characters of one output
CODE = 60_000  # characters of one cell that are coloured, which makes ten times as many of them
_LEFT_OUT = Markup("<p>Left out here, since the page would become too large. It is in your notebook.</p>")
_PICTURES = ("image/png", "image/jpeg")


@dataclass
class Output:
    """One output: the clean HTML that shows it, what kind it is, and for an error its traceback."""

    kind: str
    shown: Markup
    more: str = ""


class Shown:
    """What a page shows of one notebook; once it holds as much as it may, a sentence stands in place of the rest."""

    def __init__(self) -> None:
        self._left = {"pictures": PICTURES, "text": TEXT}
        self._prose = PROSE

    def code(self, source: str, anchor: str, lines: Collection[int] = ()) -> Markup:
        """Python source with numbered lines, ``lines`` of them marked; line 3 has the id ``<anchor>-3``."""
        if len(source) > CODE:
            return self._kept(Markup("<pre>{}</pre>").format(source))
        return self._kept(_code(source, anchor, tuple(sorted(lines))))

    def prose(self, cell: NotebookNode) -> Markup:
        """A Markdown cell, or a raw one as it was written."""
        if cell.cell_type != "markdown" or not self._may_read(cell.source):
            return self._kept(Markup("<pre>{}</pre>").format(cell.source))
        attachments = cell.get("attachments") or {}
        made = clean_markdown(cell.source, attachments) if attachments else _prose(cell.source)
        return self._kept(Markup(made), "pictures" if attachments else "text")  # noqa: S704  cleaned

    def outputs(self, cell: NotebookNode, alt: str) -> list[Output]:
        """The outputs of a code cell, up to the first that is left out.

        ``alt`` describes its pictures where they do not describe themselves.
        """
        made: list[Output] = []
        for output in cell.get("outputs", []):
            made.append(self._output(output, alt))
            if made[-1].shown == _LEFT_OUT:
                break
        return made

    def _output(self, output: dict[str, Any], alt: str) -> Output:
        if output["output_type"] == "stream":
            return Output("text", self._text(output.get("text", "")))
        if output["output_type"] == "error":
            said = f"{output.get('ename', '')}: {output.get('evalue', '')}".strip(": ")
            return Output("error", self._text(said), _cut("\n".join(map(str, output.get("traceback", [])))))
        data = output.get("data", {})
        for kind in _PICTURES:
            if isinstance(content := data.get(kind), str) and re.fullmatch(r"[A-Za-z0-9+/=\s]+", content):
                return self._picture(kind, "".join(content.split()), data, alt)
        if isinstance(drawing := data.get("image/svg+xml"), str):  # as an image, where scripts are dead
            return self._picture("image/svg+xml", base64.b64encode(drawing.encode()).decode(), data, alt)
        if isinstance(page := data.get("text/html"), str) and self._may_read(page):
            made = Markup(clean_html(page))  # noqa: S704  cleaned
            return Output("page", self._kept(made, "pictures" if "data:image/" in made else "text"))
        return Output("text", self._text(data.get("text/plain", "")))

    def _picture(self, kind: str, content: str, data: dict[str, Any], alt: str) -> Output:
        said = data.get(ALT)  # a figure's titles and labels
        alt = said if isinstance(said, str) and said else alt
        made = Markup('<img src="data:{};base64,{}" alt="{}">').format(kind, content, alt)
        return Output("picture", self._kept(made, "pictures"))

    def _may_read(self, source: str) -> bool:
        """Whether Markdown or HTML is read, which takes long; what is beyond measure is shown as it was written."""
        self._prose -= len(source)
        return self._prose >= 0

    def _text(self, text: object) -> Markup:
        return self._kept(Markup("<pre>{}</pre>").format(_cut("".join(text) if isinstance(text, list) else str(text))))

    def _kept(self, made: Markup, kind: str = "text") -> Markup:
        size = AROUND + len(made.encode("utf-8", "replace"))
        if size > self._left[kind]:
            return _LEFT_OUT
        self._left[kind] -= size
        return made


def _cut(text: str) -> str:
    text = strip_ansi(text)  # type: ignore[no-untyped-call]
    return text if len(text) <= OUTPUT else f"{text[:OUTPUT]}\n[{len(text) - OUTPUT:,} more characters are left out here]"


@lru_cache(maxsize=256)
def _prose(source: str) -> str:
    """Kept, since most prose is the assignment's and stands in the page of each student."""
    return clean_markdown(source)


@lru_cache(maxsize=256)
def _code(source: str, anchor: str, lines: tuple[int, ...]) -> Markup:
    made = highlight(source, IPython3Lexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True))
    numbered = (
        f'<span id="{anchor}-{number}" class="{"numbered marked" if number in lines else "numbered"}">{line}</span>'
        for number, line in enumerate(made.removesuffix("\n").split("\n"), 1)  # pygments ends its spans with each line
    )
    return Markup('<pre class="code">{}</pre>').format(Markup("\n".join(numbered)))  # noqa: S704  pygments escapes


def code_style() -> Markup:
    """The style sheet of highlighted code, in light and in dark."""
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    light = HtmlFormatter(style="default").get_style_defs(".code")
    sheet = f"@media screen {{\n{light}\n}}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    return Markup(sheet)  # noqa: S704  pygments' own
