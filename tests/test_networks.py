"""What the box says of a network: outputs for drawn weights, a batch of one, several outputs, and what it has learnt."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.inside import networks, probing
from autograder.judging import held_out
from autograder.networks import comparison
from autograder.runs.evidence import CellError, CellRecord, Evidence, Found, NotShown, Record

SEED = 11


def small() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(4), nn.Dropout(0.25), nn.Flatten(),
        nn.Linear(196, 10),
    )  # fmt: skip


def evidence_of(found: probing.Evidence, probe: str = "network", profile: str = "proof") -> Evidence:
    record = Record(seed=SEED, profile=profile, isolation="none", versions={})
    record.found[probe] = Found(document=found.document, tensors=sorted(found.tensors))
    return Evidence(record, {f"{probe}/{name}": value for name, value in found.tensors.items()})


def compared(make: Any) -> comparison.Comparison:
    return comparison.compare(
        evidence_of(networks.describe(make, SEED)), small, (4, 1, 28, 28), probe="network", cell="network"
    )


class Pair(nn.Module):
    """Returns logits and features."""

    def __init__(self) -> None:
        super().__init__()
        self.body = small()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body[:6](images)
        return self.body[6](features), features


class Squeezed(nn.Module):
    """Loses the batch dimension of one image."""

    def __init__(self) -> None:
        super().__init__()
        self.body = small()

    def forward(self, images: Tensor) -> Tensor:
        return self.body(images).squeeze()


def test_a_network_equals_itself_and_takes_one_image() -> None:
    found = compared(small)
    assert found.equal
    assert found.single_shape == [1, 10]


def test_several_outputs_are_all_there() -> None:
    found = networks.describe(Pair, SEED)
    assert found.document["outputs"] == 2
    assert found.tensors["evaluation.1"].shape == (4, 196)
    filled = networks.filled(Pair, SEED)
    assert torch.equal(filled(torch.zeros(1, 1, 28, 28))[0], networks.filled(small, SEED)(torch.zeros(1, 1, 28, 28)))


def test_a_lost_batch_dimension_shows() -> None:
    found = compared(Squeezed)
    assert found.equal
    assert found.single_shape == [10]


def test_what_is_no_module_is_a_problem() -> None:
    assert networks.describe(lambda: 3, SEED).document == {"problem": "it made a int, expected an nn.Module"}


def test_layers_after_the_place_where_forward_stopped_count_as_declared() -> None:
    def broken() -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(196, 10))

    found = compared(broken)
    assert found.stopped().startswith(" (forward stopped with RuntimeError")
    found.require_layer(5, "", ("in", "out", "bias"), "")
    with pytest.raises(comparison.Complaint, match="no max pool"):
        found.require_layer(3, "", ("kernel",), "")


def test_a_trained_network_is_measured_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = small()
    network(torch.randn(64, 1, 28, 28))  # running statistics of its own
    images = torch.randint(0, 256, (200, 28, 28), dtype=torch.uint8)
    network.train(False)

    def normalised(given: Tensor) -> Tensor:
        return given.unsqueeze(1) / 255

    labels = network(normalised(images)).argmax(1)
    labels[:50] = (labels[:50] + 1) % 10
    monkeypatch.setattr(held_out.data, "test_set", lambda name: (images, labels))
    network.train(True)
    found = evidence_of(networks.trained(network, SEED), "training")
    share = held_out.accuracy(found, "training", "training", dataset="mnist", normalised=normalised, count=200)
    assert share == 0.75
    assert network.training, "the student's network is left as it was"
    nothing = evidence_of(networks.trained(None, SEED), "training")
    with pytest.raises(comparison.Complaint, match="no trained network"):
        held_out.accuracy(nothing, "training", "training", dataset="mnist", normalised=normalised, count=200)
    error = CellError(ename="NameError", evalue="name 'net' is not defined", line=3)
    nothing.record.cells["training"] = CellRecord(seconds=1.0, error=error)
    with pytest.raises(NotShown, match="the cell `training` stopped with NameError"):
        held_out.accuracy(nothing, "training", "training", dataset="mnist", normalised=normalised, count=200)


def test_reported_losses_need_a_network_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = small().train(False)
    images, labels = torch.randint(0, 256, (500, 28, 28), dtype=torch.uint8), torch.randint(0, 10, (500,))
    monkeypatch.setattr(held_out.data, "training_set", lambda name: (images, labels))
    found = evidence_of(networks.trained(network, SEED), "training")

    def normalised(given: Tensor) -> Tensor:
        return given.unsqueeze(1) / 255

    real = float(nn.functional.cross_entropy(network(normalised(images)), labels).detach())
    for reported, right in ((real, True), (real / 1.4, True), (real / 2, False), (0.001, False)):
        if right:
            held_out.require_network_behind(reported, found, "training", "", dataset="mnist", normalised=normalised)
        else:
            with pytest.raises(comparison.Complaint, match="do not come from the training"):
                held_out.require_network_behind(reported, found, "training", "", dataset="mnist", normalised=normalised)


class Broken(nn.Module):
    """Stops half-way through ``__init__``: a size that is a float."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.size = 4 * (28 / 4) ** 2
        self.fc = nn.Linear(self.size, 10)  # type: ignore[arg-type]


def test_of_a_network_whose_init_raises_the_layers_built_until_then_count() -> None:
    found = networks.describe(Broken, SEED, attributes=("size", "conv", "other"))
    assert found.document["attributes"] == {"size": 196.0, "conv": None}
    assert found.tensors == {}
    seen = comparison.compare(evidence_of(found), small, (4, 1, 28, 28), probe="network", cell="network")
    seen.require_layer(0, "", ("in", "out", "kernel", "bias"), "")
    assert not seen.equal
    assert "TypeError" in seen.stopped()
    with pytest.raises(comparison.Complaint, match="linear"):
        seen.require_layer(5, "", ("in", "out", "bias"), "")


class Unbegun(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.size = nowhere  # type: ignore[name-defined]  # noqa: F821
        self.fc = nn.Linear(self.size, 10)


def test_a_network_that_stops_before_it_has_a_layer_is_not_judged() -> None:
    found = evidence_of(networks.describe(Unbegun, SEED))
    with pytest.raises(
        NotShown, match="using what the cell `network` defines gave NameError: name 'nowhere' is not defined"
    ):
        comparison.compare(found, small, (4, 1, 28, 28), probe="network", cell="network")


def test_what_raises_before_a_module_is_begun_is_no_network() -> None:
    with pytest.raises(ZeroDivisionError):
        networks.describe(lambda: nn.Linear(1 // 0, 1), SEED)
    with pytest.raises(TypeError):
        networks.describe(lambda: nn.Linear("one", 1), SEED)  # type: ignore[arg-type]


class NotKept(nn.Module):
    """Computes a convolution and goes on with the images: the linear layer gets another size than it wants."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(196, 10)

    def forward(self, images: Tensor) -> Tensor:
        nn.functional.max_pool2d(self.conv(images).relu(), 4)
        return self.fc(images.flatten(1))


def test_where_forward_stopped_a_result_that_was_not_kept_counts_as_not_used() -> None:
    seen = compared(NotKept)
    assert "RuntimeError" in seen.stopped()
    seen.require_layer(0, "conv", ("in", "out", "kernel"), "")
    with pytest.raises(comparison.Complaint, match="forward stopped"):
        seen.require_used(0, "its result is not used")
