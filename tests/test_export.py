"""Tables of outcomes, with names and without: nothing of a student leaves the anonymous ones."""

import csv
import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import Course
from autograder.grading.export import anonymous, pseudonym, table
from autograder.outcomes import ClassOutcomes, Finding, ItemOutcome, NotOutcomes, Place, RootCause, SubmissionOutcome

WORDS = "my secret words"


@pytest.fixture
def outcomes() -> ClassOutcomes:
    def item(verdict: str, points: float) -> ItemOutcome:
        finding = Finding(
            item="act", task="It works.", passed=False, observed=WORDS, place=Place(cell="x", line=1, code=WORDS)
        )
        return ItemOutcome(
            outcome=verdict,
            points=points,
            max_points=4,
            message=WORDS,
            note=WORDS,
            findings=[finding],
            root_cause=0,  # type: ignore[arg-type]
        )

    return ClassOutcomes(
        schema=2,
        assignment="pa4_convnet",
        profile="quick",
        isolation="bubblewrap",
        versions={},
        submissions={
            "=ada()": SubmissionOutcome(
                status="graded", points=5.5, max_points=8, seconds=3.25, flags=[WORDS], repairs=[WORDS],
                items={"act01": item("passed", 4), "act02": item("partial", 1.5)},
                root_causes=[RootCause(what=WORDS, next_step=WORDS, items=("act02",), place=Place(cell="x", code=WORDS))],
            ),
            "bob": SubmissionOutcome(status="could_not_grade", reason=f"-{WORDS}", max_points=8),
            "cy": SubmissionOutcome(
                status="graded", points=4, max_points=8,
                items={"act01": item("passed", 4), "act02": item("could_not_grade", 0)},
            ),
        },
    )  # fmt: skip


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_a_row_for_each_student(outcomes: ClassOutcomes) -> None:
    ada, bob, cy = rows(table(outcomes))
    assert (ada["student"], ada["points"], ada["act01"], ada["act02"], ada["seconds"]) == (
        "'=ada()",
        "5.5",
        "4",
        "1.5",
        "3.25",
    )
    assert (bob["points"], bob["act01"], bob["reason"]) == ("", "", f"'-{WORDS}")
    assert (cy["points"], cy["act02"]) == ("4", ""), "no score is not a score of 0"


def test_nothing_of_a_student_is_in_an_anonymous_export(outcomes: ClassOutcomes) -> None:
    bare = anonymous(outcomes, b"secret")
    for text in (table(bare), bare.model_dump_json()):
        assert not any(word in text for word in ("ada", "bob", 'cy"', "cy,", WORDS))
    assert [o.points for o in bare.submissions.values()].count(5.5) == 1
    assert set(bare.submissions) == {pseudonym(name, b"secret") for name in outcomes.submissions}
    assert set(bare.submissions).isdisjoint(anonymous(outcomes, b"another").submissions)
    assert outcomes.submissions["bob"].reason, "the outcomes themselves are left alone"


def test_the_command(outcomes: ClassOutcomes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Course, "find", lambda *_: Course(tmp_path))
    outcomes.write(tmp_path / "graded" / "pa4_convnet" / "outcomes.json")
    run = CliRunner()
    assert "'=ada()" in run.invoke(app, ["export", "pa4_convnet"]).output
    first = run.invoke(app, ["export", "pa4_convnet", "--anonymous"]).output
    assert "ada" not in first
    assert first == run.invoke(app, ["export", "pa4_convnet", "--anonymous"]).output, "the same numbers each time"
    assert stat.S_IMODE((tmp_path / ".autograder" / "secret").stat().st_mode) == 0o600
    with monkeypatch.context() as patch:
        patch.setattr(Course, "secret", lambda _: b"")
        found = run.invoke(app, ["export", "pa4_convnet", "--anonymous"])
        assert (found.exit_code, "need a secret" in found.output) == (2, True)
    run.invoke(app, ["export", "pa4_convnet", "--format", "json", "--out", str(tmp_path / "all.json")])
    assert json.loads((tmp_path / "all.json").read_text())["submissions"]["cy"]["points"] == 4
    for arguments in (["unknown"], ["pa4_convnet", "--outcomes", str(tmp_path / "all")]):
        found = run.invoke(app, ["export", *arguments])
        assert (found.exit_code, "no such file" in found.output) == (2, True)
    (tmp_path / "broken").write_text("[]")
    found = run.invoke(app, ["export", "pa4_convnet", "--outcomes", str(tmp_path / "broken")])
    assert (found.exit_code, "not an outcomes.json" in found.output) == (2, True)


def test_a_file_of_another_schema_is_refused_in_one_line(outcomes: ClassOutcomes, tmp_path: Path) -> None:
    path = tmp_path / "outcomes.json"
    outcomes.write(path)
    assert ClassOutcomes.read(path) == outcomes
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 1'))
    with pytest.raises(NotOutcomes) as refused:
        ClassOutcomes.read(path)
    assert (
        str(refused.value)
        == f"{path}: written as schema 1, this version reads schema 2; run `autograder grade pa4_convnet` again"
    )
    path.write_text(path.read_text()[:-20])
    with pytest.raises(NotOutcomes, match="not an outcomes"):
        ClassOutcomes.read(path)
