"""Hidden tests of the formulas: sizes, parameters of layers, parameters of the student's own network."""

import math
from collections.abc import Callable

import pytest

from autograder.inside import draws
from autograder.judging.diagnosis import diagnose, require_alike
from autograder.judging.formulas import EXACT, Formula
from autograder.networks.comparison import require
from autograder.runs.evidence import Evidence, NotShown

from . import reference

CALLS = 40  # as in the probes
SIZES = (7, 64), (1, 7), (0, 3), (1, 4)
FILTERS = (1, 11), (1, 11), (1, 64), (1, 96)
FEATURES = (2, 5000), (2, 1000)
SIZE_CAUSES: dict[str, Callable[..., float]] = {
    "a float: what does not fit completely does not count (//)": lambda w, k, p, s=1: (w + 2 * p - k) / s + 1,
    "rounded up where the last step does not fit": lambda w, k, p, s=1: -((k - w - 2 * p) // s) + 1,
    "rounded to the nearest number where the last step does not fit": lambda w, k, p, s=1: round((w + 2 * p - k) / s) + 1,
    "padding counted on one side only": lambda w, k, p, s=1: (w + p - k) // s + 1,
    "no padding counted": lambda w, k, p, s=1: (w - k) // s + 1,
    "the first place is not counted (+ 1)": lambda w, k, p, s=1: (w + 2 * p - k) // s,
    "+ 1 before the division by the stride": lambda w, k, p, s=1: (w + 2 * p - k + 1) // s,
    "the stride is left out": lambda w, k, p, s=1: w + 2 * p - k + 1,
}


@pytest.fixture
def formulas(evidence: Evidence) -> dict[str, Formula]:
    """``w_out`` with a stride and without."""
    calls, drawn = evidence.document("sizes", "output_size_code"), draws.integers(evidence.record.seed, CALLS, *SIZES)
    plain = [arguments[:3] for arguments in drawn]
    return {
        "with": Formula("w_out", calls["with_stride"], drawn, reference.w_out),
        "without": Formula("w_out", calls["without_stride"], plain, reference.w_out),
    }


@pytest.mark.item("output_size", weight=2)
def test_sizes_without_a_stride(formulas: dict[str, Formula]) -> None:
    """`w_out(w_in, k, p)` is the size after a convolution with stride 1."""
    formulas["without"].require_values(SIZE_CAUSES)


@pytest.mark.item("output_size", weight=4)
def test_sizes_with_a_stride(formulas: dict[str, Formula]) -> None:
    """`w_out(w_in, k, p, s)` is the number of places where the whole filter fits."""
    formulas["with"].require_values(SIZE_CAUSES)


@pytest.mark.item("output_size", weight=2)
def test_sizes_are_integers(formulas: dict[str, Formula]) -> None:
    """The size is an int."""
    formulas["with"].require_integers()


@pytest.mark.item("conv_formula")
def test_parameters_of_a_convolution(evidence: Evidence) -> None:
    """`learn_conv(w, h, d, k)` counts the weights and biases of k filters of w x h over d channels."""
    calls = evidence.document("convolutions", "parameter_formulas")["calls"]
    causes: dict[str, Callable[..., float]] = {
        "the biases are missing, one for each filter": lambda w, h, d, k: w * h * d * k,
        "one bias in all, not one for each filter": lambda w, h, d, k: w * h * d * k + 1,
        "one bias for each input channel of each filter": lambda w, h, d, k: (w * h + 1) * d * k,
        "the input channels are left out": lambda w, h, d, k: (w * h + 1) * k,
        "biases counted for the input channels, not for the filters": lambda w, h, d, k: w * h * d * k + d,
    }
    drawn = draws.integers(evidence.record.seed, CALLS, *FILTERS)
    Formula("learn_conv", calls, drawn, reference.learn_conv).require_values(causes)


@pytest.mark.item("full_formula")
def test_parameters_of_a_fully_connected_layer(evidence: Evidence) -> None:
    """`learn_full(n, m)` counts the weights and biases of a layer from n to m values."""
    calls = evidence.document("fully_connected", "parameter_formulas")["calls"]
    causes: dict[str, Callable[..., float]] = {
        "the biases are missing, one for each output": lambda n, m: n * m,
        "one bias in all, not one for each output": lambda n, m: n * m + 1,
        "biases counted for the inputs, not for the outputs": lambda n, m: n * m + n,
        "biases counted for the inputs too": lambda n, m: n * m + n + m,
    }
    drawn = draws.integers(evidence.record.seed, CALLS, *FEATURES)
    Formula("learn_full", calls, drawn, reference.learn_full).require_values(causes)


@pytest.mark.item("total_parameters", weight=2)
@pytest.mark.needs("conv_formula", "full_formula")
def test_total(evidence: Evidence) -> None:
    """`total_parameters` is the number of parameters of your own network."""
    found = evidence.document("totals", "parameter_formulas")["total_parameters"]
    own, right = _own_count(evidence), [reference.count(made) for made in reference.networks()]
    # A network with a mistake loses its points there; the count of what was asked for is not wrong too.
    accepted = [own] if own in right else [*right, *([own] if own else [])]
    other = [count for count in right if count == found]
    require(
        found in accepted,
        "no number total_parameters" if found is None else f"{found:,.0f}",
        f"{own or right[0]:,}",
        "the count of another padding than your network has" if other else _count_cause(found, _own_shapes(evidence)),
    )


def _own_count(evidence: Evidence) -> int | None:
    return sum(map(math.prod, _own_shapes(evidence))) or None


def _own_shapes(evidence: Evidence) -> list[list[int]]:
    """The shapes of the parameters of the student's network; none where there is no network."""
    try:
        return [parameter["shape"] for parameter in evidence.document("network", "mnist_cnn")["parameters"]]
    except NotShown:
        return []


def _count_cause(found: float | None, shapes: list[list[int]]) -> str:
    causes = {
        "the number of tensors, not of the values in them": len(shapes),
        "the biases are left out": sum(math.prod(shape) for shape in shapes if len(shape) > 1),
        "the convolutions alone": sum(math.prod(shape) for shape in shapes if len(shape) == 4),
        "the fully connected layers alone": sum(math.prod(shape) for shape in shapes if len(shape) == 2),
    }
    return diagnose(found, causes, "a layer, its biases or an input size is wrong", EXACT)


@pytest.mark.item("total_parameters", weight=1)
@pytest.mark.needs("conv_formula", "full_formula")
def test_ratio(evidence: Evidence) -> None:
    """`parameter_ratio` is how many times as many parameters your network has as the MLP."""
    found = evidence.document("totals", "parameter_formulas")
    ratio, perceptron = found["parameter_ratio"], reference.count(reference.perceptron())
    total = found["total_parameters"] or _own_count(evidence) or reference.count(reference.network(1))
    wanted = total / perceptron
    causes = {"divided the other way round": 1 / wanted, "percents": 100 * wanted, "how much more": wanted - 1}
    otherwise = f"something else than total_parameters / {perceptron:,}"
    require_alike(ratio, wanted, causes, otherwise, of="as parameter_ratio", tolerance=0.01)
