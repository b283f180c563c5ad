"""Run submissions in boxes on the workers of a dask cluster; what they show comes back and is judged here."""

from __future__ import annotations

import queue
import secrets
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..assignment import Assignment
from ..child import Plain
from ..judging.processes import MODULES
from ..limited import Breach, Children, Ended, Failed
from ..notebooks.reading import Submission
from ..runs.apart import BUDGET, Kept, described, scratch
from ..runs.frames import Malformed
from ..runs.options import Options
from . import tasks
from .executor import TICK, Run, Started, problem_of, read_run
from .fleet import LOOK_SECONDS, ClusterError, Fleet, Worker, client_of, offers_gpu
from .sent import come_back, to_send
from .wire import Refused

if TYPE_CHECKING:
    from distributed import Client, Future

DEATHS = 3  # workers that may end while they run a submission
FAILURES = 3  # times that it may come back without evidence for another reason
REFUSALS = 3  # submissions in a row that a worker may not manage; then it gets no more
FETCH_SECONDS = 300
WORKER_SECONDS = 120.0
ANSWER_SECONDS = 600.0  # a worker that is busy with others' tasks says late what it is


@contextmanager
def connect(
    scheduler: object, assignment: Assignment, options: Options, tell: Callable[[str], None], wait: float = WORKER_SECONDS
) -> Iterator[ClusterExecutor]:
    """An executor on the cluster of ``scheduler``: its address, or a cluster object of dask.

    The device ``auto`` becomes ``cuda`` if a worker offers the resource GPU. For ``wait`` seconds there may be no worker
    that can be used; ``tell`` gets a line on each one that cannot.

    Raises:
        ClusterError: nothing answers there, or there is no such worker.
    """
    with client_of(scheduler) as client:
        executor = ClusterExecutor(client, assignment, options, tell, wait)
        executor.wait_for_worker()
        yield executor


@dataclass(eq=False)
class _Sent:
    """One submission on its way: what it is, where it is, and what became of it before."""

    run: Run
    job: bytes
    worker: Worker | None = None
    future: Future[bytes] | None = None
    done: bool = False
    deaths: int = 0
    failures: int = 0
    avoid: set[str] = field(default_factory=set)


class ClusterExecutor:
    """Sends each submission to one worker: to every worker as many as it runs at once, and one more.

    So it is known which submissions ran on a worker that ended, and memory does not grow with their number.
    """

    def __init__(
        self, client: Client, assignment: Assignment, options: Options, tell: Callable[[str], None], wait: float
    ) -> None:
        if options.device == "auto":
            options = replace(options, device="cuda" if offers_gpu(client) else "cpu")
        self._client, self._assignment, self._options, self._wait = client, assignment, options, wait
        self._fleet = Fleet(client, assignment, options.device, tell, options.isolation)
        self._again: deque[_Sent] = deque()
        self._back: queue.SimpleQueue[tuple[_Sent, Future[bytes]]] = queue.SimpleQueue()
        self._token = secrets.token_hex(4)
        self._count = 0
        self._had_worker = time.monotonic()
        self._children = Children(*MODULES)

    @property
    def options(self) -> Options:
        """How submissions are run, with the device that was found; a worker chooses its threads itself."""
        return self._options

    def note(self) -> str:
        """How many workers there are."""
        count = len(self._fleet.fit)
        return f"{count} worker{'' if count == 1 else 's'}" if count else "waiting for workers"

    def wait_for_worker(self) -> None:
        """Wait until there is a worker that can be used.

        Raises:
            ClusterError: there is none in time.
        """
        while not self._fleet.fit:
            self._look(0.2)
            time.sleep(0.1)

    def runs(
        self, submissions: Iterable[Submission], release: bytes, assignment: Assignment, started: Started
    ) -> Iterator[Run | None]:
        """See :class:`autograder.cluster.executor.Executor`.

        Raises:
            ClusterError: the scheduler is gone, or all workers are and no other comes.
        """
        left, more = iter(submissions), True
        self._children = Children(*MODULES)
        try:
            while True:
                for worker in self._look(LOOK_SECONDS):
                    yield from self._mourn(worker)
                for _ in range(len(self._again)):
                    self._send(self._again.popleft())
                while more and not self._again and self._roomiest() is not None:
                    submission = next(left, None)
                    more = submission is not None
                    if submission is not None:
                        started(submission.student)
                        run = self._begin(read_run(self._children, submission, release, assignment.name))
                        if run is not None:
                            yield run
                if not more:
                    self._spread()
                if not more and not self._again and not self._under_way():
                    return
                run = None
                with suppress(queue.Empty):
                    sent, future = self._back.get(timeout=TICK)
                    run = self._end(sent) if sent.future is future else None
                    del future
                yield run
        finally:
            for sent in self._under_way():
                self._call_off(sent)
            self._children.end()

    def _under_way(self) -> list[_Sent]:
        return [sent for worker in self._fleet.fit.values() for sent in worker.sent]

    def _look(self, every: float) -> list[Worker]:
        gone = self._fleet.look(every)
        if self._fleet.fit:
            self._had_worker = time.monotonic()
        elif time.monotonic() - self._had_worker > self._wait + (ANSWER_SECONDS if self._fleet.asked else 0):
            reasons = "; ".join(sorted(set(self._fleet.left_out.values()))[:3]) or "none has come"
            gpu = " that offers GPU=1" if self._options.device == "cuda" else ""
            raise ClusterError(f"there is no worker{gpu} that can be used: {reasons}")
        return gone

    def _roomiest(self, avoid: Iterable[str] = ()) -> Worker | None:
        fit = list(self._fleet.fit.values())
        welcome = [worker for worker in fit if worker.address not in avoid] or fit
        free = [worker for worker in welcome if len(worker.sent) <= worker.places]
        return min(free, key=lambda worker: worker.load, default=None)

    def _begin(self, run: Run) -> Run | None:
        """Send a submission; its run where that is not needed or not possible."""
        if run.read is None:
            return run
        try:
            found = self._children.ask(to_send, BUDGET, **self._described(run))
        except Exception as error:
            run.problem = problem_of(error, "its notebook")
            return run
        if found["kept"]:
            run.evidence = Kept(Path(found["kept"]))
            return run
        self._send(_Sent(run, found["job"]))
        return None

    def _described(self, run: Run) -> Plain:
        assert run.read is not None
        return described(run.read.notebook, self._assignment, self._options)

    def _send(self, sent: _Sent) -> None:
        """Send to the worker with most room, or else put aside."""
        worker = self._roomiest(sent.avoid)
        if worker is None:
            self._again.append(sent)
            return
        self._fleet.require_scheduler()
        self._count += 1
        # The dashboard shows what stands before the first number: the student.
        name = sent.run.submission.student.encode(errors="replace").decode()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")
            future = self._client.submit(
                tasks.run,
                sent.job,
                key=f"{name}-{self._token}-{self._count}",
                workers=[worker.address],
                resources={"GPU": 1} if self._options.device == "cuda" else None,
                priority=-self._count,
                pure=False,
            )
        sent.worker, sent.future, sent.done = worker, future, False
        worker.sent.append(sent)
        future.add_done_callback(partial(self._came_back, sent))

    def _came_back(self, sent: _Sent, future: Future[bytes]) -> None:
        """Called by dask in a thread of its own."""
        if sent.future is future:
            sent.done = True
            self._back.put((sent, future))

    def _call_off(self, sent: _Sent) -> None:
        future, worker = sent.future, sent.worker
        sent.future = sent.worker = None
        if worker is not None:
            worker.sent.remove(sent)
        if future is not None and self._client.status == "running":
            with suppress(Exception):
                future.cancel()

    def _spread(self) -> None:
        """When nothing is left to send, give what waits behind another submission to workers that have nothing to do."""
        for idle in [worker for worker in self._fleet.fit.values() if not worker.sent]:
            busy = max(self._fleet.fit.values(), key=lambda worker: worker.load)
            if len(busy.sent) > busy.places:
                sent = busy.sent[-1]
                self._call_off(sent)
                sent.avoid.discard(idle.address)
                self._send(sent)

    def _end(self, sent: _Sent) -> Run | None:
        """The run of a submission that came back, or None if it is to be sent again."""
        worker, future = sent.worker, sent.future
        assert worker is not None
        assert future is not None
        worker.sent.remove(sent)
        sent.worker = sent.future = None
        try:
            reply, own = future.result(timeout=FETCH_SECONDS), scratch()
            told = self._children.ask(
                come_back,
                BUDGET,
                Refused,
                Breach,
                Malformed,
                **self._described(sent.run),
                job=sent.job,
                reply=reply,
                scratch=own.name,
            )
        except Malformed as error:
            sent.run.problem = f"what came back from worker {worker.name} is no evidence: {error}"
            return sent.run
        except (Ended, Failed) as error:
            sent.run.problem = problem_of(error, f"what came back from worker {worker.name}")
            return sent.run
        except Refused as error:
            worker.refused += 1
            if worker.refused >= REFUSALS:
                self._fleet.leave_out(worker, str(error))
                for other in list(worker.sent):
                    self._call_off(other)
                    self._again.append(other)
            return self._once_more(sent, worker, f"worker {worker.name} could not run it: {error}")
        except Exception as error:
            return self._once_more(sent, worker, f"worker {worker.name} gave no evidence: {type(error).__name__}: {error}")
        worker.refused = 0
        sent.run.evidence = Kept(Path(told["folder"]), told["crowded"], own)
        return sent.run

    def _once_more(self, sent: _Sent, worker: Worker, reason: str) -> Run | None:
        sent.failures += 1
        sent.avoid.add(worker.address)
        if sent.failures >= FAILURES:
            sent.run.problem = reason
            return sent.run
        self._again.append(sent)
        return None

    def _mourn(self, worker: Worker) -> Iterator[Run]:
        """Send what a worker had that ended; a submission that ran on several such is given up."""
        ran = [sent for sent in worker.sent if not sent.done][: worker.places]
        for sent in list(worker.sent):
            self._call_off(sent)
            sent.avoid.add(worker.address)
            sent.deaths += sent in ran
            if sent.deaths >= DEATHS:
                sent.run.problem = (
                    f"{sent.deaths} workers ended while they ran it, the last one {worker.name}; "
                    "see their logs, and grade it on a machine of its own"
                )
                yield sent.run
            else:
                self._again.append(sent)
