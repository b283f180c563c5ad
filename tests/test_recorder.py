"""What the recorder notes of memory that is written in place, of constants, and of parameters."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.inside import trace
from autograder.inside.recorder import SameNoise

IMAGES = torch.randn(2, 1, 4, 4)


class Written(nn.Module):
    def __init__(self, function: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.fc, self.function = nn.Linear(16, 3), function

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


def alive(function: Callable[[Any, Tensor], Any]) -> list[str]:
    """Names of the operations on the way to the output."""
    recorded = trace.record(Written(function), IMAGES.clone())
    assert recorded.problem is None
    return [recorded.nodes[index]["op"].split(".")[1] for index in trace.live(recorded.nodes, recorded.output)]


def relu_of_a_view(self: Any, x: Tensor) -> Tensor:
    x = x.abs()
    x.view(-1).relu_()
    return x.neg()


def relu_of_the_base(self: Any, x: Tensor) -> Tensor:
    x = x.abs()
    flat = x.view(-1)
    x.relu_()
    return flat


def filled_in_parts(self: Any, x: Tensor) -> Tensor:
    found = torch.empty(2, 3)
    found[:, :2] = x[:, 0, 0, :2]
    found[:, 2] = x[:, 0, 0, 3]
    return found


def written_after_it_was_read(self: Any, x: Tensor) -> Tensor:
    x = x.abs()
    found = x.neg()
    x.view(-1).relu_()
    return found


@pytest.mark.parametrize(
    ("function", "writes"),
    [
        (relu_of_a_view, ["relu_"]),
        (relu_of_the_base, ["relu_"]),
        (filled_in_parts, ["copy_", "copy_"]),
        (written_after_it_was_read, []),
        (lambda self, x: (x.view(-1).mul_(2), x.abs())[1], ["mul_"]),  # into the images themselves
    ],
)
def test_what_is_written_through_another_view_counts(function: Callable[[Any, Tensor], Any], writes: list[str]) -> None:
    assert [name for name in alive(function) if name.endswith("_")] == writes


def test_constants_of_one_number_are_told() -> None:
    recorded = trace.record(Written(lambda self, x: x + torch.tensor(2.5) + torch.ones(4)), IMAGES)
    constants = [value for node in recorded.nodes for value in node["args"] if isinstance(value, dict) and "const" in value]
    assert constants == [{"const": 0, "shape": [], "value": 2.5}]
    assert recorded.nodes[1]["args"][0] == {"input": 0, "shape": [2, 1, 4, 4]}


def product_and_sum(self: Any, x: Tensor) -> Tensor:
    return x.flatten(1) @ self.fc.weight.t() + self.fc.bias


def frozen(self: Any, x: Tensor) -> Tensor:
    self.fc.weight.requires_grad_(False)
    return self.fc(x.flatten(1))


@pytest.mark.parametrize(
    ("function", "unlearned"),
    [
        (product_and_sum, []),
        (lambda self, x: self.fc(x.flatten(1)).detach(), ["fc.weight", "fc.bias"]),
        (lambda self, x: self.fc(x.flatten(1)).argmax(1), []),  # the mistake is argmax, which is seen
        (lambda self, x: x.flatten(1) @ self.fc.weight.data.t() + self.fc.bias, ["fc.weight"]),
        (frozen, ["fc.weight"]),
        (lambda self, x: x.abs(), []),
    ],
)
def test_parameters_that_no_gradient_reaches(function: Callable[[Any, Tensor], Any], unlearned: list[str]) -> None:
    assert sorted(trace.record(Written(function), IMAGES).unlearned) == sorted(unlearned)
    with torch.no_grad():
        assert trace.record(Written(function), IMAGES).unlearned == []


def test_a_backward_pass_that_raises_is_another_matter() -> None:
    def spoilt(self: Any, x: Tensor) -> Tensor:
        x = self.fc(x.flatten(1)).sigmoid()
        y = x * 2
        x.zero_()
        return y + x

    recorded = trace.record(Written(spoilt), IMAGES)
    assert (recorded.problem, recorded.unlearned) == (None, [])


def test_every_parameter_on_the_way_is_filled() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.scale, self.spare = nn.LayerNorm(4), nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))

        def forward(self, x: Tensor) -> Tensor:
            return self.norm(x) * self.scale

    network = Scaled()
    trace.fill(trace.record(network, IMAGES), network, 4)
    assert network.scale.item() != 1
    assert network.spare.item() == 1
    assert len(network.norm.weight.unique()) == 4


def test_drawn_images_have_four_scales_and_negative_patches() -> None:
    images = trace.drawn_images(3, (4, 1, 28, 28))
    scales = images.flatten(1).std(1)
    assert (scales[1:] / scales[:-1] > 2).all()
    windows = nn.functional.max_pool2d(images, 3)
    assert 0.05 < float((windows < 0).float().mean()) < 0.5
    assert torch.equal(trace.drawn_images(3, (4, 1, 28, 28)), images)


@pytest.mark.parametrize("inplace", [False, True])
def test_dropout_is_the_same_in_any_layout_of_the_memory(inplace: bool) -> None:
    images, drop = torch.randn(2, 3, 4, 4), nn.Dropout(0.5, inplace=inplace)
    layouts = [
        images.clone(),
        images.to(memory_format=torch.channels_last),
        images.transpose(0, 3).contiguous().transpose(0, 3),
    ]
    found = []
    for laid_out in layouts:
        torch.manual_seed(1)
        with SameNoise():
            found.append(drop(laid_out.clone()))
    torch.manual_seed(1)
    assert all(torch.equal(one, drop(images.clone())) for one in found[:1])
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_recording_does_not_import_the_compiler() -> None:
    code = (
        "import sys, torch; from autograder.inside import trace\n"
        "assert trace.record(torch.nn.Linear(3, 2), torch.ones(1, 3)).output_shape == [1, 2]\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
