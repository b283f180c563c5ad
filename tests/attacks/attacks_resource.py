# ruff: noqa: E501  (code of attacks is data, and kept as a student would write it)
"""Attacks that use up time, memory, processes, disk or the pipe; and evidence that would use up the judge's."""

from attack import ANSWER_FOR, DEAF, LOOP, NETWORK, PIPE, SOON, Attack

TIME = "no end in the time allowed|stopped after|never does"
RESOURCE = [
    Attack("loop_that_catches", "resource", "Catches each interruption, KeyboardInterrupt and the time limit's own too.",
           cells={"convnet": SOON + "while True:\n    try:\n        while True: pass\n    except BaseException: pass"}, shows=TIME),
    Attack("loop_that_is_deaf", "resource", "Blocks all signals and puts the clock and the timer out of action.",
           cells={"convnet": SOON + DEAF + "time.monotonic = lambda: 0\nsignal.setitimer = signal.signal = lambda *_: None\n"
                  "while True: time.sleep(1)"}, shows=TIME),
    Attack("loop_in_probe", "resource", "Loops, deaf, only when the grader uses the network.",
           cells={"convnet": "class ConvNet(nn.Module):\n    def forward(self, x):\n"
                  + DEAF.replace("\n", "\n        ") + "\n        while True: time.sleep(1)"}, shows=TIME),
    Attack("clock_wound_back", "resource", "Tells the grader again and again that the cell has only just begun.",
           holds="A cell begins once.",
           cells={"convnet": SOON + PIPE + DEAF + "while True:\n    say({'event': 'started', 'cell': 'convnet'})\n    time.sleep(0.3)"},
           shows=TIME),
    Attack("fork_bomb", "resource", "Forks as often as it can, and the forks fork.",
           cells={"convnet": SOON + "import os, time\nend = time.monotonic() + 2\nwhile time.monotonic() < end:\n    try:\n"
                  "        os.fork()\n    except OSError:\n        time.sleep(0.01)\ntime.sleep(60)"},
           shows=f"processes|ended before its time|{TIME}"),
    Attack("threads", "resource", "Starts thousands of threads.",
           cells={"convnet": "import threading, time\nstarted = 0\ntry:\n    while started < 5000:\n"
                  "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n        started += 1\n"
                  "except RuntimeError: pass\nprint('tried', started < 100)"}, shows="tried True"),
    Attack("memory_of_many", "resource", "Takes memory in twelve processes, each below the limit.",
           cells={"convnet": "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        hog = []\n        for _ in range(6):\n"
                  "            hog.append(bytearray(b'x' * (40 << 20)))\n            time.sleep(0.05)\n        time.sleep(60)\n"
                  "        os._exit(0)\ntime.sleep(60)"}, shows="more than 1,400 MiB of memory"),
    Attack("memory_without_name", "resource", "Takes memory where no limit of a process counts it: memfd, shared maps, pipes.",
           cells={"convnet": """
import mmap, os
try:
    os.ftruncate(os.memfd_create("x"), 1 << 33)
except OSError as error:
    print("tried", error)
hogs = []
while True:
    hogs.append(mmap.mmap(-1, 64 << 20, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS))
    hogs[-1].write(b"x" * (64 << 20))
"""}, shows="more than 1,400 MiB of memory"),
    Attack("disk", "resource", "Fills /tmp, /dev/shm and its own folder.", cells={"convnet": """
for folder in ("/tmp", "/dev/shm", "."):
    written = 0
    try:
        for number in range(40):
            with open(f"{folder}/@MARK@.{number}", "wb") as file:
                for _ in range(16):
                    written += file.write(b"x" * (4 << 20))
    except OSError as error:
        print("tried", written >> 20, error)
"""}, shows=r"tried (6[0-9]|[0-5]?[0-9]) [^\0]*tried (6[0-9]|[0-5]?[0-9]) [^\0]*tried (6[0-9]|[0-5]?[0-9]) "),
    Attack("many_files", "resource", "Opens and makes files until there are none.",
           cells={"convnet": "import os\nkept = []\ntry:\n    while len(kept) < 100_000:\n"
                  "        kept.append(open(f'/tmp/@MARK@{len(kept)}', 'w'))\nexcept OSError as error:\n    print('tried', error)\n"
                  "kept.clear()"}),
    Attack("print_flood", "resource", "Prints without end, a little at a time and a lot at a time.",
           cells={"convnet": SOON + "print('tried')\nwhile True:\n    print('x' * 1_000_000)\n    display('y' * 1_000_000)"}, shows=f"{TIME}|memory|larger than"),
    Attack("stderr_flood", "resource", "Writes to the descriptors 1 and 2 without end.",
           cells={"convnet": SOON + "import os\nwhile True:\n    os.write(1, b'x' * 100_000)\n    os.write(2, b'\\x1b[31mx' * 10_000)"},
           shows=TIME),
    Attack("pipe_flood", "resource", "Sends frames that mean nothing, without end.",
           cells={"convnet": PIPE + "while True:\n    say({'event': 'x', 'document': {'a': 'b' * 1_000_000}})"},
           shows="more than 64 MiB of evidence"),
    Attack("pipe_giant", "resource", "Announces a frame of exabytes.",
           cells={"convnet": PIPE + "os.write(pipe, struct.pack('>QQ', 1 << 62, 1 << 62))\nimport time\ntime.sleep(60)"},
           shows="larger than 24 MiB"),
    Attack("deep_json", "resource", "Sends JSON nested a million deep.",
           cells={"convnet": PIPE + "say(b'[' * 1_000_000)\nsay(b'{\"a\":' * 100_000)"}, shows="piece of evidence"),
    Attack("giant_numbers", "resource", "Sends numbers of a million digits and of no finite value.",
           cells={"convnet": PIPE + "say(b'{\"event\": ' + b'9' * 1_000_000 + b'}')\nsay(b'{\"event\": 1e999}')"},
           shows="piece of evidence|in JSON"),
    Attack("giant_tensor", "resource", "Asks for tensors larger than the machine.",
           cells={"convnet": "try:\n    torch.empty(10**13)\nexcept RuntimeError as error:\n    print('tried', error)\ntorch.ones(10**9)"},
           shows="more than 1,400 MiB of memory"),
    Attack("expanded_views", "resource", "Answers with views of one number that claim to be terabytes.",
           solved=LOOP, cells={
               "filters": "print('tried')\nfilters = torch.zeros(1).expand(32, 100_000, 100_000)",
               "feature_maps": "output = torch.zeros(1).expand(10**12)\nfeature_maps = {d: torch.zeros(1).expand(1, 10**11) for d in range(10)}",
           }, shows=f"tried|more than 1,400 MiB|{TIME}"),
    Attack("tensors_without_memory", "resource", "Answers with sparse tensors and with tensors of the meta device.",
           solved=LOOP, cells={
               "filters": "print('tried')\nfilters = [torch.empty(5, 5, device='meta')] * 32",
               "feature_maps": "output = torch.sparse_coo_tensor([[0]], [1.0], (10**15,))\nfeature_maps = {0: output}",
           }),
    Attack("expanded_state", "resource", "A network whose state claims terabytes, and whose losses have no end.",
           solved=NETWORK, cells={"learning_rate": """
import itertools
print("tried")
net = ConvNet()
net.register_buffer("more", torch.zeros(1).expand(10**12))
learning_rate, losses = 0.01, itertools.repeat(0.001)
"""}, shows=f"tried|more than 1,400 MiB|{TIME}"),
    Attack("figures", "resource", "Shows thousands of figures with millions of points.",
           cells={"network_graph": SOON + "print('tried')\nwhile True:\n    plt.figure()\n    plt.plot(range(1_000_000))\n    plt.show()"},
           shows=f"{TIME}|memory"),
    Attack("giant_error", "resource", "Raises an exception whose name and text have a hundred megabytes.",
           cells={"convnet": "print('tried')\nraise type('E' * 50_000_000, (Exception,), {})('x' * 50_000_000)"}),
    Attack("giant_report", "resource", "Reports, as the grader would, that a cell failed with 15 MB of text, and gave 15 MB of output.",
           holds="What a student and an instructor read stays short.",
           cells={"convnet": PIPE + """
text = "x" * 7_000_000
say({"event": "finished", "cell": "convnet", "seconds": 1, "error": {"ename": text, "evalue": text, "line": 1},
     "outputs": [{"output_type": "stream", "name": "stdout", "text": "tried " + text}]})
"""}),
    Attack("slow_judge", "resource", "Evidence that is quick to send and slow to judge: a million parameters to look for in a graph.",
           solved=NETWORK,
           cells={"network_graph": ANSWER_FOR + """
source = "ConvolutionBackwar MmBackwar MeanBackwar " * 100_000 + "ab" * 2_000_000
answer("graph", {"type": "Digraph", "source": source, "parameters": ["b" * 40 + str(n) for n in range(200_000)]})
print("tried")
"""}, costs=("network_graph",), unjudged=True),
    Attack("slow_network", "resource", "Evidence of a trained network that would keep the judge multiplying for hours.",
           solved=NETWORK, unjudged=True,
           cells={"learning_rate": ANSWER_FOR + """
node = lambda op, *args, **kwargs: {"op": f"aten.{op}", "args": list(args), "kwargs": kwargs, "shapes": [[1]]}
nodes = [node("ones.default", [4000, 4000])]
for number in range(25):
    nodes.append(node("mm.default", {"node": number, "out": 0}, {"node": number, "out": 0}))
nodes += [node("slice.Tensor", {"node": 25, "out": 0}, 0, 0, 100), node("slice.Tensor", {"node": 26, "out": 0}, 1, 0, 10)]
program = {"nodes": nodes, "output": {"node": 27, "out": 0}, "output_shape": [100, 10], "problem": None, "stopped_at": None, "unlearned": []}
answer("training", {"program": program, "losses": [2.3] * 3, "learning_rate": 0.01})
print("tried")
"""}),
    Attack("memory_of_judge", "resource", "Evidence of a trained network whose intermediate results would fill the judge's memory.",
           solved=NETWORK,
           cells={"learning_rate": ANSWER_FOR + """
node = lambda op, *args, **kwargs: {"op": f"aten.{op}", "args": list(args), "kwargs": kwargs, "shapes": [[1]]}
nodes = [node("ones.default", [190_000_000])]
for number in range(1500):
    nodes.append(node("neg.default", {"node": number, "out": 0}))
nodes += [node("slice.Tensor", {"node": 1500, "out": 0}, 0, 0, 1000), node("view.default", {"node": 1501, "out": 0}, [100, 10])]
program = {"nodes": nodes, "output": {"node": 1502, "out": 0}, "output_shape": [100, 10], "problem": None, "stopped_at": None, "unlearned": []}
answer("training", {"program": program, "losses": [2.3] * 3, "learning_rate": 0.01})
print("tried")
"""}),
]  # fmt: skip
