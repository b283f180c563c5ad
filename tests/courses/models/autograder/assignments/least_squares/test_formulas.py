"""Hidden tests of the formulas: the items standardise, predict and gradient."""

import pytest
import torch
from torch import Tensor

from autograder.inside import draws
from autograder.judging.diagnosis import require_alike
from autograder.networks.comparison import Complaint, require
from autograder.runs.evidence import Evidence

from . import reference

Drawn = tuple[Tensor, ...]


def found_of(evidence: Evidence, probe: str, place: int, shape: tuple[int, ...]) -> Tensor:
    """What a function gave; a complaint where it has another shape than ``shape``."""
    evidence.document(probe, f"{probe}_code")
    found = evidence.tensor(probe, str(place))
    if found is None:
        raise Complaint("nothing was returned", f"a tensor of shape {shape}", "return is missing")
    require(
        tuple(found.shape) == shape, f"shape {tuple(found.shape)}", f"shape {shape}", "a sum or mean over the wrong axis"
    )
    return found


def drawn(evidence: Evidence, *shapes: tuple[int, ...]) -> Drawn:
    """The numbers that the probes draw."""
    return tuple(draws.normal(evidence.record.seed + place, *shape) for place, shape in enumerate(shapes))


@pytest.mark.item("standardise")
def test_standardise(evidence: Evidence) -> None:
    """Each column has mean 0 and standard deviation 1."""
    inputs = 3 + 5 * draws.normal(evidence.record.seed, 9, 4)
    centred = inputs - inputs.mean(0)
    mistakes = {
        "the standard deviation divides by N - 1": centred / inputs.std(0),
        "one mean and one deviation for all columns": (inputs - inputs.mean()) / inputs.std(correction=0),
        "divided by the variance": centred / inputs.var(0, correction=0),
        "not divided by the standard deviation": centred,
        "the mean is not subtracted": inputs / inputs.std(0, correction=0),
    }
    require_alike(found_of(evidence, "standardise", 0, (9, 4)), reference.standardise(inputs), mistakes, "another formula")


@pytest.mark.item("predict")
def test_predict(evidence: Evidence) -> None:
    """Outputs are inputs @ weights + bias."""
    inputs, weights, bias = drawn(evidence, (9, 4), (4,), ())
    mistakes = {"the bias is missing": inputs @ weights, "the bias is subtracted": inputs @ weights - bias}
    require_alike(
        found_of(evidence, "predict", 0, (9,)), reference.predict(inputs, weights, bias), mistakes, "another formula"
    )


@pytest.mark.item("predict")
def test_loss(evidence: Evidence) -> None:
    """The loss is the mean of the squared errors."""
    *_, outputs, targets = drawn(evidence, (9, 4), (4,), (), (9,), (9,))
    errors = outputs - targets
    mistakes = {
        "the sum in place of the mean": (errors**2).sum(),
        "half of the mean": (errors**2).mean() / 2,
        "the root of the mean": (errors**2).mean().sqrt(),
        "absolute errors": errors.abs().mean(),
    }
    require_alike(found_of(evidence, "predict", 1, ()), reference.loss(outputs, targets), mistakes, "another formula")


@pytest.fixture(scope="session")
def derivatives(evidence: Evidence) -> tuple[Drawn, tuple[Tensor, Tensor]]:
    """Inputs, targets, weights and bias as the probe draws them, and the right derivatives."""
    values = drawn(evidence, (9, 4), (9,), (4,), ())
    return values, reference.gradient(*values)


@pytest.mark.item("gradient", weight=2)
@pytest.mark.needs("predict")
def test_by_weights(evidence: Evidence, derivatives: tuple[Drawn, tuple[Tensor, Tensor]]) -> None:
    """The derivative by the weights is 2/N times the inputs, weighted by the errors."""
    wanted = derivatives[1][0]
    mistakes = {
        "the factor 2 is missing": wanted / 2,
        "the sum over all inputs in place of the mean": wanted * 9,
        "the sign: targets minus outputs": -wanted,
        "divided by the number of columns": wanted * 9 / 4,
    }
    require_alike(found_of(evidence, "gradient", 0, (4,)), wanted, mistakes, "another formula")


@pytest.mark.item("gradient", weight=1)
@pytest.mark.needs("predict")
def test_by_bias(evidence: Evidence, derivatives: tuple[Drawn, tuple[Tensor, Tensor]]) -> None:
    """The derivative by the bias is twice the mean error."""
    wanted = derivatives[1][1]
    mistakes = {
        "the factor 2 is missing": wanted / 2,
        "the sum in place of the mean": wanted * 9,
        "the sign: targets minus outputs": -wanted,
        "it is not computed": torch.zeros(()),
    }
    require_alike(found_of(evidence, "gradient", 1, ()), wanted, mistakes, "another formula")
