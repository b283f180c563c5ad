"""Hidden tests of the network: its layers, one by one, and its forward pass."""

import math
from dataclasses import replace

import pytest

from autograder.networks.alignment import Alignment, align
from autograder.networks.comparison import Comparison, compare, require, require_run
from autograder.networks.layers import NO_GRADIENT, SIZES, STEPS, Layer, differences
from autograder.runs.evidence import Evidence

from . import reference

CONV1, RELU1, CONV2, RELU2, POOL1, CONV3, RELU3, CONV4, RELU4, POOL2, FC1, RELU5, FC2 = range(13)
LAYERS = ("conv", "linear", "pool", "norm", "dropout", "padding")
IMAGES = (4, 1, 28, 28)


@pytest.fixture(scope="session")
def network(evidence: Evidence) -> Comparison:
    """The student's network beside the one of the two right networks that it is closer to."""
    where = {"probe": "network", "cell": "mnist_cnn"}
    both = [compare(evidence, make, IMAGES, **where, confirm=False) for make in reference.NETWORKS]
    closer = min(both, key=_distance)
    if not closer.equal:
        require_run(evidence, IMAGES, **where)
    return closer


@pytest.fixture(scope="session")
def built(network: Comparison) -> Comparison:
    """The same, as far as layers are concerned: what the forward pass makes of them is another item's matter.

    Layers that it leaves out count as they were declared, and layers that no gradient gets to count as if one did.
    """
    return _as_declared(network)


def _as_declared(network: Comparison) -> Comparison:
    declared = align(list(network.declared.values()), network.expected).matched
    matched = [_reached(found or spare) for found, spare in zip(network.alignment.matched, declared, strict=True)]
    missing = [expected for found, expected in zip(network.alignment.matched, network.expected, strict=True) if not found]
    # A layer that stands elsewhere in the order is none too many.
    extra = [(place, layer) for place, layer in network.alignment.extra if layer not in missing]
    return replace(network, alignment=Alignment(matched, extra))


def _reached(layer: Layer | None) -> Layer | None:
    return layer and Layer(layer.kind, tuple(pair for pair in layer.settings if pair != ("weights", NO_GRADIENT)))


def _distance(network: Comparison) -> tuple[bool, int]:
    pairs = zip(_as_declared(network).alignment.matched, network.expected, strict=True)
    wrong = sum(len(differences(found, expected)) if found else 1 for found, expected in pairs)
    return not network.equal, wrong + len(network.alignment.extra)


def _extra(network: Comparison, layers: bool) -> list[str]:
    """What is too much: layers, or activations and other operations."""
    found = [layer for _, layer in network.alignment.extra if not network.equal]
    return [layer.describe() for layer in found if any(part in layer.kind for part in LAYERS) == layers]


@pytest.mark.item("architecture", weight=2)
def test_conv1(built: Comparison) -> None:
    """The first convolution makes 32 channels of 1 with a 3x3 kernel."""
    built.require_layer(CONV1, settings=SIZES)


@pytest.mark.item("architecture", weight=1)
def test_conv1_steps(built: Comparison) -> None:
    """The first convolution has stride 1, and padding 1 or none as all the others."""
    built.require_layer(CONV1, settings=STEPS)


@pytest.mark.item("architecture", weight=2)
def test_conv2(built: Comparison) -> None:
    """The second convolution makes 32 channels of 32 with a 3x3 kernel."""
    built.require_layer(CONV2, settings=SIZES)


@pytest.mark.item("architecture", weight=1)
def test_conv2_steps(built: Comparison) -> None:
    """The second convolution has stride 1, and padding 1 or none as all the others."""
    built.require_layer(CONV2, settings=STEPS)


@pytest.mark.item("architecture", weight=2)
def test_conv3(built: Comparison) -> None:
    """The third convolution makes 64 channels of 32 with a 3x3 kernel."""
    built.require_layer(CONV3, settings=SIZES)


@pytest.mark.item("architecture", weight=1)
def test_conv3_steps(built: Comparison) -> None:
    """The third convolution has stride 1, and padding 1 or none as all the others."""
    built.require_layer(CONV3, settings=STEPS)


@pytest.mark.item("architecture", weight=2)
def test_conv4(built: Comparison) -> None:
    """The fourth convolution makes 64 channels of 64 with a 3x3 kernel."""
    built.require_layer(CONV4, settings=SIZES)


@pytest.mark.item("architecture", weight=1)
def test_conv4_steps(built: Comparison) -> None:
    """The fourth convolution has stride 1, and padding 1 or none as all the others."""
    built.require_layer(CONV4, settings=STEPS)


@pytest.mark.item("architecture", weight=2)
def test_pool1(built: Comparison) -> None:
    """The pooling of the first block takes the largest of 2x2 with stride 2."""
    built.require_layer(POOL1)


@pytest.mark.item("architecture", weight=2)
def test_pool2(built: Comparison) -> None:
    """The pooling of the second block takes the largest of 2x2 with stride 2."""
    built.require_layer(POOL2)


@pytest.mark.item("architecture", weight=2)
def test_fc1(built: Comparison) -> None:
    """The first fully connected layer takes all values of one image and gives 256."""
    built.require_layer(FC1, settings=("out", "bias"))
    layer = built.layer(FC1)
    if built.equal or layer is None:
        return
    # By the student's own layers too: a mistake in one of them is reported there, once.
    own, right = _values_before_fc1(built), built.expected[FC1]["in"]
    require(
        layer["in"] in (own, right),
        f"{layer.describe()}{built.stopped()}",
        f"{own or right} values of one image after the second pooling",
        "a height or width taken from another layer; see w_out",
    )


def _values_before_fc1(network: Comparison) -> int:
    kinds = [layer.kind for layer in network.executed.layers]
    last = kinds.index("linear") - 1 if "linear" in kinds else len(kinds) - 1
    sizes = network.executed.sizes
    return math.prod((sizes[last] or [0])[1:]) if 0 <= last < len(sizes) else 0


@pytest.mark.item("architecture", weight=1)
def test_fc2(built: Comparison) -> None:
    """The last layer is fully connected, 256 -> 10."""
    built.require_layer(FC2)


@pytest.mark.item("architecture", weight=1)
def test_nothing_more(built: Comparison) -> None:
    """There are no layers with weights, poolings or dropouts beyond these."""
    extra = _extra(built, layers=True)
    kinds = {layer.kind for layer in built.alignment.matched if layer is not None}
    require(built.equal or {"conv2d", "linear"} <= kinds, built.sequence(), built.expected_sequence(), "no layers yet")
    require(not extra, f"also {', '.join(extra)}: {built.sequence()}", built.expected_sequence(), "a layer too many")


@pytest.mark.item("forward", weight=4)
@pytest.mark.needs("architecture")
def test_relu_after_convolutions(network: Comparison) -> None:
    """Each convolution is followed by a ReLU."""
    for number, index in enumerate((RELU1, RELU2, RELU3, RELU4)):
        network.require_used(index, f"the ReLU after convolution {number + 1} is missing, or its result is not used")


@pytest.mark.item("forward", weight=1)
@pytest.mark.needs("architecture")
def test_relu_in_the_classifier(network: Comparison) -> None:
    """The first fully connected layer is followed by a ReLU."""
    network.require_used(RELU5, "the ReLU after the first fully connected layer is missing, or its result is not used")


@pytest.mark.item("forward", weight=2)
@pytest.mark.needs("architecture")
def test_logits(network: Comparison) -> None:
    """N images, few or many, give logits of shape (N, 10)."""
    network.require_used(FC2, "the last layer is not called, or its result is not returned")
    cause = network.shape_cause(
        "the last layer is not called or not returned, no flatten, or a batch size is written into the code"
    )
    require(network.output_shape == [4, 10], f"four images give {network.output()}", "(4, 10)", cause)
    single = network.single_shape
    require(
        single == [1, 10], f"one image gives {single or network.single_problem}", "(1, 10)", "the batch dimension is lost"
    )


@pytest.mark.item("forward", weight=2)
@pytest.mark.needs("architecture")
def test_no_softmax_at_the_end(network: Comparison) -> None:
    """Nothing follows the last layer: its outputs are logits."""
    network.require_used(FC2, "the last layer is not called, or its result is not returned")
    last = [layer.describe() for place, layer in network.alignment.extra if place > FC2 and not network.equal]
    softmax = any("softmax" in name for name in last)
    require(
        not last,
        f"{', '.join(last)} after the last layer",
        "logits, with no activation",
        "cross-entropy applies the softmax itself, so a second one slows the learning"
        if softmax
        else "an activation at the end",
    )


@pytest.mark.item("forward", weight=1)
@pytest.mark.needs("architecture")
def test_wiring(network: Comparison) -> None:
    """With weights drawn now, your network computes what the specified one computes."""
    extra = _extra(network, layers=False)
    require(
        not extra, f"also {', '.join(extra)}: {network.sequence()}", network.expected_sequence(), "an operation too many"
    )
    for index, expected in enumerate(network.expected):
        if expected.kind != "relu":
            cause = "its result is not used, or no gradient gets to it (detach, no_grad)"
            network.require_used(index, f"{expected.describe()}: {cause}")
    network.require_wired()
