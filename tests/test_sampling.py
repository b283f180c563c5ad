"""Tiers of tests: a sample follows from its seed alone, the rest is all else, and what starts a process is not quick."""

import re

import pytest
from sampling import drawn

pytest_plugins = ("pytester",)
TESTS = """
import pytest

SEEN = []

@pytest.mark.sampled("numbers", 0.2)
@pytest.mark.parametrize("number", range(20))
def test_number(number):
    SEEN.append(number)

@pytest.mark.sampled("numbers", 0.2)
@pytest.mark.parametrize("number", range(0, 20, 2))
def test_even(number):
    assert number in SEEN

@pytest.mark.sampled("numbers")
def test_all_that_were_taken():
    print("seen", SEEN)

def test_other():
    pass
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs within a test take no time for plugins that are installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def seen(pytester: pytest.Pytester, *arguments: str) -> tuple[set[int], dict[str, int], str]:
    pytester.makeconftest('pytest_plugins = ("quick", "sampling")')
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_inprocess("-s", *arguments)
    said = result.stdout.str()
    numbers = next((line for line in said.splitlines() if "seen [" in line), "")
    return set(map(int, re.findall(r"\d+", numbers))), result.parseoutcomes(), said


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 1.0])
def test_a_sample_follows_from_its_seed(share: float) -> None:
    cases = {f"case {number}" for number in range(100)}
    assert drawn("a", "kind", cases, share) == drawn("a", "kind", set(cases), share) <= cases
    assert len(drawn("a", "kind", cases, share)) == round(100 * share)
    if share < 1:
        assert drawn("a", "kind", cases, share) != drawn("b", "kind", cases, share)


def test_every_case_is_in_some_sample() -> None:
    cases = {str(number) for number in range(50)}
    assert set().union(*(drawn(str(seed), "kind", cases, 0.1) for seed in range(200))) == cases


def test_a_sample_and_its_rest_are_everything(pytester: pytest.Pytester) -> None:
    everything, outcomes, _ = seen(pytester)
    assert (everything, outcomes) == (set(range(20)), {"passed": 32})
    taken, outcomes, said = seen(pytester, "--sample", "abc")
    assert len(taken) == 4
    assert "sample of seed abc: numbers 4 of 20" in said
    even = sum(number % 2 == 0 for number in taken)
    assert outcomes == {"passed": 4 + even + 2, "deselected": 32 - 4 - even - 2}
    left, outcomes, said = seen(pytester, "--rest", "abc")
    assert left == everything - taken
    assert "what the sample leaves out of seed abc: numbers 16 of 20" in said
    assert outcomes["passed"] == 16 + (10 - even) + 1  # what is not sampled ran with the sample


QUICK = """
import subprocess, sys, time
import pytest

def start():
    subprocess.run([sys.executable, "-c", ""], check=True)

@pytest.fixture(scope="module")
def grader():
    start()

def test_pure():
    pass

def test_a_tool():
    subprocess.run(["git", "--version"], check=True)

def test_that_starts_a_process():
    start()

def test_that_hides_it():
    try:
        start()
    except BaseException:
        assert False, "not reached in earnest"

@pytest.mark.parametrize("one", range(2))
def test_by_a_fixture(grader, one):
    pass

@pytest.mark.slow
def test_slow():
    assert False

def test_that_is_too_slow():
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
"""


def test_quick_tests_start_no_process_and_are_quick(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeconftest('pytest_plugins = ("quick",)')
    pytester.makepyfile(QUICK)
    with monkeypatch.context() as changed:
        changed.setattr("quick.MOST_SECONDS", 0.1)
        result = pytester.runpytest_inprocess("--quick", "-ra")
    assert result.parseoutcomes() == {"passed": 2, "failed": 1, "left": 4, "deselected": 1}
    result.stdout.fnmatch_lines(["*a quick test took 0.* s of processor time, more than 0.1 s: make it cheaper or mark*"])
