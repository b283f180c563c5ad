"""What several hidden tests ask of one submission: each network beside its reference, and held-out accuracy."""

from __future__ import annotations

import torch
from torch import nn

from autograder.inside import trace
from autograder.judging import held_out
from autograder.networks.comparison import Comparison, Complaint, close, compare, require
from autograder.networks.known import known
from autograder.runs.evidence import Evidence

from . import reference

IMAGES = (4, 1, 28, 28)
COUNT = held_out.TEST_IMAGES
REFERENCES = {
    "softmax_regression_code": ("regression_network", reference.softmax_regression),
    "cnn": ("cnn_network", reference.cnn),
    "cnn_v1": ("cnn_v1_network", reference.cnn_v1),
    "cnn_v2": ("cnn_v2_network", reference.cnn_v2),
    "cnn_v3": ("cnn_v3_network", reference.cnn_v3),
}


def network(evidence: Evidence, cell: str) -> Comparison:
    """The network of an answer cell beside its reference.

    Raises:
        NotShown: the cell made no network.
    """
    probe, make = REFERENCES[cell]
    return compare(evidence, make, IMAGES, probe=probe, cell=cell)


def require_quiet(evidence: Evidence, cell: str) -> None:
    """Complain if a forward pass of the network of ``cell`` prints anything."""
    probe, _ = REFERENCES[cell]
    printed = evidence.document(probe, cell).get("printed", 0)
    require(printed == 0, f"{printed:,} characters for 8 images", "nothing is printed", "a print in forward")


def require_features(evidence: Evidence, cell: str) -> None:
    """Complain unless the second of the pair that the network of ``cell`` returns is what its first linear layer gets.

    Of a network that is another one, the features are too: then only that they are a row of numbers for each image.
    """
    compared, (probe, _) = network(evidence, cell), REFERENCES[cell]
    if compared.executed.problem:
        cause = compared.shape_cause("see the layers")
        raise Complaint(f"forward stopped with {compared.executed.problem}", "a pair of tensors", cause)
    compared.require_used(0, "the network has no layers")
    outputs = evidence.document(probe, cell)["outputs"]
    require(outputs == 2, f"forward returns {outputs} tensor{'s' * (outputs != 1)}", "two", "return logits, features")
    found, wanted = evidence.tensor(probe, "evaluation.1"), _features(evidence, cell)
    if found is None:
        raise Complaint("the second is no tensor", "the flattened features", "something else is returned")
    right = found.shape == wanted.shape or (not compared.equal and found.ndim == 2 and len(found) == len(wanted))
    cause = "not flattened" if found.numel() == wanted.numel() else "another tensor than the one that was flattened"
    require(right, f"shape {tuple(found.shape)} as the second", f"{tuple(wanted.shape)}, the flattened features", cause)
    if compared.equal:
        expected = "the input of the first fully connected layer"
        require(close(found, wanted), "other values as the second", expected, "another tensor is returned")


def _features(evidence: Evidence, cell: str) -> torch.Tensor:
    """What the reference puts into its first linear layer, for the weights and images that the box drew."""
    made = known(REFERENCES[cell][1], IMAGES).filled(evidence.record.seed)
    assert isinstance(made, nn.Sequential)
    first = next(place for place, layer in enumerate(made) if isinstance(layer, nn.Linear))
    with torch.no_grad():
        found: torch.Tensor = made[:first](trace.drawn_images(evidence.record.seed, IMAGES))
    return found


def accuracy(evidence: Evidence, probe: str, cell: str) -> float:
    """Fraction of real test images that the network which ``probe`` recorded after ``cell`` gets right.

    Raises:
        NotShown: the cell did not run. Complaint: there is no network, or it cannot be run.
    """
    count = COUNT[evidence.record.profile]
    return held_out.accuracy(evidence, probe, cell, dataset="fashion_mnist", normalised=reference.normalised, count=count)
