"""Says at the end of a test run how many attacks were tried and how many are known to succeed."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line, where attacks were among the tests."""
    ended = {
        name: [report for report in terminalreporter.stats.get(name, []) if "::test_attack[" in report.nodeid]
        for name in ("passed", "failed", "error", "xfailed")
    }
    tried = sum(map(len, ended.values()))
    if tried:
        wrong = len(ended["failed"]) + len(ended["error"])
        repelled, known = len(ended["passed"]), len(ended["xfailed"])
        terminalreporter.write_line(
            f"attacks: {tried} tried, {repelled} repelled, {known} known to be open, {wrong} otherwise"
        )
