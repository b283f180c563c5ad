"""In a child of the grader: do one task after another for it; and the server that forks children from itself."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import socket
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

MOST = 1100 << 20
"""Bytes of what goes to and fro as it is."""
MOST_PLAIN = 16 << 20
"""Bytes of the JSON beside it."""
PAGE = os.sysconf("SC_PAGE_SIZE")

Plain = dict[str, Any]
"""Values by name: JSON, and bytes, which go as they are."""


def serve(arguments: list[str]) -> None:
    """Import modules, then fork a child for each connection that comes through a socket, until its other end is closed.

    Args:
        arguments: the number of the socket, and the names of modules.
    """
    for module in arguments[1:]:
        importlib.import_module(module)
    gc.freeze()  # what is there already is shared with the children, as long as nobody writes to it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a child ended
    with socket.socket(fileno=int(arguments[0])) as channel:
        while True:
            _, descriptors, _, _ = socket.recv_fds(channel, 16, 1)
            if not descriptors:
                return
            if os.fork() == 0:
                try:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    channel.close()
                    _work(Connection(descriptors[0]))
                finally:
                    os._exit(0)
            os.close(descriptors[0])


def _work(connection: Connection) -> None:
    with contextlib.suppress(OSError):  # where memory is short, this goes before any box
        Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection.send_bytes(str(os.getpid()).encode())
    with contextlib.suppress(EOFError, OSError):  # nobody asks any more
        while True:
            asked, values = receive(connection)
            _limit(asked["seconds"], asked["memory"])
            module, _, name = asked["task"].partition(":")
            said: Plain = {}
            answer: Plain = {}
            try:
                answer = getattr(importlib.import_module(module), name)(**values)
            except MemoryError:
                said = {"memory": True}
            except Exception as error:
                text = str(error).encode(errors="replace").decode()
                kinds = [kind.__name__ for kind in type(error).__mro__]
                said = {"failed": f"{kinds[0]}: {text}"[:2000], "kinds": kinds, "text": text[:1000]}
            send(connection, said, answer)


def _limit(seconds: float, memory: int) -> None:
    """Twice what the grader allows, for the time in which it does not look, or is gone."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    data = int(Path("/proc/self/statm").read_bytes().split()[5]) * PAGE
    for kind, most in (
        (resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime + 2 * seconds) + 2),
        (resource.RLIMIT_DATA, data + 2 * memory),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def send(connection: Connection, head: Plain, values: Plain) -> None:
    """Send a message: what it is about, and values; one with too much JSON is told as an error."""
    blobs = {name: value for name, value in values.items() if isinstance(value, bytes)}
    plain = json.dumps([head, {name: value for name, value in values.items() if name not in blobs}, list(blobs)]).encode()
    if len(plain) > MOST_PLAIN:
        plain, blobs = json.dumps([{"failed": f"ValueError: {len(plain) >> 20} MiB of text"}, {}, []]).encode(), {}
    connection.send_bytes(plain)
    for blob in blobs.values():
        connection.send_bytes(blob)


def receive(connection: Connection) -> tuple[Plain, Plain]:
    """What :func:`send` sent."""
    head, plain, blobs = json.loads(connection.recv_bytes(MOST_PLAIN))
    return head, plain | {name: connection.recv_bytes(MOST) for name in blobs}
