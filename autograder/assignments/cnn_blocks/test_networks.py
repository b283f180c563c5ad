"""Hidden tests of the two networks, block by block."""

from dataclasses import replace

import pytest

from autograder.networks.alignment import align
from autograder.networks.comparison import Comparison, Complaint, compare, require
from autograder.networks.known import Make
from autograder.networks.layers import SIZES, STEPS, Layer
from autograder.runs.evidence import Evidence

from . import reference

MAXPOOL_LINEAR, AVERAGE, BATCHNORM_LINEAR = 9, 9, 10
IMAGES = (4, 1, 28, 28)


def _compared(evidence: Evidence, make: Make, name: str) -> Comparison:
    """The student's network beside the reference; layers that were not reached count as declared, from the front."""
    network = compare(evidence, make, IMAGES, probe=name, cell=f"conv_{name}")
    if not network.executed.problem:
        return network
    spoken = align(list(network.declared.values())[::-1], network.expected[::-1]).matched[::-1]
    matched = [found or declared for found, declared in zip(network.alignment.matched, spoken, strict=True)]
    return replace(network, alignment=replace(network.alignment, matched=matched))


@pytest.fixture(scope="session")
def maxpool(evidence: Evidence) -> Comparison:
    return _compared(evidence, reference.maxpool, "maxpool")


@pytest.fixture(scope="session")
def batchnorm(evidence: Evidence) -> Comparison:
    return _compared(evidence, reference.batchnorm, "batchnorm")


def _require_rest(network: Comparison, number: int) -> None:
    """Block ``number`` goes on with a ReLU and its last layer, and has nothing more."""
    convolution = 3 * (number - 1)
    network.require_layer(convolution + 1)
    network.require_layer(convolution + 2)
    if not network.equal:
        extra = ", ".join(layer.describe() for layer in _too_many(network, number))
        require(
            not extra,
            f"also {extra}: {network.sequence()}",
            network.expected_sequence(),
            f"a layer too many in block {number}",
        )


def _too_many(network: Comparison, number: int) -> list[Layer]:
    """Layers of a block that the reference does not have, up to the next convolution.

    Behind the block's last layer, one that the next block lacks is that block's, and what is before a fully connected layer
    the output's.
    """
    begin, end = (0 if number == 1 else 3 * number - 2), 3 * number
    lacking = [layer.kind for layer, found in zip(network.expected, network.alignment.matched, strict=True) if found is None]
    behind = [layer for place, layer in network.alignment.extra if place == end]
    if any(layer.kind == "linear" or layer.kind in lacking for layer in behind):
        behind = []
    return [layer for place, layer in network.alignment.extra if begin <= place < end] + behind


def _require_linear(network: Comparison, index: int) -> None:
    """The output layer is right as it is used or, where forward leaves it out, as it is declared."""
    if network.layer(index) is None:
        matched = list(network.alignment.matched)
        matched[index] = align(list(network.declared.values()), network.expected).matched[index]
        network = replace(network, alignment=replace(network.alignment, matched=matched))
    more = [layer for place, layer in network.alignment.extra if place in (index, index + 1) and not network.equal]
    if any(layer.kind == "linear" for layer in more):
        names = ", ".join(layer.describe() for layer in more)
        raise Complaint(
            f"also {names}: {network.sequence()}", network.expected_sequence(), "more than one fully connected layer"
        )
    network.require_layer(index)


@pytest.mark.item("maxpool_block1", weight=2)
def test_maxpool_block1_convolution(maxpool: Comparison) -> None:
    """Block 1 begins with a convolution of 3x3 filters, 1 -> 32 channels."""
    maxpool.require_layer(0, settings=SIZES)


@pytest.mark.item("maxpool_block1", weight=1)
def test_maxpool_block1_keeps_the_size(maxpool: Comparison) -> None:
    """Its convolution keeps 28 x 28: stride 1, padding 1 ('same')."""
    maxpool.require_layer(0, settings=STEPS)


@pytest.mark.item("maxpool_block1", weight=2)
def test_maxpool_block1_pools(maxpool: Comparison) -> None:
    """Block 1 goes on with ReLU and max pooling 2x2, stride 2."""
    _require_rest(maxpool, 1)


@pytest.mark.item("maxpool_block2", weight=2)
@pytest.mark.needs("maxpool_block1")
def test_maxpool_block2_convolution(maxpool: Comparison) -> None:
    """Block 2 begins with a convolution of 3x3 filters, 32 -> 64 channels."""
    maxpool.require_layer(3, settings=SIZES)


@pytest.mark.item("maxpool_block2", weight=1)
@pytest.mark.needs("maxpool_block1")
def test_maxpool_block2_keeps_the_size(maxpool: Comparison) -> None:
    """Its convolution keeps 14 x 14: stride 1, padding 1 ('same')."""
    maxpool.require_layer(3, settings=STEPS)


@pytest.mark.item("maxpool_block2", weight=2)
@pytest.mark.needs("maxpool_block1")
def test_maxpool_block2_pools(maxpool: Comparison) -> None:
    """Block 2 goes on with ReLU and max pooling 2x2, stride 2."""
    _require_rest(maxpool, 2)


@pytest.mark.item("maxpool_block3", weight=2)
@pytest.mark.needs("maxpool_block1", "maxpool_block2")
def test_maxpool_block3_convolution(maxpool: Comparison) -> None:
    """Block 3 begins with a convolution of 3x3 filters, 64 -> 100 channels."""
    maxpool.require_layer(6, settings=SIZES)


@pytest.mark.item("maxpool_block3", weight=1)
@pytest.mark.needs("maxpool_block1", "maxpool_block2")
def test_maxpool_block3_keeps_the_size(maxpool: Comparison) -> None:
    """Its convolution keeps 7 x 7: stride 1, padding 1 ('same')."""
    maxpool.require_layer(6, settings=STEPS)


@pytest.mark.item("maxpool_block3", weight=2)
@pytest.mark.needs("maxpool_block1", "maxpool_block2")
def test_maxpool_block3_pools(maxpool: Comparison) -> None:
    """Block 3 goes on with ReLU and max pooling 2x2, stride 2: 7 x 7 becomes 3 x 3."""
    _require_rest(maxpool, 3)


@pytest.mark.item("maxpool_output")
@pytest.mark.needs("maxpool_block1", "maxpool_block2", "maxpool_block3")
def test_maxpool_output(maxpool: Comparison) -> None:
    """The output layer is fully connected, 900 -> 10."""
    _require_linear(maxpool, MAXPOOL_LINEAR)


maxpool_parts = pytest.mark.needs("maxpool_block1", "maxpool_block2", "maxpool_block3", "maxpool_output")


def _require_logits(network: Comparison) -> None:
    network.require_used(len(network.expected) - 1, "the output layer is not called, or its result not kept")
    cause = network.shape_cause("a layer is not called or its result not kept, or the blocks stand in another order")
    require(network.output_shape == [4, 10], network.output(), "(4, 10)", cause)


@pytest.mark.item("maxpool_forward", weight=2)
@maxpool_parts
def test_maxpool_logits(maxpool: Comparison) -> None:
    """Four images give logits of shape (4, 10)."""
    _require_logits(maxpool)


@pytest.mark.item("maxpool_forward", weight=1)
@maxpool_parts
def test_maxpool_no_activation_at_the_end(maxpool: Comparison) -> None:
    """Nothing follows the output layer: cross-entropy expects logits."""
    _require_logits(maxpool)
    maxpool.require_nothing_between(MAXPOOL_LINEAR, MAXPOOL_LINEAR + 1, "an activation after the output layer")


@pytest.mark.item("maxpool_forward", weight=3)
@maxpool_parts
def test_maxpool_forward(maxpool: Comparison) -> None:
    """With weights drawn now, your network computes what the specified one computes."""
    _require_logits(maxpool)
    maxpool.require_wired()


@pytest.mark.item("batchnorm_block1", weight=2)
def test_batchnorm_block1_convolution(batchnorm: Comparison) -> None:
    """Block 1 begins with a convolution of 3x3 filters, 1 -> 32 channels."""
    batchnorm.require_layer(0, settings=SIZES)


@pytest.mark.item("batchnorm_block1", weight=1)
def test_batchnorm_block1_halves_the_size(batchnorm: Comparison) -> None:
    """Its convolution halves 28 x 28: stride 2, padding 1."""
    batchnorm.require_layer(0, settings=STEPS)


@pytest.mark.item("batchnorm_block1", weight=2)
def test_batchnorm_block1_normalises(batchnorm: Comparison) -> None:
    """Block 1 goes on with ReLU and then batch normalisation of its 32 channels."""
    _require_rest(batchnorm, 1)


@pytest.mark.item("batchnorm_block2", weight=2)
@pytest.mark.needs("batchnorm_block1")
def test_batchnorm_block2_convolution(batchnorm: Comparison) -> None:
    """Block 2 begins with a convolution of 3x3 filters, 32 -> 64 channels."""
    batchnorm.require_layer(3, settings=SIZES)


@pytest.mark.item("batchnorm_block2", weight=1)
@pytest.mark.needs("batchnorm_block1")
def test_batchnorm_block2_halves_the_size(batchnorm: Comparison) -> None:
    """Its convolution halves 14 x 14: stride 2, padding 1."""
    batchnorm.require_layer(3, settings=STEPS)


@pytest.mark.item("batchnorm_block2", weight=2)
@pytest.mark.needs("batchnorm_block1")
def test_batchnorm_block2_normalises(batchnorm: Comparison) -> None:
    """Block 2 goes on with ReLU and then batch normalisation of its 64 channels."""
    _require_rest(batchnorm, 2)


@pytest.mark.item("batchnorm_block3", weight=2)
@pytest.mark.needs("batchnorm_block1", "batchnorm_block2")
def test_batchnorm_block3_convolution(batchnorm: Comparison) -> None:
    """Block 3 begins with a convolution of 3x3 filters, 64 -> 100 channels."""
    batchnorm.require_layer(6, settings=SIZES)


@pytest.mark.item("batchnorm_block3", weight=1)
@pytest.mark.needs("batchnorm_block1", "batchnorm_block2")
def test_batchnorm_block3_halves_the_size(batchnorm: Comparison) -> None:
    """Its convolution makes 4 x 4 of 7 x 7: stride 2, padding 1."""
    batchnorm.require_layer(6, settings=STEPS)


@pytest.mark.item("batchnorm_block3", weight=2)
@pytest.mark.needs("batchnorm_block1", "batchnorm_block2")
def test_batchnorm_block3_normalises(batchnorm: Comparison) -> None:
    """Block 3 goes on with ReLU and then batch normalisation of its 100 channels."""
    _require_rest(batchnorm, 3)


@pytest.mark.item("batchnorm_output", weight=2)
@pytest.mark.needs("batchnorm_block1", "batchnorm_block2", "batchnorm_block3")
def test_batchnorm_average(batchnorm: Comparison) -> None:
    """An average pooling leaves one value a channel."""
    batchnorm.require_layer(AVERAGE)
    batchnorm.require_nothing_between(AVERAGE, BATCHNORM_LINEAR, "a layer too many between the pooling and the output layer")


@pytest.mark.item("batchnorm_output", weight=3)
@pytest.mark.needs("batchnorm_block1", "batchnorm_block2", "batchnorm_block3")
def test_batchnorm_output(batchnorm: Comparison) -> None:
    """The output layer is fully connected, 100 -> 10."""
    _require_linear(batchnorm, BATCHNORM_LINEAR)


batchnorm_parts = pytest.mark.needs("batchnorm_block1", "batchnorm_block2", "batchnorm_block3", "batchnorm_output")


@pytest.mark.item("batchnorm_forward", weight=2)
@batchnorm_parts
def test_batchnorm_logits(batchnorm: Comparison) -> None:
    """Four images give logits of shape (4, 10)."""
    _require_logits(batchnorm)


@pytest.mark.item("batchnorm_forward", weight=1)
@batchnorm_parts
def test_batchnorm_no_activation_at_the_end(batchnorm: Comparison) -> None:
    """Nothing follows the output layer: cross-entropy expects logits."""
    _require_logits(batchnorm)
    batchnorm.require_nothing_between(BATCHNORM_LINEAR, BATCHNORM_LINEAR + 1, "an activation after the output layer")


@pytest.mark.item("batchnorm_forward", weight=2)
@batchnorm_parts
def test_batchnorm_forward(batchnorm: Comparison) -> None:
    """With weights drawn now, your network computes what the specified one computes."""
    _require_logits(batchnorm)
    batchnorm.require_wired()


@pytest.mark.item("batchnorm_single_image")
@pytest.mark.needs("batchnorm_block1", "batchnorm_block2", "batchnorm_block3", "batchnorm_output", "batchnorm_forward")
def test_batch_of_one(batchnorm: Comparison) -> None:
    """A batch of one image gives logits of shape (1, 10)."""
    batchnorm.require_used(BATCHNORM_LINEAR, "the output layer is not called, or its result not kept")
    found = batchnorm.single_problem or f"shape {batchnorm.single_shape}"
    require(
        batchnorm.single_shape == [1, 10],
        found,
        "(1, 10)",
        "squeeze() without a dimension drops every dimension of size 1, the batch's too",
    )
