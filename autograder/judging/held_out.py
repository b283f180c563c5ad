"""Measure a trained network, as a probe recorded it, on images that its submission never saw."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import partial
from typing import Literal

from torch import Tensor
from torch.nn.functional import cross_entropy

from ..datasets import data
from ..inside.networks import TRACE_IMAGES
from ..networks import replay
from ..networks.comparison import Complaint, require
from ..runs.evidence import Evidence
from ..runs.keys import of_figure
from .thresholds import Threshold

TEST_IMAGES = {"full": 10_000, "quick": 2_000, "proof": 200}
LOSS_IMAGES = {"full": 2_000, "quick": 2_000, "proof": 200}
Dataset = Literal["mnist", "fashion_mnist"]


def _program(evidence: Evidence, probe: str, cell: str, weights: dict[str, Tensor] | None = None) -> replay.Program:
    document = evidence.document(probe, cell)
    own = {f"param.{name}": value for name, value in (weights or {}).items()}
    return replay.Program(document.get("program") or {"output": None}, evidence.tensors_of(probe) | own, evidence.spent)


def _noted(
    evidence: Evidence,
    kind: str,
    probe: str,
    first: Tensor,
    count: int,
    weights: dict[str, Tensor] | None,
    compute: Callable[[], float],
) -> float:
    """A figure from the evidence's notes; the first image as the network sees it stands for the transform."""
    own = hashlib.sha256()
    for name, tensor in sorted((weights or {}).items()):
        own.update(name.encode() + b"\0" + tensor.contiguous().numpy().tobytes())
    name = f"{kind} {probe} {count}" + (f" {own.hexdigest()[:16]}" if weights else "")
    return float(evidence.notes.once(name, of_figure(own.hexdigest(), first.numpy().tobytes()), compute))


def _no_network(evidence: Evidence, cell: str, observed: str, cause: str) -> AssertionError:
    """What to say where no network can be run: the error of the training cell, if it ended in one."""
    return evidence.not_shown(cell) if evidence.record.failed(cell) else Complaint(observed, "a trained network", cause)


def accuracy(
    evidence: Evidence,
    probe: str,
    cell: str,
    *,
    dataset: Dataset,
    normalised: Callable[[Tensor], Tensor],
    count: int,
    weights: dict[str, Tensor] | None = None,
) -> float:
    """Fraction of the first ``count`` real test images that the network which ``probe`` recorded after ``cell`` gets right.

    Args:
        normalised: the notebook's transform: uint8 (N, 28, 28) -> float32 (N, 1, 28, 28).
        count: a multiple of 100.
        weights: parameters and buffers in place of those that the network has now, by name.

    Raises:
        NotShown: the cell did not run. Complaint: there is no network, or it cannot be run.
        NotSupported: the network uses what the grader cannot compute, so that a person has to look.
    """
    images, labels = (part[:count] for part in data.test_set(dataset))

    def measured() -> float:
        return replay.accuracy(_program(evidence, probe, cell, weights), normalised(images), labels, TRACE_IMAGES)

    try:
        return _noted(evidence, "accuracy", probe, normalised(images[:1]), count, weights, measured)
    except replay.NotSupported:
        raise
    except replay.NotReplayable as error:
        raise _no_network(evidence, cell, f"no trained network to test: {error}", "its training did not run") from error


def require_accuracy(
    bound: Threshold,
    evidence: Evidence,
    probe: str,
    cell: str,
    cause: str,
    *,
    dataset: Dataset,
    normalised: Callable[[Tensor], Tensor],
) -> None:
    """Complain unless the network which ``probe`` recorded classifies enough of the real test images (:func:`accuracy`)."""
    profile = evidence.record.profile
    count = TEST_IMAGES[profile]
    found = accuracy(evidence, probe, cell, dataset=dataset, normalised=normalised, count=count)
    bound.require(found, profile, cause, f"of {count:,} test images")


def mean(
    evidence: Evidence, probe: str, cell: str, *, inputs: Tensor, targets: Tensor, figure: Callable[[Tensor, Tensor], Tensor]
) -> float:
    """Mean of a figure of the network that ``probe`` recorded after ``cell``, over inputs that its submission never saw.

    Args:
        inputs, targets: of equal length, a multiple of the batch with which it was recorded, ``TRACE_IMAGES``.
        figure: of the outputs of a batch and its targets, one number for each, for example a squared error.

    Raises:
        NotShown: the cell did not run. Complaint: there is no network, or it cannot be run.
        NotSupported: as for :func:`accuracy`.
    """
    try:
        return replay.mean(_program(evidence, probe, cell), inputs, targets, figure, TRACE_IMAGES)
    except replay.NotSupported:
        raise
    except replay.NotReplayable as error:
        raise _no_network(evidence, cell, f"no trained network to test: {error}", "its training did not run") from error


def require_network_behind(
    reported: float,
    evidence: Evidence,
    probe: str,
    cell: str,
    *,
    dataset: Dataset,
    normalised: Callable[[Tensor], Tensor],
    factor: float = 1.5,
    slack: float = 0.02,
) -> None:
    """Complain unless the trained network has about the loss that was reported, on real training images.

    About means at most ``factor`` times as large, and ``slack`` nats more. ``reported`` is the mean cross-entropy of the
    last epoch, in nats, which lags behind that of the finished network. Losses that no trained network stands behind are a
    text, not evidence; of a training that diverged nobody can tell whether it took place.

    Raises:
        NotShown: the cell did not run. Complaint: the loss is another one, or the network cannot be run.
        NotSupported: as for :func:`accuracy`.
    """
    require(
        math.isfinite(reported), f"a loss of {reported}", "a finite loss", "the training diverged: a smaller learning rate"
    )
    count = LOSS_IMAGES[evidence.record.profile]
    images, labels = (part[:count] for part in data.training_set(dataset))

    def measured() -> float:
        each = partial(cross_entropy, reduction="none")
        return replay.mean(_program(evidence, probe, cell), normalised(images), labels, each, TRACE_IMAGES)

    try:
        found = _noted(evidence, "loss", probe, normalised(images[:1]), count, None, measured)
    except replay.NotSupported:
        raise
    except replay.NotReplayable as error:
        raise _no_network(evidence, cell, f"the trained network cannot be run: {error}", "it was replaced") from error
    require(
        found <= factor * reported + slack,
        f"loss {found:.4f} on {count:,} training images",
        f"about the {reported:.4f} reported",
        "the losses do not come from the training of this network",
    )
