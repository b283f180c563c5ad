"""What an assignment's ``probes.py`` is written with: the ``@probe`` marker and the student's notebook as an object."""

from __future__ import annotations

import contextlib
import io
import random
from collections import UserDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import errors, replacing
from .shell import CellRun, CellRunner

PROBE_SECONDS = 60.0


@dataclass
class Evidence:
    """What a probe found: a JSON document and named tensors."""

    document: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)


Probe = Callable[["Student"], Evidence]
_probes: list[tuple[str, str, Probe]] = []


def probe(after: str) -> Callable[[Probe], Probe]:
    """Run the decorated function right after the answer cell ``after``; its name is the name of its evidence."""

    def register(function: Probe) -> Probe:
        _probes.append((after, function.__name__, function))
        return function

    return register


def probes_after(cell: str) -> list[tuple[str, Probe]]:
    """Name and function of each probe that belongs to a cell, in the order they were written."""
    return [(name, function) for after, name, function in _probes if after == cell]


@dataclass
class Rerun:
    """An answer cell run again: the global variables after it, and what the run showed."""

    values: dict[str, Any]
    run: CellRun

    @property
    def problem(self) -> str | None:
        """The error in which it ended, in one line."""
        error = self.run.error
        return f"{error['ename']}: {error['evalue']}" if error else None


class Names(UserDict[str, Any]):
    """The global variables of the notebook, not a copy; one that is not there is a ``NameError``, as in the notebook."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.data = variables

    def __missing__(self, name: str) -> Any:
        raise NameError(f"name '{name}' is not defined", name=name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name, or the default."""
        return self.data.get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        """Take a name away; its value, or the default."""
        return self.data.pop(name, *default)


class Student:
    """The notebook so far: its variables, its cells, and the seed of this grading's random inputs."""

    def __init__(self, runner: CellRunner, sources: dict[str, list[str]], seed: int) -> None:
        self._runner = runner
        self._sources = sources
        self.seed = seed

    @property
    def namespace(self) -> Names:
        """The global variables of the notebook."""
        return Names(self._runner.namespace)

    @contextlib.contextmanager
    def on_the_cpu(self) -> Iterator[io.StringIO]:
        """Let student code that moves its inputs to the notebook's ``device`` stay on the CPU; gives what is printed."""
        before = self.namespace.get("device")
        self.namespace["device"] = torch.device("cpu")
        try:
            with contextlib.redirect_stdout(io.StringIO()) as shown:
                yield shown
        finally:
            self.namespace["device"] = before

    def cells(self, first: str, last: str) -> list[str]:
        """The code cells from ``first`` to ``last``, in their order, with those that the student added between."""
        names = list(self._sources)
        return names[names.index(first) : names.index(last) + 1]

    def rerun(self, cell: str, seconds: float = 30.0, /, **replaced: Any) -> Rerun:
        """Run an answer cell again with some global variables replaced (:mod:`.replacing`); all is put back afterwards."""
        namespace = self._runner.namespace
        with replacing.replaced(namespace, replaced) as known:
            run = self._runner.run(self._sources[cell], seconds)
            return Rerun(known.names(namespace), run)


def attempt(call: Callable[[], Any]) -> tuple[Any, str | None]:
    """What ``call`` returns, and what stopped it."""
    try:
        return call(), None
    except Exception as error:
        return None, f"{type(error).__name__}: {str(error)[:500]}"


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Leave random number generators, grad mode and default dtype as they were, so that a probe changes no training."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    torch.set_grad_enabled(True)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)


def collect(student: Student, function: Probe, runner: CellRunner) -> Evidence:
    """Run one probe; what student code raises in it becomes ``problem`` in the document."""
    try:
        with undisturbed(), runner.time_limit(PROBE_SECONDS):
            return function(student)
    except BaseException as error:
        described = errors.describe(error)
        return Evidence({"problem": f"{described['ename']}: {described['evalue']}"})
