"""What students wrote is harmless in a page, and quick to show."""

import pytest
from nbformat import v4

from autograder.grading.safe_pages import SafeToRead, clean_html


@pytest.mark.parametrize(
    "page",
    [
        '<div class="modal" style="display:block">92 of 92</div>',
        '<p class="navbar-fixed-top n">x</p>',
        '<a class="modal-backdrop" href="#">x</a>',
        '<img class="modal-backdrop" src="data:image/png;base64,aa">',
    ],
)
def test_no_class_of_the_page_itself_is_kept(page: str) -> None:
    assert "class" not in clean_html(page)


def test_code_and_tables_keep_their_looks() -> None:
    for page in (
        '<div class="highlight hl-python"><span class="kn">import</span> <span class="o">*</span></div>',
        '<table class="dataframe"><tbody><tr><td>1</td></tr></tbody></table>',
    ):
        assert clean_html(page) == page


def test_prose_beyond_measure_is_shown_as_it_was_written() -> None:
    slow = "a\n=\n" * 4_900  # two seconds of the parser
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("**first**"), *(v4.new_markdown_cell(slow) for _ in range(30))])
    made, _ = SafeToRead().preprocess(notebook, {})
    assert sum(len(cell.source) for cell in made.cells if cell.cell_type == "markdown") <= 120_000
    assert made.cells[-1].source.startswith("<pre>a\n=")
    assert made.cells[0].cell_type == "markdown"
