"""Hidden tests of the descent and of what it made of the houses: the item descend."""

import pytest
import torch
from torch import Tensor

from autograder.inside import draws
from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import Complaint, close, require
from autograder.runs.evidence import Evidence

from . import reference

STEPS, LEARNING_RATE = 5, 0.05  # as in the probe
LOSS = Threshold("loss of the fitted model", below=dict.fromkeys(("full", "quick", "proof"), 175.0), form=".1f")


@pytest.fixture(scope="session")
def wanted(evidence: Evidence) -> tuple[Tensor, Tensor, list[float]]:
    """What the descent gives for the numbers that the probe draws."""
    inputs, targets = (draws.normal(evidence.record.seed + place, *shape) for place, shape in enumerate(((9, 4), (9,))))
    return reference.descend(inputs, targets, STEPS, LEARNING_RATE)


def found_of(evidence: Evidence, probe: str, cell: str, place: int) -> Tensor:
    """What was returned at a place."""
    evidence.document(probe, cell)
    found = evidence.tensor(probe, str(place))
    if found is None:
        raise Complaint("nothing was returned", "weights, bias and losses", "return is missing")
    return found


@pytest.mark.item("descend", weight=2)
@pytest.mark.needs("predict", "gradient")
def test_steps(evidence: Evidence, wanted: tuple[Tensor, Tensor, list[float]]) -> None:
    """Each step goes against the gradient, by learning_rate times it, from weights and bias of 0."""
    for place, name in enumerate(("weights", "bias")):
        found = found_of(evidence, "descend", "descend_code", place)
        cause = "along the gradient, not against it" if close(found, -wanted[place]) else "another step, or another gradient"
        require(close(found, wanted[place]), f"other {name} after {STEPS} steps", "those of the descent", cause)


@pytest.mark.item("descend", weight=1)
@pytest.mark.needs("predict", "gradient")
def test_losses(evidence: Evidence, wanted: tuple[Tensor, Tensor, list[float]]) -> None:
    """The list has the loss before each step."""
    found, right = found_of(evidence, "descend", "descend_code", 2), torch.tensor(wanted[2])
    require(found.shape == right.shape, f"{found.numel()} losses", f"{STEPS}, one for each step", "noted elsewhere")
    late = close(found[:-1], right[1:])
    require(close(found, right), f"losses {found.tolist()}", f"{right.tolist()}", "noted after the step" if late else "")


@pytest.mark.item("descend", weight=1)
@pytest.mark.needs("standardise", "predict", "gradient")
def test_fitted(evidence: Evidence) -> None:
    """The fitted model has a small loss over the houses."""
    weights, bias = (found_of(evidence, "fitted", "fit", place) for place in range(2))
    inputs, targets = reference.houses()
    require(weights.shape == (3,) and bias.shape == (), "weights and bias of other shapes", "(3,) and ()", "")
    found = reference.loss(reference.predict(reference.standardise(inputs), weights, bias), targets)
    LOSS.require(float(found), evidence.record.profile, "the descent did not come to its end")
