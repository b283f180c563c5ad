"""The result page: what a student reads first, each finding beside its answer, nothing that runs, at most 20 MB."""

import base64
import copy
import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from chromium import needed_width
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from autograder.grading.item_cells import read_outcomes, write_outcomes
from autograder.inside.reports import ALT
from autograder.notebooks.notebook import cells_by_grade_id, items, read
from autograder.outcomes import Finding, ItemOutcome, Place, RootCause, SubmissionOutcome
from autograder.pages.difference import marked
from autograder.pages.marks import Mark, Marks, marks_of
from autograder.pages.page import result_page
from autograder.sandbox.tiers import WARNING

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "pa4_convnet"
SOLVED = read(ROOT / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
RELEASE = read(ROOT / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
AUTOGRADED = [item for item in items(SOLVED) if not item.manual]
WRITTEN = [item.id for item in items(SOLVED) if item.manual]

LINE = next(n for n, line in enumerate(cells_by_grade_id(SOLVED)["convnet"].source.splitlines(), 1) if "conv2 =" in line)
PADDING = Finding(
    item="act03",
    task="`conv2` is the convolution that was asked for",
    passed=False,
    observed="Conv2d(32, 64), kernel 5x5, padding 0",
    expected="Conv2d(32, 64), kernel 5x5, padding 2",
    cause="`padding=2` is missing",
    place=Place(cell="convnet", line=LINE, code="self.conv2 = nn.Conv2d(32, 64, kernel_size=5)"),
)
RESTS = Finding(
    item="act05", task="the size", passed=False, observed="1024", expected="3136", rests_on=("act03",)
)  # fmt: skip


def outcome(changed: dict[str, ItemOutcome] | None = None, **more: Any) -> SubmissionOutcome:
    """All passed, each with one finding, but for the items that are given."""
    found = {}
    for item in AUTOGRADED:
        right = Finding(item=item.id, task=f"{item.id} is right", passed=True)
        passed = ItemOutcome(outcome="passed", points=item.max_points, max_points=item.max_points, findings=[right])
        found[item.id] = (changed or {}).get(item.id, passed)
    return SubmissionOutcome(status="graded", items=found, **more)


def lost(item: str, *findings: Finding, verdict: str = "failed", points: float = 0.0, **more: Any) -> ItemOutcome:
    most = next(one.max_points for one in AUTOGRADED if one.id == item)
    return ItemOutcome(outcome=verdict, points=points, max_points=most, findings=list(findings), **more)


HALF = outcome(
    {
        "act03": lost("act03", PADDING, Finding(item="act03", task="channels", passed=True), verdict="partial", points=2),
        "act05": lost("act05", RESTS, rests_on=["act03"]),
        "act10": lost("act10", verdict="not_attempted", message="Not attempted: the placeholder is still there."),
        "act16": lost("act16", verdict="could_not_grade", message="The grader failed at this item."),
    },
    repairs=["act03: the check cell was changed; `act03` was put back."],
    flags=["the cell `filters` was stopped: too long"],
)
OPEN = RootCause(
    what="The cell `convnet` stopped with a SyntaxError: '(' was never closed.",
    next_step="Close it, then run all cells.",
    items=tuple(item.id for item in AUTOGRADED[:9]),
    place=Place(cell="convnet", line=LINE, code="self.conv2 = nn.Conv2d(32, 64"),
)
STOPPED = [
    Finding(item="x", task=f"task {n}.", passed=False, observed="the cell stopped", stopped_by="convnet", place=OPEN.place)
    for n in (1, 2)
]
SYNTAX = outcome({name: lost(name, *STOPPED, root_cause=0) for name in OPEN.items}, root_causes=[OPEN])
UNREADABLE = SubmissionOutcome(status="could_not_grade", reason="the file ends early; download it again <b>x</b>")


def page_of(found: SubmissionOutcome, notebook: NotebookNode = SOLVED, marks: Marks | None = None) -> str:
    return result_page(ASSIGNMENT, "ann <b>", notebook, found, marks or marks_of(notebook, found))


def parsed(page: str) -> BeautifulSoup:
    """The page without the colours of code, which are nine of ten tags."""
    return BeautifulSoup(re.sub(r'<span class="\w{1,3}">([^<]*)</span>', r"\1", page), "html.parser")


def words(page: Any) -> str:
    return " ".join(page.get_text(" ").split())


def row(page: BeautifulSoup, item: str) -> list[str]:
    """The cells of an item's line in the table."""
    (link,) = page.select(f'[role=row] a[href="#item-{item}"]')
    return [words(cell) for cell in link.find_parent(attrs={"role": "row"}).select("[role=cell]")]


def test_right_and_not_yet_marked_is_full_marks_so_far() -> None:
    page = parsed(page_of(outcome()))
    assert words(page.header) == (
        "Programming assignment 4: a convolutional network for MNIST Result of ann <b> 92 of 92 points so far "
        "8 points wait for a person: act20 , act21_text , act22 , act24 ."
    )
    assert row(page, "act20") == ["act20 look at the errors", "… pending", "pending (2)", "A person reads this answer."]
    assert row(page, "act01") == ["act01 first convolution", "✓ passed", "2 of 2", ""]
    assert "0 of 2" not in words(page)
    assert "0.0 / 2.0" not in words(page)


def test_what_to_mend_first_stands_at_the_top() -> None:
    page = parsed(page_of(HALF))
    assert "72 of 82 points so far" in words(page.header)
    assert "18 points wait for a person: act16 , act20" in words(page.header)
    (first,) = page.select(".first")
    assert words(first).startswith("Fix this first act03, second convolution")
    assert "padding=2 is missing" in words(first)
    assert row(page, "act03")[1:] == [
        "◐ partly right", "2 of 4",
        "Conv2d(32, 64), kernel 5x5, padding 0; expected Conv2d(32, 64), kernel 5x5, padding 2.",
    ]  # fmt: skip
    assert row(page, "act05")[1:] == ["✗ not right yet", "0 of 4", "Depends on act03; fix that first."]
    assert row(page, "act10")[1:] == ["· not attempted", "0 of 4", "Not attempted: the placeholder is still there."]
    assert row(page, "act16")[1:3] == ["… pending", "pending (10)"]
    assert "This is not your mistake" in row(page, "act16")[3]


def test_findings_stand_beside_the_answer_that_they_are_about() -> None:
    page = parsed(page_of(HALF))
    (found,) = page.select("#item-act03")
    answer = found.find_parent("article")
    assert answer.h3.get_text() == "Your answer: convnet"
    assert [dt.get_text() for dt in found.select("dt")] == ["Observed", "Expected", "Likely cause"]
    observed, expected, cause = found.select("dd")
    assert words(observed) == "Conv2d(32, 64), kernel 5x5, padding 0"
    assert [mark.get_text() for mark in observed.select("mark")] == ["0"]
    assert [mark.get_text() for mark in expected.select("mark")] == ["2"]
    assert cause.code.get_text() == "padding=2"
    (link,) = found.select("a")
    (marked_line,) = answer.select(".marked")
    assert link["href"] == f"#{marked_line['id']}"
    assert "conv2" in marked_line.get_text()
    assert words(found.select_one(".right")) == "Right: ✓ channels"
    (rests,) = page.select("#item-act05")
    assert rests.select_one("a")["href"] == "#item-act03"
    assert [item["id"] for item in answer.select(".item")] == [f"item-act0{n}" for n in range(1, 10)]


def test_given_cells_and_checks_are_folded_and_answers_are_not() -> None:
    page = parsed(page_of(HALF))
    folded = page.select("details.given")
    assert folded
    assert not any(one.has_attr("open") for one in folded)
    assert all(one.summary.get_text().startswith("Given: ") for one in folded)
    assert not page.select("details article")
    assert cells_by_grade_id(SOLVED)["act21"].source in "".join(one.get_text() for one in folded)
    answers = "".join(one.get_text() for one in page.select("article"))
    assert "class Trainer" in answers
    assert len(page.select("article h3")) == 12


def test_one_root_cause_is_told_once() -> None:
    page = parsed(page_of(SYNTAX))
    (cause,) = page.select("#cause-1")
    assert "'(' was never closed" in words(cause)
    assert "self.conv2 = nn.Conv2d(32, 64" in cause.pre.get_text()
    assert f"Line {LINE} of cell convnet" in words(cause)
    assert "Next step: Close it, then run all cells." in words(cause)
    assert "Not judged because of it: act01 , act02" in words(cause)
    assert words(page).count("was never closed") == 1
    assert row(page, "act07")[1:] == ["- not judged", "0 of 4", "Not judged: see the mistake at the top."]
    assert words(page.select_one("#item-act07")).endswith("Not judged: see the mistake at the top . Asked: task 1 ; task 2")


def test_an_item_that_a_root_cause_voids_in_part_is_partly_right() -> None:
    part = lost("act07", *STOPPED, root_cause=0).model_copy(update={"outcome": "partial", "points": 1.0})
    page = parsed(page_of(outcome({"act07": part}, root_causes=[OPEN])))
    assert row(page, "act07")[1:] == ["◐ partly right", "1 of 4", "Partly not judged: see the mistake at the top."]


def test_an_error_that_keeps_one_item_from_being_judged_is_told_once_there() -> None:
    page = parsed(page_of(outcome({"act07": lost("act07", *STOPPED)})))
    said = words(page.select_one("#item-act07"))
    assert said.endswith(f"Not judged: the cell stopped ( line {LINE} ). Asked: task 1 ; task 2")


def test_a_submission_without_a_grade_says_why_and_shows_no_points() -> None:
    page = parsed(page_of(UNREADABLE, RELEASE, Marks({})))
    assert "could not be graded. What your instructor was told: the file ends early; download it again <b>x</b>" in words(
        page
    )
    assert "not the same as 0 points" in words(page)
    assert not page.select("[role=table], article, details")


def test_marks_of_a_person_bonus_comment_and_penalty() -> None:
    found = marks_of(SOLVED, outcome()).items | {
        "act20": Mark(1.5, 2, by_hand=True),
        "act22": Mark(0.0, 2),
        "act01": Mark(2.0, 2, bonus=1.5),
    }
    comments = {"act20": "Say **which** digits. <script>alert(1)</script>"}
    page = parsed(page_of(outcome(), marks=Marks(found, comments, penalty=4.5, seconds_late=7300)))
    assert "90.5 of 96 points so far" in words(page.header)
    assert "95 points for the work, minus 4.5 for handing it in 2 hours late." in words(page.header)
    assert "The course's rule for late work took them off" in words(page.header)
    assert row(page, "act20")[1:3] == ["◐ marked by a person", "1.5 of 2"]
    assert row(page, "act22")[1:3] == ["· not attempted", "0 of 2"]
    assert row(page, "act01")[2] == "2 of 2 + 1.5 bonus"
    (comment,) = page.select(".comment")
    assert words(comment) == "Comment by a person Say which digits."
    assert comment.find_parent("article").select("#item-act20")


def test_a_trial_and_a_run_without_isolation_are_stamped() -> None:
    page = parsed(page_of(outcome(flags=[WARNING, "another"], profile="quick")))
    assert WARNING in words(page.header)
    assert "Trial run, profile quick: these points are not the grade." in words(page.header)
    assert "Trial run" not in page_of(outcome(profile="full"))
    assert [one.get_text() for one in page.select("#about li")] == ["another"]


def test_repairs_and_flags_are_told() -> None:
    page = parsed(page_of(HALF))
    said = [words(one) for one in page.select("#about li")]
    assert said == [
        "act03: the check cell was changed; act03 was put back.",
        "the cell filters was stopped: too long",
    ]
    assert page.select("#about li code")[0].get_text() == "act03"


def test_the_page_stands_alone() -> None:
    text = page_of(HALF)
    page = parsed(text)
    assert page.html["lang"] == "en"
    assert page.select_one("meta[name=viewport]")["content"] == "width=device-width, initial-scale=1"
    assert "default-src 'none'" in page.select_one("meta[http-equiv=Content-Security-Policy]")["content"]
    assert page.title.get_text() == "Programming assignment 4: a convolutional network for MNIST: result of ann <b>"
    assert not page.select("script, link, iframe, object, embed, form")
    assert all(one["src"].startswith("data:image/") and one["alt"].strip() for one in page.select("img"))
    ids = [one["id"] for one in page.select("[id]")]
    assert len(ids) == len(set(ids))
    assert {one["href"][1:] for one in page.select('a[href^="#"]')} <= set(ids)
    assert "@media print" in text
    assert "details::details-content" in text


def picture(data: bytes = b"\x89PNG\r\n\x1a\n", **more: str) -> NotebookNode:
    return new_output("display_data", data={"image/png": base64.b64encode(data).decode(), **more})


def test_pictures_are_described_by_their_titles_or_by_their_cell() -> None:
    notebook = copy.deepcopy(SOLVED)
    cells = cells_by_grade_id(notebook)
    cells["loss_plot"].outputs = [picture(**{ALT: 'Loss; x: "epoch"', "text/plain": "<Figure size 1x1>"})]
    cells["filters"].outputs = [picture(**{"text/plain": "<PIL.Image>"})]
    page = parsed(page_of(outcome(), notebook))
    assert [one["alt"] for one in page.select("article img")] == ['Loss; x: "epoch"', "picture made by the cell filters"]


def hostile(kind: str) -> NotebookNode:
    """A solved notebook with too much of something."""
    notebook = copy.deepcopy(SOLVED)
    cells = cells_by_grade_id(notebook)
    big = "x" * 3_000_000
    if kind == "pictures":
        cells["filters"].outputs = [picture(b"\x89PNG\r\n\x1a\n" + bytes(4_000_000)) for _ in range(8)]
    elif kind == "texts":
        cells["filters"].outputs = [new_output("stream", name="stdout", text="é" * 200_000) for _ in range(150)]
    elif kind == "sources":
        cells["trainer"].source = "'" + big
        notebook.cells += [new_markdown_cell("<" * 1_900_000), new_code_cell("&" * 3_000_000), new_code_cell(big)]
    elif kind == "errors":
        long = [new_output("error", ename="E" * 100_000, evalue="v" * 400_000, traceback=["t" * 8000] * 100)]
        cells["filters"].outputs = long * 50
    elif kind == "styles":
        cells["act20"].source = f'<p style="color:{"rgb(" * 3_000}">deep</p>'
    elif kind == "nested":
        cells["act20"].source = "<div>" * 5_000 + "deep"
        cells["act22"].source = ">" * 5_000 + "deep"
        cells["act24"].source = "- " * 5_000 + "deep"
    elif kind == "cells":
        notebook.cells += [new_code_cell("1", outputs=[new_output("stream", name="stdout", text="1")] * 150)] * 1_900
    elif kind == "html":
        cells["filters"].outputs = [new_output("display_data", data={"text/html": "<td>" * 20_000}) for _ in range(30)]
    return notebook


@pytest.mark.parametrize("kind", ["pictures", "texts", "sources", "errors", "styles", "nested", "html", "cells"])
def test_too_much_of_anything_gives_a_page_of_bounded_size(kind: str) -> None:
    found = copy.deepcopy(HALF)
    if kind == "errors":
        long = Finding(item="act03", task="t" * 90_000, passed=False, observed="o " * 90_000, expected="e " * 90_000)
        found.items["act03"] = lost("act03", *[long] * 20)
        found.flags += ["f" * 100_000] * 9_000
    text = page_of(found, hostile(kind))
    assert len(text.encode()) < 20_000_000
    head, _, notebook = text.partition("<article")  # to parse all of 20 MB takes longer than to make them
    assert row(parsed(head), "act10")[1] == "· not attempted"
    if kind in ("pictures", "texts", "sources", "cells"):
        assert ">Left out here, since the page would become too large." in notebook
    if kind in ("styles", "nested"):
        assert "deep" in words(parsed(text).select_one("#item-act20").find_parent("article"))


def test_a_cell_that_a_student_added_names_neither_page_nor_items() -> None:
    notebook = copy.deepcopy(SOLVED)
    head = "| id | task | points | minutes | graded |\n| --- | --- | --- | --- | --- |\n"
    fake = f"# 100 of 100\n\n{head}| `act01` | fake | 2 | 1 | x |"
    notebook.cells.insert(0, new_markdown_cell(fake))
    page = parsed(page_of(outcome(), notebook))
    assert page.h1.get_text().startswith("Programming assignment 4")
    assert row(page, "act01")[0] == "act01 first convolution"


@pytest.mark.parametrize("found", [HALF, SYNTAX, outcome()], ids=["half", "syntax", "right"])
def test_an_outcome_travels_in_the_notebook(found: SubmissionOutcome) -> None:
    notebook = write_outcomes(copy.deepcopy(SOLVED), found)
    assert read_outcomes(notebook) == found
    cards = [cell.outputs[0].data["text/html"] for cell in notebook.cells if "autograder" in cell.metadata]
    assert len(cards) == len(AUTOGRADED)
    assert not any("<pre" in card for card in cards), "a reason wraps in formgrader too"
    assert not any("href" in card for card in cards), "there is nothing to link to"
    for cause, card in zip([*[OPEN] * 9, *[None] * 12], cards, strict=True):
        told = "was never closed." in words(parsed(card))
        assert told == (found is SYNTAX and cause is not None)


@pytest.mark.parametrize(
    "kept", [{}, {"items": 3}, "text", {"repairs": "x", "root_causes": [{"new": 1}], "flags": ["told"]}]
)
def test_what_another_version_wrote_is_shown_as_far_as_it_goes(kept: Any) -> None:
    notebook = write_outcomes(copy.deepcopy(SOLVED), HALF)
    notebook.metadata["autograder"] = kept
    cells = cells_by_grade_id(notebook)
    cells["act03"].metadata["autograder"] = {"outcome": "failed", "message": "padding is 0"}
    cells["act05"].metadata["autograder"] = {"outcome": "failed", "message": "m", "findings": [{"later": True}]}
    cells["act07"].metadata["autograder"] = {"verdict": "of another kind"}
    found = read_outcomes(notebook)
    page = parsed(page_of(found, notebook, marks_of(SOLVED, HALF)))
    assert row(page, "act03")[3] == "padding is 0"
    assert row(page, "act05")[3] == "m"
    assert "act07" in row(page, "act07")[0]


@pytest.mark.parametrize(
    ("observed", "expected", "differ"),
    [
        ("padding 0", "padding 2", (["0"], ["2"])),
        ("(16, 7, 7)", "(16, 8, 8)", (["7", "7"], ["8", "8"])),
        ("0.53", "at least 0.9", ([], [])),
        ("two apples", "three pears", ([], [])),
        ("the same", "the same", ([], [])),
        ("", "a value", ([], [])),
        ("a b c", "a b c d", ([], [" d"])),
        ("x " * 5_000, "x " * 4_999, ([], [])),
    ],
)
def test_the_difference_is_marked_where_there_is_one(
    observed: str, expected: str, differ: tuple[list[str], list[str]]
) -> None:
    seen, asked = marked(observed, expected)
    assert ["".join(text for text, _ in parts) for parts in (seen, asked)] == [observed, expected]
    assert tuple([text for text, differs in parts if differs] for parts in (seen, asked)) == differ


@pytest.mark.parametrize("width", [390, 1280])
def test_what_is_wide_does_not_widen_the_page(width: int, tmp_path: Path) -> None:
    notebook = copy.deepcopy(SOLVED)
    cells_by_grade_id(notebook)["act20"].source = (
        '<p style="width:3000px">wide</p>\n\n' + "w" * 2_000 + "\n\n| a | b |\n| - | - |\n| " + "c" * 900 + " | d |"
    )
    cells_by_grade_id(notebook)["filters"].outputs = [new_output("stream", name="stdout", text="o" * 5_000)]
    page = tmp_path / "page.html"
    page.write_text(page_of(HALF, notebook), encoding="utf-8")
    assert needed_width(page, width, tmp_path) <= width
