"""Run many variants of one notebook in one box and collect the evidence of each.

The box imports libraries and runs the cells that variants share once, and forks where one differs
(:mod:`.inside.variants`). Only for the course's own catalogue; a student's submission always has a box to itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ..inside.variants import VARIANT_SECONDS
from ..runs.cells import Cell
from ..runs.collect import (
    GIB,
    GRACE_SECONDS,
    PROBE_SECONDS,
    START_SECONDS,
    Collector,
    job_of,
    problem_of,
    seen_in_box,
)
from ..runs.evidence import Evidence, Record
from ..runs.frames import Malformed, parse_frame
from ..runs.options import versions
from ..runs.plan import Plan
from ..sandbox import run as sandbox_run
from ..sandbox import tiers
from ..sandbox.box import CannotIsolate, Limits

Cells = tuple[Cell, ...]
Deliver = Callable[[str, Evidence], None]


def shared(cells: Sequence[Cell], variant: Sequence[Cell]) -> int:
    """How many of the first cells are the same."""
    pairs = zip(cells, variant, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(cells), len(variant)))


@dataclass
class _State:
    """The evidence of a run so far."""

    record: Record
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)

    def copy(self) -> _State:
        record = self.record.model_copy(update={"cells": dict(self.record.cells), "found": dict(self.record.found)})
        return _State(record.model_copy(update={"stopped": {}}), dict(self.tensors))

    def collector(self, cells: Sequence[Cell]) -> Collector:
        return Collector(self.record, self.tensors, {cell.id: cell.seconds for cell in cells}, PROBE_SECONDS)


class _Sorter:
    """Gives each frame to the run it belongs to, and each variant the evidence of the cells that it shares."""

    def __init__(self, cells: Cells, variants: dict[str, Cells], record: Record, deliver: Deliver) -> None:
        self._variants, self._deliver = variants, deliver
        self._forked_at = {name: shared(cells, variant) for name, variant in variants.items()}
        self._places = {cell.id: place for place, cell in enumerate(cells)}
        self._state = _State(record)
        self._before: dict[int, _State] = {}
        self._own: dict[str, tuple[_State, Collector]] = {}
        self.reference = self._state.collector(cells)
        self.left = set(variants)
        self.until = time.monotonic() + START_SECONDS

    def take(self, text: bytes, blob: bytes) -> None:
        """Take one frame as it came out of the box."""
        try:
            self._sort(*parse_frame(text, blob))
        finally:
            # From now, since whoever takes the evidence may have kept the box waiting.
            self.until = time.monotonic() + VARIANT_SECONDS + GRACE_SECONDS

    def _sort(self, document: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        name = document.get("variant")
        if name is None:
            if document.get("event") == "started":
                self._before[self._places[document["cell"]]] = self._state.copy()
            self.reference.note(document, tensors)
            return
        if name not in self._own:
            state = self._before.get(self._forked_at[name], self._state).copy()
            self._own[name] = state, state.collector(self._variants[name])
        state, collector = self._own[name]
        if document["event"] != "left":
            collector.note(document, tensors)
            return
        state.record.seconds = document["seconds"]
        if document["problem"]:
            state.record.stopped[collector.running] = document["problem"]
        del self._own[name]
        self.left.remove(name)
        self._deliver(name, Evidence(state.record, state.tensors))


def collect_variants(plan: Plan, variants: dict[str, Cells], *, jobs: int, deliver: Deliver) -> None:
    """Run the plan of the reference, and the ``variants`` of it, ``jobs`` at once; ``deliver`` each variant's evidence.

    Raises:
        CannotIsolate: no box could be started, or it ended before all variants had run.
    """
    cells, assignment, options = plan.cells, plan.assignment, plan.options
    tier = tiers.chosen(options.isolation)
    record = Record(seed=plan.seed, profile=options.profile, isolation=tier, versions=versions())
    sorter = _Sorter(cells, variants, record, deliver)
    job = job_of(cells, plan) | {
        "jobs": jobs,
        "pictures": False,
        "variants": [
            {"name": name, "shared": shared(cells, variant), "cells": [vars(cell) for cell in variant]}
            for name, variant in variants.items()
        ],
    }
    limits = Limits(
        memory=int(assignment.settings.memory_gib * GIB) * (jobs + 1),
        evidence=64 * GIB,
        seconds=START_SECONDS + (len(variants) + 1) * VARIANT_SECONDS,
    )
    seen = seen_in_box(assignment, options)
    try:
        ending = sandbox_run.run(
            json.dumps(job).encode(),
            seen,
            limits,
            threads=options.threads,
            device=options.device,
            deliver=sorter.take,
            deadline=lambda: sorter.until,
            isolation=tier,
        )
    except Malformed as error:
        raise CannotIsolate(f"the box sent {error}, which the grader's own code never does") from error
    if sorter.left:
        raise CannotIsolate(f"the box ended before {', '.join(sorted(sorter.left)[:5])}: {problem_of(ending)}")
