"""Run hidden pytest tests over evidence, in a pytest session that is kept, and say what each of them found.

A hidden test is a plain pytest function with ``@pytest.mark.item("act03", weight=2)``: its share of the item's points is
its weight. Its docstring is the line that the student reads; tests in a :mod:`.table` have it as ``task``. An
``AssertionError`` is a finding about the submission; any other exception is a fault of the grader, and the item then could
not be graded.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from contextvars import Context, copy_context
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import pytest
import torch

from .. import own_files
from ..assignment import Assignment, Profile
from ..outcomes import Finding
from ..runs.evidence import Evidence

END_SECONDS = 30.0
WORDS = 2_000  # characters of each thing that a hidden test says; evidence, which it may quote, can be of any length


class JudgeError(Exception):
    """The hidden tests could not be run at all."""


_Job = tuple[Evidence, Profile, int, set[str], Context]
"""Evidence, the profile of its run, how many threads may judge it, the names of the files whose tests are to run, and
the context variables of the caller."""
_Findings = dict[str, list[Finding]]
"""What the hidden tests of each file found."""


class _File(pytest.Module):
    """A file of hidden tests, which can import those beside it."""

    def _getobj(self) -> ModuleType:
        return own_files.module(self.path)


class _Collecting:
    """Lets pytest collect hidden tests, and takes what did not import."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "item(id, weight=1, task=): the graded item that a hidden test decides")
        config.addinivalue_line("markers", "needs(*ids): items whose failure explains a failure here")
        # Messages are written by the tests themselves; pytest's pictures of source code would cost most of the time.
        config.option.tbstyle = "native"

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module:
        return _File.from_parent(parent, path=module_path)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr)[-2000:])


class _Plugin(_Collecting):
    """Gives hidden tests their fixtures, runs them for one submission after another and collects what they say."""

    def __init__(self, jobs: SimpleQueue[_Job | None], results: SimpleQueue[_Findings]) -> None:
        super().__init__()
        self._jobs, self._results = jobs, results
        self._job: _Job | None = None
        self._findings: _Findings = {}
        self.keeps_state = False

    @pytest.fixture(scope="session")
    def evidence(self) -> Evidence:
        assert self._job is not None
        return self._job[0]

    @pytest.fixture(scope="session")
    def profile(self) -> Profile:
        assert self._job is not None
        return self._job[1]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> object:
        """Run all tests for each job; fixtures end with their job, since no test comes next."""
        if self.broken:
            return True
        self._results.put({})
        modules = {getattr(item, "module", None) for item in session.items}
        before = _state(modules)
        while (job := self._jobs.get()) is not None:
            self._job, self._findings = job, {}
            torch.set_num_threads(job[2])
            chosen = [item for item in session.items if item.path.name in job[3]]
            for item, successor in zip(chosen, [*chosen[1:], None], strict=True):
                job[4].run(session.config.hook.pytest_runtest_protocol, item=item, nextitem=successor)
            self._job = None
            self.keeps_state = self.keeps_state or _state(modules) != before
            self._results.put(self._findings)
        return True

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
            task=" ".join((mark.kwargs.get("task") or getattr(function, "__doc__", None) or item.name).split()),
            passed=report.passed,
            rests_on=tuple(str(name) for name in needs.args) if needs else (),
            test=f"{item.path.name}::{item.name}",
        )
        if call.excinfo is not None:
            found = found.model_copy(update=_said(call.excinfo.value))
        self._findings.setdefault(item.path.name, []).append(found)


def _said(error: BaseException) -> dict[str, object]:
    """The fields of a finding that come from the exception: a complaint has them, any other assertion has words."""
    if not isinstance(error, AssertionError):
        return {"fault": _short(f"{type(error).__name__}: {error}")}
    # Where assertions are rewritten, pytest adds an explanation that shows the hidden test: only what was written is shown.
    written = "" if str(error).startswith("assert ") else str(error).partition("\nassert ")[0]
    return {
        "observed": _short(getattr(error, "observed", written)),
        "expected": _short(getattr(error, "expected", "")),
        "cause": _short(getattr(error, "cause", "")),
        "place": getattr(error, "place", None),
        "stopped_by": getattr(error, "stopped_by", ""),
    }


def _short(text: str) -> str:
    return text if len(text) <= WORDS else f"{text[:WORDS]} ..."


class HiddenTests:
    """The hidden tests of one folder, collected once by a pytest session in a thread of its own that waits for submissions.

    Starting pytest and importing the tests costs more than most tests do.

    Raises:
        JudgeError: a test file does not import, or there is no test.
    """

    def __init__(self, folder: Path) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._results: SimpleQueue[_Findings | JudgeError] = SimpleQueue()
        self._folder = folder
        self._plugin = _Plugin(self._jobs, self._results)  # type: ignore[arg-type]
        own_files.forget(folder)
        with _undisturbed():
            self._thread = threading.Thread(target=self._serve, name=f"hidden tests of {folder.name}", daemon=True)
            self._thread.start()
            self._next()

    @property
    def reusable(self) -> bool:
        """Whether another submission may follow: no test module has kept anything of those before."""
        return not self._plugin.keeps_state

    def _serve(self) -> None:
        plugin = self._plugin
        try:
            status = _pytest(self._folder, [plugin])
        except BaseException as error:
            self._results.put(
                JudgeError(f"hidden tests of {self._folder.name} ended pytest: {type(error).__name__}: {error}")
            )
            return
        said = f"do not import: {plugin.broken[0]}" if plugin.broken else f"did not run (pytest status {int(status)})"
        self._results.put(JudgeError(f"hidden tests of {self._folder.name} {said}"))

    def _next(self) -> _Findings:
        result = self._results.get()
        if isinstance(result, JudgeError):
            raise result
        return result

    def findings(self, evidence: Evidence, profile: Profile, files: set[str]) -> dict[str, list[Finding]]:
        """What each test of some files says of one submission, by file; ``rests_on`` is all that a test needs."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            self._jobs.put((evidence, profile, torch.get_num_threads(), files, copy_context()))
            return self._next()

    def end(self) -> None:
        """Let the session finish; it takes no more submissions."""
        here = os.getcwd()
        self._jobs.put(None)
        self._thread.join(END_SECONDS)
        os.chdir(here)  # pytest goes back to the folder in which the session began


def _state(modules: set[ModuleType | None]) -> dict[tuple[str, str], object]:
    """What test modules hold in variables that functions may change: how many things in a container, and plain values."""
    return {
        (module.__name__, name): len(value) if isinstance(value, (dict, list, set)) else value
        for module in modules
        if module is not None
        for name, value in vars(module).items()
        if isinstance(value, (dict, list, set, int, float, str, type(None))) and not name.startswith("__")
    }


def modules(assignment: Assignment) -> list[ModuleType]:
    """The imported files of an assignment's hidden tests, none of which is run.

    Raises:
        JudgeError: a test file does not import, or there is no test.
    """
    plugin = _Modules()
    own_files.forget(assignment.folder)
    with _undisturbed():
        status = _pytest(assignment.folder, [plugin], "--collect-only")
    if plugin.broken or status != pytest.ExitCode.OK:
        raise JudgeError(f"hidden tests of {assignment.name} do not import: {''.join(plugin.broken[:1]) or 'there is none'}")
    return plugin.found


class _Modules(_Collecting):
    """Takes the modules of hidden tests from pytest, which is the one that can import them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[ModuleType] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        found = {item.module.__name__: item.module for item in session.items if isinstance(item, pytest.Function)}
        self.found = [found[name] for name in sorted(found)]


def _pytest(tests: Path, plugins: list[object], *more: str) -> int:
    """Run pytest over hidden tests, silently; its exit status."""
    arguments = [str(tests), "--rootdir", str(tests), "-c", os.devnull, "-o", "python_files=test_*.py"]
    # An answer of the catalogue lies there, which may be called as the cell is: test_accuracy.
    arguments += ["--ignore", str(tests / "answers"), "--capture=no", "--assert=plain", *more]
    for name in ("cacheprovider", "terminal", "logging", "faulthandler", "unraisableexception", "threadexception"):
        arguments += ["-p", f"no:{name}"]
    return int(pytest.main(arguments, plugins=plugins))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep settings, plugins and output of other pytest runs away."""
    environment = dict(os.environ)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
            os.environ.pop(name, None)
            if name in environment:
                os.environ[name] = environment[name]
