"""Hidden tests of the three regularised networks, layer by layer."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from autograder.judging.table import table
from autograder.networks.comparison import Comparison, Complaint, require
from autograder.runs.evidence import Evidence

from . import judged

CONVOLUTION, BATCH_NORM, RELU, POOL, DROPOUT = range(5)
BLOCK = 5  # layers
OTHER_DROPOUTS = {"Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"}


@dataclass
class Version:
    """A student's network beside the reference's, which has ``blocks`` blocks of five layers and then others."""

    evidence: Evidence
    cell: str
    blocks: int

    @property
    def network(self) -> Comparison:
        return judged.network(self.evidence, self.cell)

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
        modules = {module["type"] for module in self.evidence.document(f"{self.cell}_network", self.cell)["modules"]}
        if other := modules & OTHER_DROPOUTS:
            raise Complaint(", ".join(sorted(other)), "Dropout", "it drops whole channels, or in another way")
        network.require_wired()

    def require_features(self) -> None:
        """What is returned beside the logits."""
        judged.require_features(self.evidence, self.cell)


Required = Callable[[Version], None]


def of_each_block(*layers: int) -> Required:
    """These layers of each block."""

    def required(version: Version) -> None:
        for block in range(version.blocks):
            for layer in layers:
                version.network.require_layer(block * BLOCK + layer)

    return required


def convolutions(*blocks: int) -> Required:
    """The convolutions of these blocks, counted from 1."""

    def required(version: Version) -> None:
        for block in blocks:
            version.network.require_layer((block - 1) * BLOCK)

    return required


def behind(*places: int) -> Required:
    """Layers behind the blocks, by their places there."""

    def required(version: Version) -> None:
        for place in places:
            version.network.require_layer(version.blocks * BLOCK + place)

    return required


REGULARISED = "Each block has batch normalisation, and dropout with probability 0.25."
ACTIVATED = "Each block has a ReLU and a 2x2 max pooling."
FUNCTION = "The layers are in the order of the table, nothing else is there, and the logits come first."
FEATURES = "The second of the pair holds the flattened features that go into the first fully connected layer."


@pytest.fixture
def v1(evidence: Evidence) -> Version:
    return Version(evidence, "cnn_v1", blocks=2)


@table(
    ("v1_architecture", 2, "Version 1 has the convolutions 1 -> 32 and 32 -> 64, both 5x5 with padding 2.",
     convolutions(1, 2)),
    ("v1_architecture", 1, ACTIVATED, of_each_block(RELU, POOL)),
    ("v1_architecture", 2, REGULARISED, of_each_block(BATCH_NORM, DROPOUT)),
    ("v1_architecture", 1, "The last layer is linear, 3136 -> 10.", behind(0)),
    ("v1_architecture", 2, FUNCTION, Version.require_function),
    ("v1_architecture", 1, FEATURES, Version.require_features),
)  # fmt: skip
def test_v1(v1: Version, required: Required) -> None:
    required(v1)


@pytest.fixture
def v2(evidence: Evidence) -> Version:
    return Version(evidence, "cnn_v2", blocks=3)


@table(
    ("v2_architecture", 1, "Version 2 begins with a convolution 1 -> 32, 3x3, padding 2: 28 -> 30.", convolutions(1)),
    ("v2_architecture", 1, "The second convolution is 32 -> 64, 3x3, padding 2: 15 -> 17.", convolutions(2)),
    ("v2_architecture", 1, "The third convolution is 64 -> 128, 3x3, padding 1: 8 -> 8.", convolutions(3)),
    ("v2_architecture", 1, ACTIVATED, of_each_block(RELU, POOL)),
    ("v2_architecture", 2, REGULARISED, of_each_block(BATCH_NORM, DROPOUT)),
    ("v2_architecture", 1, "The last layer is linear, 2048 -> 10.", behind(0)),
    ("v2_architecture", 2, FUNCTION, Version.require_function),
    ("v2_architecture", 1, FEATURES, Version.require_features),
)
def test_v2(v2: Version, required: Required) -> None:
    required(v2)


@pytest.fixture
def v3(evidence: Evidence) -> Version:
    return Version(evidence, "cnn_v3", blocks=3)


@table(
    ("v3_architecture", 2, "Version 3 has the three blocks of version 2.", of_each_block(*range(BLOCK))),
    ("v3_architecture", 1, "The hidden layer is linear, 2048 -> 256.", behind(0)),
    ("v3_architecture", 2, "It is followed by batch normalisation, ReLU and dropout with probability 0.5.", behind(1, 2, 3)),
    ("v3_architecture", 1, "The last layer is linear, 256 -> 10.", behind(4)),
    ("v3_architecture", 2, FUNCTION, Version.require_function),
    ("v3_architecture", 1, FEATURES, Version.require_features),
)
def test_v3(v3: Version, required: Required) -> None:
    required(v3)
