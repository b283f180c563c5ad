"""Recorded operations are computed again with drawn weights and images: they give what was sent, or something else ran."""

import time

import pytest
import torch
from conftest import HIDDEN
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from autograder import own_files
from autograder.inside import networks, probing, trace
from autograder.networks import replay
from autograder.networks.confirmed import contradiction, same
from autograder.runs.evidence import Spent

convnet = own_files.module(HIDDEN / "pa4_convnet" / "reference.py").convnet

SHAPE = (4, 1, 28, 28)
SEED = 6


class Odd(nn.Module):
    """Wrong, and in a style that is hard to compute again: noise of its own, constants, buffers, dropout in both modes."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = torch.randn(3, 1, 5, 5)
        self.register_buffer("shift", torch.randn(3, 1, 1))
        self.scale, self.norm = nn.Parameter(torch.ones(3, 1, 1)), nn.BatchNorm2d(3)
        self.more = nn.Linear(588, 10)
        self.out = nn.Linear(588, 10)

    def forward(self, images: Tensor) -> Tensor:
        x = F.conv2d(images, self.kernel, padding=2) * self.scale + self.shift
        x = F.dropout(F.max_pool2d(self.norm(x).relu_(), 2), 0.3).flatten(1)
        x = x * (torch.rand(x.shape) > 0.2)
        return self.out(x) + self.more(x) if self.training else self.out(x)


def broken() -> nn.Sequential:
    return nn.Sequential(*list(convnet())[:7], nn.Linear(100, 512))


def without_finite_values() -> nn.Sequential:
    layers = list(convnet())

    class Log(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.log()

    return nn.Sequential(*layers, Log())


MADE = {"odd": Odd, "broken": broken, "not finite": without_finite_values, "right": convnet}


def found(name: str, seed: int = SEED) -> probing.Evidence:
    torch.manual_seed(1)
    described = networks.describe(MADE[name], seed, SHAPE)
    described.tensors = {key: value.detach().clone() for key, value in described.tensors.items()}
    return described


def asked(described: probing.Evidence, seed: int = SEED) -> str | None:
    images = trace.drawn_images(seed, SHAPE)
    return contradiction(described.document, described.tensors, seed, images, Spent())


@pytest.mark.parametrize("name", list(MADE))
def test_what_ran_gives_what_was_sent(name: str) -> None:
    assert asked(found(name)) is None


@pytest.mark.parametrize("name", ["odd", "broken", "right"])
def test_what_another_run_gave_does_not_fit(name: str) -> None:
    assert asked(found(name, SEED + 1)) == "evaluation"


@pytest.mark.parametrize("mode", ["evaluation", "training"])
def test_outputs_of_something_else_do_not_fit(mode: str) -> None:
    described = found("odd")
    described.tensors[mode] = described.tensors[mode] * 1.01
    assert asked(described) == mode
    del described.tensors[mode]
    assert asked(described) == mode


def test_operations_of_another_network_do_not_fit() -> None:
    described = found("odd")
    described.document["evaluation"] = found("right").document["evaluation"]
    assert asked(described) == "evaluation"


def test_same_values() -> None:
    wanted = torch.tensor([[1.0, 1000.0], [torch.nan, torch.inf]])
    assert same(wanted.clone(), wanted)
    assert same(wanted + torch.tensor([[0.5, 0.5], [0.0, 0.0]]), wanted)
    assert not same(wanted + 2, wanted)
    assert not same(torch.tensor([[1.0, 1000.0], [1.0, torch.inf]]), wanted)
    assert not same(None, wanted)


def product(size: int, times: int) -> dict[str, object]:
    """Repeated products of a square matrix of ones."""
    nodes = [{"op": "aten.ones.default", "args": [[size, size]], "kwargs": {}, "shapes": [[size, size]]}]
    last = {"node": 0, "out": 0}
    for number in range(times):
        nodes.append({"op": "aten.mm.default", "args": [last, last], "kwargs": {}, "shapes": [[size, size]]})
        last = {"node": number + 1, "out": 0}
    return {"nodes": nodes, "output": last, "output_shape": [size, size], "problem": None}


def test_one_operation_cannot_take_long() -> None:
    begun = time.monotonic()
    with pytest.raises(replay.NotReplayable, match="would take too long"):
        replay.Program(product(14_000, 1), {})(torch.zeros(SHAPE))
    assert time.monotonic() - begun < 10


def test_all_networks_of_a_submission_share_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "SECONDS", 0.05)
    spent = Spent()
    with pytest.raises(replay.NotReplayable, match="takes more than"):
        replay.Program(product(1000, 100), {}, spent)(torch.zeros(SHAPE))
    with pytest.raises(replay.NotReplayable, match="takes more than"):
        replay.Program(product(2, 1), {}, spent)(torch.zeros(SHAPE))
    replay.Program(product(2, 1), {})(torch.zeros(SHAPE))
