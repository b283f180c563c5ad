"""A recorded network, run outside from data alone, computes what the network computed, and executes nothing else."""

import copy
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import HIDDEN
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from autograder import own_files
from autograder.inside import trace
from autograder.inside.channel import plain
from autograder.networks.replay import NotReplayable, NotSupported, Program, accuracy, mean

convnet = own_files.module(HIDDEN / "pa4_convnet" / "reference.py").convnet

IMAGES = trace.drawn_images(5, (6, 1, 28, 28))


class Mixed(nn.Module):
    """Constants, a branch and merge, slices, comparison, in-place operations on the input itself."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2, bias=False)
        self.scale = nn.Parameter(torch.rand(4, 1, 1) + 0.5)
        self.out = nn.Linear(4 * 13 * 13, 10)
        self.shift = torch.rand(1)  # neither parameter nor buffer

    def forward(self, x: Tensor) -> Tensor:
        x.mul_(0.5)
        x = self.conv(x) * self.scale + self.shift
        x = torch.cat([F.elu(x[:, :2]), torch.maximum(x[:, 2:], torch.zeros_like(x[:, 2:]))], dim=1)
        return self.out((x + torch.tanh(x)).flatten(1))


NETWORKS: dict[str, Any] = {
    "reference": convnet,
    "batch norm, dropout, average": lambda: nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.GELU(), nn.AvgPool2d(2), nn.Dropout(0.5),
        nn.Conv2d(8, 8, 3, groups=2), nn.LeakyReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10),
    ),
    "in place": lambda: nn.Sequential(
        nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(784, 20), nn.ReLU(inplace=True), nn.Linear(20, 10), nn.LogSoftmax(1)
    ),
    "layer norm, sigmoid": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(784, 16), nn.LayerNorm(16), nn.SiLU(), nn.Linear(16, 10), nn.Softmax(1)
    ),
    "mixed": Mixed,
}  # fmt: skip


def recorded(network: nn.Module) -> tuple[dict[str, Any], dict[str, Tensor]]:
    network.train(False)
    with torch.no_grad():
        found = trace.record(network, IMAGES.clone())
    assert found.problem is None
    tensors = {f"param.{name}": value.detach() for name, value in [*network.named_parameters(), *network.named_buffers()]}
    tensors |= {f"const.{index}": value for index, value in enumerate(found.constants)}
    return json.loads(json.dumps(plain(found.document()))), tensors


@pytest.fixture
def program() -> tuple[dict[str, Any], dict[str, Tensor]]:
    return recorded(nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.ReLU()))


@pytest.mark.parametrize("name", NETWORKS)
def test_replay_equals_the_network(name: str) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]()
    replayed = Program(*recorded(network))
    for images in (IMAGES, trace.drawn_images(6, (6, 1, 28, 28))):
        with torch.no_grad():
            expected = network(images.clone())
        assert torch.allclose(replayed(images), expected, atol=1e-6)
        assert expected.std() > 0


@pytest.mark.parametrize("name", NETWORKS)
def test_replay_changes_neither_images_nor_weights(name: str) -> None:
    document, tensors = recorded(NETWORKS[name]())
    kept, images = {key: value.clone() for key, value in tensors.items()}, IMAGES.clone()
    replayed = Program(document, tensors)
    first = replayed(images).clone()
    assert torch.equal(replayed(images), first)
    assert torch.equal(images, IMAGES)
    assert all(torch.equal(tensors[key], value) for key, value in kept.items())


def test_forged_in_place_operation_on_weights_does_not_reach_them(program: tuple[dict[str, Any], dict[str, Tensor]]) -> None:
    document, tensors = program
    weight = next(key for key in tensors if key.endswith("weight"))
    node = {
        "op": "aten.mul_.Tensor",
        "args": [{"param": weight.removeprefix("param.")}, 2.0],
        "kwargs": {},
        "shapes": [[10, 784]],
    }
    document = {"nodes": [node], "output": {"node": 0, "out": 0}, "problem": None}
    kept = tensors[weight].clone()
    replayed = Program(document, tensors)
    assert torch.equal(replayed(IMAGES), replayed(IMAGES))
    assert torch.equal(tensors[weight], kept)


def one_node(op: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    node = {"op": op, "args": list(args), "kwargs": kwargs, "shapes": [[1]]}
    return {"nodes": [node], "output": {"node": 0, "out": 0}, "problem": None}


@pytest.mark.parametrize(
    "op",
    [
        "aten.from_file.default", "aten.save.default", "aten.random_.default", "prim.Print.default", "os.system.x",
        "aten.__class__.__init__", "aten.record_stream.default", "aten.set_.source_Storage", "", "x",
    ],
)  # fmt: skip
def test_operations_that_are_not_listed_are_refused(op: str) -> None:
    with pytest.raises(NotReplayable):
        Program(one_node(op, {"input": 0}), {})(IMAGES)


@pytest.mark.parametrize("op", ["relu", "aten.relu", "aten.relu.__init__", "aten.relu.nonsense", "other.relu.default"])
def test_names_that_are_no_overload_are_refused(op: str) -> None:
    with pytest.raises(NotReplayable):
        Program(one_node(op, {"input": 0}), {})(IMAGES)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(program: tuple[dict[str, Any], dict[str, Tensor]], value: float) -> None:
    document, tensors = program
    next(iter(tensors.values()))[0] = value
    with pytest.raises(NotReplayable, match="not finite"):
        Program(document, tensors)


@pytest.mark.parametrize(
    "document",
    [
        one_node("aten.zeros.default", [1 << 20, 1 << 20]),
        one_node("aten.expand.default", {"input": 0}, [1 << 30, 6, 1, 28, 28]),
        one_node("aten.full.default", [1 << 40], 1.0),
        one_node("aten.constant_pad_nd.default", {"input": 0}, [1 << 30, 0]),
        one_node("aten.cat.default", [{"input": 0}] * 100_000),
        one_node("aten.bmm.default", {"param": "tall"}, {"param": "wide"}),
    ],
    ids=["zeros", "expand", "full", "pad", "cat", "product"],
)
def test_forged_sizes_are_refused_before_memory_is_used(document: dict[str, Any]) -> None:
    tensors = {"param.tall": torch.zeros(1, 1 << 20, 1), "param.wide": torch.zeros(1, 1, 1 << 20)}
    before = peak_memory()
    with pytest.raises(NotReplayable):
        Program(document, tensors)(IMAGES)
    assert peak_memory() - before < 500 << 20


def peak_memory() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


@pytest.mark.parametrize(
    "document",
    [
        one_node("aten.relu.default", {"node": 7, "out": 0}),
        one_node("aten.relu.default", {"param": "absent"}),
        one_node("aten.relu.default", {"node": 0, "out": 0}),
        one_node("aten.relu.default", {"unknown": 1}),
        one_node("aten.relu.default", "text"),
        one_node("aten.relu.default"),
        one_node("aten.relu.default", {"input": 0}) | {"output": {"node": 0, "out": 3}, "nodes": []},
        one_node("aten.relu.default", {"input": 0}) | {"output": None},
        one_node("aten.relu.default", {"input": 0}) | {"output": 7},
    ],
)
def test_recordings_that_refer_to_nothing_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(NotReplayable):
        Program(document, {})(IMAGES)


def test_result_on_another_device_or_of_another_kind_is_refused() -> None:
    with pytest.raises(NotReplayable):
        accuracy(Program(one_node("aten.sum.default", {"input": 0}), {}), IMAGES, torch.zeros(6), 6)


def test_accuracy_and_loss_are_those_of_the_network() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    replayed = Program(*recorded(network))
    images = trace.drawn_images(8, (60, 1, 28, 28))
    with torch.no_grad():
        labels = network(images).argmax(1)
        labels[:15] = (labels[:15] + 1) % 10
        assert accuracy(replayed, images, labels, batch=6) == 0.75
        expected = F.cross_entropy(network(images), labels).item()
    each = partial(F.cross_entropy, reduction="none")
    assert mean(replayed, images, labels, each, batch=6) == pytest.approx(expected, rel=1e-5)


def test_a_network_that_memorised_its_recording_is_not_believed() -> None:
    """Outputs are computed from the images given now, not taken from the recording."""
    document, tensors = recorded(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))
    changed = copy.deepcopy(tensors)
    changed["param.1.weight"] *= -1
    assert not torch.allclose(Program(document, tensors)(IMAGES), Program(document, changed)(IMAGES))


@pytest.mark.parametrize("op", ["native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training"])
def test_forged_batch_norm_that_would_read_or_write_beyond_its_tensors_is_refused(op: str) -> None:
    one = {"param": "one"}
    rest = [0.1, 1e-5] if op.endswith("no_training") else [True, 0.1, 1e-5]
    document = one_node(f"aten.{op}.default", {"input": 0}, one, one, one, one, *rest)
    with pytest.raises(NotReplayable, match="over tensors of shapes"):
        Program(document, {"param.one": torch.ones(2)})(IMAGES)


RIGHT = {
    "maximum with a number": lambda x: torch.max(x, torch.tensor(0.0)),
    "assignment through a mask": lambda x: x.masked_fill(x < 0, 0),
    "in place on a view": lambda x: (x.view(-1).relu_(), x)[1],
    "rows as the last dimension": lambda x: x.permute(0, 2, 3, 1).contiguous().view(-1, 28, 28, 1).permute(0, 3, 1, 2),
    "channels last": lambda x: x.to(memory_format=torch.channels_last).relu(),
    "circular padding": lambda x: F.pad(x, (1, 1, 1, 1), mode="circular")[:, :, 2:, 2:],
    "reflected padding": lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect")[:, :, 1:-1, 1:-1],
    "larger and smaller": lambda x: F.interpolate(F.interpolate(x, scale_factor=2), scale_factor=0.5),
    "patches": lambda x: F.fold(F.unfold(x, 2, stride=2), (28, 28), 2, stride=2),
    "one image at a time": lambda x: torch.stack([image.flip(1) for image in x]),
    "variance": lambda x: (x - x.mean((2, 3), keepdim=True)) / x.var((2, 3), keepdim=True).sqrt(),
    "other activations": lambda x: F.mish(F.softplus(F.hardswish(x))) + F.prelu(x, torch.tensor([0.1])),
    "batch statistics": lambda x: F.batch_norm(x, None, None, training=True),
}


@pytest.mark.parametrize("name", RIGHT)
def test_replay_of_what_students_may_write(name: str) -> None:
    class Written(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(784, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(RIGHT[name](x.clone()).flatten(1))

    network = Written()
    replayed = Program(*recorded(network))
    images = trace.drawn_images(6, (6, 1, 28, 28))
    with torch.no_grad():
        assert torch.allclose(replayed(images), network(images), atol=1e-4)


def test_dropout_that_is_active_in_evaluation_mode_is_replayed_the_same_each_time() -> None:
    class Always(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.dropout(x.flatten(1), 0.25)

    replayed = Program(*recorded(Always()))
    first = replayed(IMAGES)
    assert torch.equal(first, replayed(IMAGES))
    assert 0.2 < float((first == 0).float().mean()) < 0.3


@pytest.mark.parametrize("seed", [1, 2])
def test_no_recorded_operation_ends_the_grader(seed: int) -> None:
    """Whoever forges a recording gives operations any arguments; some of PyTorch's read and write beyond their tensors."""
    command = [sys.executable, str(Path(__file__).with_name("drawn_programs.py")), str(seed), "3000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 0, last
    assert int(last.removeprefix("ran ")) > 300


@pytest.mark.parametrize(
    "name",
    ["__init__", "__getattribute__", "_op", "overloads", "out", "default.__globals__", "nothing", ""],
)
def test_attributes_of_an_operation_are_no_operations(name: str) -> None:
    nodes = [{"op": f"aten.relu.{name}", "args": [{"input": 0}], "kwargs": {}, "shapes": [[1]]}]
    with pytest.raises(NotReplayable, match="not an ATen operation"):
        Program({"nodes": nodes, "output": {"node": 0, "out": 0}}, {})(torch.zeros(1, 1, 28, 28))


def test_an_operation_that_is_not_known_is_the_interpreters_limit() -> None:
    def program(name: str) -> dict[str, Any]:
        node = {"op": f"aten.{name}.default", "args": [{"input": 0}], "kwargs": {}, "shapes": [[1]]}
        return {"nodes": [node], "output": {"node": 0, "out": 0}}

    with pytest.raises(NotSupported, match="_fft_c2c"):
        Program(program("_fft_c2c"), {})
    for name in ("__class__", "no_such_operation"):
        with pytest.raises(NotReplayable) as found:
            Program(program(name), {})
        assert not isinstance(found.value, NotSupported)


def test_a_stride_that_leaves_the_tensor_reads_nothing() -> None:
    images = torch.arange(12.0).reshape(1, 1, 3, 4)
    node = {
        "op": "aten._reshape_alias.default",
        "args": [{"input": 0}, [1, 12], [2**40, -5]],
        "kwargs": {},
        "shapes": [[1, 12]],
    }
    found = Program({"nodes": [node], "output": {"node": 0, "out": 0}}, {})(images)
    assert torch.equal(found, images.reshape(1, 12))


def test_infinity_is_an_argument() -> None:
    node = {"op": "aten.clamp.default", "args": [{"input": 0}, 0, "inf"], "kwargs": {}, "shapes": [[1]]}
    found = Program({"nodes": [node], "output": {"node": 0, "out": 0}}, {})(torch.tensor([[-1.0, 5.0]]))
    assert found.tolist() == [[0.0, 5.0]]
