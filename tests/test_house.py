"""The house around the package: its parts are there, its files agree, and set-up works on a bare machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import autograder

ROOT = Path(__file__).resolve().parents[1]
PARTS = [
    "source/",
    "release/",
    "autograder/",
    "solutions/",
    "examples/",
    "tests/",
    "benchmarks/",
    "environment.yml",
    "pyproject.toml",
    "README.md",
    "nbgrader_config.py",
    "Makefile",
    "CHANGELOG.md",
    "LICENSE",
    ".pre-commit-config.yaml",
    ".gitignore",
    ".github/workflows/ci.yml",
    ".github/workflows/gpu.yml",
    ".ci/run",
    "scripts/setup",
    "scripts/test",
]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def parse_yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_there(part: str) -> None:
    path = ROOT / part
    assert path.is_dir() if part.endswith("/") else path.stat().st_size > 0


def test_conda_environment_and_package_agree() -> None:
    environment = parse_yaml("environment.yml")
    *conda, pip = environment["dependencies"]
    assert conda == ["python=3.11", "graphviz", "pip"]
    assert project()["project"]["requires-python"] == ">=3.11,<3.12"
    # One statement of the versions: conda takes them from this package, so they cannot differ.
    assert pip == {"pip": ["-e .[cluster,dev]"]}
    assert set(project()["project"]["optional-dependencies"]) == {"cluster", "dev"}


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    tables = [project()["project"]["dependencies"], *project()["project"]["optional-dependencies"].values()]
    for requirement in [requirement for table in tables for requirement in table]:
        assert re.fullmatch(r"[a-z0-9-]+(\[\w+\])?(==[\d.]+(\*)?|>=[\d.]+,<[\d.]+)", requirement), requirement


def test_installed_versions_are_the_pinned_ones() -> None:
    from importlib.metadata import version

    from packaging.requirements import Requirement

    for requirement in map(Requirement, project()["project"]["dependencies"]):
        assert requirement.specifier.contains(version(requirement.name)), requirement


def test_no_lock_file_and_no_download_address() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    assert [name for name in tracked if re.search(r"(^|/)(.*\.lock|package-lock\.json|conda-lock.*)$", name)] == []
    for name in ("pyproject.toml", "environment.yml", "Makefile", "scripts/setup", "scripts/test", ".ci/run"):
        assert "://" not in (ROOT / name).read_text(), name


def test_the_command_and_the_version_exist() -> None:
    assert project()["project"]["scripts"] == {"autograder": "autograder.cli:app"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", autograder.__version__)
    asked = subprocess.run([sys.executable, "-m", "autograder", "--help"], capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    for command in ("data", "generate", "validate", "grade", "demo", "doctor"):
        assert re.search(rf"\b{command}\b", asked.stdout), command


def test_ci_runs_make_test() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    phases = re.findall(r"^phase (.*)$", script.read_text(), re.MULTILINE)
    assert phases == ["browser", "make test", "make test-rest"]
    assert "REQUIRE_BROWSER=1" in script.read_text()


def test_workflows_call_only_what_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in ("ci", "gpu"):
        workflow = parse_yaml(f".github/workflows/{name}.yml")
        # YAML 1.1 reads the key "on" as true.
        assert workflow.keys() >= {"name", True, "jobs"}
        (job,) = workflow["jobs"].values()
        commands = "\n".join(step.get("run", "") for step in job["steps"])
        assert set(re.findall(r"\bmake ([a-z-]+)", commands)) <= targets
        assert "autograder validate" in commands
    assert job["runs-on"] == ["self-hosted", "gpu"]


def test_commit_hooks_use_the_tools_of_the_environment() -> None:
    for repository in parse_yaml(".pre-commit-config.yaml")["repos"]:
        assert repository["repo"] == "local"
        assert all(hook["entry"].startswith(".venv/bin/") for hook in repository["hooks"])


def test_make_alone_lists_the_targets() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "data", "demo", "lint", "quick", "test", "test-all", "test-rest", "attacks", "clean"):
        assert f"make {target} " in listed


STUB_PYTHON = """#!/bin/bash
# Stands for Python 3.11: makes an empty virtual environment, and writes down what pip is asked for.
if [ "$1" = -m ] && [ "$2" = venv ]; then
    mkdir -p .venv/bin && cp "$0" .venv/bin/python
elif [ "$1" = -m ] && [ "$2" = pip ]; then
    echo "$*" >> pip-calls
    echo "WARNING: Location '/somewhere' is ignored: it is neither a file nor a directory." >&2
    [ ! -e pip-fails ] || { echo "ERROR: No matching distribution found for torch" >&2; exit 1; }
    printf '#!/bin/sh\\n' > .venv/bin/autograder && chmod +x .venv/bin/autograder
elif [[ "$2" == *libseccomp* ]]; then
    exit 0
else
    exec REAL_PYTHON "$@"
fi
"""


class BareMachine:
    """A folder that plays a fresh clone on a machine whose only commands are the ones put into `bin`."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.bin = folder / "bin"
        (self.clone / "scripts").mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy(ROOT / "scripts/setup", self.clone / "scripts")
        shutil.copy(ROOT / "pyproject.toml", self.clone)
        for command in ("bash", "dirname", "cat", "cp", "chmod", "mkdir", "mktemp", "rm", "sleep", "tail"):
            (self.bin / command).symlink_to(shutil.which(command) or "")
        self.add("id", "echo 1000")

    def add(self, command: str, script: str) -> None:
        path = self.bin / command
        path.write_text(script if script.startswith("#!") else f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def add_all(self) -> None:
        self.add("python3.11", STUB_PYTHON.replace("REAL_PYTHON", sys.executable))
        self.add("bwrap", "")
        self.add("dot", "")

    def set_up(self) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.clone), "TMPDIR": str(self.clone)}
        command = [self.clone / "scripts/setup"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    @property
    def pip_calls(self) -> list[str]:
        log = self.clone / "pip-calls"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> BareMachine:
    return BareMachine(tmp_path)


def test_set_up_installs_once_and_again_when_the_project_changes(machine: BareMachine) -> None:
    machine.add_all()
    first = machine.set_up()
    assert first.returncode == 0, first.stderr
    assert "installing" in first.stdout
    assert first.stdout.endswith("setup: ready\n")
    assert machine.pip_calls == ["-m pip install --quiet --progress-bar off --editable .[cluster,dev]"]

    assert machine.set_up().stdout == "setup: ready (.venv is up to date)\n"
    assert len(machine.pip_calls) == 1

    (machine.clone / "pyproject.toml").write_text("[project]\n")
    assert machine.set_up().returncode == 0
    assert len(machine.pip_calls) == 2


def test_set_up_without_python_says_how_to_get_it(machine: BareMachine) -> None:
    machine.add("python3.11", "exit 127")  # a version manager's shim for a version that is not installed
    result = machine.set_up()
    assert result.returncode == 1
    assert re.fullmatch(r"setup: Python 3\.11 with venv was not found\. Install it .*\n", result.stderr)
    assert "PYTHON=" in result.stderr


def test_set_up_names_missing_tools_before_it_downloads_anything(machine: BareMachine) -> None:
    machine.add_all()
    (machine.bin / "bwrap").unlink()
    (machine.bin / "dot").unlink()
    result = machine.set_up()
    assert result.returncode == 1
    assert result.stderr.startswith("setup: missing system tools: bubblewrap graphviz - install them")
    assert "apt-get install bubblewrap graphviz libseccomp2" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert machine.pip_calls == []


def test_set_up_as_root_installs_the_missing_tools(machine: BareMachine) -> None:
    machine.add_all()
    (machine.bin / "dot").unlink()
    machine.add("id", "echo 0")
    machine.add(
        "apt-get",
        f'echo "$*" >> apt-calls; printf "#!/bin/sh\\n" > {machine.bin}/dot; chmod +x {machine.bin}/dot',
    )
    result = machine.set_up()
    assert result.returncode == 0, result.stderr
    assert (machine.clone / "apt-calls").read_text().splitlines() == [
        "-q update",
        "-q install -y --no-install-recommends graphviz",
    ]


def test_set_up_shows_why_pip_failed_and_is_not_fooled_next_time(machine: BareMachine) -> None:
    machine.add_all()
    (machine.clone / "pip-fails").touch()
    result = machine.set_up()
    assert result.returncode == 1
    assert "No matching distribution found for torch" in result.stderr
    assert "setup: pip could not install the packages" in result.stderr
    (machine.clone / "pip-fails").unlink()
    assert machine.set_up().returncode == 0
