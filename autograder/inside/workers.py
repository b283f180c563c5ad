"""Let loaders that ask for worker processes load in this process where a box has none to give: the batches are the same.

Worker processes talk through sockets and shared memory, which a box without namespaces must not have.
"""

from __future__ import annotations

import functools
import inspect
import multiprocessing
from typing import Any

from torch.utils.data import DataLoader

WITHOUT = {
    "num_workers": 0,
    "prefetch_factor": None,
    "persistent_workers": False,
    "timeout": 0,
    "multiprocessing_context": None,
    "worker_init_fn": None,
}


def use() -> None:
    """Prepare PyTorch's loaders for this box."""
    try:
        multiprocessing.Lock()
    except OSError:
        _do_without()


def _do_without() -> None:
    init: Any = DataLoader.__init__
    signature = inspect.signature(init)

    @functools.wraps(init)
    def without_workers(*args: Any, **kwargs: Any) -> None:
        asked = signature.bind(*args, **kwargs)
        if asked.arguments.get("num_workers"):
            asked.arguments |= WITHOUT
        init(*asked.args, **asked.kwargs)

    DataLoader.__init__ = without_workers  # type: ignore[method-assign]
