# ruff: noqa: E501  (code of attacks is data, and kept as a student would write it)
"""Attacks that leave something behind: processes, files that start programs, modules with the names of libraries."""

from attack import Attack
from conftest import LEFTOVER

NAMED = f"with open('/proc/self/comm', 'w') as file:\n    file.write('{LEFTOVER}')\n"
PERSISTENCE = [
    Attack("double_fork", "persistence", "A detached grandchild waits for the end of the grading, to write scores then.",
           cells={"convnet": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        """ + NAMED.replace("\n", "\n        ") + """
        for number in range(3, 300):
            try:
                os.close(number)
            except OSError:
                pass
        time.sleep(20)
        open("@COURSE@/out/@MARK@", "w").write("later")
        os._exit(0)
    os._exit(0)
print("tried")
"""}),
    Attack("deaf_child", "persistence", "A child that ignores every signal keeps all descriptors open.",
           cells={"convnet": "import os, signal, time\nif os.fork() == 0:\n    " + NAMED.replace("\n", "\n    ")
                  + "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n    while True: time.sleep(100)\nprint('tried')"}),
    Attack("shell_in_background", "persistence", "Starts programs with nohup, setsid, at, crontab and systemd-run.",
           cells={"convnet": """
import os, subprocess
subprocess.Popen(["/bin/sh", "-c", "nohup setsid sh -c 'exec -a left sleep 300' >/dev/null 2>&1 &"])
for command in ("echo 'touch /tmp/@MARK@' | at now", "echo '* * * * * touch /tmp/@MARK@' | crontab -",
                "systemd-run --user touch /tmp/@MARK@"):
    print("tried", subprocess.run(command, shell=True, capture_output=True).returncode != 0)
"""}),
    Attack("startup_files", "persistence", "Writes files that Python, IPython, matplotlib, pytest and a shell run when they start.",
           cells={"convnet": """
import os, site, sys
text = "open('/tmp/@MARK@.started', 'w').write('x')\\n"
places = ["~/.ipython/profile_default/startup/00-@MARK@.py", "~/.config/matplotlib/matplotlibrc", "~/.bashrc", "~/.pythonrc.py",
          "~/.jupyter/jupyter_notebook_config.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "nbgrader_config.py",
          "@COURSE@/conftest.py", "@COURSE@/nbgrader_config.py", site.getusersitepackages() + "/usercustomize.py",
          sys.prefix + "/@MARK@.pth", site.getsitepackages()[0] + "/@MARK@.pth", "/etc/@MARK@", "/box/inside/main.py", "/box/probes.py"]
for place in map(os.path.expanduser, places):
    try:
        os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
        with open(place, "a") as file:
            file.write(text)
        print("tried", place)
    except OSError as error:
        print("tried", place, error)
"""}),
    Attack("shadow_modules", "persistence", "Leaves modules with the names of libraries where an import might find them first.",
           cells={"convnet": """
import importlib, os, sys
for folder in (".", "/tmp", "/dev/shm", os.path.expanduser("~"), *sys.path):
    for name in ("torch", "numpy", "probes", "inside", "json", "timeit", "safetensors"):
        try:
            with open(os.path.join(folder or ".", name + ".py"), "w") as file:
                file.write("raise SystemExit('shadowed')")
        except OSError:
            pass
sys.path.insert(0, os.getcwd())
importlib.invalidate_caches()
print("tried")
"""}),
    Attack("leaver", "persistence", "Leaves notes wherever a later submission could find them: files, shared memory, sockets.",
           cells={"convnet": """
import ctypes, os, socket
for folder in ("/tmp", "/dev/shm", os.path.expanduser("~"), "/dev/mqueue", "/box", "/var/tmp", "/run"):
    try:
        open(f"{folder}/@MARK@.note", "w").write("the answer is 3136")
    except OSError:
        pass
libc = ctypes.CDLL(None)
print("shared memory", libc.shmget(0xA77AC, 4096, 0o1666), libc.msgget(0xA77AC, 0o1666), libc.semget(0xA77AC, 1, 0o1666))
kept = socket.socket(socket.AF_UNIX)
kept.bind("\\0@MARK@.note")
torch.note = torch.nn.note = "the answer is 3136"
os.environ["NOTE"] = "the answer is 3136"
print("tried")
"""}),
    Attack("reader", "persistence", "Looks for the notes that the submission before it left.", holds="It finds none.",
           cells={"network_graph": """
import ctypes, os, socket
found = [f for f in ("/tmp", "/dev/shm", os.path.expanduser("~"), "/dev/mqueue", "/box", "/var/tmp", "/run") if os.path.exists(f"{f}/@MARK@.note")]
libc = ctypes.CDLL(None)
if libc.shmget(0xA77AC, 4096, 0) >= 0 or libc.msgget(0xA77AC, 0) >= 0 or libc.semget(0xA77AC, 1, 0) >= 0:
    found.append("shared memory")
try:
    socket.socket(socket.AF_UNIX).connect("\\0@MARK@.note")
    found.append("socket")
except OSError:
    pass
print("tried, found", found + [n for n in ("note",) if hasattr(torch, n)] + [n for n in ("NOTE",) if n in os.environ])
"""}, shows=r"tried, found \[\]"),
]  # fmt: skip
