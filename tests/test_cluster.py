"""A dask cluster grades as this machine does: whoever dies, refuses or goes, each submission gets its outcome."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future as Answer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import HIDDEN, ROOT
from typer.testing import CliRunner

from autograder.assignment import load
from autograder.cli import app
from autograder.cluster import cluster, fleet, tasks
from autograder.cluster.cluster import ClusterExecutor, connect
from autograder.cluster.executor import Executor, LocalExecutor
from autograder.cluster.fleet import ClusterError
from autograder.cluster.slurm import Slurm, prepare
from autograder.cluster.wire import (
    Job,
    bare,
    pack_breach,
    pack_evidence,
    pack_job,
    pack_refusal,
    unpack_evidence,
    unpack_job,
)
from autograder.cluster.worker import difference, fingerprint, places, run_job
from autograder.course import Course
from autograder.grading.batch import grade_class
from autograder.grading.intake import handed_in
from autograder.limited import Breach, Budget
from autograder.notebooks import notebook
from autograder.notebooks.reading import Submission
from autograder.outcomes import ClassOutcomes, SubmissionOutcome
from autograder.runs import apart
from autograder.runs.evidence import Evidence, Record
from autograder.runs.options import Options, versions
from autograder.runs.plan import planned
from autograder.sandbox.processes import family

NAME = "pa4_convnet"
COURSE = Course(ROOT)
ASSIGNMENT = load(HIDDEN / NAME)
RELEASE = COURSE.release_notebook(NAME)


def hand_in(root: Path, own: dict[str, str]) -> Path:
    """Submissions with nothing attempted but a last cell of the student's own; ``network`` also has the network right."""
    solved = notebook.cells_by_grade_id(notebook.read(COURSE.source_notebook(NAME)))
    for student, source in own.items():
        made = notebook.read(RELEASE)
        if student == "network":
            answer = notebook.without_region_marks(solved["convnet"].source)
            notebook.cells_by_grade_id(made)["convnet"].source = answer
        made.cells.append(nbformat.v4.new_code_cell(source, id="own"))
        notebook.write(made, root / student / NAME / f"{NAME}.ipynb")
    return root


class FakeFuture:
    def __init__(self, function: Callable[[], Any]) -> None:
        self.function, self.answer, self.cancelled = function, Answer(), False

    def run(self) -> None:
        try:
            self.answer.set_result(self.function())
        except Exception as error:
            self.answer.set_exception(error)

    def done(self) -> bool:
        return self.answer.done()

    def result(self, timeout: float) -> Any:
        return self.answer.result(timeout)

    def add_done_callback(self, call: Callable[[Any], None]) -> None:
        self.answer.add_done_callback(lambda _: call(self))

    def cancel(self) -> None:
        self.cancelled = True


class FakeCluster:
    """A dask client whose workers do what a test says: ``does[worker]`` makes a reply, or kills the worker by None."""

    status = "running"

    def __init__(self, does: dict[str, Callable[[bytes], bytes | None]], nthreads: int = 1) -> None:
        self.does, self.nthreads, self.most = dict(does), nthreads, 0
        self.held: Callable[[str], bool] = lambda student: False
        self.log: list[tuple[str, str]] = []
        self.waiting: list[tuple[str, str, bytes, FakeFuture]] = []

    def scheduler_info(self) -> dict[str, Any]:
        self.step()
        return {"workers": {name: {"name": name, "nthreads": self.nthreads, "resources": {}} for name in self.does}}

    def submit(self, function: Any, *arguments: Any, workers: list[str], key: str, **options: Any) -> FakeFuture:
        if function is tasks.examine:
            future = FakeFuture(lambda: json.dumps({"fingerprint": fingerprint(), "problem": None}))
            future.run()
            return future
        assert function is tasks.run
        assert options["resources"] is None
        future = FakeFuture(lambda: None)
        self.waiting.append((workers[0], key.split("-")[0], arguments[0], future))
        self.most = max(self.most, len(self.waiting))
        return future

    def step(self) -> None:
        """Each worker does the first of what it has."""
        for name in list(self.does):
            mine = [task for task in self.waiting if task[0] == name and not task[3].cancelled]
            for task in [task for task in mine[: self.nthreads] if not self.held(task[1])]:
                self.waiting.remove(task)
                self.log.append((name, task[1]))
                reply = self.does[name](task[2])
                if reply is None:
                    del self.does[name]
                    break
                task[3].function = lambda reply=reply: reply
                task[3].run()
        self.waiting = [task for task in self.waiting if task[0] in self.does and not task[3].cancelled]


def nothing_found(packed: bytes) -> bytes:
    record = Record(seed=1, profile="proof", isolation="bubblewrap", versions=versions(), seconds=1.0)
    assert unpack_job(packed).assignment == NAME
    return pack_evidence(Evidence(record))


def kills_with(text: str) -> Callable[[bytes], bytes | None]:
    return lambda packed: None if text.encode() in packed else nothing_found(packed)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.0)


def run(
    fake: FakeCluster, root: Path, out: Path, told: list[str] | None = None, wait: float = 0.5, kept: Path | None = None
) -> ClassOutcomes:
    options = Options(profile="proof", device="auto", store=kept)
    tell = [].append if told is None else told.append
    executor = ClusterExecutor(fake, ASSIGNMENT, options, tell, wait)  # type: ignore[arg-type]
    executor.wait_for_worker()
    assert executor.options.device == "cpu"
    return grade_class(
        COURSE, ASSIGNMENT, handed_in(COURSE, root, NAME), executor, out=out, notify=lambda *_: None, record=None
    )  # fmt: skip


def reasons(outcomes: ClassOutcomes) -> dict[str, str | None]:
    return {student: outcome.reason for student, outcome in outcomes.submissions.items()}


def test_every_submission_comes_back_and_few_are_under_way(tmp_path: Path, quick: None) -> None:
    root = hand_in(tmp_path / "in", {f"student{number:02}": f"own = {number}" for number in range(9)})
    (root / "student03" / NAME / f"{NAME}.ipynb").write_text("{")
    fake = FakeCluster({"one": nothing_found, "two": nothing_found})
    found = reasons(run(fake, root, tmp_path / "out"))
    assert "not valid JSON" in str(found.pop("student03"))
    assert set(found.values()) == {None}
    assert len(found) == 8
    assert fake.most <= 4  # one place and one more for each worker
    assert {name for name, _ in fake.log} == {"one", "two"}


def test_a_submission_that_kills_workers_is_given_up_and_costs_others_nothing(tmp_path: Path, quick: None) -> None:
    root = hand_in(tmp_path / "in", {"ada": "1", "evil": "'kills'", "grace": "2", "mary": "3", "zoe": "4"})
    fake = FakeCluster(dict.fromkeys(("one", "two", "three", "four"), kills_with("'kills'")))
    found = reasons(run(fake, root, tmp_path / "out"))
    evil = str(found.pop("evil"))
    assert evil.startswith("3 workers ended while they ran it, the last one ")
    assert "\n" not in evil
    assert set(found.values()) == {None}
    assert len({name for name, student in fake.log if student == "evil"}) == 3


def test_without_workers_the_run_ends_with_a_reason_and_keeps_its_outcomes(tmp_path: Path, quick: None) -> None:
    root = hand_in(tmp_path / "in", {"ada": "1", "evil": "'kills'", "zoe": "2"})
    with pytest.raises(ClusterError, match="no worker that can be used: none has come"):
        run(FakeCluster({"one": kills_with("'kills'")}), root, tmp_path / "out")
    assert list(ClassOutcomes.read(tmp_path / "out" / "outcomes.json").submissions) == ["ada"]


def test_a_worker_that_refuses_is_left_out(tmp_path: Path, quick: None) -> None:
    root = hand_in(tmp_path / "in", {f"student{number}": f"own = {number}" for number in range(8)})
    told: list[str] = []
    fake = FakeCluster({"bad": lambda _: pack_refusal("the disk is full"), "good": nothing_found})
    found = reasons(run(fake, root, tmp_path / "out", told))
    assert set(found.values()) == {None}
    assert told == ["worker bad is left out: the disk is full"]
    assert [name for name, _ in fake.log].count("bad") == cluster.REFUSALS


def test_where_all_refuse_it_is_the_machines_fault(tmp_path: Path, quick: None) -> None:
    root = hand_in(tmp_path / "in", {"ada": "1"})
    fake = FakeCluster(dict.fromkeys(("one", "two", "three"), lambda _: pack_refusal("no namespaces")))
    found = reasons(run(fake, root, tmp_path / "out"))
    assert "could not run it: no namespaces" in str(found["ada"])


def test_what_exhausts_a_worker_is_that_submissions_outcome_and_runs_once(tmp_path: Path, quick: None) -> None:
    def floods(packed: bytes) -> bytes:
        reason = "took more than 60 s of processor time to read"
        return pack_breach(reason) if b"'floods'" in packed else nothing_found(packed)

    root = hand_in(tmp_path / "in", {"ada": "1", "evil": "'floods'", "zoe": "2"})
    told: list[str] = []
    fake = FakeCluster({"one": floods})
    found = reasons(run(fake, root, tmp_path / "out", told))
    evil = "what came back from worker one took more than 60 s of processor time to read; look at this submission by hand"
    assert found == {"ada": None, "evil": evil, "zoe": None}
    assert told == []
    assert [student for _, student in fake.log].count("evil") == 1


def test_a_worker_reads_within_a_budget_and_says_what_went_beyond_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.cluster.worker.BUDGET", Budget("to read", seconds=0.0, wall=600.0, memory=1 << 30))
    cells = planned(notebook.read(RELEASE), ASSIGNMENT, Options("proof"), 1).cells
    settings = ASSIGNMENT.settings.model_dump(mode="json")
    job = Job(NAME, settings, ASSIGNMENT.probes.read_bytes(), (), "proof", "cpu", 1, bare(notebook.read(RELEASE), cells))
    reply = run_job(pack_job(job), lambda device: 1, lambda: False)
    with pytest.raises(Breach, match="took more than 0 s of processor time to read"):
        unpack_evidence(reply, job, cells)


def test_what_is_no_evidence_is_not_judged(tmp_path: Path, quick: None) -> None:
    root = hand_in(tmp_path / "in", {"ada": "1"})
    found = reasons(run(FakeCluster({"one": lambda _: b"\x80\x04K\x01."}), root, tmp_path / "out"))
    assert found["ada"] == "what came back from worker one is no evidence: a frame that was cut off"


def test_an_error_in_dask_is_tried_elsewhere(tmp_path: Path, quick: None) -> None:
    def fails(packed: bytes) -> bytes:
        raise RuntimeError("lost on the way")

    class Failing(FakeCluster):
        def step(self) -> None:
            for task in [task for task in self.waiting if task[0] == "one"]:
                self.waiting.remove(task)
                task[3].function = lambda: fails(b"")
                task[3].run()
            super().step()

    root = hand_in(tmp_path / "in", {"ada": "1", "zoe": "2"})
    found = reasons(run(Failing({"one": fails, "two": nothing_found}), root, tmp_path / "out"))
    assert set(found.values()) == {None}


def test_what_waits_behind_another_is_given_to_an_idle_worker(tmp_path: Path, quick: None) -> None:
    root = hand_in(tmp_path / "in", {"ada": "1", "grace": "2", "zoe": "3", "last": "4"})
    fake = FakeCluster({"one": nothing_found, "two": nothing_found})
    # Whoever has grace's is kept busy by it until all others are done.
    fake.held = lambda student: student == "grace" and len(fake.log) < 3
    found = reasons(run(fake, root, tmp_path / "out"))
    assert set(found.values()) == {None}
    assert [student for _, student in fake.log][-1] == "grace"


def test_a_worker_of_another_version_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = hand_in(tmp_path / "in", {"ada": "1"})
    ours = fingerprint() | {"torch": "2.0.0"}
    monkeypatch.setattr(fleet, "fingerprint", lambda: ours)
    told: list[str] = []
    with pytest.raises(ClusterError, match=r"no worker that can be used: torch is 2\.\d+\.\d+ there and 2\.0\.0 here"):
        run(FakeCluster({"one": nothing_found}), root, tmp_path / "out", told, wait=0.1)
    assert len(told) == 1
    assert told[0].startswith("worker one is left out: torch is ")
    assert told[0].endswith("install the same on both")


def test_every_difference_has_a_name() -> None:
    ours = fingerprint()
    assert difference(dict(ours), ours) is None
    assert {"autograder/inside/*.py", "torch"} <= set(ours)
    for name in ours:
        assert str(difference(ours | {name: "other"}, ours)).startswith(f"{name} is other there and ")


def test_evidence_that_is_kept_needs_no_worker(tmp_path: Path, quick: None) -> None:
    root = hand_in(tmp_path / "in", {"ada": "1", "zoe": "2"})
    fake = FakeCluster({"one": nothing_found})
    first = run(fake, root, tmp_path / "out", kept=tmp_path / "store")
    assert len(fake.log) == 2
    again = FakeCluster({"one": nothing_found})
    assert reasons(run(again, root, tmp_path / "out", kept=tmp_path / "store")) == reasons(first)
    assert again.log == []


def test_the_scheduler_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "CONNECT_SECONDS", 1)
    with (
        pytest.raises(ClusterError, match=r"no dask scheduler answers at tcp://127\.0\.0\.1:1 "),
        connect("tcp://127.0.0.1:1", ASSIGNMENT, Options(), print),
    ):
        pass


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        (["--scheduler", "tcp://127.0.0.1:1", "--slurm"], 2, "--scheduler and --slurm exclude each other"),
        (["--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"], 2, "a dask worker says with --nthreads"),
        (["--scheduler", "tcp://127.0.0.1:1"], 3, "no dask scheduler answers at tcp://127.0.0.1:1"),
        (["--slurm"], 3, "there is no sbatch here; run this on a login node"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_line(
    more: list[str], status: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "CONNECT_SECONDS", 1)
    monkeypatch.setenv("PATH", str(tmp_path))
    root = hand_in(tmp_path / "in", {"ada": "1"})
    command = ["grade", NAME, "--submitted", str(root), "--out", str(tmp_path / "out"), "--no-gradebook", *more]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == status
    assert message in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "out" / "outcomes.json").exists()


@pytest.mark.parametrize(
    ("nthreads", "resources", "device", "expected"),
    [(4, {}, "cpu", 4), (4, {"GPU": 1.0}, "cpu", 4), (4, {"GPU": 1.0}, "cuda", 1), (4, {"GPU": 8.0}, "cuda", 4)],
)
def test_places_of_a_worker(nthreads: int, resources: dict[str, float], device: str, expected: int) -> None:
    assert places(nthreads, resources, device) == expected


def test_the_script_of_a_slurm_job(tmp_path: Path) -> None:
    interrupt = signal.getsignal(signal.SIGINT)
    asked = Slurm(partition="gpu", gpus=1, cpus=8, at_once=3, walltime="1:30:00", options=("--account=cs101",))
    with prepare(asked, ASSIGNMENT, tmp_path / "logs") as made:
        script = made.job_script()
    assert signal.getsignal(signal.SIGINT) is interrupt
    lines = script.splitlines()
    for directive in ("-p gpu", "-t 1:30:00", "--cpus-per-task=8", "--mem=22G", "--gres=gpu:1", "--account=cs101"):
        assert f"#SBATCH {directive}" in lines
    assert lines.index(f"{sys.executable} -m autograder data mnist") < next(
        number for number, line in enumerate(lines) if "dask_worker" in line or "dask worker" in line
    )
    assert "--nthreads 3" in script
    assert "--resources GPU=3" in script


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, processes of their own: its address, and the workers by name."""
    folder = tmp_path_factory.mktemp("dask")
    found, logs = folder / "scheduler.json", (folder / "log").open("wb")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def start(*command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", *command], env=environment, stdout=logs, stderr=logs, cwd=folder, start_new_session=True
        )

    scheduler = start(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--scheduler-file", str(found),
    )  # fmt: skip
    until = time.monotonic() + 60
    while not found.exists() and time.monotonic() < until:
        time.sleep(0.1)
    address = json.loads(found.read_text())["address"]
    workers = {
        name: start(
            "distributed.cli.dask_worker", address, "--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--local-directory", str(folder / name),
        )
        for name in ("first", "second")
    }  # fmt: skip
    yield address, workers
    for process in (*workers.values(), scheduler):
        process.kill()
        process.wait()


def comparable(outcomes: ClassOutcomes) -> dict[str, Any]:
    return {
        student: (
            outcome.status,
            outcome.points,
            outcome.flags,
            {name: item.outcome for name, item in outcome.items.items()},
        )
        for student, outcome in outcomes.submissions.items()
    }


@pytest.mark.sampled("long runs", 0.1)
@pytest.mark.timeout(600)
def test_a_worker_killed_in_mid_run_changes_no_outcome(
    machines: tuple[str, dict[str, subprocess.Popen[bytes]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, workers = machines
    own = {"ada": "1", "exits": "import os\nos._exit(1)", "network": "2", "slow": "import time\ntime.sleep(4)"}
    root = hand_in(tmp_path / "in", own)
    killed: list[str] = []
    boxes: list[int] = []

    def grade(executor: Executor, out: str, kill: str = "") -> ClassOutcomes:
        def strike() -> None:
            while not killed:
                time.sleep(0.2)
                for worker in executor._fleet.fit.values():  # type: ignore[attr-defined]
                    pids = family(workers[worker.name].pid)
                    # When its box is there, besides the fork server, and the child with its server.
                    if worker.sent and worker.sent[0].run.submission.student == kill and len(pids) > 7:
                        boxes.extend(pids)
                        workers[worker.name].send_signal(signal.SIGKILL)
                        killed.append(worker.name)
                        return

        def notify(student: str, outcome: SubmissionOutcome | None) -> None:
            if student == kill and outcome is None:
                threading.Thread(target=strike, daemon=True).start()

        return grade_class(
            COURSE, ASSIGNMENT, handed_in(COURSE, root, NAME), executor, out=tmp_path / out, notify=notify, record=None
        )  # fmt: skip

    told: list[str] = []
    kept = tmp_path / "store"
    options = Options(profile="proof", device="auto", store=kept)
    with connect(address, ASSIGNMENT, options, told.append) as executor:
        elsewhere = grade(executor, "elsewhere", kill="slow")
        until = time.monotonic() + 30
        while executor.note() != "1 worker" and time.monotonic() < until:
            time.sleep(0.2)  # the scheduler tells of a death when it has noticed it
        assert executor.note() == "1 worker"
        left_over = next(process for name, process in workers.items() if name not in killed)
        endless = hand_in(tmp_path / "endless", {"endless": "import time\ntime.sleep(600)"})
        assert_called_off(executor, left_over.pid, endless)
    assert told == []
    assert killed
    until = time.monotonic() + 5
    while (left := [pid for pid in boxes if Path(f"/proc/{pid}/fd/0").exists()]) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == []  # a box does not outlive its worker

    here = grade(LocalExecutor(Options(profile="proof"), 1), "here")
    assert comparable(elsewhere) == comparable(here)
    verdicts = {item.outcome for item in here.submissions["network"].items.values()}
    assert {"passed", "not_attempted"} <= verdicts
    assert here.submissions["exits"].flags

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a re-grade runs nothing")

    monkeypatch.setattr(apart, "run", never)
    again = grade(LocalExecutor(Options(profile="proof", store=kept), 1), "again")
    assert comparable(again) == comparable(here)


def assert_called_off(executor: ClusterExecutor, worker: int, root: Path) -> None:
    """Ctrl-C ends the box on the worker within seconds, however long it would have run."""
    waiting = set(family(worker))

    def interrupt() -> None:
        until = time.monotonic() + 60
        new: set[int] = set()
        # A box lives for longer than what comes and goes on a worker.
        while not new & set(family(worker)) and time.monotonic() < until:
            new = set(family(worker)) - waiting
            time.sleep(0.5)
        # Again, should the first one come while Python runs a destructor, which cannot raise it; the cell has 20 seconds.
        while not interrupted.is_set():
            os.kill(os.getpid(), signal.SIGINT)
            interrupted.wait(2)

    interrupted = threading.Event()
    submission = Submission("endless", root / "endless" / NAME / f"{NAME}.ipynb")
    runs = executor.runs([submission], RELEASE.read_bytes(), ASSIGNMENT, lambda _: None)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            raise AssertionError(f"it came back: {next(filter(None, runs))}")
    finally:
        interrupted.set()
    until = time.monotonic() + 15
    while len(family(worker)) > len(waiting) and time.monotonic() < until:
        time.sleep(0.2)
    assert len(family(worker)) <= len(waiting)
