"""A student's network beside the reference: equal whatever the style, else an exact complaint."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.assignments.pa4_convnet.reference import convnet
from autograder.comparison import Comparison, Complaint, close, compare, require
from autograder.evidence import Evidence, Found, NotShown, Record, parse_frame
from autograder.inside import trace
from autograder.inside.channel import plain

SHAPE = (4, 1, 28, 28)
CONV1, RELU1, POOL1, CONV2, RELU2, POOL2, FC1, RELU3, FC2 = range(9)


def evidence_of(network: nn.Module, seed: int = 6) -> Evidence:
    """What a probe in the box sends of a network, through the form in which it travels."""
    import json

    images = trace.drawn_images(seed, SHAPE)
    training = trace.record(network.train(True), images)
    with torch.no_grad():
        evaluation = trace.record(network.train(False), images)
    document: dict[str, Any] = {
        "modules": trace.modules(network), "training": training.document(), "evaluation": evaluation.document(),
        "parameters": [{"name": name, "shape": list(value.shape)} for name, value in network.named_parameters()],
    }  # fmt: skip
    tensors = {}
    if evaluation.problem is None:
        trace.fill(evaluation, network, seed)
        for mode in ("evaluation", "training"):
            torch.manual_seed(seed)
            tensors[f"network/{mode}"] = network.train(mode == "training")(images).detach()
    parsed, _ = parse_frame(json.dumps(plain(document)).encode(), b"")
    record = Record(seed=seed, profile="quick", isolation="none", versions={}, found={"network": Found(document=parsed)})
    return Evidence(record, tensors)


def compared(network: nn.Module) -> Comparison:
    return compare(evidence_of(network), convnet(), SHAPE, probe="network", cell="convnet")


def changed(index: int, layer: nn.Module) -> nn.Sequential:
    layers = list(convnet())
    layers[index] = layer
    return nn.Sequential(*layers)


def test_the_reference_equals_itself() -> None:
    found = compared(convnet())
    assert found.equal
    assert found.output_shape == [4, 10]
    found.require_layer(CONV1, "conv1", ("kernel",), "")
    found.require_used(RELU3, "")
    found.require_nothing_between(-1, FC2 + 1, "")


def test_dropout_that_evaluation_hides_is_no_equal_network() -> None:
    network = nn.Sequential(*list(convnet())[:-1], nn.Dropout(0.5), nn.Linear(512, 10))
    found = compared(network)
    assert not found.equal
    with pytest.raises(Complaint, match=r"also dropout 0\.5"):
        found.require_nothing_between(FC1, FC2, "a layer too many")


def test_a_wrong_kernel_is_named_with_what_was_expected() -> None:
    found = compared(changed(3, nn.Conv2d(32, 64, 3, padding=1)))
    found.require_layer(CONV1, "conv1", ("kernel", "out"), "")
    with pytest.raises(Complaint) as raised:
        found.require_layer(CONV2, "conv2", ("in", "out", "kernel"), "channels or kernel size")
    assert "kernel 3x3, expected 5x5" in str(raised.value)
    assert "padding 1x1, expected" not in str(raised.value)
    assert raised.value.cause == "channels or kernel size"


def test_a_missing_layer_is_named() -> None:
    layers = list(convnet())
    del layers[4]
    found = compared(nn.Sequential(*layers))
    with pytest.raises(Complaint, match="the ReLU is missing"):
        found.require_used(RELU2, "the ReLU is missing")
    found.require_used(POOL2, "")


def test_an_average_pool_is_not_a_max_pool() -> None:
    with pytest.raises(Complaint, match=r"average pool 2x2.*expected: max pool 2x2"):
        compared(changed(5, nn.AvgPool2d(2))).require_layer(POOL2, "pool2", ("kernel",), "average instead of max")


def test_right_layers_wired_wrongly_are_not_equal() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.fc1, self.fc2 = convnet()[:7], nn.Linear(3136, 512), nn.Linear(512, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc2(self.fc1(self.body(x)).relu() * 1.5)

    found = compared(Twice())
    assert not found.equal
    assert "mul" in found.sequence()


def test_a_forward_pass_that_stops_gives_what_was_declared() -> None:
    class Stops(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 5, padding=2)
            self.fc2 = nn.Linear(512, 11)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc2(self.conv1(x))

    found = compared(Stops())
    found.require_layer(CONV1, "conv1", ("kernel",), "")
    with pytest.raises(Complaint, match="output size 11, expected 10"):
        found.require_layer(FC2, "fc2", ("out",), "")
    with pytest.raises(Complaint, match="forward stopped with RuntimeError"):
        found.require_used(POOL2, "pool2 is not called")


def test_no_network_is_not_shown() -> None:
    with pytest.raises(NotShown, match="`convnet` was not reached"):
        compare(
            Evidence(Record(seed=1, profile="quick", isolation="", versions={})),
            convnet(),
            SHAPE,
            probe="network",
            cell="convnet",
        )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (torch.ones(3), True), (torch.ones(3) + 1e-4, True), (torch.ones(3) + 0.1, False), (torch.ones(4), False),
        (torch.tensor([1.0, 1.0, float("nan")]), False), (torch.tensor([1.0, 1.0, float("inf")]), False),
        (torch.ones(3, 1), False),
    ],
)  # fmt: skip
def test_closeness(found: Tensor, expected: bool) -> None:
    assert close(found, torch.ones(3)) is expected
    assert close(torch.zeros(0), torch.zeros(0))


def test_a_complaint_says_observed_expected_and_cause() -> None:
    require(True, 1, 2)
    with pytest.raises(AssertionError) as raised:
        require(False, 1, 2, "counting batches")
    assert str(raised.value) == "observed: 1; expected: 2; likely cause: counting batches"
