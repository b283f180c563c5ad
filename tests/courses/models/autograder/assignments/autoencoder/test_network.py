"""Hidden tests of the network: the items layers and forward."""

import pytest

from autograder.networks.comparison import Comparison, compare, require
from autograder.runs.evidence import Evidence

from . import reference

LAYERS = ENCODE, RELU, CODE, DECODE, RELU2, DRAW = range(6)
SIGMOID = 6
NAMES = {
    ENCODE: "the first linear layer",
    CODE: "the linear layer to 16",
    DECODE: "the linear layer from 16",
    DRAW: "the last",
}


@pytest.fixture(scope="session")
def network(evidence: Evidence) -> Comparison:
    return compare(evidence, reference.autoencoder, (4, 1, 28, 28), probe="network", cell="network")


@pytest.mark.item("layers", weight=2)
@pytest.mark.parametrize("place", NAMES)
def test_linear(network: Comparison, place: int) -> None:
    """The linear layers are 784 -> 64 -> 16 -> 64 -> 784."""
    network.require_layer(place, NAMES[place])


@pytest.mark.item("layers", weight=1)
@pytest.mark.parametrize("place", [RELU, RELU2])
def test_relu(network: Comparison, place: int) -> None:
    """A ReLU follows the first layer of the encoder, and the first of the decoder."""
    network.require_used(place, "the ReLU is missing, or its result is not used")


@pytest.mark.item("forward")
@pytest.mark.needs("layers")
def test_nothing_more(network: Comparison) -> None:
    """No other layer takes part."""
    network.require_nothing_between(-1, SIGMOID + 1, "a layer too many, or an activation of the 16 numbers")


@pytest.mark.item("forward")
@pytest.mark.needs("layers")
def test_sigmoid(network: Comparison) -> None:
    """A sigmoid comes last."""
    network.require_used(SIGMOID, "the sigmoid is missing, or is not the last step")


@pytest.mark.item("forward")
@pytest.mark.needs("layers")
def test_pictures(network: Comparison) -> None:
    """The output has the shape of the input, and each layer works on the result of the one before it."""
    shape = network.output_shape
    require(shape == [4, 1, 28, 28], f"shape {shape}{network.stopped()}", "(4, 1, 28, 28)", "not reshaped, or not returned")
    for place in (ENCODE, CODE, DECODE, DRAW):
        network.require_used(place, "a layer is not called, or its result is not used")
    network.require_wired()
