"""Hidden tests of the network: its layers, one by one, and its forward pass."""

from dataclasses import replace

import pytest

from autograder.judging.network import Required, each, layer, logits, one_image, used, values_before_linear
from autograder.judging.table import table
from autograder.networks.alignment import Alignment, align
from autograder.networks.comparison import Comparison, compare, require, require_run
from autograder.networks.layers import NO_GRADIENT, SIZES, STEPS, Layer, differences
from autograder.runs.evidence import Evidence

from . import reference

CONV1, RELU1, CONV2, RELU2, POOL1, CONV3, RELU3, CONV4, RELU4, POOL2, FC1, RELU5, FC2 = range(13)
LAYERS = ("conv", "linear", "pool", "norm", "dropout", "padding")
IMAGES = (4, 1, 28, 28)
PADDED = "has stride 1, and padding 1 or none as all the others."
NO_FC2 = "the last layer is not called, or its result is not returned"


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


def _fc1(built: Comparison) -> None:
    built.require_layer(FC1, settings=("out", "bias"))
    layer = built.layer(FC1)
    if built.equal or layer is None:
        return
    # By the student's own layers too: a mistake in one of them is reported there, once.
    own, right = values_before_linear(built), built.expected[FC1]["in"]
    require(
        layer["in"] in (own, right),
        f"{layer.describe()}{built.stopped()}",
        f"{own or right} values of one image after the second pooling",
        "a height or width taken from another layer; see w_out",
    )


def _nothing_more(built: Comparison) -> None:
    extra = _extra(built, layers=True)
    kinds = {layer.kind for layer in built.alignment.matched if layer is not None}
    require(built.equal or {"conv2d", "linear"} <= kinds, built.sequence(), built.expected_sequence(), "no layers yet")
    require(not extra, f"also {', '.join(extra)}: {built.sequence()}", built.expected_sequence(), "a layer too many")


@table(
    ("architecture", 2, "The first convolution makes 32 channels of 1 with a 3x3 kernel.", layer(CONV1, settings=SIZES)),
    ("architecture", 1, f"The first convolution {PADDED}", layer(CONV1, settings=STEPS)),
    ("architecture", 2, "The second convolution makes 32 channels of 32 with a 3x3 kernel.", layer(CONV2, settings=SIZES)),
    ("architecture", 1, f"The second convolution {PADDED}", layer(CONV2, settings=STEPS)),
    ("architecture", 2, "The third convolution makes 64 channels of 32 with a 3x3 kernel.", layer(CONV3, settings=SIZES)),
    ("architecture", 1, f"The third convolution {PADDED}", layer(CONV3, settings=STEPS)),
    ("architecture", 2, "The fourth convolution makes 64 channels of 64 with a 3x3 kernel.", layer(CONV4, settings=SIZES)),
    ("architecture", 1, f"The fourth convolution {PADDED}", layer(CONV4, settings=STEPS)),
    ("architecture", 2, "The pooling of the first block takes the largest of 2x2 with stride 2.", layer(POOL1)),
    ("architecture", 2, "The pooling of the second block takes the largest of 2x2 with stride 2.", layer(POOL2)),
    ("architecture", 2, "The first fully connected layer takes all values of one image and gives 256.", _fc1),
    ("architecture", 1, "The last layer is fully connected, 256 -> 10.", layer(FC2)),
    ("architecture", 1, "There are no layers with weights, poolings or dropouts beyond these.", _nothing_more),
)
def test_architecture(built: Comparison, required: Required) -> None:
    required(built)


def _no_softmax_at_the_end(network: Comparison) -> None:
    network.require_used(FC2, NO_FC2)
    last = [layer.describe() for place, layer in network.alignment.extra if place > FC2 and not network.equal]
    softmax = any("softmax" in name for name in last)
    cause = "cross-entropy applies the softmax itself, so a second one slows the learning" if softmax else ""
    observed = f"{', '.join(last)} after the last layer"
    require(not last, observed, "logits, with no activation", cause or "an activation at the end")


def _wiring(network: Comparison) -> None:
    extra = _extra(network, layers=False)
    require(
        not extra, f"also {', '.join(extra)}: {network.sequence()}", network.expected_sequence(), "an operation too many"
    )
    for index, expected in enumerate(network.expected):
        if expected.kind != "relu":
            cause = "its result is not used, or no gradient gets to it (detach, no_grad)"
            network.require_used(index, f"{expected.describe()}: {cause}")
    network.require_wired()


def _relu(place: int, after: str) -> Required:
    return used(place, f"the ReLU after {after} is missing, or its result is not used")


FULLY_CONNECTED = "the first fully connected layer"


@table(
    ("forward", 4, "Each convolution is followed by a ReLU.", each(
        *(_relu(place, f"convolution {number}") for number, place in enumerate((RELU1, RELU2, RELU3, RELU4), 1))
    )),
    ("forward", 1, "The first fully connected layer is followed by a ReLU.", _relu(RELU5, FULLY_CONNECTED)),
    ("forward", 2, "N images, few or many, give logits of shape (N, 10).", each(
        used(FC2, NO_FC2),
        logits("the last layer is not called or not returned, no flatten, or a batch size is written into the code"),
        one_image("the batch dimension is lost, or a batch size is written into the code"),
    )),
    ("forward", 2, "Nothing follows the last layer: its outputs are logits.", _no_softmax_at_the_end),
    ("forward", 1, "With weights drawn now, your network computes what the specified one computes.", _wiring),
    needs={"forward": ["architecture"]},
)  # fmt: skip
def test_forward(network: Comparison, required: Required) -> None:
    required(network)
