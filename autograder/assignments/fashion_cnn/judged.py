"""What several hidden tests ask of one submission: each network beside its reference, and held-out accuracy."""

from __future__ import annotations

from autograder.assignments.fashion_cnn import reference
from autograder.judging import held_out
from autograder.networks.comparison import Comparison, compare
from autograder.runs.evidence import Evidence

IMAGES = (4, 1, 28, 28)
COUNT = {"full": 10_000, "quick": 2_000, "proof": 200}  # held-out test images
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


def accuracy(evidence: Evidence, probe: str, cell: str) -> float:
    """Fraction of real test images that the network which ``probe`` recorded after ``cell`` gets right.

    Raises:
        NotShown: the cell did not run. Complaint: there is no network, or it cannot be run.
    """
    count = COUNT[evidence.record.profile]
    return held_out.accuracy(evidence, probe, cell, dataset="fashion_mnist", normalised=reference.normalised, count=count)
