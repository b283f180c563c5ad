"""Hidden tests of the four convolutional networks: their layers, and what CNN's forward pass returns."""

import pytest

from autograder.judging.network import Required, each, layer, logits, nothing_between, one_image, used, wired
from autograder.judging.table import table
from autograder.networks.alignment import align
from autograder.networks.comparison import Comparison, Complaint
from autograder.networks.layers import SIZES, STEPS
from autograder.runs.evidence import Evidence

from . import judged

CONV1, RELU1, POOL1, CONV2, RELU2, POOL2, LINEAR = range(7)


@pytest.fixture
def network(evidence: Evidence) -> Comparison:
    return judged.network(evidence, "cnn")


def _relu_and_pooling(network: Comparison) -> None:
    for place in (RELU1, POOL1, RELU2, POOL2):
        network.require_layer(place)
    network.require_nothing_between(-1, LINEAR, "a layer too many")


def _output_layer(network: Comparison) -> None:
    declared = align(list(network.declared.values()), network.expected).matched[LINEAR]
    right = declared is not None and (declared["in"], declared["out"], declared["bias"]) == (1568, 10, True)
    if network.layer(LINEAR) is None and right:
        return  # it is there, and what it gives is not returned first: a mistake of forward
    network.require_layer(LINEAR)


def _runs(network: Comparison) -> None:
    if network.executed.problem:
        cause = network.shape_cause("see the layers")
        raise Complaint(f"forward stopped with {network.executed.problem}", "a pair of tensors", cause)
    network.require_used(CONV1, "the network has no layers")


@table(
    ("cnn_architecture", 2, "The first convolution makes 16 channels of 1 with a 5x5 kernel.", layer(CONV1, settings=SIZES)),
    ("cnn_architecture", 1, "It keeps the size of 28x28: padding 2, stride 1.", layer(CONV1, settings=STEPS)),
    ("cnn_architecture", 2, "The second convolution makes 32 channels of 16 with a 5x5 kernel.",
     layer(CONV2, settings=SIZES)),
    ("cnn_architecture", 1, "It keeps the size of 14x14: padding 2, stride 1.", layer(CONV2, settings=STEPS)),
    ("cnn_architecture", 2, "Each convolution is followed by a ReLU and a 2x2 max pooling, and by nothing else.",
     _relu_and_pooling),
    ("cnn_architecture", 1, "The last layer is linear, 1568 -> 10.", _output_layer),
    ("cnn_forward", 2,
     "Four images give logits of shape (4, 10), with no activation after the last layer; one image gives (1, 10).", each(
        used(LINEAR, "the output layer is not called, or its result is not returned first"),
        logits("another tensor is returned first", outputs=2),
        nothing_between(LINEAR, LINEAR + 1, "cross-entropy does the softmax itself"),
        one_image("the batch dimension is lost, or a batch size is written into the code"),
    )),
    ("cnn_forward", 1, "With weights drawn now, your network computes what the specified one computes.", each(_runs, wired)),
    needs={"cnn_forward": ["cnn_architecture"]},
)  # fmt: skip
def test_network(network: Comparison, required: Required) -> None:
    required(network)


@pytest.mark.item("cnn_forward", weight=2)
@pytest.mark.needs("cnn_architecture")
def test_features(evidence: Evidence) -> None:
    """The second of the pair holds the flattened features that go into the last layer, shape (4, 1568)."""
    judged.require_features(evidence, "cnn")


@pytest.mark.item("cnn_forward", weight=1)
@pytest.mark.needs("cnn_architecture")
def test_forward_prints_nothing(network: Comparison, evidence: Evidence) -> None:
    """The forward pass prints nothing."""
    _runs(network)
    judged.require_quiet(evidence, "cnn")
