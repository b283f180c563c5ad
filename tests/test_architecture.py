"""One network in many styles is one list of layers; another network is another one, and the complaint is exact."""

import json
from collections.abc import Callable

import pytest
import torch
from conftest import HIDDEN
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from autograder import own_files
from autograder.inside import recorder, trace
from autograder.inside.channel import plain
from autograder.networks import architecture
from autograder.networks.alignment import align
from autograder.networks.comparison import close
from autograder.networks.declared import declared
from autograder.networks.known import Reference
from autograder.networks.layers import Layer, differences

convnet = own_files.module(HIDDEN / "pa4_convnet" / "reference.py").convnet

IMAGES = trace.drawn_images(3, (4, 1, 28, 28))
SEED = 77


def filled(network: nn.Module, seed: int) -> nn.Module:
    return Reference(lambda: network, tuple(IMAGES.shape)).filled(seed)


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 5, padding=2)
        self.pool1 = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(32, 64, 5, padding=2)
        self.pool2 = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(3136, 512)
        self.fc2 = nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(F.relu(self.conv1(x)))
        x = self.pool2(F.relu(self.conv2(x)))
        return self.fc2(F.relu(self.fc1(x.view(x.shape[0], -1))))


class OtherOrder(Named):
    """Attributes made in another order than they are used in."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("conv1", "fc1", "conv2"):
            module = getattr(self, name)
            delattr(self, name)
            setattr(self, name, module)


class Functional(nn.Module):
    """Own parameters, functional convolutions, ``x @ W + b``, clamp and maximum as ReLU, pool before ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.k1, self.b1 = nn.Parameter(torch.randn(32, 1, 5, 5)), nn.Parameter(torch.zeros(32))
        self.k2, self.b2 = nn.Parameter(torch.randn(64, 32, 5, 5)), nn.Parameter(torch.zeros(64))
        self.w1, self.c1 = nn.Parameter(torch.randn(3136, 512)), nn.Parameter(torch.zeros(512))
        self.w2, self.c2 = nn.Parameter(torch.randn(10, 512)), nn.Parameter(torch.zeros(10))

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.conv2d(x, self.k1, self.b1, padding=2), 2).clamp(min=0)
        x = torch.clamp_min(F.max_pool2d(F.conv2d(x, self.k2, self.b2, padding="same"), (2, 2), stride=(2, 2)), 0)
        x = torch.flatten(x, 1) @ self.w1 + self.c1
        x = torch.maximum(x, torch.zeros_like(x))
        return torch.addmm(self.c2, x, self.w2.t())


class Lazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LazyConv2d(32, 5, padding="same"), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.LazyConv2d(64, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        )  # fmt: skip
        self.head = nn.Sequential(nn.LazyLinear(512), nn.ReLU(True), nn.LazyLinear(10))

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        return self.head(x.reshape(len(x), 3136))


class Padded(Named):
    """Zero padding as a step of its own, ReLU twice, dead code, a layer that is made and not used."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 5)
        self.unused = nn.Linear(3, 4)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        self.conv2(torch.zeros(1, 32, 9, 9)).sum()
        x = self.pool1(self.act(self.conv1(F.pad(x, (2, 2, 2, 2)))))
        F.softmax(x, 1)
        x = self.act(self.pool2(self.act(self.conv2(x))))
        x = x.contiguous().unflatten(0, (2, 2)).flatten(0, 1).flatten(1)
        x = torch.where(x > 0, x, torch.zeros(())) if False else x
        return self.fc2(self.act(self.fc1(x))).squeeze()


STYLES: dict[str, Callable[[], nn.Module]] = {
    "named modules": Named,
    "sequential": convnet,
    "other order of attributes": OtherOrder,
    "functional": Functional,
    "lazy and in place": Lazy,
    "padding apart, dead code": Padded,
}


def layers(network: nn.Module, images: Tensor = IMAGES, training: bool = False) -> list[Layer]:
    found = architecture.of(network, images, training)
    assert found.problem is None
    return found.layers


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_a_style_has_the_layers_of_the_reference(style: str, training: bool) -> None:
    found = architecture.of(STYLES[style](), IMAGES, training)
    assert [layer.describe() for layer in found.layers] == [layer.describe() for layer in layers(convnet())]
    assert found.layers == layers(convnet())
    assert found.chain
    assert found.sizes[-1] == [4, 10]


@pytest.mark.parametrize("style", STYLES)
def test_a_style_gives_the_outputs_of_the_reference_for_given_weights(style: str) -> None:
    expected = filled(convnet(), SEED)
    network = STYLES[style]()
    network.train(False)
    with torch.no_grad():
        trace.fill(trace.record(network, IMAGES), network, SEED)
        assert close(network(IMAGES), expected(IMAGES), 1e-4)
        assert expected(IMAGES).abs().max() > 0.01


def test_weights_drawn_for_another_seed_give_other_outputs() -> None:
    with torch.no_grad():
        assert not close(filled(convnet(), 1)(IMAGES), filled(convnet(), 2)(IMAGES))


class Changed(Named):
    """The reference with one thing wrong."""

    def __init__(self, wrong: str) -> None:
        super().__init__()
        self.wrong = wrong
        if wrong == "kernel":
            self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        if wrong == "average":
            self.pool2 = nn.AvgPool2d(2)
        if wrong == "no bias":
            self.fc2 = nn.Linear(512, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(F.relu(self.conv1(x)))
        x = self.conv2(x)
        x = self.pool2(x if self.wrong == "no relu" else torch.tanh(x) if self.wrong == "tanh" else F.relu(x))
        x = self.fc1(x.flatten(1))
        x = self.fc2(x.relu() + x) if self.wrong == "residual" else self.fc2(x.relu())
        return x.softmax(1) if self.wrong == "softmax" else F.relu(x) if self.wrong == "last relu" else x


@pytest.mark.parametrize(
    ("wrong", "missing", "extra"),
    [
        ("kernel", [], []),
        ("average", [], []),
        ("no bias", [], []),
        ("no relu", ["ReLU"], []),
        ("tanh", ["ReLU"], ["tanh"]),
        ("softmax", [], ["softmax"]),
        ("last relu", [], ["ReLU"]),
        ("residual", [], ["add"]),
    ],
)
def test_one_mistake_is_one_difference(wrong: str, missing: list[str], extra: list[str]) -> None:
    expected = layers(convnet())
    found = architecture.of(Changed(wrong), IMAGES)
    aligned = align(found.layers, expected)
    gaps = [layer.describe() for layer, match in zip(expected, aligned.matched, strict=True) if match is None]
    assert gaps == missing
    assert [layer.describe() for _, layer in aligned.extra] == extra
    different = [(a, b) for a, b in zip(aligned.matched, expected, strict=True) if a is not None and a != b]
    assert len(different) == (not missing and not extra)
    assert found.chain == (wrong != "residual")
    with torch.no_grad():
        network = filled(Changed(wrong), SEED)
        assert not close(network(IMAGES), filled(convnet(), SEED)(IMAGES))


def test_a_difference_says_what_was_found_and_expected() -> None:
    small = architecture.of(Changed("kernel"), IMAGES).layers[3]
    assert differences(small, layers(convnet())[3]) == ["kernel 3x3, expected 5x5", "padding 1x1, expected 2x2"]
    assert differences(Layer("relu"), small) == [f"ReLU, expected {small.describe()}"]
    assert small.describe() == "convolution 3x3, 32 -> 64 channels, stride 1x1, padding 1x1"


def test_a_dead_branch_is_no_layer() -> None:
    class Dead(Named):
        def forward(self, x: Tensor) -> Tensor:
            self.fc2(torch.sigmoid(self.fc1(torch.rand(1, 3136))))
            torch.tanh(x)
            return super().forward(x)

    assert layers(Dead()) == layers(convnet())


def test_relu_in_place_without_its_result_counts() -> None:
    class InPlace(Named):
        def forward(self, x: Tensor) -> Tensor:
            x = self.conv1(x)
            F.relu_(x)
            x = self.conv2(self.pool1(x))
            x.relu_()
            x = self.fc1(self.pool2(x).flatten(1))
            F.relu(x, inplace=True)
            return self.fc2(x)

    assert layers(InPlace()) == layers(convnet())


def test_a_forward_pass_that_raises_is_kept_up_to_there() -> None:
    class WrongSize(Named):
        def __init__(self) -> None:
            super().__init__()
            self.fc1 = nn.Linear(1000, 512)

    found = architecture.of(WrongSize(), IMAGES)
    assert found.problem is not None
    assert "mat1 and mat2" in found.problem
    assert found.layers[:6] == layers(convnet())[:6]


@pytest.mark.parametrize("value", [None, "text", 3])
def test_a_forward_pass_that_returns_no_tensor_is_a_problem(value: object) -> None:
    class Nothing(nn.Module):
        def forward(self, x: Tensor) -> object:
            return value

    recorded = trace.record(Nothing(), IMAGES)
    assert recorded.problem == f"forward returned {type(value).__name__}, expected a tensor"
    assert recorded.output is None


def test_an_endless_forward_pass_is_cut() -> None:
    class Endless(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            while True:
                x = x + 1

    recorded = trace.record(Endless(), IMAGES)
    assert recorded.problem is not None
    assert recorded.problem.startswith("TraceTooLong")
    assert len(recorded.nodes) == recorder.MAX_NODES


def test_a_recording_of_very_many_arguments_is_refused_at_once() -> None:
    many = [{"param": "p"}] * 100_001
    node = {"op": "aten.cat.default", "args": [many], "kwargs": {}, "shapes": [[1]]}
    with pytest.raises(ValueError, match="more than 100,000 arguments"):
        architecture.network({"nodes": [node], "output": {"node": 0, "out": 0}, "problem": None, "unlearned": []})


def test_the_first_of_several_results_counts() -> None:
    class Two(Named):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
            features = self.pool1(self.conv1(x))
            return super().forward(x), features

    assert layers(Two()) == layers(convnet())


def test_batch_norm_and_dropout_show_in_training() -> None:
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.25), nn.AdaptiveAvgPool2d(1))
    kinds = [layer.kind for layer in layers(network, training=True)]
    assert kinds == ["conv2d", "batchnorm", "relu", "dropout", "adaptive_avgpool2d"]
    assert [layer.kind for layer in layers(network)] == ["conv2d", "batchnorm", "relu", "adaptive_avgpool2d"]
    assert layers(network, training=True)[3].describe() == "dropout 0.25"
    assert layers(network)[1]["features"] == 8
    whole_channels = nn.Sequential(nn.Conv2d(1, 8, 3), nn.Dropout2d(0.5))
    assert layers(whole_channels, training=True)[1] == Layer("dropout", (("p", 0.5), ("drops", "whole channels")))


def test_batch_norms_are_filled_with_their_statistics() -> None:
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8)).train(False)
    named = trace.weights(trace.record(network, IMAGES), network)
    assert [sorted(weights) for weights in named] == [["bias", "weight"], ["bias", "running_mean", "running_var", "weight"]]
    trace.fill(trace.record(network, IMAGES), network, 4)
    assert (network[1].running_var > 0).all()
    assert not torch.equal(network[1].running_mean, torch.zeros(8))


def test_declared_layers_are_known_though_forward_does_not_use_them() -> None:
    class Unused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 32, 5, padding="same")
            self.pool1 = nn.MaxPool2d(2)
            self.fc2 = nn.Linear(512, 10)

        def forward(self, x: Tensor) -> Tensor:
            raise NotImplementedError

    found = declared(json.loads(json.dumps(plain(trace.modules(Unused())))))
    reference = layers(convnet())
    assert not differences(found["conv1"], reference[0])
    assert not differences(found["pool1"], reference[2])
    assert not differences(found["fc2"], reference[-1])


def both(network: nn.Module) -> list[Layer]:
    return architecture.both_modes(*(architecture.of(network, IMAGES, training=mode) for mode in (True, False))).layers


@pytest.mark.parametrize(
    ("network", "setting", "value"),
    [
        (nn.Dropout(0.25), "evaluation", "drops nothing"),
        (nn.BatchNorm2d(1), "statistics", "batch in training, running in evaluation"),
        (nn.BatchNorm2d(1, track_running_stats=False), "statistics", "batch in training, batch in evaluation"),
        (nn.BatchNorm2d(1, affine=False), "affine", False),
        (nn.BatchNorm2d(1), "affine", True),
        (nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"), "filled", "reflected values"),
        (nn.Conv2d(1, 2, 3, padding=1, padding_mode="replicate"), "filled", "repeated values"),
        (nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"), "padding", (1, 1)),
        (nn.Sequential(nn.ZeroPad2d((2, 0, 1, 1)), nn.Conv2d(1, 2, 3)), "padding", (2, 0, 1, 1)),
        (nn.Sequential(nn.ZeroPad2d((2, 2, 1, 1)), nn.Conv2d(1, 2, 3, padding=1)), "padding", (2, 3)),
        (nn.Conv2d(1, 2, 4, padding="same"), "padding", (1, 2, 1, 2)),
        (nn.MaxPool2d(2, ceil_mode=True), "ceil", False),  # 28 rows are 14 windows, either way
        (nn.MaxPool2d(3, ceil_mode=True), "ceil", True),
    ],
)
def test_settings_that_training_or_arguments_alone_do_not_show(network: nn.Module, setting: str, value: object) -> None:
    (found,) = both(network)
    assert found[setting] == value


def test_what_only_one_mode_does_is_a_layer_of_its_own() -> None:
    class Last(nn.Module):
        def __init__(self, training: bool) -> None:
            super().__init__()
            self.where = training

        def forward(self, x: Tensor) -> Tensor:
            return x.relu().softmax(1) if self.training == self.where else x.relu()

    assert [layer.describe() for layer in both(Last(training=False))] == ["ReLU", "softmax in evaluation mode only"]
    assert [layer.describe() for layer in both(Last(training=True))] == ["ReLU", "softmax in training mode only"]


@pytest.mark.parametrize(
    ("network", "kind"),
    [
        (nn.ConvTranspose2d(1, 2, 3, padding=1), "transposed_conv2d"),
        (nn.InstanceNorm2d(1, affine=True), "instance_norm"),
        (nn.GroupNorm(1, 1), "native_group_norm"),
        (nn.AdaptiveMaxPool2d(1), "adaptive_maxpool2d"),
        (nn.AvgPool2d(28), "avgpool2d"),
        (nn.Hardtanh(0.0, 6.0), "hardtanh"),
    ],
)
def test_layers_that_look_like_others(network: nn.Module, kind: str) -> None:
    assert [layer.kind for layer in both(network)] == [kind]


@pytest.mark.parametrize(
    "pool",
    [
        lambda x: x.mean((2, 3)),
        lambda x: x.mean([-1, -2], keepdim=True),
        lambda x: x.mean(3).mean(2),
        lambda x: x.flatten(2).mean(-1),
        lambda x: F.avg_pool2d(x, x.shape[2:]),
        lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0],
        lambda x: F.adaptive_avg_pool2d(x.to(memory_format=torch.channels_last), 1),
    ],
)
def test_the_mean_over_all_places_in_any_style(pool: Callable[[Tensor], Tensor]) -> None:
    class Pooled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return pool(x)

    recorded = trace.record(Pooled(), IMAGES.expand(4, 3, 28, 28).clone())
    assert [layer.describe() for layer in architecture.network(recorded.document()).layers] == [
        "adaptive average pool to 1x1"
    ]


def test_weights_that_are_not_learned_are_known() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3)
            self.plain_list = [nn.Conv2d(4, 4, 3)]
            self.frozen = nn.Linear(4 * 22 * 22, 10).requires_grad_(False)

        def forward(self, x: Tensor) -> Tensor:
            x = self.second(self.first(x).detach())
            return self.frozen(self.plain_list[0](x).flatten(1)) + self.second(torch.ones(1, 4, 3, 3)).sum()

    found = architecture.of(Mixed(), IMAGES, training=True)
    weights = ["reached by no gradient", "learned", "no parameters of the network", "reached by no gradient"]
    assert [layer["weights"] for layer in found.layers if layer["weights"]] == weights


def test_weights_that_are_used_twice_are_known() -> None:
    conv = nn.Conv2d(1, 1, 3)
    assert [layer["weights"] for layer in both(nn.Sequential(conv, nn.ReLU(), conv))] == [
        "learned",
        None,
        "those of an earlier layer",
    ]


def test_forged_references_end() -> None:
    """A node that refers to itself, to a later one, or to far more paths than nodes."""

    def node(op: str, *args: dict[str, object]) -> dict[str, object]:
        return {"op": op, "args": list(args), "kwargs": {}, "shapes": [[2]]}

    def result(index: int, **more: object) -> dict[str, object]:
        return {"node": index, "out": 0} | more

    doubling = [node("aten.add.Tensor", result(index), result(index)) for index in range(200)]
    product = node("aten.mul.Tensor", {"input": 0, "shape": [2]}, result(200))
    sum_of_both = node("aten.add.Tensor", result(201), result(200))
    nodes = [node("aten.add.Tensor", result(0), result(1)), *doubling, product, sum_of_both]
    document = {"nodes": nodes, "output": result(202, after=[201]), "problem": None, "unlearned": []}
    assert [layer.kind for layer in architecture.network(document).layers] == ["mul", "add"]
