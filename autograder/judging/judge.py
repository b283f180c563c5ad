"""Run an assignment's hidden pytest tests over the evidence of one submission, and turn their reports into outcomes.

A hidden test is a plain pytest function with ``@pytest.mark.item("act03", weight=2)``: its share of the item's points is
its weight. Its docstring is the line that the student reads. An ``AssertionError`` is a finding about the submission;
any other exception is a fault of the grader, and the item then could not be graded.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ..assignment import Assignment, Profile
from ..notebooks.notebook import Item
from ..outcomes import ItemOutcome, Verdict
from ..runs.evidence import Evidence


@dataclass
class Finding:
    """The report of one hidden test."""

    item: str
    weight: float
    line: str
    passed: bool
    message: str = ""
    grader_fault: bool = False
    needs: tuple[str, ...] = ()


class JudgeError(Exception):
    """The hidden tests could not be run at all."""


@dataclass
class _Plugin:
    """Gives hidden tests their fixtures and collects what they say."""

    evidence: Evidence
    profile_in_use: Profile
    findings: list[Finding] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def pytest_configure(self, config: pytest.Config) -> None:
        _declare_marks(config)
        # Messages are written by the tests themselves; pytest's pictures of source code would cost most of the time.
        config.option.tbstyle = "native"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr)[-2000:])

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        outcome = yield
        report = outcome.get_result()
        mark = item.get_closest_marker("item")
        if mark is None or (report.passed and report.when != "call") or report.when == "teardown":
            return
        function = getattr(item, "function", None)
        needs = item.get_closest_marker("needs")
        found = Finding(
            item=str(mark.args[0]),
            weight=float(mark.kwargs.get("weight", 1)),
            line=" ".join((getattr(function, "__doc__", None) or item.name).split()),
            passed=report.passed,
            needs=tuple(str(name) for name in needs.args) if needs else (),
        )
        if call.excinfo is not None:
            error = call.excinfo.value
            found.grader_fault = not isinstance(error, AssertionError)
            text = str(error).split("\nassert ")[0]
            # pytest's own explanation of a bare assert shows the hidden test; only a message that was written is shown.
            text = "" if text.startswith("assert ") else text
            found.message = f"{type(error).__name__}: {text}" if found.grader_fault else text
        self.findings.append(found)


class _Fixtures:
    """The fixtures of hidden tests, under the names that tests use; one session judges one submission."""

    def __init__(self, evidence: Evidence, profile: Profile) -> None:
        self._evidence, self._profile = evidence, profile

    @pytest.fixture(scope="session")
    def evidence(self) -> Evidence:
        return self._evidence

    @pytest.fixture(scope="session")
    def profile(self) -> Profile:
        return self._profile


def findings(assignment: Assignment, evidence: Evidence, folder: Path | None = None) -> list[Finding]:
    """What each hidden test says of the evidence.

    Raises:
        JudgeError: a test file does not import, or there is no test.
    """
    profile = assignment.profile(evidence.record.profile, evidence.record.shortened)
    plugin = _Plugin(evidence, profile)
    status = _pytest(folder or assignment.folder, [plugin, _Fixtures(evidence, profile)])
    if plugin.broken:
        raise JudgeError(f"hidden tests of {assignment.name} do not import: {plugin.broken[0]}")
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or not plugin.findings:
        raise JudgeError(f"hidden tests of {assignment.name} did not run (pytest status {status})")
    return plugin.findings


def modules(assignment: Assignment) -> list[ModuleType]:
    """The imported files of an assignment's hidden tests, none of which is run.

    Raises:
        JudgeError: a test file does not import, or there is no test.
    """
    plugin = _Modules()
    status = _pytest(assignment.folder, [plugin], "--collect-only")
    if plugin.broken or status != pytest.ExitCode.OK:
        raise JudgeError(f"hidden tests of {assignment.name} do not import: {''.join(plugin.broken[:1]) or 'there is none'}")
    return plugin.found


class _Modules:
    """Takes the modules of hidden tests from pytest, which is the one that can import them."""

    def __init__(self) -> None:
        self.found: list[ModuleType] = []
        self.broken: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        _declare_marks(config)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr)[-2000:])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        found = {item.module.__name__: item.module for item in session.items if isinstance(item, pytest.Function)}
        self.found = [found[name] for name in sorted(found)]


def _declare_marks(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "item(id, weight=1): the graded item that a hidden test decides")
    config.addinivalue_line("markers", "needs(*ids): items whose failure explains a failure here")


def _pytest(tests: Path, plugins: list[object], *more: str) -> int:
    """Run pytest over hidden tests, silently and apart from any other pytest run; its exit status."""
    arguments = [str(tests), "--rootdir", str(tests), "-c", os.devnull, "-o", "python_files=test_*.py"]
    arguments += ["--import-mode=importlib", "--capture=no", "--assert=plain", *more]
    for name in ("cacheprovider", "terminal", "logging", "faulthandler", "unraisableexception", "threadexception"):
        arguments += ["-p", f"no:{name}"]
    with _undisturbed(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return int(pytest.main(arguments, plugins=plugins))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep settings and plugins meant for other pytest runs away, and forget the test files afterwards.

    Two assignments may have test files of one name, and pytest takes what was imported under it before.
    """
    environment, modules = dict(os.environ), set(sys.modules)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
            os.environ.pop(name, None)
            if name in environment:
                os.environ[name] = environment[name]
        for name in set(sys.modules) - modules:
            if name.rpartition(".")[2].startswith("test_"):
                del sys.modules[name]


def judge(
    assignment: Assignment, evidence: Evidence, items: Iterable[Item], not_attempted: set[str]
) -> dict[str, ItemOutcome]:
    """The outcome of each autograded item, in the order of the notebook.

    Args:
        not_attempted: items whose answer still is, or still holds at its place, the stub of the release.
    """
    by_item: dict[str, list[Finding]] = {}
    for finding in findings(assignment, evidence):
        by_item.setdefault(finding.item, []).append(finding)
    outcomes: dict[str, ItemOutcome] = {}
    for item in items:
        if not item.manual:
            outcomes[item.id] = _outcome(item, by_item.get(item.id, []), item.id in not_attempted)
    for item_id, own in by_item.items():
        if item_id in outcomes:
            _explain_by_needs(item_id, own, outcomes)
    return outcomes


def _outcome(item: Item, own: list[Finding], not_attempted: bool) -> ItemOutcome:
    if not own:
        return _made("could_not_grade", 0.0, item, "This item has no hidden test; your instructor has to look at it.")
    broken = [finding for finding in own if finding.grader_fault]
    if broken:
        return _made(
            "could_not_grade",
            0.0,
            item,
            f"The grader failed at this item ({broken[0].message}); this is not your mistake, and a person will look at it.",
        )
    share = sum(finding.weight for finding in own if finding.passed) / sum(finding.weight for finding in own)
    if not_attempted and share < 1:
        return _made("not_attempted", 0.0, item, "Not attempted: the placeholder is still in the answer cell.")
    lines = [
        f"{'ok: ' if finding.passed else 'not yet: '}{finding.line}"
        + ("" if finding.passed else f" {_sentence(finding.message)}".rstrip())
        for finding in own
    ]
    verdict: Verdict = "passed" if share == 1 else "failed" if share == 0 else "partial"
    return _made(verdict, round(share * item.max_points, 2), item, "\n".join(lines))


def _sentence(message: str) -> str:
    text = " ".join(message.split())
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _made(verdict: Verdict, points: float, item: Item, message: str) -> ItemOutcome:
    return ItemOutcome(outcome=verdict, points=points, max_points=item.max_points, message=message)


def _explain_by_needs(item: str, own: list[Finding], outcomes: dict[str, ItemOutcome]) -> None:
    """Where an item failed that rests on others which failed too, say so in its first line: one mistake, one report."""
    if outcomes[item].outcome not in ("failed", "partial"):
        return
    needed = {name for finding in own if not finding.passed for name in finding.needs}
    causes = [name for name in sorted(needed) if name in outcomes and outcomes[name].outcome != "passed"]
    if causes:
        text = f"Rests on {', '.join(causes)}: correct that first.\n{outcomes[item].message}"
        outcomes[item] = outcomes[item].model_copy(update={"message": text, "rests_on": causes})
