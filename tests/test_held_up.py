"""A class with files that hold up or exhaust whoever reads them: all others are graded as without these."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_a_class_with_hostile_files_in_it_is_graded_as_without_them(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "benchmarks" / "held_up.py", "--profile", "proof", "--jobs", "2"]
    variables = os.environ | {"OMP_NUM_THREADS": "1", "BENCHMARK_RESULTS": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=880, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "held_up.json").read_text())
    assert found["ordinary_equal"]
    assert found["mib_with"] < found["mib_without"] + 300, "the grader's own process"
    assert len(found["hostile"]) == 11, "each has its outcome"
