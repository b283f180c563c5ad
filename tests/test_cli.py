"""The command: exit statuses, one clear line for each kind of bad input, and outcomes.json as others read it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import typer
from conftest import ROOT
from typer.testing import CliRunner

from autograder import __version__
from autograder.cli import app
from autograder.course import Course
from autograder.outcomes import ItemOutcome, SubmissionOutcome
from autograder.sandbox import tiers

NAME = "pa4_convnet"
COMMAND = [sys.executable, "-m", "autograder"]


def invoke(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")}
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | changes


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One submission that can be graded, and one of each kind that cannot."""
    root = tmp_path_factory.mktemp("submitted")
    for student in (
        "good",
        "nothing_in_folder",
        "no_notebook",
        "other_assignment",
        "huge",
        "broken_json",
        "a_folder",
        "empty_file",
    ):
        (root / student / NAME).mkdir(parents=True)

    def path(student: str) -> Path:
        return root / student / NAME / f"{NAME}.ipynb"

    shutil.copy(Course(ROOT).release_notebook(NAME), path("good"))
    path("no_notebook").write_text("Dear all, my dog ate it.\n")
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('my thesis')") for _ in range(5)])
    nbformat.write(other, path("other_assignment"))
    with path("huge").open("wb") as file:
        file.truncate(200_000_000)
    path("broken_json").write_text(path("good").read_text()[:5000])
    path("a_folder").mkdir()
    path("empty_file").touch()
    return root


@pytest.fixture(scope="module")
def run(
    submitted: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    out = tmp_path_factory.mktemp("out") / "new" / "folder"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "autograder",
         "grade", NAME, "--submitted", submitted, "--out", out, "--profile", "quick",
         "--no-gradebook", "--fresh", "--jobs", "2"],
        cwd=ROOT, env=environment(COLUMNS="160"), capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert (out / "outcomes.json").is_file(), done.stderr + done.stdout
    return done, json.loads((out / "outcomes.json").read_text())


def test_some_that_could_not_be_graded_are_status_1(run: tuple[Any, Any]) -> None:
    done, outcomes = run
    assert done.returncode == 1
    assert "1 graded, 7 could not be graded" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert sum(found["status"] == "graded" for found in outcomes["submissions"].values()) == 1


def test_the_process_that_grades_imports_no_torch(run: tuple[Any, Any]) -> None:
    imported = {line.rpartition("|")[2].strip() for line in run[0].stderr.splitlines()}
    assert "autograder.grading.session" in imported
    assert "torch" not in imported


def test_bad_input_has_one_clear_line_each(run: tuple[Any, Any]) -> None:
    _, outcomes = run
    for student, found in outcomes["submissions"].items():
        if student != "good":
            assert found["status"] == "could_not_grade"
            assert found["items"] == {}
            assert "\n" not in found["reason"]
            assert 20 < len(found["reason"]) < 500
    reasons = {student: found["reason"] for student, found in outcomes["submissions"].items()}
    assert "200" in reasons["huge"]
    assert "JSON" in reasons["broken_json"]
    assert NAME in reasons["other_assignment"]
    assert len(set(reasons.values())) == len(reasons)


def test_bad_input_costs_no_other_submission_anything(run: tuple[Any, Any]) -> None:
    good = run[1]["submissions"]["good"]
    assert (good["status"], good["reason"], good["points"], good["max_points"]) == ("graded", None, 0.0, 92.0)
    assert {item["outcome"] for item in good["items"].values()} == {"not_attempted"}
    assert good["flags"] == good["repairs"] == []


def test_outcomes_have_the_form_that_others_read(run: tuple[Any, Any]) -> None:
    outcomes = run[1]
    assert set(outcomes) == {"schema", "assignment", "profile", "isolation", "versions", "submissions"}
    assert (outcomes["schema"], outcomes["assignment"], outcomes["profile"]) == (2, NAME, "quick")
    assert outcomes["isolation"] == "bubblewrap"
    assert outcomes["versions"]["torch"]
    for found in outcomes["submissions"].values():
        assert set(found) == set(SubmissionOutcome.model_fields)
        for item in found["items"].values():
            assert set(item) == set(ItemOutcome.model_fields)
    good = outcomes["submissions"]["good"]
    assert good["seconds"] > 1
    assert sum(item["max_points"] for item in good["items"].values()) == 92
    assert next(iter(good["items"])) == "act01"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grade", "no_such"], "no assignment 'no_such'"),
        (["grade", f"../{NAME}"], "no assignment"),
        (["grade", NAME, "--submitted", "{tmp}/absent"], "no such folder"),
        (["grade", NAME, "--submitted", "{tmp}"], "no submission of pa4_convnet"),
        (["grade", NAME, "--submitted", "{submitted}", "--student", "nobody"], "by nobody"),
        (["grade", NAME, "--profile", "slow"], "slow"),
        (["grade", NAME, "--jobs", "0"], "greater than or equal to 1"),
        (["grade"], "assignment"),
        (["generate", "no_such"], "no assignment 'no_such'"),
        (["validate", "no_such"], "no assignment 'no_such'"),
        (["data", "imagenet"], "imagenet"),
        (["no_such_command"], "no_such_command"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what(arguments: list[str], message: str, tmp_path: Path, submitted: Path) -> None:
    status, text = invoke(*(argument.format(tmp=tmp_path, submitted=submitted) for argument in arguments))
    assert status == 2
    assert message in text
    assert "Traceback" not in text


def test_a_machine_without_isolation_is_status_3(submitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    # Landlock needs no program, and works where root's Python is for everybody.
    monkeypatch.setattr(tiers, "TIERS", {tier: start for tier, start in tiers.TIERS.items() if tier != "landlock"})
    status, text = invoke("grade", NAME, "--submitted", submitted, "--out", tmp_path, "--no-gradebook")
    assert status == 3
    assert "apt-get install bubblewrap" in text
    assert "apt-get install podman" in text
    assert not (tmp_path / "outcomes.json").exists()


def test_a_machine_without_data_is_status_3(submitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "empty"))
    status, text = invoke("grade", NAME, "--submitted", submitted, "--out", tmp_path, "--no-gradebook")
    assert status == 3
    assert "autograder data mnist" in text


@pytest.mark.parametrize("command", ["data", "generate", "validate", "grade", "doctor"])
def test_help_has_an_example(command: str) -> None:
    status, text = invoke(command, "--help")
    assert status == 0
    assert f"autograder {command}" in " ".join(text.split())
    assert re.search(r"Examples?:", text)


COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_shows_every_sign_that_was_written(command: str) -> None:
    """Markdown takes ``<student>`` for a tag and leaves it out, unless it stands in backticks."""
    done = CliRunner(env={"COLUMNS": "300", "NO_COLOR": "1"}).invoke(app, [command, "--help"])
    assert done.exit_code == 0
    shown = set(done.output.split())
    options = (getattr(option, "help", None) for option in COMMANDS[command].params)
    for text in filter(None, [COMMANDS[command].help, *options]):
        assert [word for word in text.replace("`", "").split() if word not in shown] == [], done.output


def test_the_program_says_its_version_and_what_it_is() -> None:
    assert invoke("--version") == (0, f"autograder {__version__}\n")
    text = invoke("--help")[1]
    assert "Grade PyTorch notebooks" in text
    assert "Options of the program itself" not in text


def test_help_of_grade_lists_the_exit_statuses() -> None:
    _, text = invoke("grade", "--help")
    words = " ".join(re.sub(r"[│╭╰─╮╯]", " ", text).split())
    assert "0 all graded, 1 some could not be graded, 2 wrong usage, 3 this machine cannot grade" in words


def test_colours_can_be_switched_off() -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
    found = [
        subprocess.run(
            [*COMMAND, "grade", "no_such"], cwd=ROOT, env=environment(FORCE_COLOR="1", TERM="xterm-256color", **more),
            capture_output=True, text=True, timeout=120,
        ).stderr
        for more in ({}, {"NO_COLOR": "1"})
    ]  # fmt: skip
    assert colour.search(found[0])
    assert not colour.search(found[1])
    assert "no assignment" in found[1]
