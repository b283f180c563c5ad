"""What this machine can do is found by trying it."""

from pathlib import Path

import pytest
from conftest import ROOT
from tiers import usable
from typer.testing import CliRunner

from autograder.cli import app
from autograder.doctor import examine, isolation
from autograder.escape import try_to_get_out
from autograder.sandbox import tiers as choice


def test_a_machine_that_can_grade_has_status_0() -> None:
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert "This machine can grade." in done.output
    for line in ("isolation", "cannot connect", "cannot see the course", "data: mnist", "graphviz", "GPU", "versions"):
        assert line in done.output


def test_without_bubblewrap_the_status_is_3_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(choice, "TIERS", {"bubblewrap": choice.TIERS["bubblewrap"]})
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 3
    assert "apt-get install bubblewrap" in done.output
    assert "this machine cannot grade: isolation" in done.output


def test_without_data_the_status_is_3_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("autograder.doctor.isolation", lambda forbidden: [])
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    checks = {check.name: check for check in examine(ROOT)}
    assert not checks["data: mnist"].ok
    assert checks["data: mnist"].needed
    assert "autograder data mnist" in checks["data: mnist"].detail
    assert not checks["data: fashion_mnist"].needed
    checks = {check.name: check for check in examine(tmp_path)}
    assert checks["data: mnist"].needed, "on a worker, which has no course"
    (tmp_path / "autograder").symlink_to(ROOT / "tests" / "courses" / "models" / "autograder")
    (tmp_path / "source" / "recurrent").mkdir(parents=True)
    (tmp_path / "source" / "recurrent" / "recurrent.ipynb").touch()
    checks = {check.name: check for check in examine(tmp_path)}
    assert not checks["data: mnist"].needed, "no assignment of this course uses it"


def test_a_folder_that_the_box_can_see_is_noticed() -> None:
    checks = {check.name.strip(): check.ok for check in isolation([Path("/usr/lib")])}
    assert not checks["bubblewrap cannot see the course"]
    assert not checks["isolation"]
    assert checks["bubblewrap cannot connect by TCP"]


@pytest.mark.parametrize("tier", [*choice.TIERS, choice.UNISOLATED])
def test_what_is_claimed_of_a_tier_is_found_by_trying_to_get_out(tier: str) -> None:
    with usable(tier):
        tried = try_to_get_out(tier, [ROOT / "source"])
    if tier == choice.UNISOLATED:
        assert not tried.claims["cannot connect by TCP"], "a probe that finds nothing wrong here would find nothing anywhere"
        assert sum(tried.claims.values()) < 3, tried
    else:
        assert tried.holds, tried
