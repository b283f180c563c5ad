# ruff: noqa: E501  (code of attacks is data, and kept as a student would write it)
"""Attacks that end the process, or the run, before the grader is done: an exit status proves nothing."""

from attack import NETWORK, PIPE, Attack

ENDED = "ended before its time"
# What is right in the cells before stays right.
EXIT = [
    Attack("system_exit", "exit", "Raises SystemExit and calls exit and quit.", solved=NETWORK,
           cells={"network_graph": "print('tried')\ntry:\n    exit()\nexcept BaseException: pass\nraise SystemExit(0)"}),
    Attack("killed_all", "exit", "Sends SIGKILL to every process that it can reach.", solved=NETWORK,
           cells={"network_graph": "import os, signal\nos.kill(-1, signal.SIGKILL)\nos._exit(0)"}, shows=f"ProcessLookupError|{ENDED}"),
    Attack("segmentation_fault", "exit", "Reads address 0.", solved=NETWORK,
           cells={"network_graph": "import ctypes\nctypes.string_at(0)"}, shows=ENDED),
    Attack("other_program", "exit", "Becomes another program, which exits with status 0.", solved=NETWORK,
           cells={"network_graph": "import os\nos.execv('/bin/true', ['true'])"}, shows=ENDED),
    Attack("exit_in_probe", "exit", "Exits when the grader uses the network, not when the cell runs.",
           cells={"convnet": "class ConvNet(nn.Module):\n    def forward(self, x):\n        import os\n        os._exit(0)"},
           shows=ENDED),
    Attack("exit_in_each_cell", "exit", "Exits in more cells than a box is started again for.",
           cells=dict.fromkeys(("convnet", "network_graph", "trainer", "learning_rate", "loss_plot", "test_accuracy"),
                               "import os\nos._exit(0)"), shows=ENDED),
    Attack("exit_later", "exit", "A thread exits a moment later, so that a cell of the grader's seems to have done it.",
           solved=NETWORK, costs=("convnet",),
           added=(("imports", "import os, threading, time\n"
                   "threading.Thread(target=lambda: (time.sleep(0.4), os._exit(0)), daemon=True).start()\nprint('tried')"),),
           shows=f"tried|{ENDED}"),
    Attack("unprintable_error", "exit", "Raises an exception that raises when it is printed, compared or deleted.", solved=NETWORK,
           cells={"network_graph": """
class Nasty(BaseException):
    def __str__(self): raise Nasty()
    __repr__ = __eq__ = __hash__ = __str__
    def __del__(self): raise SystemExit
print("tried")
raise Nasty
"""}, shows=f"tried|{ENDED}"),
    Attack("says_the_end", "exit", "Reports the end of the run itself, with status and all, and exits.", solved=NETWORK,
           cells={"network_graph": PIPE + "say({'event': 'end'})\nos._exit(0)"}, shows="not reached|stopped"),
    Attack("end_of_interpreter", "exit", "Registers exit handlers, an excepthook and threads that wait for ever.",
           cells={"convnet": """
import atexit, sys, threading, time
atexit.register(lambda: time.sleep(1000))
sys.excepthook = lambda *_: time.sleep(1000)
threading.Thread(target=lambda: time.sleep(1000)).start()
print("tried")
"""}),
]  # fmt: skip
