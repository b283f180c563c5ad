"""What an attack is: a submission told as data, with what it tries and what must hold; and code that several share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode

Group = Literal["leak", "tamper", "exit", "resource", "persistence", "network", "parser", "page", "social"]

ANSWERS = ("convnet", "network_graph", "trainer", "learning_rate", "loss_plot", "test_accuracy", "filters", "feature_maps")
NETWORK = ("convnet",)
LOOP = ("convnet", "trainer")
TRAINED = ("convnet", "trainer", "learning_rate")
EVERYTHING = (*TRAINED, "network_graph", "loss_plot", "test_accuracy", "filters", "feature_maps")


@dataclass(frozen=True)
class Attack:
    """One hostile submission of pa4_convnet.

    In every text ``@PORT@`` is a port that is listened to on this machine's loopback, ``@COURSE@`` the course folder,
    ``@MARK@`` a name that nothing else on this machine has.

    Args:
        holds: what must hold beyond that which holds for all: no points, no secret, nothing left, nobody else touched.
        solved: answer cells that hold the reference solution; the others are blank, or the attack's.
        cells: sources of answer cells by ``grade_id``.
        added: (cell before, source) of code cells of the student's own.
        prose: sources of written answers by ``grade_id``.
        file: writes the submission's file itself, given its path and the notebook built from the rest.
        shows: a regular expression for what shows that the attack was really carried out, in outputs, flags or reasons.
        refused: the file must be refused as no submission.
        costs: items that are solved and that this attack may cost its own student.
        deserved: points, by item, that what is right in the attacked cell earns; without the attack it was not attempted.
        unjudged: items may end as could_not_grade; otherwise that is a fault of the grader.
        open: why this attack still earns points that it should not: a known hole, which docs/security.md names.
    """

    id: str
    group: Group
    tries: str
    holds: str = ""
    solved: tuple[str, ...] = ()
    cells: dict[str, str] = field(default_factory=dict)
    added: tuple[tuple[str, str], ...] = ()
    prose: dict[str, str] = field(default_factory=dict)
    file: Callable[[Path, NotebookNode], None] | None = None
    shows: str = "tried|never does"
    refused: bool = False
    costs: tuple[str, ...] = ()
    deserved: dict[str, float] = field(default_factory=dict)
    unjudged: bool = False
    open: str = ""

    @property
    def student(self) -> str:
        """The name under which it is handed in."""
        return f"{self.group}_{self.id}"


PIPE = """
import json as _json, os, stat, struct
def _is_pipe(fd):
    try:
        return int(fd) > 2 and stat.S_ISFIFO(os.stat("/proc/self/fd/" + fd).st_mode)
    except OSError:
        return False
pipe = int(next(filter(_is_pipe, os.listdir("/proc/self/fd"))))
def say(document, blob=b""):
    text = document if isinstance(document, bytes) else _json.dumps(document).encode()
    data = struct.pack(">QQ", len(text), len(blob)) + text + blob
    while data:
        data = data[os.write(pipe, data):]
"""
"""Finds the evidence pipe and writes frames of its own into it, as code that wants to cheat can."""

ANSWER_FOR = """
import inside.probing as probing
def answer(name, document, tensors=None):
    for number, (after, own, _) in enumerate(probing._probes):
        if own == name:
            probing._probes[number] = (after, own, lambda student: probing.Evidence(document, tensors or {}))
"""
"""Puts evidence of its own in the place of a probe's: the pipe then tells it once, and at its time."""

SOON = "# This cell is meant to be ended by its time limit.\n"
"""Before a cell that never ends by itself: it gets ``SOON_SECONDS``, all others as long as a busy machine may need."""

DEAF = """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
"""
"""Blocks every signal that can be blocked, the time limit's among them."""

GREP = """
import os
def grep(folders, seconds=2.0):
    import time
    end, hits, read = time.monotonic() + seconds, [], 0
    for top in folders:
        for folder, names, files in os.walk(top):
            names[:] = [n for n in names if n not in ("torch", "nvidia", "site-packages", "dist-packages", "sys")]
            for name in files:
                if time.monotonic() > end:
                    return hits, read
                try:
                    with open(os.path.join(folder, name), "rb") as file:
                        text = file.read(2_000_000)
                except OSError:
                    continue
                read += 1
                at = text.find(b"CAN" + b"ARY-")
                if at >= 0:
                    hits.append((folder, name, text[at:at + 60]))
    return hits, read
"""
"""Looks for the tests' planted secrets in files."""


def table(attacks: Sequence[Attack]) -> str:
    """The table of ``docs/security.md``."""
    lines = ["| attack | what it tries | what must hold beside the above |", "| --- | --- | --- |"]
    for attack in attacks:
        holds = [attack.holds] if attack.holds else []
        holds += ["The file is refused, with the reason."] if attack.refused else []
        holds += [f"**Open:** {attack.open}"] if attack.open else []
        lines.append(f"| `{attack.student}` | {attack.tries} | {' '.join(holds)} |")
    return "\n".join(lines)
