"""The box, by real boxes: what code in it sees, reaches and may use, and how each abuse of it ends."""

import ast
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import FIND_PIPE, LEFTOVER, ROOT, SLOT, BoxRun, RunBox, processes_of_boxes
from tiers import usable

from autograder.datasets.data import cache_folder
from autograder.sandbox import mounts
from autograder.sandbox import run as sandbox_run
from autograder.sandbox.box import FIRST_UID, CannotIsolate, Limits, Slot
from autograder.sandbox.bubblewrap import command_line
from autograder.sandbox.mounts import PACKAGE, view
from autograder.sandbox.server import Servers
from autograder.sandbox.tiers import TIERS, check

MEBIBYTE = 1 << 20
SMALL = Limits(scratch=32 * MEBIBYTE, memory=3 << 30)
FRESH, FORKED = "fresh process", "forked from a server"
SECRET = "a-secret-in-the-environment-of-the-grader"


@pytest.fixture(scope="session", params=[FRESH, FORKED, "landlock", "container"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """The ways in which a box starts: everything below must hold for each that this machine allows."""
    with usable(request.param if request.param in TIERS else "bubblewrap"):
        yield request.param


@pytest.fixture(scope="session")
def tier(way: str) -> str:
    return way if way in TIERS else "bubblewrap"


@pytest.fixture(scope="session")
def servers(way: str) -> Iterator[Servers | None]:
    if way != FORKED:
        yield None
        return
    made = Servers()
    yield made
    made.stop()


PRELUDE = """
import ctypes, errno, json, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def outcome(action):
    try:
        return repr(action())
    except OSError as error:
        return errno.errorcode[error.errno]
def call(number, *args):
    libc.syscall.restype = ctypes.c_long
    return "done" if libc.syscall(number, *args) >= 0 else errno.errorcode[ctypes.get_errno()]
def write(path, size=1):
    piece = b"x" * min(size, 1 << 20)
    with open(path, "wb") as file:
        for _ in range(max(1, size >> 20)):
            file.write(piece)
"""

CELLS = {
    "prelude": PRELUDE,
    "user": "print(json.dumps([os.getuid(), os.geteuid(), os.getgroups()]))",
    "environment": "print(json.dumps([dict(os.environ), outcome(lambda: open('/proc/1/environ').read())]))",
    "folders": f"""
print(json.dumps({{path: outcome(lambda: sorted(os.listdir(path)))
                  for path in {[str(ROOT), str(Path.home()), str(cache_folder()), "/root", "/home", "/var", "/srv"]!r}}}))
""",
    "search": """
wanted = {"assignment.toml", "pa4_convnet.ipynb", "test_trainer.py", "decoy.py"}
found = []
try:
    tops = sorted(os.listdir("/"))
except OSError:
    tops = ["boot", "data", "etc", "home", "mnt", "opt", "root", "run", "srv", "tmp", "usr", "var", "work"]
for top in tops:
    if top not in ("proc", "sys", "usr", "lib"):
        for folder, folders, files in os.walk(f"/{top}"):
            folders[:] = [name for name in folders if name not in ("torch", "nvidia", "node_modules")]
            found += [os.path.join(folder, name) for name in wanted.intersection(files)]
print(json.dumps(found))
""",
    "package": """
import importlib.util
print(json.dumps([importlib.util.find_spec("autograder") is not None, sorted(os.listdir(os.environ["BOX"]))]))
""",
    "sockets": """
families = {"inet": socket.AF_INET, "inet6": socket.AF_INET6, "vsock": 40, "netlink": 16, "packet": 17, "unix": 1}
def connect():
    with socket.create_connection(("127.0.0.1", 22), timeout=1): pass
found = {name: outcome(lambda: socket.socket(family, socket.SOCK_STREAM).close()) for name, family in families.items()}
print(json.dumps(found | {"connect": outcome(connect)}))
""",
    "files": """
paths = ["/x", "/usr/lib/x", os.environ["BOX"] + "/x", os.environ["BOX"] + "/inside/x", "/var/tmp/x", "/run/x", "/dev/x",
         "/etc/x", "/proc/sys/kernel/hostname", "/sys/x",
         sys.prefix + "/x", "/tmp/x", "/dev/shm/x", os.environ["HOME"] + "/x", os.environ["TMPDIR"] + "/x"]
print(json.dumps([{path: outcome(lambda: write(path)) for path in paths}, os.environ["HOME"], os.environ["TMPDIR"]]))
""",
    "filling": """
found = {}
for folder in ("/dev/shm", os.environ["TMPDIR"], os.environ["HOME"]):
    try:
        found[folder] = outcome(lambda: write(folder + "/big", 1 << 30))
    finally:
        if os.path.exists(folder + "/big"):
            os.remove(folder + "/big")
print(json.dumps(found))
""",
    "descriptors": """
import stat
found = {}
for number in range(1024):
    try:
        seen = os.fstat(number)
    except OSError:
        continue
    found[number] = "/dev/null" if seen.st_rdev == os.makedev(1, 3) else hex(stat.S_IFMT(seen.st_mode))
    if stat.S_ISREG(seen.st_mode):
        found[number] += outcome(lambda: os.read(number, 50))
print(json.dumps(found))
""",
    "calls": """
import platform
numbers = {
    "x86_64": {"unshare": (272, 0x10000000), "setns": (308, 0, 0), "ptrace": (101, 0, 0, 0, 0),
               "memfd_create": (319, b"x", 0),
               "mount": (165, b"x", b"/tmp", b"tmpfs", 0, 0), "bpf": (321, 0, 0, 0), "io_uring_setup": (425, 1, 0),
               "process_vm_readv": (310, 1, 0, 0, 0, 0, 0), "keyctl": (250, 0, 0)},
    "aarch64": {"unshare": (97, 0x10000000), "setns": (268, 0, 0), "ptrace": (117, 0, 0, 0, 0),
                "memfd_create": (279, b"x", 0),
                "mount": (40, b"x", b"/tmp", b"tmpfs", 0, 0), "bpf": (280, 0, 0, 0), "io_uring_setup": (425, 1, 0),
                "process_vm_readv": (270, 1, 0, 0, 0, 0, 0), "keyctl": (219, 0, 0)},
}[platform.machine()]
print(json.dumps({name: call(*arguments) for name, arguments in numbers.items()}))
""",
    "namespace_by_clone": """
CLONE = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
pid = libc.syscall(CLONE, 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0:
    os._exit(0)
print(json.dumps("done" if pid > 0 else errno.errorcode[ctypes.get_errno()]))
""",
    "unseen": """
numbers = {
    "x86_64": {"shmget": (29, 0x4242, 4096, 0o1777), "semget": (64, 0x4242, 1, 0o1666), "msgget": (68, 0x4242, 0o1666),
               "mq_open": (240, b"box", 0o102, 0o666, None), "inotify_init1": (294, 0)},
    "aarch64": {"shmget": (194, 0x4242, 4096, 0o1777), "semget": (190, 0x4242, 1, 0o1666), "msgget": (186, 0x4242, 0o1666),
                "mq_open": (180, b"box", 0o102, 0o666, None), "inotify_init1": (26, 0)},
}[platform.machine()]
print(json.dumps({name: call(*arguments) for name, arguments in numbers.items()}))
""",
    "locks": """
import fcntl, sqlite3, struct
found, shared = {}, json.__file__
one, other = open(shared), open(shared)
for name, command in {"lease": fcntl.F_SETLEASE, "notify": fcntl.F_NOTIFY}.items():
    found[name] = outcome(lambda: fcntl.fcntl(one, command, fcntl.F_RDLCK))
for file in (one, other):
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
for command in (37, fcntl.F_SETLK):  # 37 is F_OFD_SETLK
    fcntl.fcntl(one, command, lock)
seen = fcntl.fcntl(other, 36, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_GETLK
found["seen by another"] = struct.unpack("hhqqi4x", seen)[0] != fcntl.F_UNLCK
base = sqlite3.connect("own.db")
base.execute("CREATE TABLE points (x)")
base.execute("INSERT INTO points VALUES (7)")
base.commit()
found["database"] = base.execute("SELECT x FROM points").fetchone()[0]
import numpy
numbers = numpy.memmap("numbers.bin", dtype="float32", mode="w+", shape=(10,))
numbers[:] = 2
numbers.flush()
found["memmap"] = float(numpy.memmap("numbers.bin", dtype="float32", mode="r").sum())
print(json.dumps(found))
""",
    "processes": "print(json.dumps(outcome(lambda: [name for name in os.listdir('/proc') if name.isdigit()])))",
    "stdin": """
import subprocess
print(json.dumps([os.read(0, 10).decode(), subprocess.run(["cat"], capture_output=True, text=True).stdout]))
""",
    "shadow": """
for name in ("torch", "timeit"):
    with open(name + ".py", "w") as file:
        file.write("raise SystemExit('the file in the working folder was imported')")
import torch, timeit
print(json.dumps([torch.__file__, timeit.__file__, os.getcwd()]))
""",
    "writes_a_module": "%%writefile own.py\nSIDE = 2\nclass Square:\n    def area(self):\n        return SIDE**2\n",
    "own_module": """
from own import Square
import copy, inspect, pickle
import own
copied = pickle.loads(pickle.dumps(copy.deepcopy(Square())))
print(json.dumps([Square().area(), inspect.getsource(Square).split()[1], copied.area()]))
""",
    "writes_it_again": "%%writefile own.py\nSIDE = 3\nclass Square:\n    def area(self):\n        return SIDE**2\n",
    "own_module_again": """
import importlib
before = Square().area()
importlib.reload(own)
print(json.dumps([before, Square().area(), own.Square().area()]))
""",
    "by_a_shell": "!mkdir -p parts && echo 'WEIGHT = 7' > parts/weights.py && echo 'print(5)' > run_me.py",
    "own_package": "from parts.weights import WEIGHT\nprint(json.dumps(WEIGHT))",
    "run_of_a_file": "%run run_me.py",
    "two_in_one_tick": """
for number in range(20):
    with open(f"made_{number}.py", "w") as file:
        file.write(f"N = {number}")
    get_ipython().run_cell(f"from made_{number} import N")
    assert N == number
""",
    "colleagues": """
import time
begun = time.monotonic()
import seaborn, cv2, numpy
import plotly.graph_objects as go
import pandas as pd
seconds = time.monotonic() - begun
axes = seaborn.lineplot(pd.DataFrame({"epoch": [1, 2, 3], "loss": [3.0, 2.0, 1.0]}), x="epoch", y="loss")
figure = go.Figure(go.Scatter(y=[3, 2, 1]))
image = cv2.GaussianBlur(cv2.resize(numpy.ones((28, 28), numpy.uint8), (400, 400)), (9, 9), 0)
print(json.dumps([len(axes.lines), len(figure.data), list(image.shape), seconds, cv2.getNumThreads()]))
""",
    "workers": """
import torch
loader = torch.utils.data.DataLoader(torch.arange(8.0), batch_size=2, num_workers=2)
print(json.dumps([batch.tolist() for batch in loader]))
""",
}


@pytest.fixture(scope="module")
def box(run_box: RunBox) -> Iterator[BoxRun]:
    os.environ["GRADER_TOKEN"] = SECRET
    try:
        yield run_box(CELLS, limits=SMALL)
    finally:
        del os.environ["GRADER_TOKEN"]


def test_box_runs_to_its_end(box: BoxRun) -> None:
    assert box.ending.cause == "closed"
    assert box.ended
    assert [frame["event"] for frame in box.frames[:3]] == ["ready", "started", "finished"]
    assert box.ending.peak_memory > 50 * MEBIBYTE


def test_code_has_no_rights(box: BoxRun, tier: str) -> None:
    uid, effective, groups = box.said("user")
    assert uid == effective
    own = SLOT.bare_uid if tier == "landlock" else SLOT.uid
    assert uid == (own if os.geteuid() == 0 else os.getuid())
    assert 0 not in groups


def test_nothing_of_the_graders_environment_is_inherited(box: BoxRun) -> None:
    variables, of_pid_1 = box.said("environment")
    assert SECRET not in str(variables) + of_pid_1
    assert set(variables) <= set(os.environ) | set(variables)
    assert not {"GRADER_TOKEN", "USER", "SSH_AUTH_SOCK", "VIRTUAL_ENV", "PYTHONPATH"} & set(variables)
    assert "GRADER_TOKEN" not in of_pid_1


def test_course_home_and_other_folders_are_not_there(box: BoxRun) -> None:
    found = box.said("folders")
    bound = [Path(target) for target in view(None, None, None).binds.values()] + [Path("/home/student")]
    for path, listing in found.items():
        # What leads to a bound folder, an interpreter below a home for example, is there; nothing beside it is.
        leading = {str(target.relative_to(path).parts[0]) for target in bound if target.is_relative_to(path)}
        assert listing in ("ENOENT", "EACCES", str(sorted(leading))), (path, listing)


def test_no_notebook_hidden_test_or_gradebook_is_anywhere(box: BoxRun) -> None:
    assert box.said("search") == []


def test_only_the_boxs_own_code_of_the_package_is_there(box: BoxRun) -> None:
    importable, folder = box.said("package")
    assert not importable
    assert folder == ["inside", "matplotlib"]


def test_no_socket_but_local_ones(box: BoxRun, tier: str) -> None:
    found = box.said("sockets")
    # Without namespaces local ones would be those of the machine.
    assert found.pop("unix") == ("EPERM" if tier == "landlock" else "None")
    assert set(found.values()) == {"EPERM"}, found


def test_files_can_only_be_written_in_the_scratch_folders(box: BoxRun, tier: str) -> None:
    found, home, temporary = box.said("files")
    writable = {path for path, result in found.items() if result == "None"}
    assert writable == {f"{home}/x", f"{temporary}/x"} | (set() if tier == "landlock" else {"/tmp/x", "/dev/shm/x"})
    assert set(found.values()) <= {"None", "EROFS", "EACCES", "ENOENT", "EPERM"}


def test_scratch_folders_are_sized(box: BoxRun) -> None:
    found = box.said("filling")
    assert len(found) == 3
    assert set(found.values()) <= {"ENOSPC", "EFBIG"} | ({"EACCES"} if found["/dev/shm"] == "EACCES" else set()), found


def test_no_descriptor_is_inherited_but_the_pipe(box: BoxRun) -> None:
    found = box.said("descriptors")
    pipe = hex(stat.S_IFIFO)
    assert [found.pop(standard) for standard in "012"] == ["/dev/null", "/dev/null", pipe]
    assert list(found.values()).count(pipe) == 1, found
    # What else there is the interpreter opened itself, in the box.
    assert set(found.values()) <= {pipe, "/dev/null"}, found


def test_dangerous_system_calls_are_refused(box: BoxRun) -> None:
    found = box.said("calls")
    assert set(found.values()) == {"EPERM"}, found
    assert box.said("namespace_by_clone") == "EPERM"


def test_memory_that_no_process_shows_and_watches_of_files_are_refused(box: BoxRun) -> None:
    found = box.said("unseen")
    assert set(found.values()) == {"EPERM"}, found


def test_a_lock_is_given_and_holds_nothing(box: BoxRun) -> None:
    assert box.said("locks") == {
        "lease": "EPERM", "notify": "EPERM", "seen by another": False, "database": 7, "memmap": 20.0,
    }  # fmt: skip


def test_a_job_that_was_read_can_be_read_by_nobody_else(run_box: RunBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first process of a box has it open for as long as it runs."""
    jobs: list[int] = []

    def made() -> Any:
        jobs.append(os.memfd_create("job"))
        return os.fdopen(os.dup(jobs[-1]), "w+b")

    monkeypatch.setattr(sandbox_run, "tempfile", SimpleNamespace(TemporaryFile=made))
    assert run_box({"first": "1"}).ended
    sizes = [os.fstat(job).st_size for job in jobs]
    for job in jobs:
        os.close(job)
    assert sizes == [0]


def test_a_cell_imports_what_an_earlier_one_wrote(box: BoxRun) -> None:
    assert box.said("own_module") == [4, "Square:", 4]
    assert box.said("own_module_again") == [4, 9, 9]
    assert box.said("own_package") == 7
    assert box.printed("run_of_a_file") == "5\n"
    assert box.cell("two_in_one_tick")["error"] is None


def test_libraries_that_students_have_in_colab_work(box: BoxRun) -> None:
    lines, traces, shape, seconds, threads = box.said("colleagues")
    assert (lines, traces, shape) == (1, 1, [400, 400])
    assert threads == 1
    assert seconds < 20


def test_no_process_outside_is_visible(box: BoxRun) -> None:
    found = box.said("processes")
    assert found == "EACCES" or len(ast.literal_eval(found)) < 8


def test_stdin_is_empty(box: BoxRun) -> None:
    assert box.said("stdin") == ["", ""]


def test_files_named_like_libraries_are_not_imported(box: BoxRun) -> None:
    torch_file, timeit_file, folder = box.said("shadow")
    assert folder == box.said("environment")[0]["HOME"]
    assert not torch_file.startswith(folder)
    assert not timeit_file.startswith(folder)


def test_workers_of_a_data_loader_work(box: BoxRun) -> None:
    assert box.said("workers") == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_memory_that_is_asked_for_again_is_not_taken_from_the_kernel_again(run_box: RunBox) -> None:
    source = """
import json, resource
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    [bytearray(25 << 20) for _ in range(8)]
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before))
"""
    faults, pages = run_box({"memory": source}).said("memory"), 8 * (25 << 20) // 4096
    assert faults < 2 * pages  # it would be 10 times as many as pages


def test_package_installed_beside_the_libraries_is_covered(run_box: RunBox, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        site = Path(name)
        site.chmod(0o755)
        installed = site / PACKAGE.name
        shutil.copytree(PACKAGE, installed, ignore=shutil.ignore_patterns("__pycache__"))
        (site / "library.py").write_text("ANSWER = 1\n")
        folders = mounts._environment_folders()
        monkeypatch.setattr(mounts, "_environment_folders", lambda: [*folders, site])
        monkeypatch.setattr(mounts.site, "getsitepackages", lambda: [str(site)])
        source = f"""
import pathlib, sys
sys.path.append({str(site)!r})
import library
def read(path):
    try:
        return path.read_text()
    except OSError:
        return ""
print(library.ANSWER, "".join(read(path) for path in pathlib.Path({str(installed)!r}).rglob("*.py")))
"""
        found = run_box({"look": source}, seen=view(None, None, None))
        assert found.printed("look") == "1 \n"


def test_fork_bomb_is_bounded(run_box: RunBox, servers: Servers | None) -> None:
    source = """
import os, signal, time
first, end = os.getpid(), time.monotonic() + 1.5
while time.monotonic() < end:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
if os.getpid() != first:
    time.sleep(60)
try:
    count = len([name for name in os.listdir("/proc") if name.isdigit()])
except OSError:
    count = None  # the watchdog and the kernel count
os.kill(-1, signal.SIGKILL)
print(count)
"""
    limits = replace(SMALL, processes=24)
    found = run_box({"bomb": source}, limits=limits)
    if found.ending.cause == "closed":
        count = found.printed("bomb").strip()
        assert count == "None" or 4 < int(count) <= limits.processes
    else:
        assert found.ending.cause == "processes"
    assert processes_of_boxes(servers) == []


def test_memory_hog_is_ended(run_box: RunBox, servers: Servers | None) -> None:
    source = "hog = []\nwhile True:\n    hog.append(bytearray(b'x' * (40 << 20)))"
    found = run_box({"hog": source}, limits=replace(SMALL, memory=1200 * MEBIBYTE))
    assert found.ending.cause == "memory", found.ending
    assert "1,200 MiB" in found.ending.detail
    assert not found.ended
    assert processes_of_boxes(servers) == []


def test_loop_that_ignores_signals_is_ended(run_box: RunBox) -> None:
    source = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
signal.setitimer = lambda *_: None
while True:
    try:
        while True: pass
    except BaseException:
        pass
"""
    begun = time.monotonic()
    found = run_box({"before": "1", "loop": source}, seconds=1, grace=1)
    assert found.ending.cause == "time"
    assert [frame.get("cell") for frame in found.frames] == [None, "before", "before", "loop"]
    assert time.monotonic() - begun < 40


def test_flood_of_evidence_is_ended(run_box: RunBox) -> None:
    source = FIND_PIPE + "while True:\n    os.write(pipe, struct.pack('>QQ', 2, 0) + b'{}')"
    found = run_box({"flood": source}, limits=replace(SMALL, evidence=MEBIBYTE))
    assert (found.ending.cause, found.ending.detail) == ("flood", "more than 1 MiB of evidence")


def test_giant_frame_is_refused_before_it_is_read(run_box: RunBox) -> None:
    source = FIND_PIPE + "os.write(pipe, struct.pack('>QQ', 1 << 62, 1 << 62))\nimport time; time.sleep(60)"
    found = run_box({"giant": source})
    assert found.ending.cause == "flood"
    assert "larger than 96 MiB" in found.ending.detail
    assert found.ending.peak_memory < 3 << 30


def test_exit_in_a_cell_leaves_no_end_event(run_box: RunBox) -> None:
    found = run_box({"exit": "import os; os._exit(0)", "after": "1"})
    assert found.ending.cause == "closed"
    assert not found.ended
    assert [frame["event"] for frame in found.frames] == ["ready", "started"]


def test_process_that_was_set_free_does_not_outlive_the_box(run_box: RunBox, servers: Servers | None) -> None:
    source = f"""
import ctypes, os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b"{LEFTOVER}", 0, 0, 0)
        with open("there", "w") as file:
            file.write("{LEFTOVER}")
        time.sleep(300)
    os._exit(0)
time.sleep(0.5)
print(open("there").read())
"""
    found = run_box({"leave": source})
    assert LEFTOVER in found.printed("leave")
    assert found.ended
    assert processes_of_boxes(servers) == []


def test_machine_without_bubblewrap_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CannotIsolate, match="apt-get install bubblewrap"):
        check("bubblewrap")


def test_a_box_of_root_drops_its_rights_before_it_starts() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has rights to drop")
    command = command_line(["true"], view(None, None, None), Limits(), 3, {}, Slot(7, -1))
    script = command[-1]
    assert script.index(f"--reuid={FIRST_UID + 7}") < script.index("bwrap")
    assert "--clear-groups" in script
