"""Hidden tests of the network, ACT1 to ACT10."""

import re
from dataclasses import dataclass
from functools import partial

import pytest

from autograder.inside import draws
from autograder.judging.network import (
    Required,
    each,
    layer,
    logits,
    nothing_between,
    one_image,
    used,
    values_before_linear,
    wired,
)
from autograder.judging.table import table
from autograder.networks.comparison import Comparison, Complaint, compare, require, require_finished
from autograder.networks.layers import SIZES, STEPS
from autograder.runs.evidence import Evidence

from . import reference
from .graph import Graph

CONV1, RELU1, POOL1, CONV2, RELU2, POOL2, FC1, RELU3, FC2 = range(9)
MOST_PARAMETERS = 1_000
FUNCTIONS = 6  # that the box puts behind the network whose graph is drawn


def acts(first: int, last: int) -> list[str]:
    """The items from one ACT to another."""
    return [f"act{number:02d}" for number in range(first, last + 1)]


rests_on_the_network = pytest.mark.needs(*acts(1, 9))


@pytest.fixture(scope="session")
def network(evidence: Evidence) -> Comparison:
    return compare(evidence, reference.convnet, (4, 1, 28, 28), probe="network", cell="convnet")


NO_FC2 = "fc2 is not called, or its result is not returned"


@table(
    ("act01", 2, "The first convolution makes 32 channels of 1 with a 5x5 kernel.", layer(CONV1, "conv1", SIZES)),
    ("act01", 1, "The first convolution keeps the size of 28x28: padding 2, stride 1.", layer(CONV1, "conv1", STEPS)),
    ("act02", 1, "The first pooling takes the largest of 2x2 with stride 2.", layer(POOL1, "pool1")),
    ("act03", 2, "The second convolution makes 64 channels of 32 with a 5x5 kernel.", layer(CONV2, "conv2", SIZES)),
    ("act03", 1, "The second convolution keeps the size of 14x14: padding 2, stride 1.", layer(CONV2, "conv2", STEPS)),
    ("act04", 1, "The second pooling takes the largest of 2x2 with stride 2.", layer(POOL2, "pool2")),
    ("act06", 1, "The last layer is linear, 512 -> 10.", layer(FC2, "fc2")),
    ("act07", 2, "The second convolution is followed by a ReLU.", each(
        used(CONV2, "conv2 is not called, or its result is not used"),
        used(RELU2, "the ReLU after conv2 is missing, or its result is not used"),
    )),
    ("act07", 1, "Then comes the second pooling, and nothing more.", each(
        used(POOL2, "pool2 is not called, or its result is not used"),
        nothing_between(CONV2, FC1, "a layer too many in the second block"),
    )),
    ("act08", 1, "The flattened values go through fc1.", used(FC1, "fc1 is not called, or its result is not used")),
    ("act08", 1, "fc1 is followed by a ReLU, and nothing more.", each(
        used(RELU3, "the ReLU after fc1 is missing, or its result is not used"),
        nothing_between(FC1, FC2, "a layer too many after fc1"),
    )),
    ("act09", 1, "Four images give logits of shape (4, 10).", each(
        used(FC2, NO_FC2),
        logits("fc2 not called or not returned"),
        one_image("the batch dimension is lost, or a batch size is written into the code"),
    )),
    ("act09", 2, "Nothing follows fc2: cross-entropy expects logits.", each(
        used(FC2, NO_FC2), nothing_between(FC2, FC2 + 1, "an activation after fc2")
    )),
    ("act09", 1, "With weights drawn now, your network computes what the specified one computes.", each(
        used(RELU1, "the ReLU of the first block (given) is gone"),
        used(FC2, NO_FC2),
        nothing_between(-1, CONV2, "a layer too many in the first block"),
        wired,
    )),
    needs={"act06": ["act05"], "act07": acts(1, 6), "act08": acts(1, 7), "act09": acts(1, 8)},
)  # fmt: skip
def test_network(network: Comparison, required: Required) -> None:
    required(network)


@pytest.mark.item("act05")
def test_size_linear(network: Comparison, evidence: Evidence) -> None:
    """`size_linear` is the number of values per image that your own convolutions and poolings leave."""
    if network.equal:
        return
    attributes = evidence.document("network", "convnet")["attributes"]
    found = attributes.get("size_linear")
    require(
        "size_linear" not in attributes or isinstance(found, int), f"size_linear = {found}", "an int", "a division with /"
    )
    if found is None:
        first = network.layer(FC1, "fc1")
        found = first["in"] if first is not None and first.kind == "linear" else None
    require(found is not None, "no size_linear", "channels x height x width after pool2", "ACT5 is still open")
    # Judged by the student's own layers too: a mistake in one of them is reported there, once.
    own, right = values_before_linear(network), network.expected[FC1]["in"]
    require(
        found in (own, right),
        f"size_linear = {found}",
        f"{own or right} values per image after the last pooling",
        "a channel count, height or width taken from another layer",
    )


@pytest.fixture(scope="session")
def graph(evidence: Evidence) -> dict[str, object]:
    document = evidence.document("graph", "network_graph")
    if document.get("source") is None:
        require_finished(evidence, "graph")
    require(
        document.get("source") is not None,
        f"graph is a {document.get('type')}",
        "what torchviz.make_dot returns",
        "the result of make_dot is not kept in graph",
    )
    return document


@dataclass
class Drawn:
    """The graph, and what of it comes before and after the operations that were put behind the network."""

    graph: Graph
    before: set[str]
    after: set[str]


@pytest.fixture(scope="session")
def drawn(graph: dict[str, object], evidence: Evidence) -> Drawn:
    """The graph, which must be of the network that the box drew functions for; arrows may lead either way."""
    functions = draws.functions(evidence.record.seed, FUNCTIONS)
    parsed = Graph.parse(str(graph["source"]))
    for read in (parsed, parsed.reversed()):
        first, last = read.along([partial(_is, name) for name in (*functions, "mul")])
        if last:
            return Drawn(read, read.reversed().reached(first), read.reached(last) - last)
    nodes = ", ".join(sorted({read.kind(node) for node in read.labels} - {""})[:8])
    raise Complaint(
        f"nodes {nodes[:300] or 'without labels'}, not those of net's output",
        "a graph of what net gives for a batch",
        "make_dot was given something else than the network's output",
    )


def _is(operation: str, kind: str) -> bool:
    return re.fullmatch(rf"{operation}Backward\d*", kind, re.IGNORECASE) is not None


@pytest.mark.item("act10", weight=2)
@rests_on_the_network
def test_graph_of_the_network(drawn: Drawn) -> None:
    """The graph shows the backward pass of two convolutions and two matrix products."""
    kinds = [drawn.graph.kind(node) for node in drawn.before]
    found = [sum(bool(re.search(name, kind)) for kind in kinds) for name in ("ConvolutionBackward", "[Mm]mBackward")]
    require(
        min(found) >= 2,
        f"{found} nodes of these kinds",
        "at least 2 convolutions and 2 matrix products",
        "make_dot was given something else than the network's output",
    )


@pytest.mark.item("act10", weight=1)
@rests_on_the_network
def test_graph_of_the_mean(drawn: Drawn) -> None:
    """The graph is of the mean output."""
    kinds = {drawn.graph.kind(node).partition("Backward")[0] for node in drawn.after}
    # A sum that is divided by the number of values is a mean, too.
    if "Mean" in kinds or ("Sum" in kinds and kinds & {"Div", "Mul"}):
        return
    observed, cause = "no mean in the graph", "make_dot was given the output itself"
    if "Sum" in kinds:
        observed, cause = "a sum in the graph", ".sum() in place of .mean()"
    raise Complaint(observed, "a node MeanBackward", cause)


@pytest.mark.item("act10", weight=1)
@rests_on_the_network
def test_graph_names(graph: dict[str, object], drawn: Drawn) -> None:
    """The graph names every parameter of the network."""
    names = graph.get("parameters")
    require(
        isinstance(names, list) and 0 < len(names) <= MOST_PARAMETERS,
        "no network net" if not names else "a network of thousands of parameters",
        "net = ConvNet()",
        "net was deleted or replaced",
    )
    assert isinstance(names, list)
    shown = "\n".join([*drawn.graph.names(), ""])
    missing = [str(name) for name in names if f"{name}\n" not in shown]
    require(
        not missing,
        f"not in the graph: {', '.join(missing[:8])}",
        "every name of net.named_parameters()",
        "params is missing in make_dot(..., params=...)",
    )
