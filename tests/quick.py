"""Leave out, with ``--quick``, each test at the moment it starts a process: a box, a grader, a judge or a Jupyter kernel.

So the quick tests are those that start none, without a list of them; notebooks are read in this process. A quick test that
takes too much processor time fails: it is to become cheaper, or to say that it is ``slow``.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import limited
from autograder.child import Plain

MOST_SECONDS = 5.0  # of processor time, set-up included
TOOLS = {"git", "ldconfig", "gcc", "cc", "ld", "objdump", "uname", "lscpu"}
"""Programs that end in a moment; libraries ask some of them what the machine has."""
STARTED = "it starts a process, which no quick test does"

active = False  # whether this run is one of quick tests

_tests: list[pytest.Item] = []
_stopped: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("tiers of tests").addoption(
        "--quick", action="store_true", help="only tests that start no box, no grader and no other process"
    )


def pytest_configure(config: pytest.Config) -> None:
    global active
    if config.option.quick:
        active = True
        config.pluginmanager.register(Quick(), "quick tests")


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if not _tests or event not in ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn"):
        return
    if event == "subprocess.Popen":
        command = arguments[1]
        first = command if isinstance(command, (str, bytes)) else next(iter(command), "")
        if Path(str(first)).name in TOOLS:
            return
    _stopped.add(_tests[-1].nodeid)
    raise pytest.skip.Exception(STARTED)


READ_HERE = {"autograder.notebooks.reading", "autograder.collecting.content"}
"""What is asked of children in these modules is done in this process, so that it has quick tests; limits have others."""
_ask = limited.Children.ask


def _read_here(
    children: limited.Children, task: limited.Task, budget: limited.Budget, *expected: type[Exception], **values: Any
) -> Plain:
    return task(**values) if task.__module__ in READ_HERE else _ask(children, task, budget, *expected, **values)


class Quick:
    """The hooks of ``--quick``."""

    def __init__(self) -> None:
        sys.addaudithook(_refuse)
        limited.Children.ask = _read_here  # type: ignore[method-assign,assignment]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        slow = [item for item in items if any(map(item.get_closest_marker, ("slow", "alone", "network", "gpu")))]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        _tests.append(item)
        begun = time.process_time()
        item.user_properties.append(("processor", begun))
        try:
            return (yield)
        finally:
            _tests.pop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        report = yield
        refused = call.excinfo is not None and STARTED in str(call.excinfo.value)
        # The code under test may have caught the refusal, and gone on.
        if refused or (item.nodeid in _stopped and report.when == "call"):
            report.outcome, report.longrepr = "skipped", (__file__, 1, f"Skipped: {STARTED}")
        elif report.when == "call" and report.passed:
            used = time.process_time() - dict(item.user_properties)["processor"]
            if used > MOST_SECONDS:
                report.outcome = "failed"
                report.longrepr = (
                    f"a quick test took {used:.1f} s of processor time, more than {MOST_SECONDS:g} s: "
                    "make it cheaper or mark it `slow`"
                )
        return report

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count what was left out in one number, not among skipped tests, which are listed."""
        left_out = report.skipped and isinstance(report.longrepr, tuple) and STARTED in report.longrepr[2]
        return ("left out", "", "LEFT OUT") if left_out else None
