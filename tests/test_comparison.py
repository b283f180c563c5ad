"""A student's network beside the reference: equal whatever the style, else an exact complaint."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import HIDDEN
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

from autograder import own_files
from autograder.inside import networks
from autograder.inside.channel import plain
from autograder.judging.network import logits, one_image
from autograder.networks import comparison
from autograder.networks.comparison import Comparison, Complaint, close, compare, require, up_to_an_error
from autograder.networks.known import Make
from autograder.runs.evidence import Evidence, Found, NotShown, Record
from autograder.runs.frames import parse_frame

convnet = own_files.module(HIDDEN / "pa4_convnet" / "reference.py").convnet

SHAPE = (4, 1, 28, 28)
CONV1, RELU1, POOL1, CONV2, RELU2, POOL2, FC1, RELU3, FC2 = range(9)


def evidence_of(network: nn.Module, seed: int = 6, shape: tuple[int, ...] = SHAPE) -> Evidence:
    """What a probe in the box sends of a network, through the form in which it travels."""
    found = networks.describe(lambda: network, seed, shape)
    parsed, _ = parse_frame(json.dumps(plain(found.document)).encode(), b"")
    record = Record(seed=seed, profile="quick", isolation="none", versions={}, found={"network": Found(document=parsed)})
    return Evidence(record, {f"network/{name}": tensor.detach() for name, tensor in found.tensors.items()})


def compared(network: nn.Module) -> Comparison:
    return compare(evidence_of(network), convnet, SHAPE, probe="network", cell="convnet")


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


def test_a_comparison_of_outputs_is_kept_with_the_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kept"
    evidence_of(convnet()).save(folder)

    def again(make: Make) -> Comparison:
        kept = Evidence.load(folder)
        assert kept is not None
        found = compare(kept, make, SHAPE, probe="network", cell="convnet")
        kept.notes.save()
        return found

    assert again(convnet).equal
    with monkeypatch.context() as patched:
        patched.setattr(comparison, "_agrees", lambda *_: pytest.fail("computed again"))
        assert again(convnet).equal
        with pytest.raises(pytest.fail.Exception):
            again(lambda: convnet())  # who knows what it makes next time
        patched.setattr(comparison, "source_of", lambda _: "code that was changed")
        with pytest.raises(pytest.fail.Exception):
            again(convnet)


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


def test_what_stands_in_place_of_a_missing_layer_is_named() -> None:
    with pytest.raises(Complaint, match=r"no ReLU after convolution 5x5, 32 -> 64.*in its place gelu.*another activation"):
        compared(changed(4, nn.GELU())).require_layer(RELU2, "", (), "another activation")
    with pytest.raises(Complaint, match="likely cause: gelu in its place"):
        compared(changed(4, nn.GELU())).require_layer(RELU2)
    layers = list(convnet())
    layers[0], layers[1] = layers[1], layers[0]
    with pytest.raises(Complaint, match="it stands in another place"):
        compared(nn.Sequential(*layers)).require_layer(RELU1, "", (), "another activation")


@pytest.mark.parametrize(
    ("flatten", "cause"),
    [
        (nn.Flatten(0), "flatten all dimensions but the first"),
        (nn.Identity(), "flatten all dimensions but the first"),
        (nn.Sequential(nn.MaxPool2d(2), nn.Flatten()), "made for 3136 values of an image, and gets 576"),
    ],
)
def test_sizes_that_do_not_fit_are_explained(flatten: nn.Module, cause: str) -> None:
    found = compared(changed(6, flatten))
    assert cause in found.shape_cause("something else")
    assert found.output().startswith("no output (forward stopped with RuntimeError")
    found.require_used(POOL2, "")
    with pytest.raises(Complaint, match=cause):
        found.require_used(FC1, "the layer is not called")


def test_layers_before_a_stop_are_the_first_of_their_kind() -> None:
    class Stops(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = convnet()[:3]

        def forward(self, x: Tensor) -> Tensor:
            return self.body(x) @ torch.ones(3, 3)

    found = compared(Stops())
    found.require_used(RELU1, "")
    found.require_used(POOL1, "")


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
            convnet,
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


SMALL = (4, 1, 12, 12)


def small() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10),
    )  # fmt: skip


class Parts(nn.Module):
    """The same with every step a method, so that a test can replace one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm, self.drop = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Dropout(0.25)
        self.conv2, self.conv3 = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.fc = nn.Linear(8, 10)

    first, second, third = (lambda self, x: self.conv1(x)), (lambda self, x: self.conv2(x)), (lambda self, x: self.conv3(x))
    normed, dropped, last = (lambda self, x: self.norm(x)), (lambda self, x: self.drop(x)), (lambda self, x: self.fc(x))

    def pooled(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, 2)

    def averaged(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropped(self.pooled(F.relu(self.normed(self.first(x)))))
        x = F.relu(self.third(F.relu(self.second(x))))
        return self.last(self.averaged(x))


def beside(**replaced: Any) -> Comparison:
    """``Parts`` with methods (functions of self and x) or attributes (modules) replaced, beside the reference."""
    network = Parts()
    for name, value in replaced.items():
        if isinstance(value, nn.Module):
            setattr(network, name, value)
    network.__class__ = type("Changed", (Parts,), {k: v for k, v in replaced.items() if not isinstance(v, nn.Module)})
    return compare(evidence_of(network, shape=SMALL), small, SMALL, probe="network", cell="answer")


def add_in_place(self: Any, x: Tensor) -> Tensor:
    x = x @ self.fc.weight.t()
    x += self.fc.bias
    return x


@pytest.mark.parametrize(
    "replaced",
    [
        {},
        {"first": lambda self, x: self.conv1(x.to(memory_format=torch.channels_last))},
        {"second": lambda self, x: torch.stack([self.conv2(image) for image in x])},
        {"second": lambda self, x: torch.cat([self.conv2(half) for half in x.split(2)])},
        {"first": lambda self, x: F.conv2d(x, self.conv1.weight, padding=1) + self.conv1.bias.view(1, -1, 1, 1)},
        {"last": add_in_place},
        {"last": lambda self, x: torch.stack([self.fc.weight @ row + self.fc.bias for row in x])},
        {"last": lambda self, x: torch.baddbmm(self.fc.bias, x[None], self.fc.weight.t()[None])[0]},
        {"last": lambda self, x: torch.einsum("ni,oi->no", x, self.fc.weight) + self.fc.bias},
        {"last": lambda self, x: F.conv2d(x[:, :, None, None], self.fc.weight[:, :, None, None], self.fc.bias).flatten(1)},
        {"dropped": lambda self, x: x * (torch.rand_like(x) > 0.25) / 0.75 if self.training else x},
        {"second": lambda self, x: checkpoint(self.conv2, x, use_reentrant=False)},
        {"pooled": lambda self, x: F.max_pool2d(x, 2, return_indices=True)[0]},
        {"first": lambda self, x: self.conv1.double()(x.double()).float()},
        {"spare": nn.Linear(3, 4)},
    ],
)
def test_right_networks_however_they_are_written(replaced: dict[str, Any]) -> None:
    found = beside(**replaced)
    assert found.equal
    found.require_wired()


def never_training(self: Any, x: Tensor) -> Tensor:
    return F.batch_norm(x, self.norm.running_mean, self.norm.running_var, self.norm.weight, self.norm.bias)


CONVOLUTION1, NORM, RELU_1, POOL, DROP, CONVOLUTION2, RELU_2, CONVOLUTION3, RELU_3, AVERAGE, LINEAR = range(11)
ALL = ("in", "out", "kernel", "stride", "padding", "dilation", "groups", "bias", "features", "p", "ceil", "output")


@pytest.mark.parametrize(
    ("place", "phrase", "replaced"),
    [
        (CONVOLUTION1, "padding with reflected values", {"conv1": nn.Conv2d(1, 8, 3, padding=1, padding_mode="reflect")}),
        (
            CONVOLUTION1,
            "padding left 2, right 0",
            {"first": lambda s, x: F.conv2d(F.pad(x, (2, 0, 1, 1)), s.conv1.weight, s.conv1.bias)},
        ),
        (CONVOLUTION1, "no parameters of the network", {"first": lambda s, x: nn.Conv2d(1, 8, 3, padding=1)(x)}),
        (CONVOLUTION1, "reached by no gradient", {"conv1": nn.Conv2d(1, 8, 3, padding=1).requires_grad_(False)}),
        (CONVOLUTION2, "reached by no gradient", {"conv2": nn.Conv2d(8, 8, 3, padding=1).requires_grad_(False)}),
        (CONVOLUTION2, "groups 2, expected 1", {"conv2": nn.Conv2d(8, 8, 3, padding=1, groups=2)}),
        (CONVOLUTION3, "those of an earlier layer", {"third": lambda s, x: s.conv2(x)}),
        (NORM, "learned scale and shift False", {"norm": nn.BatchNorm2d(8, affine=False)}),
        (NORM, "batch in evaluation", {"norm": nn.BatchNorm2d(8, track_running_stats=False)}),
        (
            NORM,
            "running in training",
            {"normed": lambda s, x: F.batch_norm(x, s.norm.running_mean, s.norm.running_var, s.norm.weight, s.norm.bias)},
        ),
        (NORM, "no parameters of the network", {"normed": lambda s, x: nn.BatchNorm2d(8)(x)}),
        (NORM, "no batch norm", {"norm": nn.GroupNorm(2, 8)}),
        (NORM, "no batch norm", {"norm": nn.InstanceNorm2d(8, affine=True)}),
        (DROP, "drops whole channels", {"drop": nn.Dropout2d(0.25)}),
        (DROP, "evaluation mode drops values", {"dropped": lambda s, x: F.dropout(x, 0.25)}),
        (DROP, "no dropout 0.25", {"drop": nn.AlphaDropout(0.25)}),
        (DROP, "no dropout 0.25", {"dropped": lambda s, x: F.dropout(x, 0.25, training=False)}),
        (POOL, "ceil_mode True", {"pooled": lambda s, x: F.max_pool2d(x, 5, ceil_mode=True)}),
        (AVERAGE, "no adaptive average pool", {"averaged": lambda s, x: x.amax((2, 3))}),
    ],
)
def test_the_complaint_is_about_the_layer_that_is_wrong(place: int, phrase: str, replaced: dict[str, Any]) -> None:
    found = beside(**replaced)
    assert not found.equal
    with pytest.raises(Complaint, match=phrase):
        found.require_layer(place, "", ALL, "")


@pytest.mark.parametrize(
    ("place", "cause", "replaced"),
    [
        (CONVOLUTION2, "bias=False was set", {"conv2": nn.Conv2d(8, 8, 3, padding=1, bias=False)}),
        (CONVOLUTION2, "the size of the filters and the padding", {"conv2": nn.Conv2d(8, 8, 5, padding=2)}),
        (CONVOLUTION3, "the same layer is used twice", {"third": lambda s, x: s.conv2(x)}),
        (
            CONVOLUTION1,
            "the layer is made in forward, or kept in a plain list: make it in __init__ as self.name, or use nn.ModuleList",
            {"first": lambda s, x: nn.Conv2d(1, 8, 3, padding=1)(x)},
        ),
        (
            CONVOLUTION1,
            "its weights are detached or frozen (requires_grad_(False), .data)",
            {"conv1": nn.Conv2d(1, 8, 3, padding=1).requires_grad_(False)},
        ),
        (NORM, "affine=False was set", {"norm": nn.BatchNorm2d(8, affine=False)}),
        (NORM, "track_running_stats=False was set", {"norm": nn.BatchNorm2d(8, track_running_stats=False)}),
        (DROP, "the probability to drop a value", {"drop": nn.Dropout(0.5)}),
        (POOL, "the pooling takes the average in place of the largest value", {"pooled": lambda s, x: F.avg_pool2d(x, 2)}),
        (LINEAR, "the number of outputs", {"fc": nn.Linear(8, 9)}),
    ],
)
def test_the_cause_is_what_differs(place: int, cause: str, replaced: dict[str, Any]) -> None:
    with pytest.raises(Complaint) as told:
        beside(**replaced).require_layer(place)
    assert told.value.cause == cause


@pytest.mark.parametrize(
    ("phrase", "replaced"),
    [
        ("also mul", {"last": lambda s, x: 2 * s.fc(x)}),
        ("also add", {"last": lambda s, x: s.fc(x) + s.fc.bias}),
        ("also add", {"third": lambda s, x: s.conv3(x) + x}),
        ("also log softmax", {"last": lambda s, x: s.fc(x).log_softmax(1)}),
        ("also softmax in evaluation mode only", {"last": lambda s, x: s.fc(x) if s.training else s.fc(x).softmax(1)}),
        ("also hardtanh", {"normed": lambda s, x: F.relu6(s.norm(x))}),
        ("also slice", {"last": lambda s, x: (s.fc(x), x)[0][:, :9]}),
        ("also flip", {"averaged": lambda s, x: x.flip(0).mean((2, 3))}),
    ],
)
def test_something_more_is_named(phrase: str, replaced: dict[str, Any]) -> None:
    found = beside(**replaced)
    assert not found.equal
    with pytest.raises(Complaint, match=phrase):
        found.require_nothing_between(-1, LINEAR + 1, "")


@pytest.mark.parametrize(
    "replaced",
    [
        {"first": lambda s, x: s.conv1(x.transpose(2, 3))},
        {"second": lambda s, x: s.conv2(x.transpose(0, 1).reshape(x.shape))},
        {"averaged": lambda s, x: x.mean((2, 3)).t().reshape(4, 8)},
    ],
)
def test_right_layers_that_are_connected_wrongly(replaced: dict[str, Any]) -> None:
    found = beside(**replaced)
    assert not found.equal
    with pytest.raises(Complaint, match="all layers are right, the outputs are not"):
        found.require_wired()


@pytest.mark.parametrize(
    "last",
    [
        lambda s, x: s.fc(x) if len(x) > 1 else 0 * s.fc(x),
        lambda s, x: s.fc(x) + 0.1 * x.mean(0)[0],
    ],
)
def test_an_image_has_the_same_logits_in_any_batch(last: Any) -> None:
    one_image("")(beside())
    with pytest.raises(Complaint, match="an image alone gives other logits"):
        one_image("")(beside(last=last))


def test_more_than_the_logits_is_told_where_logits_are_asked_for() -> None:
    pair = beside(last=lambda s, x: (s.fc(x), x))
    logits("", outputs=2)(pair)
    with pytest.raises(Complaint, match="forward returns 2 values"):
        logits("")(pair)


def without_gradient(self: Any, x: Tensor) -> Tensor:
    with torch.no_grad():
        return self.fc(x)


@pytest.mark.parametrize("last", [without_gradient, lambda s, x: s.fc(x).detach(), lambda s, x: s.fc(x).data])
def test_no_gradient_at_all_is_one_complaint(last: Any) -> None:
    found = beside(last=last)
    assert not found.equal
    for index in range(LINEAR + 1):
        found.require_layer(index, "", ALL, "")
    with pytest.raises(Complaint, match=r"no gradient comes back to linear .* behind this layer"):
        found.require_wired()


def third_without_gradient(self: Any, x: Tensor) -> Tensor:
    with torch.no_grad():
        return self.conv3(x)


@pytest.mark.parametrize(
    ("behind", "replaced"),
    [
        (CONVOLUTION1, {"normed": lambda s, x: s.norm(x.detach())}),
        (CONVOLUTION2, {"third": lambda s, x: s.conv3(x.data)}),
        (CONVOLUTION3, {"third": third_without_gradient}),
        (CONVOLUTION3, {"averaged": lambda s, x: x.mean((2, 3)).detach()}),
    ],
)
def test_where_gradients_end_is_told_once_and_the_layers_before_it_are_right(behind: int, replaced: dict[str, Any]) -> None:
    found = beside(**replaced)
    assert not found.equal
    for index in range(LINEAR + 1):
        found.require_layer(index, "", ALL, "")
    with pytest.raises(Complaint) as told:
        found.require_wired()
    assert found.expected[behind].describe() in told.value.observed


def test_classes_in_place_of_logits_are_one_complaint() -> None:
    found = beside(last=lambda s, x: s.fc(x).argmax(1))
    found.require_layer(CONVOLUTION1, "", ALL, "")
    with pytest.raises(Complaint, match="also argmax"):
        found.require_nothing_between(LINEAR, LINEAR + 1, "")


def test_a_parameter_that_changes_nothing_at_first_is_seen() -> None:
    """A factor that begins with 1 would hide: the network equals the reference until it is trained."""
    found = beside(scale=nn.ParameterList([torch.ones(1)]), last=lambda s, x: s.scale[0] * s.fc(x))
    assert not found.equal


@pytest.mark.parametrize("error", [None, {"ename": "AttributeError", "evalue": "no item"}])
def test_what_a_cell_did_before_its_error_counts_and_complaints_tell_the_error(error: dict[str, str] | None) -> None:
    @up_to_an_error("counting")
    def judge(evidence: Evidence) -> int:
        found: int = evidence.document("counting", "cell")["count"]
        require(found == 3, found, 3, "not all are counted")
        return found

    def judged(count: int) -> int:
        record = Record(seed=1, profile="quick", isolation="none", versions={})
        record.found["counting"] = Found(document={"count": count, "error": error})
        return judge(evidence=Evidence(record))

    assert judged(3) == 3
    with pytest.raises(Complaint) as found:
        judged(2)
    told = "the cell stopped with AttributeError: no item; until then: 2", "3", "the error or not all are counted"
    assert (found.value.observed, found.value.expected, found.value.cause) == (
        told if error else ("2", "3", "not all are counted")
    )
