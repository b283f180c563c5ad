"""Code that means harm in a box without namespaces: what it reaches of the machine, of other boxes, and what it leaves."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, SLOT, BoxRun, RunBox
from tiers import grader_with_a_box, usable

from autograder.datasets.data import cache_folder
from autograder.sandbox import processes, ruleset
from autograder.sandbox.box import CannotIsolate, Limits
from autograder.sandbox.open_box import Places
from autograder.sandbox.tiers import attempt

MEBIBYTE = 1 << 20
SMALL = Limits(scratch=32 * MEBIBYTE, memory=3 << 30)
UID = SLOT.bare_uid
OTHER_UID = UID + 300  # of no box
SECRET = f"secret-{secrets.token_hex(8)}"

PRELUDE = """
import contextlib, ctypes, errno, json, os, signal, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def outcome(action):
    try:
        return repr(action())
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
def call(name, *args):
    numbers = {"x86_64": {"shmget": 29, "msgget": 68, "semget": 64, "mq_open": 240, "inotify_init1": 294},
               "aarch64": {"shmget": 194, "msgget": 186, "semget": 190, "mq_open": 180, "inotify_init1": 26}}
    number = numbers[os.uname().machine][name]
    return "done" if libc.syscall(number, *args) >= 0 else errno.errorcode[ctypes.get_errno()]
"""


@pytest.fixture(scope="session")
def tier() -> Iterator[str]:
    with usable("landlock") as name:
        yield name


@contextlib.contextmanager
def listening() -> Iterator[dict[str, object]]:
    """Sockets of this machine that anybody may connect to, and what they were sent."""
    with contextlib.ExitStack() as opened:
        heard: list[bytes] = []
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        folder.chmod(0o755)
        tcp = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        name = f"\0box-test-{secrets.token_hex(4)}"
        places: dict[str, object] = {"tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1], "abstract": name}
        unix = []
        for kind, address in (("stream", str(folder / "stream")), ("datagram", str(folder / "datagram")), ("name", name)):
            made = socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM
            one = opened.enter_context(socket.socket(socket.AF_UNIX, made))
            one.bind(address)
            if kind == "stream":
                one.listen()
            if kind != "name":
                os.chmod(address, 0o777)
                places[kind] = address
            unix.append(one)
        for one in (tcp, udp, *unix):
            one.setblocking(False)

        def listen() -> None:
            for one in (tcp, udp, *unix):
                with contextlib.suppress(OSError):
                    heard.append(one.accept()[0].recv(10) if one.type == socket.SOCK_STREAM else one.recv(10))

        yield places
        listen()
        places["heard"] = heard


@pytest.fixture(scope="module")
def victim(tier: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the grader's user, with a secret in its environment and on its command line."""
    code = "import time; time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", code, SECRET], env={"SECRET": SECRET, "PATH": "/usr/bin"})
    yield process
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def other_box(tier: str) -> Iterator[Path]:
    """What another box that runs now has in its scratch folder, which has the layout and the rights of a real one."""
    places = Places.new()
    os.mkdir(places.root, 0o755)
    for name in (places.scratch, places.home):
        os.mkdir(name, 0o700)
        os.chown(name, OTHER_UID, OTHER_UID)
    path = Path(places.home) / "note"
    path.write_text(SECRET)
    os.chown(path, OTHER_UID, OTHER_UID)
    yield path
    shutil.rmtree(places.root)


@pytest.fixture(scope="module")
def found(run_box: RunBox, victim: subprocess.Popen[bytes], other_box: Path) -> BoxRun:
    readable = Path(tempfile.mkdtemp(dir="/var/tmp"))
    readable.chmod(0o755)
    (readable / "for_everybody").write_text(SECRET)
    files = ["/etc/shadow", "/etc/passwd", "/proc/1/environ", f"/proc/{victim.pid}/environ", f"/proc/{victim.pid}/cmdline",
             f"/proc/{victim.pid}/maps", f"/proc/{os.getpid()}/status", "/proc/mounts", "/proc/kallsyms",
             str(other_box), str(readable / "for_everybody"), str(ROOT / "pyproject.toml"),
             str(ROOT / "source" / "pa4_convnet" / "pa4_convnet.ipynb")]  # fmt: skip
    folders = ["/", "/proc", "/tmp", "/home", "/var/tmp", "/run", str(ROOT), str(ROOT / "autograder"), str(Path.home()),
               str(cache_folder()), str(readable), str(other_box.parent)]  # fmt: skip
    with listening() as places:
        cells = {
            "prelude": PRELUDE,
            "files": f"""
found = {{path: outcome(lambda: open(path, "rb").read()) for path in {files!r}}}
found |= {{path: outcome(lambda: os.listdir(path)) for path in {folders!r}}}
print(json.dumps(found))
""",
            "links": f"""
home, targets = os.environ["HOME"], {["/etc/shadow", str(readable / "for_everybody")]!r}
found = []
for number, path in enumerate(targets):
    found.append(outcome(lambda: os.symlink(path, f"{{home}}/s{{number}}")))
    found.append(outcome(lambda: open(f"{{home}}/s{{number}}").read()))
    found.append(outcome(lambda: os.link(path, f"{{home}}/h{{number}}")))
print(json.dumps(found))
""",
            "writes": f"""
paths = ["/tmp/x", "/dev/shm/x", "/var/tmp/x", "/run/x", "/run/lock/x", "{readable}/x", sys.prefix + "/x",
         "/proc/self/oom_score_adj", "/dev/null"]
print(json.dumps({{path: outcome(lambda: open(path, "w").write("0")) for path in paths}}))
""",
            "signals": f"""
found = {{str(pid): outcome(lambda: os.kill(pid, 9)) for pid in ({victim.pid}, {os.getpid()}, os.getppid(), 1)}}
found["priority"] = outcome(lambda: os.setpriority(os.PRIO_PROCESS, {victim.pid}, 19))
found["affinity"] = outcome(lambda: os.sched_setaffinity({victim.pid}, [0]))
import resource
found["limits"] = outcome(lambda: resource.prlimit({victim.pid}, resource.RLIMIT_NOFILE, (1, 1)))
print(json.dumps(found))
""",
            "sockets": f"""
places = {places!r}
def tcp():
    socket.create_connection(("127.0.0.1", places["tcp"]), timeout=2).send(b"x")
def udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", places["udp"]))
def unix(kind, address):
    one = socket.socket(socket.AF_UNIX, kind)
    one.connect(address)
    one.send(b"x")
def pair(kind, address):
    one, _ = socket.socketpair(socket.AF_UNIX, kind)
    with contextlib.suppress(OSError):
        one.sendto(b"x", address)
    one.connect(address)
    one.send(b"x")
found = {{"tcp": outcome(tcp), "udp": outcome(udp)}}
found["listen"] = outcome(lambda: socket.create_server(("127.0.0.1", 0)))
for name in ("stream", "datagram", "abstract"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
        found[f"{{name}} {{kind}}"] = outcome(lambda: unix(kind, places[name]))
        found[f"pair {{name}} {{kind}}"] = outcome(lambda: pair(kind, places[name]))
one, two = socket.socketpair()
one.send(b"within")
print(json.dumps([found, two.recv(10).decode()]))
""",
            "shared": """
print(json.dumps({"shmget": call("shmget", 0x4242, 4096, 0o1777), "msgget": call("msgget", 0x4242, 0o1666),
                  "semget": call("semget", 0x4242, 1, 0o1666), "mq_open": call("mq_open", b"box", 0o102, 0o666, None),
                  "inotify_init1": call("inotify_init1", 0), "dumpable": libc.prctl(4, 0, 0, 0, 0),
                  "dumpable by a number that is too long": libc.syscall(157, ctypes.c_long((1 << 32) + 4), 0, 0, 0, 0)
                  if os.uname().machine == "x86_64" else -1}))
""",
            "rights": """
state = {}
with contextlib.suppress(OSError):
    state = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
print(json.dumps([os.getresuid(), os.getresgid(), os.getgroups(), outcome(lambda: os.setuid(0)),
                  subprocess.run(["/usr/bin/id", "-u"], capture_output=True, text=True).stdout.strip(),
                  libc.prctl(39, 0, 0, 0, 0)]))
""",
            "kill_all": "print(outcome(lambda: os.kill(-1, 0)))",
        }
        try:
            done = run_box(cells, limits=SMALL)
        finally:
            shutil.rmtree(readable)
    done.frames.append({"event": "heard", "heard": places["heard"]})
    return done


def test_no_file_of_others_is_read_and_no_folder_listed(found: BoxRun) -> None:
    said = found.said("files")
    assert set(said.values()) <= {"EACCES", "ENOENT", "EPERM"}, said
    assert SECRET not in str(found.frames)


def test_links_do_not_lead_out(found: BoxRun) -> None:
    said = found.said("links")
    assert said[0::3] == ["None", "None"]
    assert set(said[1::3]) == {"EACCES"}
    assert set(said[2::3]) <= {"EACCES", "EPERM", "EXDEV"}


def test_nothing_is_written_outside_of_the_scratch_folder(found: BoxRun) -> None:
    said = found.said("writes")
    assert said.pop("/dev/null") == "1"
    assert set(said.values()) <= {"EACCES", "ENOENT", "EPERM", "EROFS"}, said


def test_no_process_of_others_is_signalled_or_changed(found: BoxRun, victim: subprocess.Popen[bytes]) -> None:
    said = found.said("signals")
    assert set(said.values()) <= {"EPERM", "ESRCH", "EACCES"}, said
    assert victim.poll() is None


def test_no_socket_reaches_a_listener_of_the_machine(found: BoxRun) -> None:
    said, within = found.said("sockets")
    assert set(said.values()) <= {"EPERM", "EACCES"}, said
    assert within == "within"
    assert found.frames[-1]["heard"] == []


def test_memory_and_queues_of_the_machine_are_not_shared(found: BoxRun) -> None:
    said = found.said("shared")
    assert {said.pop(name) for name in list(said) if name.startswith("dumpable")} == {-1}
    assert set(said.values()) == {"EPERM"}, said


def test_rights_are_those_of_a_user_of_its_own_and_cannot_be_gained(found: BoxRun) -> None:
    users, groups, more, become, of_a_program, no_new_rights = found.said("rights")
    assert set(users) == set(groups) == {UID}
    assert (more, become, of_a_program, no_new_rights) == ([], "EPERM", str(UID), 1)


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("autograder-box-*"))


def left_folders(before: set[Path], uid: int) -> set[Path]:
    """Folders of boxes that are new since ``before``, without those of other graders, which may run beside this test."""

    def is_anothers(folder: Path) -> bool:
        try:
            return (folder / "scratch").stat().st_uid != uid
        except FileNotFoundError:
            return not folder.exists()

    until = time.monotonic() + 5  # another's folder may not have its parts yet
    while (found := {folder for folder in folders() - before if not is_anothers(folder)}) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def left() -> list[int]:
    return processes.of_user(UID)


def test_killing_everything_kills_the_box_alone(run_box: RunBox, victim: subprocess.Popen[bytes]) -> None:
    run = run_box(
        {"kill": "import os, signal\nif os.fork() == 0:\n    os.kill(-1, signal.SIGKILL)\nimport time; time.sleep(20)"}
    )
    assert run.ending.cause == "closed"
    assert not run.ended
    assert victim.poll() is None
    assert left() == []


def test_forks_that_kill_who_would_kill_them_are_ended(run_box: RunBox) -> None:
    source = """
import os, signal, time
for number in range(12):
    if os.fork() == 0:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        while True:
            try:
                if os.fork() == 0 and number % 2:
                    os.kill(-1, signal.SIGKILL)
            except OSError:
                pass
time.sleep(20)
"""
    begun = time.monotonic()
    run_box({"hydra": source}, seconds=2, grace=1, limits=replace(SMALL, processes=24))
    assert left() == []
    assert time.monotonic() - begun < 30


def test_memory_in_many_processes_is_added_up(run_box: RunBox) -> None:
    source = """
import os, time
for _ in range(12):
    if os.fork() == 0:
        hog = bytearray(os.urandom(1)) * (150 << 20)
        time.sleep(60)
time.sleep(60)
"""
    run = run_box({"hogs": source}, limits=replace(SMALL, memory=1200 * MEBIBYTE))
    assert run.ending.cause == "memory", run.ending
    assert left() == []


FILL = """
import mmap, os, time
def fill(number):
    path = f"{os.environ['HOME']}/{number}"
    with open(path, "wb") as file:
        for _ in range(20):
            file.write(b"x" * (1 << 20))
    return path
"""


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("for number in range(1000): fill(number)", id="many files"),
        pytest.param(
            "kept = []\nfor n in range(900):\n    path = fill(n); kept.append(open(path)); os.remove(path)", id="deleted"
        ),
        pytest.param(
            "kept = []\nfor n in range(900):\n    path = fill(n); file = open(path, 'rb')\n"
            "    kept.append(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)); file.close(); os.remove(path)",
            id="mapped and deleted",
        ),
        pytest.param("for number in range(100_000): open(f\"{os.environ['TMPDIR']}/{number}\", 'w')", id="empty files"),
        pytest.param(
            "os.chdir(os.environ['HOME'])\nfor _ in range(3000):\n    os.mkdir('d' * 200); os.chdir('d' * 200)", id="deep"
        ),
    ],
)
def test_a_disk_that_is_filled_ends_the_box(run_box: RunBox, source: str) -> None:
    before = folders()
    run = run_box({"fill": FILL + source + "\ntime.sleep(20)"}, limits=SMALL, seconds=15)
    assert run.ending.cause == "disk", (run.ending, run.frames[-1])
    assert left_folders(before, UID) == set()
    assert left() == []


def status(pid: int) -> dict[str, str]:
    return dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())


def test_a_grader_that_is_killed_leaves_no_process_and_no_folder(tier: str) -> None:
    before = folders()
    grader = grader_with_a_box(tier)
    (uid,) = {int(status(pid)["Uid"].split()[0]) for pid in processes.family(grader.pid)} - {os.geteuid()}
    assert uid != UID
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    until = time.monotonic() + 10
    while processes.of_user(uid) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.5)
    assert processes.of_user(uid) == []
    assert left_folders(before, uid) == set()


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CannotIsolate, match="only root can give a box a user of its own"):
        attempt("landlock")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gets further than being told that it is not root")
def test_a_kernel_without_it_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruleset, "version", lambda: 3)
    with pytest.raises(CannotIsolate, match=r"Landlock of version 4 \(Linux 6\.7\); it has version 3"):
        attempt("landlock")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gets further than being told that it is not root")
def test_an_interpreter_that_others_cannot_reach_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    (hidden / "bin").mkdir(parents=True)
    (hidden / "bin" / "python").touch()
    hidden.chmod(0o700)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            hidden = folder
    monkeypatch.setattr(sys, "executable", str(tmp_path / "hidden" / "bin" / "python"))
    with pytest.raises(CannotIsolate) as told:
        attempt("landlock")
    assert f"only its owner may enter {hidden}; allow it with `chmod o+x {hidden}`" in str(told.value)
    assert "\n" not in str(told.value)


def test_the_eyes_of_a_user_are_those_of_one_thread_alone() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can look as another user")
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(1) as other:
        assert other.submit(os.listdir, name).result() == []
        with processes.looking_as(UID):
            with pytest.raises(PermissionError):
                os.listdir(name)
            assert other.submit(os.listdir, name).result() == []
        assert os.listdir(name) == []
