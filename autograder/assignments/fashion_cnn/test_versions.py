"""Hidden tests of the three regularised networks, layer by layer."""

from dataclasses import dataclass

import pytest

from autograder.networks.comparison import Comparison, Complaint, require
from autograder.runs.evidence import Evidence

from . import judged

CONVOLUTION, BATCH_NORM, RELU, POOL, DROPOUT = range(5)
BLOCK = 5  # layers


@dataclass
class Version:
    """A student's network beside the reference's, which has ``blocks`` blocks of five layers and then ``rest`` layers."""

    network: Comparison
    modules: set[str]
    blocks: int

    @classmethod
    def of(cls, evidence: Evidence, cell: str, blocks: int) -> "Version":
        network = judged.network(evidence, cell)
        document = evidence.document(f"{cell}_network", cell)
        return cls(network, {module["type"] for module in document["modules"]}, blocks)

    @property
    def end(self) -> int:
        """The place of the first layer after the blocks."""
        return self.blocks * BLOCK

    def require_of_each_block(self, *layers: int) -> None:
        """These layers of each block."""
        for block in range(self.blocks):
            for layer in layers:
                self.network.require_layer(block * BLOCK + layer)

    def require_convolution(self, block: int) -> None:
        """The convolution of one block, counted from 1."""
        self.network.require_layer((block - 1) * BLOCK)

    def require_output(self) -> None:
        """The last layer."""
        self.network.require_layer(len(self.network.expected) - 1)

    def require_function(self) -> None:
        """The order of the layers, nothing beside them, and logits (N, 10)."""
        network = self.network
        if network.equal:
            return
        cause = network.shape_cause("see above")
        require(network.executed.problem is None, f"forward stopped with {network.executed.problem}", "logits", cause)
        require(network.output_shape == [4, 10], network.output(), "(4, 10)", "another tensor is returned first")
        for block in range(self.blocks):
            network.require_used(block * BLOCK, f"the convolution of block {block + 1} is not used")
        network.require_nothing_between(-1, len(network.expected), "a layer too many, or in another place")
        if other := self.modules & {"Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"}:
            raise Complaint(", ".join(sorted(other)), "Dropout", "it drops whole channels, or in another way")
        network.require_wired()


@pytest.fixture
def v1(evidence: Evidence) -> Version:
    return Version.of(evidence, "cnn_v1", blocks=2)


@pytest.mark.item("v1_architecture", weight=2)
def test_v1_convolutions(v1: Version) -> None:
    """Version 1 has the convolutions 1 -> 32 and 32 -> 64, both 5x5 with padding 2."""
    v1.require_convolution(1)
    v1.require_convolution(2)


@pytest.mark.item("v1_architecture", weight=1)
def test_v1_relu_and_pooling(v1: Version) -> None:
    """Each block has a ReLU and a 2x2 max pooling."""
    v1.require_of_each_block(RELU, POOL)


@pytest.mark.item("v1_architecture", weight=2)
def test_v1_regularisation(v1: Version) -> None:
    """Each block has batch normalisation, and dropout with probability 0.25."""
    v1.require_of_each_block(BATCH_NORM, DROPOUT)


@pytest.mark.item("v1_architecture", weight=1)
def test_v1_output(v1: Version) -> None:
    """The last layer is linear, 3136 -> 10."""
    v1.require_output()


@pytest.mark.item("v1_architecture", weight=2)
def test_v1_function(v1: Version) -> None:
    """The layers are in the order of the table, nothing else is there, and the logits come first."""
    v1.require_function()


@pytest.mark.item("v1_architecture", weight=1)
def test_v1_features(evidence: Evidence) -> None:
    """The second of the pair holds the flattened features that go into the first fully connected layer."""
    judged.require_features(evidence, "cnn_v1")


@pytest.fixture
def v2(evidence: Evidence) -> Version:
    return Version.of(evidence, "cnn_v2", blocks=3)


@pytest.mark.item("v2_architecture", weight=1)
def test_v2_first_convolution(v2: Version) -> None:
    """Version 2 begins with a convolution 1 -> 32, 3x3, padding 2: 28 -> 30."""
    v2.require_convolution(1)


@pytest.mark.item("v2_architecture", weight=1)
def test_v2_second_convolution(v2: Version) -> None:
    """The second convolution is 32 -> 64, 3x3, padding 2: 15 -> 17."""
    v2.require_convolution(2)


@pytest.mark.item("v2_architecture", weight=1)
def test_v2_third_convolution(v2: Version) -> None:
    """The third convolution is 64 -> 128, 3x3, padding 1: 8 -> 8."""
    v2.require_convolution(3)


@pytest.mark.item("v2_architecture", weight=1)
def test_v2_relu_and_pooling(v2: Version) -> None:
    """Each block has a ReLU and a 2x2 max pooling."""
    v2.require_of_each_block(RELU, POOL)


@pytest.mark.item("v2_architecture", weight=2)
def test_v2_regularisation(v2: Version) -> None:
    """Each block has batch normalisation, and dropout with probability 0.25."""
    v2.require_of_each_block(BATCH_NORM, DROPOUT)


@pytest.mark.item("v2_architecture", weight=1)
def test_v2_output(v2: Version) -> None:
    """The last layer is linear, 2048 -> 10."""
    v2.require_output()


@pytest.mark.item("v2_architecture", weight=2)
def test_v2_function(v2: Version) -> None:
    """The layers are in the order of the table, nothing else is there, and the logits come first."""
    v2.require_function()


@pytest.mark.item("v2_architecture", weight=1)
def test_v2_features(evidence: Evidence) -> None:
    """The second of the pair holds the flattened features that go into the first fully connected layer."""
    judged.require_features(evidence, "cnn_v2")


@pytest.fixture
def v3(evidence: Evidence) -> Version:
    return Version.of(evidence, "cnn_v3", blocks=3)


@pytest.mark.item("v3_architecture", weight=2)
def test_v3_blocks(v3: Version) -> None:
    """Version 3 has the three blocks of version 2."""
    v3.require_of_each_block(*range(BLOCK))


@pytest.mark.item("v3_architecture", weight=1)
def test_v3_hidden_layer(v3: Version) -> None:
    """The hidden layer is linear, 2048 -> 256."""
    v3.network.require_layer(v3.end)


@pytest.mark.item("v3_architecture", weight=2)
def test_v3_hidden_regularisation(v3: Version) -> None:
    """It is followed by batch normalisation, ReLU and dropout with probability 0.5."""
    for place in range(v3.end + 1, v3.end + 4):
        v3.network.require_layer(place)


@pytest.mark.item("v3_architecture", weight=1)
def test_v3_output(v3: Version) -> None:
    """The last layer is linear, 256 -> 10."""
    v3.require_output()


@pytest.mark.item("v3_architecture", weight=2)
def test_v3_function(v3: Version) -> None:
    """The layers are in the order of the table, nothing else is there, and the logits come first."""
    v3.require_function()


@pytest.mark.item("v3_architecture", weight=1)
def test_v3_features(evidence: Evidence) -> None:
    """The second of the pair holds the flattened features that go into the first fully connected layer."""
    judged.require_features(evidence, "cnn_v3")
