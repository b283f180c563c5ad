"""Fill the places in a notebook's text that its author leaves open: the Colab badge, and the libraries that grading has.

They are comments, ``<!-- colab badge -->`` and ``<!-- libraries -->``: a source notebook shows nothing there.
:class:`FillHeader` is a step of ``nbgrader generate_assignment``, which the configuration puts among nbgrader's own.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from nbformat import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

LIBRARIES = (
    "torch",
    "torchvision",
    "numpy",
    "matplotlib",
    "pandas",
    "scikit-learn",
    "scipy",
    "seaborn",
    "plotly",
    "opencv-python-headless",
    "tqdm",
    "torchinfo",
    "torchviz",
)
"""What students may import when they are graded, by the names of the packages that this project depends on."""

NO_PLACE = "write <!-- colab badge --> into a text cell of the source notebook"
IMPORTED_AS = {"scikit-learn": "sklearn", "opencv-python-headless": "cv2"}
_BADGE, _LIBRARIES = (re.compile(rf"<!--\s*{words}\s*-->") for words in (r"colab[ -]badge", "libraries"))
_REPOSITORY = re.compile(r"(?=[^/]{1,39}/)[A-Za-z0-9](?:[-_]?[A-Za-z0-9])*/(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}")
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|[/.]$|\.lock(?:/|$)|^@$|^$")  # git's rules


def badge(repository: str, branch: str, path: str) -> str:
    """The Markdown of a badge that opens a notebook of a GitHub repository in Colab.

    Args:
        repository: ``OWNER/NAME``.
        path: of the notebook, from the root of the repository.

    Raises:
        ValueError: there can be no such repository or branch. The message is one line.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise ValueError(f"{repository!r} is not a GitHub repository of the form OWNER/NAME, for example ada/convnets")
    if _NO_BRANCH.search(branch):
        raise ValueError(f"{branch!r} is not the name of a git branch, for example main")
    address = f"https://colab.research.google.com/github/{repository}/blob/{quote(branch)}/{quote(path)}"
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({address})"


def libraries() -> str:
    """The sentence that tells students what they may import."""
    named = [f"{name} (`{IMPORTED_AS[name]}`)" if name in IMPORTED_AS else name for name in LIBRARIES]
    return (
        "**Libraries.** When your notebook is graded, these are installed: Python's standard library, "
        f"{', '.join(named[:-1])} and {named[-1]}. Use no other library: it is missing there."
    )


def fill(source: str, badge_text: str) -> str:
    """The text of a cell with its open places filled; without a badge the place of the badge is gone, with its line."""
    if badge_text:
        source = _BADGE.sub(lambda _: badge_text, source)
    else:
        source = _BADGE.sub("", re.sub(rf"^[ \t]*{_BADGE.pattern}[ \t]*(\n\n?|\Z)", "", source, flags=re.MULTILINE))
    return _LIBRARIES.sub(lambda _: libraries(), source)


class FillHeader(NbGraderPreprocessor):  # type: ignore[misc]
    """Fill the open places of all text cells."""

    repository = Unicode("", help="GitHub repository of the Colab badge, as OWNER/NAME; without one there is no badge").tag(
        config=True
    )
    branch = Unicode("main", help="branch of that repository").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        try:
            self._badge("")
        except ValueError as error:  # now, because later nbgrader shows a traceback
            self.log.error("FillHeader: %s", error)
            raise NbGraderException(str(error)) from error

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Fill one cell."""
        if cell.cell_type == "markdown":
            names = resources["nbgrader"]
            cell.source = fill(cell.source, self._badge(f"release/{names['assignment']}/{names['notebook']}.ipynb"))
        return cell, resources

    def _badge(self, path: str) -> str:
        return badge(self.repository, self.branch, path) if self.repository else ""
