"""Turn what hidden tests find in the evidence of a submission into the outcome of each item.

What a test file found once is kept with the evidence, so that a re-grade runs only the files that have changed.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ..assignment import Assignment, Profile
from ..notebooks.notebook import Item
from ..outcomes import ItemOutcome, Verdict
from ..runs.evidence import Evidence
from ..runs.notes import code_beside_tests, trusted_code
from . import thresholds
from .hidden_tests import Finding, HiddenTests, JudgeError

_collected: dict[Path, tuple[object, HiddenTests]] = {}
_judging = threading.Lock()


def findings(assignment: Assignment, evidence: Evidence, folder: Path | None = None) -> list[Finding]:
    """What each hidden test says of the evidence.

    Raises:
        JudgeError: a test file does not import, or there is no test.
    """
    folder = folder or assignment.folder
    profile = assignment.profile(evidence.record.profile, evidence.record.shortened)
    keys = _keys(folder, profile)
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
                for finding in tests.findings(evidence, profile, set(new)):
                    new[finding.file].append(asdict(finding))
            return new[file]

        known = [evidence.notes.once(file, key, partial(judged, file)) for file, key in keys.items()]
        if tests.reusable:
            _collected[folder] = (keys, tests)
        else:
            tests.end()
    faulty = [file for file, own in zip(keys, known, strict=True) if any(one["grader_fault"] for one in own)]
    _forget(evidence, keys if thresholds.is_recording() else faulty)
    found = [Finding(**{**one, "needs": tuple(one["needs"])}) for findings in known for one in findings]
    if not found:
        raise JudgeError(f"hidden tests of {assignment.name} did not run: none has a mark `item`")
    evidence.notes.save()
    return found


def _forget(evidence: Evidence, files: Iterable[str]) -> None:
    """Do not keep what bounds that were not in force, or a fault of the grader, made of the evidence."""
    for file in files:
        evidence.notes.forget(file)


def _keys(folder: Path, profile: Profile) -> dict[str, str]:
    """For each test file a key that holds all that its findings depend on besides the evidence."""
    common = f"{trusted_code()} {code_beside_tests(folder)} {profile.model_dump_json()}".encode()
    return {path.name: hashlib.sha256(common + path.read_bytes()).hexdigest() for path in sorted(folder.glob("test_*.py"))}


def judge(
    assignment: Assignment, evidence: Evidence, items: Iterable[Item], not_attempted: set[str]
) -> dict[str, ItemOutcome]:
    """The outcome of each autograded item, in the order of the notebook.

    Args:
        not_attempted: items whose answer still is, or still holds at its place, the stub of the release.
    """
    by_item: dict[str, list[Finding]] = {}
    for finding in findings(assignment, evidence):
        by_item.setdefault(finding.item, []).append(finding)
    outcomes: dict[str, ItemOutcome] = {}
    for item in items:
        if not item.manual:
            outcomes[item.id] = _outcome(item, by_item.get(item.id, []), item.id in not_attempted)
    for item_id, own in by_item.items():
        if item_id in outcomes:
            _explain_by_needs(item_id, own, outcomes)
    return outcomes


def _outcome(item: Item, own: list[Finding], not_attempted: bool) -> ItemOutcome:
    if not own:
        return _made("could_not_grade", 0.0, item, "This item has no hidden test; your instructor has to look at it.")
    broken = [finding for finding in own if finding.grader_fault]
    if broken:
        return _made(
            "could_not_grade",
            0.0,
            item,
            f"The grader failed at this item ({broken[0].message}); this is not your mistake, and a person will look at it.",
        )
    share = sum(finding.weight for finding in own if finding.passed) / sum(finding.weight for finding in own)
    if not_attempted and share < 1:
        return _made("not_attempted", 0.0, item, "Not attempted: the placeholder is still in the answer cell.")
    lines = [
        f"{'ok: ' if finding.passed else 'not yet: '}{finding.line}"
        + ("" if finding.passed else f" {_sentence(finding.message)}".rstrip())
        for finding in own
    ]
    verdict: Verdict = "passed" if share == 1 else "failed" if share == 0 else "partial"
    return _made(verdict, round(share * item.max_points, 2), item, "\n".join(lines))


def _sentence(message: str) -> str:
    text = " ".join(message.split())
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _made(verdict: Verdict, points: float, item: Item, message: str) -> ItemOutcome:
    return ItemOutcome(outcome=verdict, points=points, max_points=item.max_points, message=message)


def _explain_by_needs(item: str, own: list[Finding], outcomes: dict[str, ItemOutcome]) -> None:
    """Where an item failed that rests on others which failed too, say so in its first line: one mistake, one report."""
    if outcomes[item].outcome not in ("failed", "partial"):
        return
    needed = {name for finding in own if not finding.passed for name in finding.needs}
    causes = [name for name in sorted(needed) if name in outcomes and outcomes[name].outcome != "passed"]
    if causes:
        text = f"Rests on {', '.join(causes)}: correct that first.\n{outcomes[item].message}"
        outcomes[item] = outcomes[item].model_copy(update={"message": text, "rests_on": causes})
