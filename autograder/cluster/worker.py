"""What a dask worker does for a grader on another machine: say what it is, and run one submission's cells in a box.

A worker has this package installed and a training set in its cache, and no course. It gets the cells of one submission with
the probes of the assignment and gives back evidence, which its children take in; it judges nothing.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Literal

from ..datasets import decoy
from ..datasets.data import DatasetName
from ..limited import Breach, Children
from ..runs.apart import BUDGET, Apart
from ..runs.collect import Stopped, data_folder
from ..runs.collect import run as run_boxes
from ..runs.frames import Malformed
from ..runs.options import Options, choose_device, versions
from ..sandbox import tiers
from ..sandbox.mounts import PACKAGE
from . import boxed
from .wire import pack_breach, pack_refusal

CODE = ("inside/*.py", "sandbox/*.py", "runs/*.py", "cluster/wire.py", "cluster/boxed.py", "cluster/worker.py")

_children = Children("autograder.cluster.boxed", "safetensors.torch")
"""Of this process: dask gives it one job after another, in several threads."""


def fingerprint() -> dict[str, str]:
    """What evidence depends on, by a name that a person understands: the same on two machines that see the same."""
    found = {"python": f"{sys.version_info[0]}.{sys.version_info[1]}", **versions(), "the decoys": decoy.VERSION}
    for pattern in CODE:
        digest = hashlib.sha256()
        for path in sorted(PACKAGE.glob(pattern)):
            digest.update(path.name.encode() + path.read_bytes())
        found[f"autograder/{pattern}"] = digest.hexdigest()[:12]
    return found


def difference(theirs: dict[str, str], ours: dict[str, str]) -> str | None:
    """One line on the first thing that differs, or None."""
    for name in ours:
        if theirs.get(name) != ours[name]:
            return f"{name} is {theirs.get(name, 'missing')} there and {ours[name]} here; install the same on both"
    return None


def examine(dataset: DatasetName | Literal["none"], device: str, isolation: str = tiers.AUTO) -> str:
    """JSON of what this machine runs (``fingerprint``), and of why it cannot grade (``problem``) or null."""
    found: dict[str, object] = {"fingerprint": {}, "problem": None}
    try:
        found["fingerprint"] = fingerprint()
        tiers.check(isolation)
        data_folder(dataset)
        if device == "cuda" and choose_device("auto") != "cuda":
            found["problem"] = "it offers a GPU, but torch finds none"
    except Exception as error:
        found["problem"] = f"{type(error).__name__}: {error}"
    return json.dumps(found)


def places(nthreads: int, resources: Mapping[str, float], device: str) -> int:
    """Submissions at once on a dask worker: one a thread, and on ``cuda`` as many as it offers to share its GPUs."""
    return max(1, min(nthreads, int(resources.get("GPU", 0))) if device == "cuda" else nthreads)


def run(packed: bytes) -> bytes:
    """Run a job of :func:`autograder.cluster.wire.pack_job` as a dask task: evidence, or why there is none."""
    from dask.system import CPU_COUNT
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def called_off() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state != "executing"

    def threads(device: str) -> int:
        return max(1, CPU_COUNT // places(worker.state.nthreads, worker.state.total_resources, device))

    return run_job(packed, threads, called_off)


def run_job(packed: bytes, threads: Callable[[str], int], stop: Callable[[], bool]) -> bytes:
    """Run a job with the processor threads for its device; ``stop`` calls it off."""
    try:
        with tempfile.TemporaryDirectory(prefix="autograder-job-") as folder, _children.lease(BUDGET) as lease:
            job = lease.ask(boxed.lay_out, Malformed, job=packed, folder=folder)
            options = Options(job["profile"], job["device"], threads(job["device"]), isolation=job["isolation"])
            tier = tiers.chosen(options.isolation)
            lease.ask(boxed.start, folder=folder, options=options.as_plain(), tier=tier)
            run_boxes(Apart(lease), boxed.laid_out(folder, job["assignment"], job["settings"]), options, tier, stop)
            evidence: bytes = lease.ask(boxed.packed)["evidence"]
            return evidence
    except Stopped:
        return pack_refusal("it was called off")
    except Breach as error:
        return pack_breach(str(error))
    except Exception as error:
        return pack_refusal(f"{type(error).__name__}: {error}")
