"""Keep evidence by the content it depends on, so that nothing is run twice."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from .collect import collect
from .evidence import Evidence
from .notes import NAME as NOTES
from .plan import Plan


def known(plan: Plan) -> Path | None:
    """The folder of the evidence that is kept for a plan, of its text or else of its code; None where there is none."""
    store = plan.options.store
    if store is None or plan.options.fresh:
        return None
    for folder in (store / plan.keys.by_text, store / plan.keys.by_code):
        if Evidence.load(folder) is not None:
            with contextlib.suppress(OSError):
                os.utime(folder)  # when it was last of use, for prune
            return folder
    return None


def keep(plan: Plan, found: Evidence) -> Path | None:
    """Keep evidence from a box, unless another submission of the same content was faster; where it is, if anywhere."""
    store, keys, fresh = plan.options.store, plan.keys, plan.options.fresh
    if store is None or found.out_of_gpu_memory:  # with more room it may go well
        return None
    folder = store / (keys.by_text if found.tells_of_text else keys.by_code)
    if fresh:  # what is known of the text comes before what is known of the code
        shutil.rmtree(store / keys.by_text, ignore_errors=True)
    if fresh or Evidence.load(folder) is None:
        found.save(folder)
        found.notes.path = folder / NOTES
    return folder


def gather(plan: Plan, stop: Callable[[], bool] = lambda: False) -> Evidence:
    """Evidence from the store if it is there, else from a box.

    Raises:
        CannotIsolate: no box could be started on this machine.
        Stopped: ``stop`` said so while the box ran.
    """
    if (folder := known(plan)) is not None and (kept := Evidence.load(folder)) is not None:
        return kept
    found = collect(plan, stop)
    keep(plan, found)
    return found
