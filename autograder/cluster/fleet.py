"""Know the workers of a dask cluster: which have come, which went, and which can run an assignment as this machine would."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..assignment import Assignment
from . import tasks
from .worker import difference, fingerprint, places

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK_SECONDS = 1.0
CONNECT_SECONDS = 15


class ClusterError(Exception):
    """The cluster cannot grade, or cannot go on; the message says why and what to do."""


@contextmanager
def client_of(scheduler: object) -> Iterator[Client]:
    """A connection to a scheduler, given by its address or as a cluster object of dask.

    Raises:
        ClusterError: nothing answers there, or dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(f"{error}: a cluster needs more packages: pip install 'autograder[cluster]'") from error
    for name in ("client", "core", "comm"):
        # What a person has to know of a lost connection is in a ClusterError; the rest is tracebacks.
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False, name="autograder")
    except (OSError, ValueError, TypeError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ClusterError(
            f"no dask scheduler answers at {scheduler} ({said}); is `dask scheduler` running there?"
        ) from error
    with client:
        yield client


@dataclass
class Worker:
    """A worker that runs submissions, ``places`` of them at once; ``sent`` are those that it has, in its order."""

    address: str
    name: str
    places: int
    sent: list[Any] = field(default_factory=list)
    refused: int = 0

    @property
    def load(self) -> float:
        """Submissions for each place."""
        return len(self.sent) / self.places


class Fleet:
    """The workers of one scheduler, as far as they can run ``assignment`` on ``device``.

    A worker is asked once what it is. ``tell`` gets a line on each one that is left out.
    """

    def __init__(
        self, client: Client, assignment: Assignment, device: str, tell: Callable[[str], None], isolation: str
    ) -> None:
        self.client, self.device, self.tell, self._isolation = client, device, tell, isolation
        self.fit: dict[str, Worker] = {}
        self.left_out: dict[str, str] = {}
        self._dataset = assignment.settings.dataset
        self._ours = fingerprint()
        self._asked: dict[str, tuple[Worker, Future[str]]] = {}
        self._looked = 0.0

    @property
    def asked(self) -> int:
        """Workers that have not yet said what they are."""
        return len(self._asked)

    def look(self, at_least_every: float = LOOK_SECONDS) -> list[Worker]:
        """Bring everything up to date, not more often than asked; the workers that are gone.

        Raises:
            ClusterError: the scheduler does not answer.
        """
        if time.monotonic() - self._looked < at_least_every:
            return []
        there = self._workers()
        self._looked = time.monotonic()
        for address, info in there.items():
            if address not in self.fit and address not in self._asked and address not in self.left_out:
                self._ask(address, info)
        for address in [address for address in self._asked if address not in there]:
            del self._asked[address]
        for worker, answer in [asked for asked in self._asked.values() if asked[1].done()]:
            del self._asked[worker.address]
            self._admit(worker, answer)
        return [self.fit.pop(address) for address in list(self.fit) if address not in there]

    def leave_out(self, worker: Worker, reason: str) -> None:
        """Send nothing more to a worker."""
        self.fit.pop(worker.address, None)
        self.left_out[worker.address] = reason
        self.tell(f"worker {worker.name} is left out: {reason}")

    def require_scheduler(self) -> None:
        """Raise :class:`ClusterError` if the connection is lost."""
        if self.client.status != "running":
            raise ClusterError(
                "the connection to the dask scheduler was lost; once it is there again, the same command goes on from here"
            )

    def _workers(self) -> dict[str, dict[str, Any]]:
        self.require_scheduler()
        try:
            found: dict[str, dict[str, Any]] = self.client.scheduler_info()["workers"]
        except Exception as error:
            raise ClusterError(
                f"the dask scheduler does not answer ({type(error).__name__}); the same command goes on from here"
            ) from error
        return found

    def _ask(self, address: str, info: dict[str, Any]) -> None:
        resources = dict(info.get("resources") or {})
        if self.device == "cuda" and resources.get("GPU", 0) < 1:
            return
        # A worker that got no name is called by its address.
        name = str(info.get("name") or address).rpartition("://")[2]
        worker = Worker(address, name, places(int(info["nthreads"]), resources, self.device))
        answer = self.client.submit(
            tasks.examine,
            self._dataset,
            self.device,
            self._isolation,
            workers=[address],
            key=f"examine-{secrets.token_hex(4)}",
            priority=1_000_000,
            pure=False,
        )
        self._asked[address] = (worker, answer)

    def _admit(self, worker: Worker, answer: Future[str]) -> None:
        try:
            said = json.loads(answer.result(timeout=30))
            reason = difference(said["fingerprint"], self._ours) if said["fingerprint"] else None
            reason = reason or said["problem"]
        except ModuleNotFoundError as error:
            reason = f"{error}: install the package there too, as here"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        if reason:
            self.leave_out(worker, reason)
        else:
            self.fit[worker.address] = worker


def offers_gpu(client: Client) -> bool:
    """Whether a worker of the cluster offers the resource GPU."""
    workers = client.scheduler_info()["workers"].values()
    return any((info.get("resources") or {}).get("GPU", 0) >= 1 for info in workers)
