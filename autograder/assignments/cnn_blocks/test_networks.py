"""Hidden tests of the two networks, block by block."""

from dataclasses import replace

import pytest

from autograder.judging.network import Required, each, layer, logits, nothing_between, one_image, used, wired
from autograder.judging.table import table
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


def rest(number: int) -> Required:
    """Block ``number`` goes on with a ReLU and its last layer, and has nothing more."""
    return lambda network: _require_rest(network, number)


def _require_rest(network: Comparison, number: int) -> None:
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


def _linear(network: Comparison) -> None:
    """The output layer is right as it is used or, where forward leaves it out, as it is declared."""
    index = len(network.expected) - 1
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


CALLED = "the output layer is not called, or its result not kept"
PARTS = {name: [f"{name}_block1", f"{name}_block2", f"{name}_block3", f"{name}_output"] for name in ("maxpool", "batchnorm")}
MAXPOOL, BATCHNORM = (
    {f"{name}_{part}": parts[:number] for number, part in enumerate(("block1", "block2", "block3", "output", "forward"))}
    for name, parts in PARTS.items()
)


NOT_LOGITS = "a layer is not called or its result not kept, or the blocks stand in another order"


def gives_logits(linear: int) -> Required:
    """The output layer is used, and gives logits."""
    return each(used(linear, CALLED), logits(NOT_LOGITS))


def nothing_after(linear: int) -> Required:
    """Nothing follows the output layer."""
    return each(gives_logits(linear), nothing_between(linear, linear + 1, "an activation after the output layer"))


@table(
    ("maxpool_block1", 2, "Block 1 begins with a convolution of 3x3 filters, 1 -> 32 channels.", layer(0, settings=SIZES)),
    ("maxpool_block1", 1, "Its convolution keeps 28 x 28: stride 1, padding 1 ('same').", layer(0, settings=STEPS)),
    ("maxpool_block1", 2, "Block 1 goes on with ReLU and max pooling 2x2, stride 2.", rest(1)),
    ("maxpool_block2", 2, "Block 2 begins with a convolution of 3x3 filters, 32 -> 64 channels.", layer(3, settings=SIZES)),
    ("maxpool_block2", 1, "Its convolution keeps 14 x 14: stride 1, padding 1 ('same').", layer(3, settings=STEPS)),
    ("maxpool_block2", 2, "Block 2 goes on with ReLU and max pooling 2x2, stride 2.", rest(2)),
    ("maxpool_block3", 2, "Block 3 begins with a convolution of 3x3 filters, 64 -> 100 channels.", layer(6, settings=SIZES)),
    ("maxpool_block3", 1, "Its convolution keeps 7 x 7: stride 1, padding 1 ('same').", layer(6, settings=STEPS)),
    ("maxpool_block3", 2, "Block 3 goes on with ReLU and max pooling 2x2, stride 2: 7 x 7 becomes 3 x 3.", rest(3)),
    ("maxpool_output", 1, "The output layer is fully connected, 900 -> 10.", _linear),
    ("maxpool_forward", 2, "Four images give logits of shape (4, 10).",
     each(gives_logits(MAXPOOL_LINEAR), one_image("the batch dimension is lost"))),
    ("maxpool_forward", 1, "Nothing follows the output layer: cross-entropy expects logits.", nothing_after(MAXPOOL_LINEAR)),
    ("maxpool_forward", 3, "With weights drawn now, your network computes what the specified one computes.",
     each(gives_logits(MAXPOOL_LINEAR), wired)),
    needs=MAXPOOL,
)  # fmt: skip
def test_maxpool(maxpool: Comparison, required: Required) -> None:
    required(maxpool)


@table(
    ("batchnorm_block1", 2, "Block 1 begins with a convolution of 3x3 filters, 1 -> 32 channels.",
     layer(0, settings=SIZES)),
    ("batchnorm_block1", 1, "Its convolution halves 28 x 28: stride 2, padding 1.", layer(0, settings=STEPS)),
    ("batchnorm_block1", 2, "Block 1 goes on with ReLU and then batch normalisation of its 32 channels.", rest(1)),
    ("batchnorm_block2", 2, "Block 2 begins with a convolution of 3x3 filters, 32 -> 64 channels.",
     layer(3, settings=SIZES)),
    ("batchnorm_block2", 1, "Its convolution halves 14 x 14: stride 2, padding 1.", layer(3, settings=STEPS)),
    ("batchnorm_block2", 2, "Block 2 goes on with ReLU and then batch normalisation of its 64 channels.", rest(2)),
    ("batchnorm_block3", 2, "Block 3 begins with a convolution of 3x3 filters, 64 -> 100 channels.",
     layer(6, settings=SIZES)),
    ("batchnorm_block3", 1, "Its convolution makes 4 x 4 of 7 x 7: stride 2, padding 1.", layer(6, settings=STEPS)),
    ("batchnorm_block3", 2, "Block 3 goes on with ReLU and then batch normalisation of its 100 channels.", rest(3)),
    ("batchnorm_output", 2, "An average pooling leaves one value a channel.", each(
        layer(AVERAGE),
        nothing_between(AVERAGE, BATCHNORM_LINEAR, "a layer too many between the pooling and the output layer"),
    )),
    ("batchnorm_output", 3, "The output layer is fully connected, 100 -> 10.", _linear),
    ("batchnorm_forward", 2, "Four images give logits of shape (4, 10).",
     gives_logits(BATCHNORM_LINEAR)),
    ("batchnorm_forward", 1, "Nothing follows the output layer: cross-entropy expects logits.",
     nothing_after(BATCHNORM_LINEAR)),
    ("batchnorm_forward", 2, "With weights drawn now, your network computes what the specified one computes.",
     each(gives_logits(BATCHNORM_LINEAR), wired)),
    ("batchnorm_single_image", 1, "A batch of one image gives logits of shape (1, 10).", each(
        used(BATCHNORM_LINEAR, CALLED),
        one_image("squeeze() without a dimension drops every dimension of size 1, the batch's too"),
    )),
    needs=BATCHNORM | {"batchnorm_single_image": [*PARTS["batchnorm"], "batchnorm_forward"]},
)  # fmt: skip
def test_batchnorm(batchnorm: Comparison, required: Required) -> None:
    required(batchnorm)
