"""Fork server: import the libraries once, then fork an isolated process for each job.

It never reads a job and never runs student code: the file descriptors of a job go from the grader through a unix socket
straight to the fork. Until the fork there is one thread, and CUDA is not touched, since neither survives a fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .shell import CellRunner

LIBRARIES = (
    "torch", "torchvision", "matplotlib.pyplot", "matplotlib_inline.backend_inline", "IPython.core.interactiveshell",
    "numpy", "pandas", "tqdm.auto", "torchinfo", "torchviz", "safetensors.torch", "torch.utils._python_dispatch",
)  # fmt: skip
DESCRIPTORS = 3
MESSAGE_BYTES = 4096


def serve(control: int, rules: int) -> None:
    """Serve jobs until the grader closes the socket ``control``; ``rules`` is a file with the system call filter.

    A message is JSON ``{"scratch": bytes, "folders": [...], "keep": [...]}`` with the descriptors job, evidence and errors.
    Answers: ``ready`` once; then for each job ``begun`` from the fork (its credentials tell its pid), ``ended`` from here.
    """
    with contextlib.suppress(OSError), os.fdopen(rules, "rb") as file:
        program = file.read()
    runner = _prepare()
    channel = socket.socket(fileno=control)
    channel.send(b"ready")
    while True:
        text, descriptors, _, _ = socket.recv_fds(channel, MESSAGE_BYTES, DESCRIPTORS)
        if not text:
            return
        child = os.fork()
        if child == 0:
            _run(channel, json.loads(text), descriptors, program, runner)
        for descriptor in descriptors:
            os.close(descriptor)
        os.waitpid(child, 0)
        channel.send(b"ended")


def _prepare() -> CellRunner:
    """Import all that jobs need, and make the shell in which the fork will run its cells."""
    from . import figures, main, networks, probing, standins, variants  # noqa: F401
    from .shell import CellRunner

    main.prepare_process()
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    runner = CellRunner(figures.describe)
    # What is there now is shared with every fork; a collection would touch, and so copy, all of it.
    gc.collect()
    gc.freeze()
    return runner


def _run(
    channel: socket.socket, message: dict[str, Any], descriptors: list[int], program: bytes, runner: CellRunner
) -> None:
    """In the fork: leave the server's namespaces, and run the job in a grandchild, so that pid 1 can look after orphans."""
    from . import isolate, main

    status = 1
    try:
        isolate.die_with_parent()
        os.setsid()
        channel.send(b"begun")
        channel.close()
        job, evidence, errors = descriptors
        os.dup2(job, 0)
        os.dup2(errors, 2)
        os.close(job)
        os.close(errors)
        isolate.leave_namespaces()
        first = os.fork()
        if first:
            os.close(evidence)
            os.waitpid(first, 0)
            os._exit(0)
        isolate.die_with_parent()
        isolate.own_folders(tuple(message["folders"]), int(message["scratch"]), tuple(message["keep"]))
        os.chdir(message["folders"][-1])
        worker = os.fork()
        if worker:
            os.close(evidence)
            isolate.drop_rights(program)
            _reap_until(worker)
            os._exit(0)
        isolate.die_with_parent()
        isolate.drop_rights(program)
        main.main(evidence, runner=runner)
        status = 0
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
    finally:
        os._exit(status)


def _reap_until(worker: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            ended, _ = os.wait()
        except ChildProcessError:
            return
        if ended == worker:
            return
