"""One network in many styles is one list of layers; another network is another one, and the complaint is exact."""

import json
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from autograder import architecture
from autograder.architecture import declared
from autograder.assignments.pa4_convnet.reference import convnet
from autograder.comparison import close, filled
from autograder.inside import trace
from autograder.inside.channel import plain
from autograder.layers import Layer, align, differences

IMAGES = trace.drawn_images(3, (4, 1, 28, 28))
SEED = 77


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
    expected = filled(convnet(), IMAGES, SEED)
    network = STYLES[style]()
    network.train(False)
    with torch.no_grad():
        trace.fill(trace.record(network, IMAGES), network, SEED)
        assert close(network(IMAGES), expected(IMAGES), 1e-4)
        assert expected(IMAGES).abs().max() > 0.01


def test_weights_drawn_for_another_seed_give_other_outputs() -> None:
    with torch.no_grad():
        assert not close(filled(convnet(), IMAGES, 1)(IMAGES), filled(convnet(), IMAGES, 2)(IMAGES))


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
        network = filled(Changed(wrong), IMAGES, SEED)
        assert not close(network(IMAGES), filled(convnet(), IMAGES, SEED)(IMAGES))


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
    assert len(recorded.nodes) == trace.MAX_NODES


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
    assert layers(whole_channels, training=True)[1] == Layer("dropout", (("p", 0.5),))


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


@st.composite
def chains(draw: st.DrawFn) -> list[tuple[str, dict[str, int]]]:
    """Small legal networks for images (2, 2, 12, 12), as (kind, settings)."""
    steps: list[tuple[str, dict[str, int]]] = []
    channels, size = 2, 12
    for _ in range(draw(st.integers(1, 3))):
        kernel = draw(st.sampled_from([1, 3, 5]))
        padding = draw(st.integers(0, 2))
        out = draw(st.integers(1, 4))
        if size + 2 * padding < kernel + 2:
            break
        steps.append(("conv", {"in": channels, "out": out, "kernel": kernel, "padding": padding}))
        channels, size = out, size + 2 * padding - kernel + 1
        if draw(st.booleans()):
            steps.append(("relu", {}))
        if size >= 4 and draw(st.booleans()):
            steps.append(("pool", {"kernel": 2}))
            size //= 2
    features = channels * size * size
    for out in draw(st.lists(st.integers(1, 6), max_size=2)):
        steps.append(("linear", {"in": features, "out": out}))
        features = out
    return steps


def build(steps: list[tuple[str, dict[str, int]]]) -> nn.Module:
    made: list[nn.Module] = []
    for kind, given_settings in steps:
        s = given_settings
        if kind == "conv":
            made.append(nn.Conv2d(s["in"], s["out"], s["kernel"], padding=s["padding"]))
        elif kind == "linear":
            made += [nn.Flatten(), nn.Linear(s["in"], s["out"])]
        else:
            made.append(nn.ReLU() if kind == "relu" else nn.MaxPool2d(s["kernel"], s.get("stride", 2)))
    return nn.Sequential(*made)


@settings(max_examples=40, deadline=None)
@given(steps=chains(), data=st.data())
def test_random_chains_match_themselves_and_nothing_else(
    steps: list[tuple[str, dict[str, int]]], data: st.DataObject
) -> None:
    images = trace.drawn_images(1, (2, 2, 12, 12))
    expected = layers(build(steps), images)
    aligned = align(layers(build(steps), images), expected)
    assert aligned.matched == expected
    assert aligned.extra == []
    with torch.no_grad():
        assert close(filled(build(steps), images, 9)(images), filled(build(steps), images, 9)(images))

    # The last step, changed in one setting: nothing after it needs to change with it.
    kind, last = steps[-1]
    change = {
        "conv": st.sampled_from([{"out": last.get("out", 0) + 1}, {"padding": last.get("padding", 0) + 1}]),
        "linear": st.just({"out": last.get("out", 0) + 1}),
        "pool": st.just({"stride": 1}),
        "relu": st.none(),
    }[kind]
    changed = data.draw(change)
    wrong = steps[:-1] if changed is None else [*steps[:-1], (kind, last | changed)]
    aligned = align(layers(build(wrong), images), expected)
    off = [(a, b) for a, b in zip(aligned.matched, expected, strict=True) if a != b]
    assert len(off) == 1
    assert (off[0][0] is None) == (changed is None)
    if changed is not None:
        assert off[0][0] is not None
        assert len(differences(*off[0])) == 1
