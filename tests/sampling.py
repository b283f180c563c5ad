"""Take a sample of the cases of each sampled kind of test, drawn by a seed, or the rest of them.

A test marked ``sampled(kind, share)`` is one case of its kind; tests with the same parameters are one case, so that all
tests of one attack are taken together. One marked ``sampled(kind)`` looks at all that were taken, and runs with any of them.
"""

import hashlib
import math
from collections import defaultdict
from typing import Any

import pytest

COUNTS = pytest.StashKey[dict[str, tuple[int, int]]]()


def drawn(seed: str, kind: str, cases: set[str], share: float) -> set[str]:
    """The cases that a seed takes: a ``share`` of them, at least one, whatever their order."""
    ranked = sorted(cases, key=lambda case: hashlib.sha256(f"{seed}/{kind}/{case}".encode()).digest())
    return set(ranked[: math.ceil(share * len(ranked))])


def case_of(item: pytest.Item) -> str:
    """The name of a test's case: its parameters, or the test itself where it has none."""
    callspec = getattr(item, "callspec", None)
    return callspec.id if callspec is not None else item.nodeid


def kind_of(item: pytest.Item) -> tuple[str, float | None] | None:
    """The kind of a sampled test and the share of it that a sample takes; None for any other test."""
    if (mark := item.get_closest_marker("sampled")) is None:
        return None
    kind, share = (*mark.args, None)[:2]
    return kind, share


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tiers of tests")
    group.addoption("--sample", metavar="SEED", help="of each sampled kind only the cases that SEED draws")
    group.addoption("--rest", metavar="SEED", help="only the cases that --sample SEED leaves out")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Files with sampled tests take longest; they come first, so that at the end no worker waits for another.
    long = {item.path for item in items if kind_of(item) is not None}
    items.sort(key=lambda item: item.path not in long)
    seed, rest = config.option.sample or config.option.rest, config.option.sample is None
    if seed is None:
        return
    kinds = {item: found for item in items if (found := kind_of(item)) is not None}
    cases: dict[str, dict[str, float]] = defaultdict(dict)
    for item, (kind, share) in kinds.items():
        if share is not None:
            cases[kind][case_of(item)] = share
    taken: dict[str, set[str]] = {}
    for kind, shares in cases.items():
        (share,) = set(shares.values())
        chosen = drawn(seed, kind, set(shares), share)
        taken[kind] = set(shares) - chosen if rest else chosen

    def runs(item: pytest.Item) -> bool:
        if item not in kinds:
            return not rest
        kind, share = kinds[item]
        return bool(taken.get(kind)) if share is None else case_of(item) in taken[kind]

    config.hook.pytest_deselected(items=[item for item in items if not runs(item)])
    items[:] = [item for item in items if runs(item)]
    config.stash[COUNTS] = {kind: (len(found), len(cases[kind])) for kind, found in taken.items()}


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["sampled"] = session.config.stash.get(COUNTS, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Every worker of xdist collects the same tests.
    node.config.stash[COUNTS] = getattr(node, "workeroutput", {}).get("sampled", {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if counts := config.stash.get(COUNTS, {}):
        seed, rest = config.option.sample or config.option.rest, config.option.sample is None
        told = ", ".join(f"{kind} {taken} of {of}" for kind, (taken, of) in sorted(counts.items()))
        terminalreporter.write_line(f"{'what the sample leaves out' if rest else 'sample'} of seed {seed}: {told}")
