"""Turn what hidden tests find in the evidence of a submission into the outcome of each item.

What a test file found once is kept with the evidence, so that a re-grade runs only the files that have changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from ..assignment import Assignment
from ..notebooks.notebook import Item
from ..outcomes import Finding, ItemOutcome, Place, RootCause, Verdict
from ..runs.evidence import Evidence
from ..runs.keys import of_findings
from . import thresholds
from .causes import root_causes
from .hidden_tests import HiddenTests, JudgeError

_collected: dict[Path, tuple[object, HiddenTests]] = {}
_judging = threading.Lock()


def findings(assignment: Assignment, evidence: Evidence, folder: Path | None = None) -> list[Finding]:
    """What each hidden test says of the evidence; ``rests_on`` is all that it needs, right or not.

    Raises:
        JudgeError: a test file does not import, or there is no test.
    """
    folder = folder or assignment.folder
    profile = assignment.profile(evidence.record.profile, evidence.record.shortened)
    keys = of_findings(folder, profile)
    if thresholds.is_recording():
        _forget(evidence, keys)
    with _judging:
        state, tests = _collected.pop(folder, (None, None))
        if tests is not None and state != keys:
            tests.end()
            tests = None
        tests = tests or HiddenTests(folder)
        new: dict[str, list[dict[str, Any]]] = {}

        def judged(file: str) -> list[dict[str, Any]]:
            if not new:  # all that is not known in one go, since files share what is expensive
                new.update({name: [] for name, key in keys.items() if not evidence.notes.has(name, key)})
                for name, found in tests.findings(evidence, profile, set(new)).items():
                    new[name] = [finding.model_dump(mode="json") for finding in found]
            return new[file]

        known = [evidence.notes.once(file, key, partial(judged, file)) for file, key in keys.items()]
        if tests.reusable:
            _collected[folder] = (keys, tests)
        else:
            tests.end()
    faulty = [file for file, own in zip(keys, known, strict=True) if any(one["fault"] for one in own)]
    _forget(evidence, keys if thresholds.is_recording() else faulty)
    found = [Finding.model_validate(one) for own in known for one in own]
    if not found:
        raise JudgeError(f"hidden tests of {assignment.name} did not run: none has a mark `item`")
    evidence.notes.save()
    return found


def _forget(evidence: Evidence, files: Iterable[str]) -> None:
    """Do not keep what bounds that were not in force, or a fault of the grader, made of the evidence."""
    for file in files:
        evidence.notes.forget(file)


def judge(
    assignment: Assignment,
    evidence: Evidence,
    items: Iterable[Item],
    not_attempted: set[str],
    sources: Mapping[str, str],
    released: Mapping[str, str],
) -> tuple[dict[str, ItemOutcome], list[RootCause]]:
    """The outcome of each autograded item, in the order of the notebook, and the mistakes for which items were not judged.

    Args:
        not_attempted: items whose answer still is, or still holds at its place, the stub of the release.
        sources, released: of the code cells, by the names under which they are run, in the order of the notebook; as they
            were handed in, and as they were handed out.

    Raises:
        JudgeError: see :func:`findings`.
    """
    judged = [item for item in items if not item.manual]
    by_item: dict[str, list[Finding]] = {item.id: [] for item in judged}
    found = findings(assignment, evidence) if judged else []
    for finding in found:
        if finding.item in by_item:
            by_item[finding.item].append(finding)
    untested = [name for name, own in by_item.items() if not own]
    for finding in found:
        if finding.item not in by_item:
            misnamed = _misnamed(finding, untested or list(by_item))
            by_item[misnamed.item].append(misnamed)
    outcomes = {item.id: _outcome(item, by_item[item.id], item.id in not_attempted) for item in judged}
    wrong = {name for name, item in outcomes.items() if item.outcome != "passed"}
    for item in outcomes.values():
        _keep_needs(item, wrong)
    return outcomes, root_causes(outcomes, evidence.record, sources, released)


def _misnamed(finding: Finding, items: list[str]) -> Finding:
    """A finding whose mark names no item: a fault of the hidden test, told at the item that was most likely meant."""
    (meant,) = get_close_matches(finding.item, items, n=1, cutoff=0.0)
    fault = f"its mark item({finding.item!r}) names no autograded item of the notebook"
    return finding.model_copy(update={"item": meant, "passed": False, "fault": fault})


def _outcome(item: Item, own: list[Finding], not_attempted: bool) -> ItemOutcome:
    own = own or [Finding(item=item.id, task="", passed=False, fault=f"no hidden test has the mark item({item.id!r})")]
    share = sum(finding.weight for finding in own if finding.passed) / sum(finding.weight for finding in own)
    verdict: Verdict = "passed" if share == 1 else "failed" if share == 0 else "partial"
    if any(finding.fault for finding in own):
        verdict, share = "could_not_grade", 0
    elif not_attempted and share < 1:
        verdict, share = "not_attempted", 0
    placed = [finding if finding.place else finding.model_copy(update={"place": Place(cell=item.answer)}) for finding in own]
    return ItemOutcome(
        outcome=verdict, points=round(share * item.max_points, 2), max_points=item.max_points, findings=placed
    )


def _keep_needs(item: ItemOutcome, wrong: set[str]) -> None:
    """Of the items that its findings need, keep those that explain why it failed: they were not right either."""
    lost = item.outcome in ("failed", "partial")
    item.findings = [
        finding.model_copy(
            update={"rests_on": tuple(sorted(wrong.intersection(finding.rests_on) if lost and not finding.passed else ()))}
        )
        for finding in item.findings
    ]
    item.rests_on = sorted({name for finding in item.findings for name in finding.rests_on})
