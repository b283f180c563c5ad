"""What the benchmarks share: facts of the machine, commands timed with their memory, medians, results kept part by part."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.runs.options import versions
from autograder.sandbox.processes import end, family

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
HIDDEN = ROOT / "autograder" / "assignments"
RESULTS = Path(os.environ.get("BENCHMARK_RESULTS", FOLDER / "results"))
BUSY = 0.5  # load for each core, above which figures say more of the neighbours than of the graders
LOOK_SECONDS = 0.2


def link_hidden_tests(root: Path) -> None:
    """Let a course at ``root`` have the hidden tests of this repository."""
    (root / "autograder").mkdir()
    (root / "autograder" / "assignments").symlink_to(HIDDEN)


def machine() -> dict[str, Any]:
    """What figures depend on: processor, cores, GiB of memory, GPU, system, load at the start."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    found = {
        "processor": model,
        "cores": cores,
        "memory_gib": round(pages / 2**30),
        "gpu": gpu(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_at_start": round(load, 2),
    }
    if load > BUSY * cores:
        print(f"PRELIMINARY: load {load:.1f} on {cores} cores; repeat this on an idle machine", file=sys.stderr)
    return found


def hash_of_code() -> str:
    """Of the grader and of what the benchmarks lay out: figures of different code do not go together."""
    digest = hashlib.sha256()
    files = [path for folder in (ROOT / "autograder", FOLDER / "hidden_tests") for path in folder.rglob("*")]
    for path in sorted([*files, FOLDER / "courses.py", FOLDER / "graders.py"]):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def gpu() -> str | None:
    """The name of the first GPU that torch finds."""
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def environment(**more: str) -> dict[str, str]:
    """For commands: this environment's programs first, and each grader chooses its own number of threads."""
    kept = {name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return {**kept, "PATH": path, "COLUMNS": "200", **more}


@dataclass(frozen=True)
class Done:
    """A command that has ended: seconds, status (None: ended at its limit), output, peak memory of its first process."""

    seconds: float
    status: int | None
    text: str
    peak_mib: float


def run(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str], limit: float) -> Done:
    """Run a command for at most ``limit`` seconds; what it started is ended with it."""
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        peak, ended = [0.0], threading.Event()
        watcher = threading.Thread(target=_watch_memory, args=(process.pid, peak, ended))
        watcher.start()
        try:
            status: int | None = process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            seconds = time.perf_counter() - begun
            if process.poll() is None:
                end_process(process)
            ended.set()
            watcher.join()
        output.seek(0)
        return Done(seconds, status, output.read().decode(errors="replace"), peak[0])


def end_process(process: subprocess.Popen[Any]) -> None:
    """End a process, by force after 10 seconds, and whatever it has started."""
    theirs = family(process.pid)
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    end(theirs)


def _watch_memory(pid: int, peak: list[float], ended: threading.Event) -> None:
    """Keep the largest ``VmHWM`` (MiB); the kernel's own high-water mark goes when the process does."""
    while not ended.wait(LOOK_SECONDS):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        peak[0] = max([peak[0], *(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))])


def summary(values: Sequence[float], digits: int = 3) -> dict[str, Any]:
    """Median, extremes and number of runs."""
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, digits) for name, value in found.items()} | {"runs": len(values)}


def ratio(theirs: float | None, ours: float | None) -> float | None:
    """How many times more the other side needs."""
    return None if not theirs or not ours else round(theirs / ours, 2)


class Parts:
    """The results of one benchmark, written after each part, so that an interrupted run goes on where it was.

    Parts are kept while settings, versions and the grader's code are the same; ``fresh`` forgets what there is.
    """

    def __init__(self, name: str, settings: dict[str, Any], fresh: bool) -> None:
        self.path = RESULTS / f"{name}.json"
        self._known: dict[str, Any] = {}
        about = {"benchmark": name, "settings": settings, "versions": versions(), "code": hash_of_code()}
        if self.path.is_file() and not fresh:
            before = json.loads(self.path.read_text())
            if all(before.get(key) == about[key] for key in about):
                self._known = before["parts"]
        self.result: dict[str, Any] = {**about, "complete": False, "machine": machine(), "parts": self._known}

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        """What ``measure`` gives, now or in an earlier run."""
        if name in self._known:
            print(f"{name}: kept from an earlier run", flush=True)
        else:
            print(f"{name} ...", flush=True)
            begun = os.getloadavg()[0]
            self._known[name] = {"found": measure(), "load_before": round(begun, 2)}
            self.write()
        return self._known[name]["found"]

    def write(self, **more: Any) -> None:
        """Write the result, with what is computed from all parts."""
        self.result |= more
        RESULTS.mkdir(exist_ok=True)
        text = json.dumps(self.result, indent=1, ensure_ascii=False) + "\n"
        new = self.path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(self.path)

    def conclude(self, **found: Any) -> None:
        """Write and print what came out, with machine and versions."""
        self.write(**found, complete=True)
        shown = {name: self.result[name] for name in ("machine", "versions")}
        print(json.dumps({**found, **shown}, indent=1, ensure_ascii=False))
        print(f"written: {os.path.relpath(self.path)}")


@contextmanager
def scratch(keep: Path | None = None) -> Iterator[Path]:
    """A temporary folder, or ``keep``, which stays for a run that goes on later."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        yield Path(folder)


def arguments(about: str) -> argparse.ArgumentParser:
    """A parser with the options that all benchmarks have; from here on SIGTERM ends what was started, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="forget the results of earlier runs")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which one command is ended")
    return parser


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    cells = [[str("-" if value is None else value) for value in row] for row in [head, *rows]]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "| " + " | ".join("---" for _ in head) + " |", *lines[1:]])
