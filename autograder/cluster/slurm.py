"""Start the workers of a cluster as Slurm jobs, through dask-jobqueue."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..assignment import Assignment
from .fleet import ClusterError

if TYPE_CHECKING:
    from dask_jobqueue.slurm import SLURMCluster

WORKER_GIB = 4  # of a worker itself; boxes come on top


@dataclass(frozen=True)
class Slurm:
    """What to ask Slurm for: ``jobs`` jobs at most, each a worker with ``at_once`` boxes.

    ``gpus`` and ``cpus`` are those of one job, ``walltime`` is hours:minutes:seconds, ``options`` are more of sbatch's own,
    such as ``--account=cs101``. What is None is taken from dask-jobqueue's configuration, or left to Slurm.
    """

    jobs: int = 2
    partition: str | None = None
    gpus: int = 0
    cpus: int = 4
    at_once: int = 1
    walltime: str = "04:00:00"
    interface: str | None = None
    options: tuple[str, ...] = ()


def prepare(slurm: Slurm, assignment: Assignment, logs: Path) -> SLURMCluster:
    """A cluster with a scheduler in this process and no job yet; its ``job_script()`` says what a job will do.

    What jobs print goes into the folder ``logs``, which the nodes must see.

    Raises:
        ClusterError: dask-jobqueue is not installed.
    """
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        from dask_jobqueue.slurm import SLURMCluster
    except ImportError as error:
        raise ClusterError(f"{error}: --slurm needs more packages: pip install 'autograder[cluster]'") from error
    finally:
        # dask-jobqueue 0.9 makes Ctrl-C end the process silently, with status 0.
        signal.signal(signal.SIGINT, interrupt)
    logs.mkdir(parents=True, exist_ok=True)
    dataset = assignment.settings.dataset
    gpu = [f"--gres=gpu:{slurm.gpus}"] if slurm.gpus else []
    return SLURMCluster(
        queue=slurm.partition,
        walltime=slurm.walltime,
        interface=slurm.interface,
        job_name="autograder",
        log_directory=str(logs.absolute()),
        processes=1,
        cores=slurm.at_once,
        job_cpu=slurm.cpus,
        memory=f"{slurm.at_once * assignment.settings.memory_gib + WORKER_GIB:.0f}GiB",
        job_extra_directives=[*gpu, *slurm.options],
        job_script_prologue=[f"{sys.executable} -m autograder data {dataset}"] if dataset != "none" else [],
        worker_extra_args=["--resources", f"GPU={slurm.at_once}"] if slurm.gpus else [],
        python=sys.executable,
        silence_logs="critical",
    )


@contextmanager
def started(slurm: Slurm, assignment: Assignment, logs: Path, submissions: int) -> Iterator[SLURMCluster]:
    """The cluster with its jobs in Slurm's queue, for as many as ``submissions`` keep busy; they are cancelled at the end.

    A job that ends before, by its walltime for example, is replaced.

    Raises:
        ClusterError: Slurm is not here, or does not take such a job; dask-jobqueue is not installed.
    """
    with prepare(slurm, assignment, logs) as cluster:
        _require_accepted(cluster.job_script())
        jobs = max(1, min(slurm.jobs, -(-submissions // slurm.at_once)))
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
        yield cluster


def _require_accepted(script: str) -> None:
    """Ask Slurm what it thinks of a job; dask-jobqueue would only wait for it."""
    try:
        done = subprocess.run(["sbatch", "--test-only"], input=script, capture_output=True, text=True, timeout=120)
    except FileNotFoundError as error:
        raise ClusterError("there is no sbatch here; run this on a login node of the Slurm cluster") from error
    except subprocess.TimeoutExpired as error:
        raise ClusterError("Slurm did not answer in two minutes") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise ClusterError(f"Slurm does not take the job: {said[0]}")
