"""What students wrote is harmless in a page, and quick to show."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from nbformat import v4
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

from autograder.grading.safe_pages import SafeToRead, clean_html, guard
from autograder.pages.clean import clean_markdown


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


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8888/api/kernels", "https://LOCALHOST./", "http://127.0.0.1/", "http://127.1/", "http://0x7f000001/",
        "http://2130706433/", "http://[::1]:8888/", "http://[::ffff:127.0.0.1]/", "http://10.0.0.7/", "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data", "http://printer/", "http://box.local/", "http://wiki.internal/",
        "http://%6cocalhost/", "http://\uff4cocalhost/", "http://localhost\\@example.com/", "http://example.com@127.0.0.1/",
        "http://local\thost/", "file:///etc/passwd", "javascript:alert(1)", "//localhost/", "/user/autograded",
        "http:localhost",
    ],
)  # fmt: skip
def test_no_link_leads_to_this_machine_or_its_network(address: str) -> None:
    assert "href" not in clean_html(f'<a href="{address}">x</a>')
    assert "href" not in clean_markdown(f"[x]({address})")


@pytest.mark.parametrize("address", ["https://pytorch.org/docs/stable/nn.html#conv", "http://8.8.8.8/", "#results"])
def test_other_links_stay(address: str) -> None:
    assert f'href="{address}"' in clean_html(f'<a href="{address}">x</a>')


def test_formgrader_escapes_what_its_pages_show(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "<script>alert(1)</script>"
    extension = FormgradeExtension()
    extension.root_dir, extension.coursedir = str(Path.cwd()), CourseDirectory()
    monkeypatch.setattr(FormgradeExtension, "url_prefix", ".")
    monkeypatch.setattr(FormgradeExtension, "init_tornado_settings", FormgradeExtension.init_tornado_settings)
    guard()
    webapp = SimpleNamespace(settings={})
    extension.init_tornado_settings(webapp)
    page = webapp.settings["nbgrader_jinja2_env"].get_template("manage_students_assignments.tpl").render(student_id=name)
    assert name not in page
    assert "&lt;script&gt;alert(1)" in page
    _, shown = SafeToRead().preprocess(v4.new_notebook(), {"student": name, "index": 1})
    assert shown == {"student": "&lt;script&gt;alert(1)&lt;/script&gt;", "index": 1}


def test_prose_beyond_measure_is_shown_as_it_was_written() -> None:
    slow = "a\n=\n" * 4_900  # two seconds of the parser
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("**first**"), *(v4.new_markdown_cell(slow) for _ in range(30))])
    made, _ = SafeToRead().preprocess(notebook, {})
    assert sum(len(cell.source) for cell in made.cells if cell.cell_type == "markdown") <= 120_000
    assert made.cells[-1].source.startswith("<pre>a\n=")
    assert made.cells[0].cell_type == "markdown"
