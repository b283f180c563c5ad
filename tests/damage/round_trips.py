"""What editors and people make of a notebook between download and hand-in, each as a function notebook -> notebook.

The forms are those that Colab, VS Code, JupyterLab 4 and jupytext 1.19 wrote when they were asked to; jupytext itself is
not needed, ``through_jupytext`` writes what comes back from its percent script.
"""

import ast
import copy
import hashlib
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode

from autograder.notebooks.notebook import grade_id, new_output, role

Trip = Callable[[NotebookNode], NotebookNode]
TRIPS: dict[str, Trip] = {}
"""Round trips after which every answer must be graded as it was written, by name."""


def trip(function: Trip) -> Trip:
    """List a round trip; it gets a copy of the notebook."""

    def on_a_copy(notebook: NotebookNode) -> NotebookNode:
        return function(copy.deepcopy(notebook))

    TRIPS[function.__name__] = on_a_copy
    return on_a_copy


def new_id(cell: NotebookNode, length: int = 8) -> str:
    """An id such as editors draw for a cell, always the same for the same text."""
    return hashlib.sha256(f"{grade_id(cell)} {cell.source}".encode()).hexdigest()[:length]


def _outputs(cell: NotebookNode) -> list[NotebookNode]:
    text = new_output("stream", name="stdout", text="Epoch 1: loss 0.53\n")
    warning = new_output("stream", name="stderr", text="100%|##########| 10/10\n")
    picture = new_output("display_data", data={"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}, metadata={})
    value = new_output("execute_result", data={"text/plain": "100"}, metadata={}, execution_count=7)
    return [text, warning, picture, value]


def _lose(notebook: NotebookNode, *kept: str) -> None:
    for cell in notebook.cells:
        cell.metadata = NotebookNode({name: cell.metadata[name] for name in kept if name in cell.metadata})


def _lines_as_list(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.source = cell.source.splitlines(keepends=True)


@trip
def colab_saved(notebook: NotebookNode) -> NotebookNode:
    """Colab moves ids into the metadata, says nbformat 4.0, adds blocks of its own and embeds outputs."""
    notebook.nbformat_minor = 0
    notebook.metadata = NotebookNode(
        colab={"provenance": [], "toc_visible": True, "gpuType": "T4"}, accelerator="GPU",
        kernelspec={"name": "python3", "display_name": "Python 3"}, language_info={"name": "python"},
        widgets={"application/vnd.jupyter.widget-state+json": {"a1": {"model_name": "FloatProgressModel", "state": {}}}},
    )  # fmt: skip
    for cell in notebook.cells:
        cell.metadata.id = cell.pop("id", new_id(cell, 12))
        if cell.cell_type == "code":
            cell.metadata.outputId = "5b8a1c3e-7a0f-4b6f"
            cell.metadata.colab = {"base_uri": "https://localhost:8080/", "height": 421}
            user = {"displayName": "Ada L", "userId": "0123456789"}
            cell.metadata.executionInfo = {
                "status": "ok",
                "timestamp": 1790000000000,
                "user_tz": -120,
                "elapsed": 5,
                "user": user,
            }
            cell.outputs, cell.execution_count = _outputs(cell), 7
    _lines_as_list(notebook)
    return notebook


@trip
def colab_without_nbgrader(notebook: NotebookNode) -> NotebookNode:
    """The same when only Colab's own metadata are left."""
    saved = TRIPS["colab_saved"](notebook)
    _lose(saved, "id", "colab", "executionInfo", "outputId")
    return saved


@trip
def colab_copied_to_drive_with_new_ids(notebook: NotebookNode) -> NotebookNode:
    """Pasted cell by cell into a notebook of one's own: new ids, nothing of nbgrader."""
    saved = TRIPS["colab_saved"](notebook)
    _lose(saved)
    for cell in saved.cells:
        cell.metadata.id = new_id(cell, 12)
    return saved


@trip
def vscode_saved(notebook: NotebookNode) -> NotebookNode:
    """VS Code draws new ids, names a language for each cell and says nbformat 4.2."""
    notebook.nbformat_minor = 2
    notebook.metadata = NotebookNode(kernelspec={"display_name": ".venv", "language": "python", "name": "python3"})
    for cell in notebook.cells:
        cell["id"] = new_id(cell)
        cell.metadata.vscode = {"languageId": "python" if cell.cell_type == "code" else "markdown"}
    _lines_as_list(notebook)
    return notebook


@trip
def vscode_without_nbgrader(notebook: NotebookNode) -> NotebookNode:
    """The same without nbgrader's metadata."""
    saved = TRIPS["vscode_saved"](notebook)
    _lose(saved, "vscode")
    for cell in saved.cells:
        del cell["id"]
    return saved


@trip
def vscode_language_changed(notebook: NotebookNode) -> NotebookNode:
    """A click on the language of a cell: answers become plain text or markdown, and the notebook Julia's."""
    notebook.metadata = NotebookNode(kernelspec={"display_name": "Julia 1.11", "language": "julia", "name": "julia-1.11"})
    for number, cell in enumerate(cell for cell in notebook.cells if role(cell) == "answer"):
        cell.metadata.vscode = {"languageId": ["julia", "plaintext", "markdown"][number % 3]}
        cell.cell_type = ["code", "raw", "markdown"][number % 3]
        if cell.cell_type != "code":
            cell.pop("outputs", None), cell.pop("execution_count", None)
    return notebook


@trip
def jupyterlab_saved(notebook: NotebookNode) -> NotebookNode:
    """JupyterLab keeps ids and metadata, adds state of its own and the outputs, and trusts the notebook."""
    notebook.metadata.update({"toc-autonumbering": True, "vscode": None, "widgets": {}})
    for cell in notebook.cells:
        cell.metadata.update(
            {"trusted": True, "collapsed": False, "jupyter": {"source_hidden": True, "outputs_hidden": False}}
        )
        if cell.cell_type == "code":
            cell.metadata["ExecuteTime"] = {"start_time": "2026-11-01T10:00:00.000Z", "end_time": "2026-11-01T10:00:01.000Z"}
            cell.metadata["execution"] = {"iopub.execute_input": "2026-11-01T10:00:00.000Z"}
            cell.outputs, cell.execution_count = _outputs(cell), 3
    return notebook


def halves(source: str) -> tuple[str, str] | None:
    """A cell's code cut in two near its middle so that each half is code of its own; None if there is no such place."""
    lines = source.splitlines()
    for at in sorted(range(1, len(lines)), key=lambda at: abs(at - len(lines) // 2)):
        first, second = "\n".join(lines[:at]), "\n".join(lines[at:])
        try:
            if lines[at].strip() and ast.parse(first).body and ast.parse(second).body:
                return first, second
        except SyntaxError:
            continue
    return None


def _split(notebook: NotebookNode, change: Callable[[NotebookNode], None]) -> NotebookNode:
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        cut = halves(cell.source) if role(cell) == "answer" else None
        if cut:
            second = copy.deepcopy(cell)
            cell.source, second.source = cut
            second["id"] = new_id(second)
            change(second)
            cells.append(second)
    notebook.cells = cells
    return notebook


@trip
def jupyterlab_split(notebook: NotebookNode) -> NotebookNode:
    """Each answer that can be is split in two; JupyterLab gives both halves all metadata."""
    return _split(notebook, lambda second: None)


@trip
def vscode_split(notebook: NotebookNode) -> NotebookNode:
    """Each answer that can be is split in two; VS Code leaves metadata and id on neither half."""
    made = _split(notebook, lambda second: None)
    for first, second in zip(made.cells, made.cells[1:], strict=False):
        if grade_id(first) and grade_id(first) == grade_id(second):
            for half in (first, second):
                half.metadata = NotebookNode()
                half["id"] = new_id(half)
    return made


@trip
def split_with_metadata_on_the_first_half(notebook: NotebookNode) -> NotebookNode:
    """Each answer that can be is split in two; other editors give the second half nothing."""
    return _split(notebook, lambda second: second.update(metadata=NotebookNode()))


def _merge(notebook: NotebookNode, wanted: Callable[[NotebookNode, NotebookNode], bool], between: str) -> NotebookNode:
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        if cells and cells[-1].cell_type == cell.cell_type == "code" and wanted(cells[-1], cell):
            cells[-1].source += between + cell.source
        else:
            cells.append(cell)
    notebook.cells = cells
    return notebook


@trip
def merged_with_the_check_below(notebook: NotebookNode) -> NotebookNode:
    """Each answer is merged with the first check below it; the merged cell is the answer's."""
    return _merge(notebook, lambda above, cell: role(above) == "answer" and role(cell) == "item", "\n\n")


@trip
def merged_with_the_code_above(notebook: NotebookNode) -> NotebookNode:
    """A given code cell and the answer below it, put there by moving the text between away, are merged: the given one's."""
    cells, moved = [], []
    for number, cell in enumerate(notebook.cells):
        below = notebook.cells[number + 1 : number + 2]
        if cell.cell_type == "markdown" and role(cell) == "given" and below and role(below[0]) == "answer":
            moved.append(cell)
        else:
            cells.append(cell)
    notebook.cells = cells + moved
    return _merge(notebook, lambda above, cell: role(above) in ("given", "item") and role(cell) == "answer", "\n\n")


@trip
def every_cell_merged_with_the_next_code(notebook: NotebookNode) -> NotebookNode:
    """All code between two texts becomes one cell, as of somebody who selects and merges."""
    return _merge(notebook, lambda above, cell: True, "\n\n")


@trip
def reversed_order(notebook: NotebookNode) -> NotebookNode:
    """The whole notebook from its last cell to its first."""
    notebook.cells = notebook.cells[::-1]
    return notebook


@trip
def answers_at_the_end(notebook: NotebookNode) -> NotebookNode:
    """All answers moved below everything else, in another order."""
    mine = [cell for cell in notebook.cells if role(cell) in ("answer", "manual")]
    notebook.cells = [cell for cell in notebook.cells if role(cell) not in ("answer", "manual")] + mine[::-1]
    return notebook


@trip
def every_cell_copied(notebook: NotebookNode) -> NotebookNode:
    """Each cell twice, the copy with a new id and all of nbgrader's metadata."""
    cells = []
    for cell in notebook.cells:
        twin = copy.deepcopy(cell)
        twin["id"] = new_id(cell)
        cells += [cell, twin]
    notebook.cells = cells
    return notebook


@trip
def whole_notebook_copied_below_itself(notebook: NotebookNode) -> NotebookNode:
    """Select all, copy, paste at the end, without ids and metadata."""
    again = copy.deepcopy(notebook)
    for cell in again.cells:
        cell.metadata = NotebookNode()
        cell.pop("id", None)
    notebook.cells += again.cells
    return notebook


@trip
def only_answers_left(notebook: NotebookNode) -> NotebookNode:
    """Everything but the answers deleted."""
    notebook.cells = [cell for cell in notebook.cells if role(cell) in ("answer", "manual")]
    return notebook


@trip
def texts_deleted_and_metadata_lost(notebook: NotebookNode) -> NotebookNode:
    """All explanations deleted, and every trace of nbgrader and of ids."""
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code" or role(cell) == "manual"]
    _lose(notebook)
    for cell in notebook.cells:
        cell.pop("id", None)
    return notebook


@trip
def through_jupytext(notebook: NotebookNode) -> NotebookNode:
    """To a percent script and back: new ids, no outputs, trailing blank lines gone, metadata kept."""
    notebook.metadata = NotebookNode(
        jupytext={"text_representation": {"extension": ".py", "format_name": "percent", "format_version": "1.3"}},
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
    )
    for cell in notebook.cells:
        cell.source = cell.source.strip("\n")
        cell["id"] = new_id(cell)
    return notebook


@trip
def through_jupytext_without_metadata(notebook: NotebookNode) -> NotebookNode:
    """The same with jupytext's ``cell_metadata_filter: -all``, as for scripts that are kept in git."""
    back = TRIPS["through_jupytext"](notebook)
    _lose(back)
    return back


@trip
def notebook_of_format_3(notebook: NotebookNode) -> NotebookNode:
    """Saved by a program that still writes format 3: worksheets, ``input`` for ``source``, headings."""
    cells: list[Any] = []
    for cell in notebook.cells:
        old = {"cell_type": cell.cell_type, "metadata": cell.metadata}
        if cell.cell_type == "code":
            old |= {"input": cell.source.splitlines(keepends=True), "language": "python", "outputs": [], "collapsed": False}
        else:
            old["source"] = cell.source
        cells.append(old)
    return NotebookNode(nbformat=3, nbformat_minor=0, metadata={"name": "homework"}, worksheets=[{"cells": cells}])


@trip
def windows_line_ends(notebook: NotebookNode) -> NotebookNode:
    """Carriage returns at line ends, as some synchronising programs write them."""
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    return notebook


@trip
def grade_ids_renamed_by_a_new_schema(notebook: NotebookNode) -> NotebookNode:
    """An old or future nbgrader that keeps its metadata in another form: no ``grade_id`` at all, ids kept."""
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"] = {"schema_version": 99, "identity": {"name": grade_id(cell)}}
    return notebook
