"""Tiers of isolation: which is chosen, that all give the same outcomes, and that what ran in none says so everywhere."""

import csv
import html
import json
from pathlib import Path

import nbformat
import pytest
from conftest import HIDDEN
from nbgrader.api import Gradebook
from room import NAME, Room, hand_in, new_room
from test_speedups import COURSE, small
from tiers import usable

from autograder.assignment import load
from autograder.exporting.grades import of_outcomes
from autograder.exporting.tables import anonymous_outcomes, as_csv
from autograder.judging import decision
from autograder.notebooks import notebook
from autograder.outcomes import ClassOutcomes, SubmissionOutcome
from autograder.proof import catalogue
from autograder.runs.evidence import Evidence
from autograder.runs.keys import Keys
from autograder.runs.options import Options
from autograder.runs.plan import planned
from autograder.runs.store import gather
from autograder.sandbox import tiers
from autograder.sandbox.box import CannotIsolate, Order, Started
from autograder.sandbox.tiers import TIERS, UNISOLATED, WARNING

RIGHT, WRONG = "right_reference", "mistake_gradients_never_zeroed"


def graded(answer: str, tier: str, store: Path | None = None) -> tuple[Evidence, SubmissionOutcome]:
    source, release = notebook.read(COURSE.source_notebook(NAME)), notebook.read(COURSE.release_notebook(NAME))
    submission = catalogue.build(catalogue.answer(HIDDEN / NAME, answer), source, release)
    found = gather(planned(submission, small(), Options(profile="proof", threads=1, isolation=tier, store=store)))
    return found, decision.decide(submission, release, small(), found)


@pytest.fixture(scope="module")
def by_bubblewrap() -> dict[str, SubmissionOutcome]:
    with usable("bubblewrap"):
        return {answer: graded(answer, "bubblewrap")[1] for answer in (RIGHT, WRONG)}


def verdicts(outcome: SubmissionOutcome) -> dict[str, tuple[str, float]]:
    return {name: (item.outcome, item.points) for name, item in outcome.items.items()}


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("tier", [*(tier for tier in TIERS if tier != "bubblewrap"), UNISOLATED])
def test_outcomes_are_the_same_in_every_tier(tier: str, by_bubblewrap: dict[str, SubmissionOutcome]) -> None:
    with usable(tier):
        for answer, expected in by_bubblewrap.items():
            found, outcome = graded(answer, tier)
            assert found.record.isolation == tier
            assert verdicts(outcome) == verdicts(expected), answer
            assert not found.record.stopped
            assert (WARNING in outcome.flags) == (tier == UNISOLATED)
    assert by_bubblewrap[RIGHT].points > by_bubblewrap[WRONG].points


def of_a_machine_with(*names: str) -> dict[str, object]:
    def refuse(order: Order) -> Started:
        raise CannotIsolate("not here")

    return {tier: start if tier in names else refuse for tier, start in TIERS.items()}


def test_the_first_tier_that_works_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with usable("bubblewrap"):
        assert tiers.check() == "bubblewrap"
        works = TIERS["bubblewrap"]
        monkeypatch.setattr(tiers, "TIERS", of_a_machine_with() | {"container": works})
        assert tiers.check() == "container"
        with pytest.raises(CannotIsolate, match=r"^landlock: not here$"):
            tiers.check("landlock")


def test_where_no_tier_works_each_says_why_and_none_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "TIERS", of_a_machine_with())
    with pytest.raises(CannotIsolate, match=r"^bubblewrap: not here; landlock: not here; container: not here$"):
        tiers.check()
    assert tiers.check("none") == UNISOLATED


def test_evidence_of_one_tier_is_as_good_as_of_another_and_of_none_is_not() -> None:
    release, known = notebook.read(COURSE.release_notebook(NAME)), load(HIDDEN / NAME)

    def keys(isolation: str) -> Keys:
        return planned(release, known, Options(isolation=isolation)).keys

    assert len({keys(tier) for tier in ("auto", *TIERS)}) == 1
    assert keys("none") == keys(UNISOLATED)
    assert {keys("none").by_code, keys("none").by_text}.isdisjoint({keys("auto").by_code, keys("auto").by_text})


@pytest.fixture(scope="module")
def unisolated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Room, str]:
    room = new_room(tmp_path_factory.mktemp("unisolated") / "course")
    hand_in(room, "ada", ("act01",))
    status, printed = room.grade("--isolation", "none", "--feedback")
    assert status == 0, printed
    return room, printed


@pytest.mark.timeout(600)
def test_what_ran_without_isolation_says_so_in_the_terminal(unisolated: tuple[Room, str]) -> None:
    _, printed = unisolated
    assert f"isolation {UNISOLATED}" in printed
    assert "run by request without a sandbox" in printed


def test_it_says_so_in_outcomes_and_exports(unisolated: tuple[Room, str]) -> None:
    room, _ = unisolated
    outcomes = ClassOutcomes.read(room.out / "outcomes.json")
    assert outcomes.isolation == UNISOLATED
    assert outcomes.submissions["ada"].flags[0] == WARNING
    for found in (outcomes, anonymous_outcomes(outcomes, b"secret")):
        assert {row["isolation"] for row in csv.DictReader(as_csv(of_outcomes(found)).splitlines())} == {UNISOLATED}
        assert json.loads(found.model_dump_json())["isolation"] == UNISOLATED


def test_it_says_so_in_gradebook_notebook_and_feedback(unisolated: tuple[Room, str]) -> None:
    room, _ = unisolated
    with Gradebook(f"sqlite:///{room.db}") as gradebook:
        found = gradebook.find_submission_notebook(NAME, NAME, "ada")
        comments = {comment.name: comment.auto_comment for comment in found.comments}
    assert sum(WARNING in (comment or "") for comment in comments.values()) > 10, comments
    executed = nbformat.read(room.root / "autograded" / "ada" / NAME / f"{NAME}.ipynb", 4)
    assert WARNING in executed.metadata.autograder.flags
    page = (room.root / "feedback" / "ada" / NAME / f"{NAME}.html").read_text()
    assert UNISOLATED in page
    assert WARNING in html.unescape(page)


def test_its_evidence_says_so(unisolated: tuple[Room, str]) -> None:
    room, _ = unisolated
    records = [
        json.loads(path.read_text()) for path in (room.root / ".autograder").rglob("*.json") if "notes" not in path.name
    ]
    kept = [record["isolation"] for record in records if isinstance(record, dict) and "isolation" in record]
    assert kept
    assert set(kept) == {UNISOLATED}


@pytest.mark.timeout(600)
def test_a_run_with_isolation_after_it_takes_nothing_over(unisolated: tuple[Room, str]) -> None:
    room, _ = unisolated
    status, printed = room.grade("--yes")
    assert status == 0
    assert UNISOLATED not in (room.out / "outcomes.json").read_text()
    assert UNISOLATED not in printed
    with Gradebook(f"sqlite:///{room.db}") as gradebook:
        found = gradebook.find_submission_notebook(NAME, NAME, "ada")
        assert not [comment for comment in found.comments if UNISOLATED in (comment.auto_comment or "")]
