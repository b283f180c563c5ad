"""The evidence store is bounded by age and size, least recently used first; leftovers of killed graders go too."""

import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import Course
from autograder.runs.prune import entries, remove, superfluous

DAY = 86_400.0


def keep(store: Path, name: str, days: float, size: int = 1000) -> Path:
    folder = store / name
    folder.mkdir(parents=True)
    (folder / "evidence.json").write_bytes(b"x" * size)
    os.utime(folder, (time.time() - days * DAY,) * 2)
    return folder


def names(chosen: list) -> list[str]:  # type: ignore[type-arg]
    return [kept.folder.name for kept in chosen]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    made = tmp_path / "evidence"
    for name, days in (("b", 20), ("c", 3), ("a", 40), ("d", 0)):
        keep(made, name, days)
    keep(made, ".partial-old", 2)
    keep(made, ".partial-now", 0)
    return made


def test_what_goes_first(store: Path) -> None:
    assert names(entries(store)) == [".partial-old", "a", "b", "c", "d"]
    assert names(superfluous(store, 30 * DAY, 10**9)) == [".partial-old", "a"]
    assert names(superfluous(store, 365 * DAY, 2500)) == [".partial-old", "a", "b"]
    assert names(superfluous(store, 365 * DAY, 0)) == [".partial-old", "a", "b", "c", "d"]
    assert entries(store / "missing") == []


def test_removing(store: Path) -> None:
    remove(superfluous(store, 10 * DAY, 10**9))
    assert sorted(path.name for path in store.iterdir()) == [".partial-now", "c", "d"]


def test_the_command(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Course, "evidence_store", store)
    said = CliRunner().invoke(app, ["prune", "--older-than", "30", "--dry-run"])
    assert said.exit_code == 0
    assert "would remove 2 of 5 entries" in said.output
    assert len(list(store.iterdir())) == 6
    assert "removed 2 of 5 entries" in CliRunner().invoke(app, ["prune", "--older-than", "30"]).output
    assert len(list(store.iterdir())) == 4
