"""Say what this machine can do, by trying it: each kind of box, by code in it that tries to get out; data, GPU, tools."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from .assignment import graded_here, load
from .course import Course
from .datasets import data
from .escape import try_to_get_out
from .runs.options import versions
from .sandbox import tiers
from .sandbox.box import CannotIsolate


@dataclass(frozen=True)
class Check:
    """One line of the report; ``needed`` says whether grading is impossible without it."""

    name: str
    ok: bool
    detail: str
    needed: bool = True


def isolation(forbidden: list[Path]) -> list[Check]:
    """Try every kind of box, and let code in it try to get out; the first that works is the one that is used.

    ``forbidden`` are host folders that must not be visible.
    """
    found: list[Check] = []
    used: Check | None = None
    reasons = []
    for tier in tiers.TIERS:
        try:
            tiers.attempt(tier)
            tried = try_to_get_out(tier, forbidden)
        except CannotIsolate as error:
            reasons.append(f"{tier}: {error}")
            found.append(Check(f"  {tier}", False, str(error), needed=False))
            continue
        is_used = used is None
        if is_used:
            used = Check("isolation", tried.holds, f"{tier}, one box from start to end in {tried.seconds:.1f} s")
        found.append(Check(f"  {tier}", tried.holds, "used" if is_used else "works too, with --isolation", needed=is_used))
        found += [Check(f"    {tier} {claim}", right, "tried", needed=is_used) for claim, right in tried.claims.items()]
    return [used or Check("isolation", False, "; ".join(reasons)), *found]


def examine(course_root: Path) -> list[Check]:
    """All checks, the box first."""
    course = Course(course_root)
    used = {load(course.hidden_tests(name)).settings.dataset for name in graded_here(course)} or {"mnist"}
    found = isolation([course_root, Path.home(), data.cache_folder()])
    for name, needed in (("mnist", True), ("fashion_mnist", False)):
        try:
            found.append(Check(f"data: {name}", True, str(data.dataset_folder(name)), needed and name in used))  # type: ignore[arg-type]
        except data.DataMissing as error:
            found.append(Check(f"data: {name}", False, str(error), needed and name in used))
    dot = shutil.which("dot")
    found.append(Check("graphviz", dot is not None, dot or "missing: apt-get install graphviz (network graphs)", False))
    gpu = torch.cuda.is_available()
    found.append(Check("GPU", gpu, torch.cuda.get_device_name() if gpu else "none answers; --device cpu", False))
    found.append(Check("versions", True, ", ".join(f"{name} {version}" for name, version in versions().items())))
    return found
