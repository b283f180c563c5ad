"""A trainer that is given its parts is judged line by line: one wrong line costs its own item alone."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from autograder.inside import given
from autograder.judging.given import GivenLoop
from autograder.networks.comparison import Complaint
from autograder.runs.evidence import Evidence, Found, Record

SEED = 5
LINES = {
    "act11": "self.optim.zero_grad()",
    "act12": "output = self.net(images)",
    "act13": "loss = self.loss_function(output, labels)",
    "act14": "loss.backward()",
    "act15": "self.optim.step()",
}
TRAINER = """
class Trainer:
    def __init__(self, net, optim, loss_function, train_loader):
        self.net, self.optim, self.loss_function, self.train_loader = net, optim, loss_function, train_loader

    def train(self, epochs):
        losses = []
        for epoch in range(epochs):
            total, seen = 0.0, 0
            for images, labels in self.train_loader:
                {act11}
                {act12}
                {act13}
                {act14}
                {act15}
                total, seen = total + float(loss) * len(labels), seen + len(labels)
            losses.append(total / seen)
        return losses
"""


class ConvNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.ReLU(), nn.Linear(8, 10))

    def forward(self, x: torch.Tensor) -> Any:
        return self.layers(x)


def found(**lines: str) -> dict[str, str]:
    """What is said of a trainer with other lines, by item."""
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(4, 1, 28, 28), torch.zeros(4).long()), 2)
    namespace: dict[str, Any] = {
        "nn": nn, "torch": torch, "F": functional, "net": ConvNet(), "loss_function": nn.CrossEntropyLoss(),
        "train_loader": loader,
    }  # fmt: skip
    namespace["optim"] = torch.optim.SGD(namespace["net"].parameters(), lr=0.1)
    indented = {item: line.replace("\n", "\n" + 16 * " ") for item, line in {**LINES, **lines}.items()}
    exec(TRAINER.format(**indented), namespace)

    def train(network: nn.Module, optimizer: Any, loss: nn.Module, batches: Any, epochs: int) -> Any:
        return namespace["Trainer"](network, optimizer, loss, batches).train(epochs)

    document, tensors = given.watched(train, ConvNet, namespace, SEED)
    return complaints_of(document, tensors)


def complaints_of(document: dict[str, Any], tensors: dict[str, torch.Tensor]) -> dict[str, str]:
    """What each item says of a report."""
    record = Record(seed=SEED, profile="full", isolation="none", versions={})
    record.found["trainer"] = Found(document=document)
    evidence = Evidence(record, {f"trainer/{name}": value for name, value in tensors.items()})
    loop = GivenLoop(evidence, "trainer", "trainer", "network")
    asked: dict[str, Callable[[], None]] = {
        "act11": loop.require_gradients_cleared,
        "act12": lambda: loop.require_forward("self.net(images)"),
        "act13": lambda: loop.require_loss("the global one"),
        "act14": lambda: loop.require_backward("backward is missing"),
        "act15": lambda: loop.require_step("step is missing"),
        "means": loop.require_mean_losses,
    }
    complaints: dict[str, str] = {}
    for item, ask in asked.items():
        try:
            ask()
        except Complaint as complaint:
            complaints[item] = str(complaint)
    return complaints


RIGHT: dict[str, dict[str, str]] = {
    "as it is": {},
    "keywords": {"act13": "loss = self.loss_function(input=output, target=labels)"},
    "clears by hand": {"act11": "for p in self.net.parameters(): p.grad = None"},
    "clears after the loss": {"act11": "pass", "act14": "self.optim.zero_grad()\nloss.backward()"},
    "clears after the step": {"act11": "pass", "act15": "self.optim.step()\nself.net.zero_grad()"},
    "looks again": {"act15": "self.optim.step()\nright = (self.net(images).argmax(1) == labels).sum()"},
    "looks without gradients": {"act11": "self.optim.zero_grad()\nwith torch.no_grad(): self.net(images)"},
    "backward by autograd": {"act14": "torch.autograd.backward(loss)"},
    "forward by its name": {"act12": "output = self.net.forward(images)"},
    "labels as probabilities": {"act13": "loss = self.loss_function(output, F.one_hot(labels, 10).float())"},
    "gradients asked for": {
        "act14": "for p, g in zip(self.net.parameters(), torch.autograd.grad(loss, list(self.net.parameters()))): p.grad = g"
    },
    "gradients at the images": {"act12": "images.requires_grad_()\noutput = self.net(images)"},
}
RESTS = {
    "act11": {"act12", "act13", "act14"},
    "act12": set(),
    "act13": {"act12"},
    "act14": {"act12", "act13"},
    "act15": {"act12", "act13", "act14"},
}
"""As the hidden tests say: a line that could not be shown is told as resting on another one."""


def test_a_trainer_is_right_also_where_the_network_diverges(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = ConvNet.forward
    monkeypatch.setattr(ConvNet, "forward", lambda network, x: 1e4 * forward(network, x) ** 3)
    assert {"act11", "act12", "act14", "act15"}.isdisjoint(found())


WRONG: dict[str, tuple[str, dict[str, str]]] = {
    "never cleared": ("act11", {"act11": "pass"}),
    "cleared without ()": ("act11", {"act11": "self.optim.zero_grad"}),
    "cleared before the step": ("act11", {"act15": "self.optim.zero_grad()\nself.optim.step()"}),
    "noise in the gradients": ("act11", {"act14": "loss.backward()\nfor p in self.net.parameters(): p.grad.add_(0.1)"}),
    "another network": ("act12", {"act12": "output = net(images)"}),
    "no gradients": ("act12", {"act12": "with torch.no_grad(): output = self.net(images)"}),
    "a new network": ("act12", {"act12": "output = type(self.net)()(images)"}),
    "some images": ("act12", {"act12": "output = self.net(images[:1].expand_as(images))"}),
    "global loss": ("act13", {"act13": "loss = loss_function(output, labels)"}),
    "softmax": ("act13", {"act13": "loss = self.loss_function(F.softmax(output, dim=1), labels)"}),
    "other labels": ("act13", {"act13": "loss = self.loss_function(output, labels.roll(1))"}),
    "swapped": ("act13", {"act13": "loss = self.loss_function(labels, output)"}),
    "penalty": (
        "act13",
        {"act13": "loss = self.loss_function(output, labels) + 0.1 * sum((p ** 2).sum() for p in self.net.parameters())"},
    ),
    "no backward": ("act14", {"act14": "pass"}),
    "sign": ("act14", {"act14": "(-loss).backward()"}),
    "of the outputs": ("act14", {"act14": "output.sum().backward()"}),
    "twice": ("act14", {"act14": "loss.backward(retain_graph=True)\nloss.backward()"}),
    "cut off": ("act14", {"act13": "loss = self.loss_function(output.detach().requires_grad_(), labels)"}),
    "no step": ("act15", {"act15": "pass"}),
    "step first": ("act15", {"act14": "self.optim.step()", "act15": "loss.backward()"}),
    "two steps": ("act15", {"act15": "self.optim.step()\nself.optim.step()"}),
    "global optimizer": ("act15", {"act15": "optim.step()"}),
    "rate lowered": ("act15", {"act15": "self.optim.step()\nself.optim.param_groups[0]['lr'] *= 0.8"}),
    "by hand, too": ("act15", {"act15": "self.optim.step()\nfor p in self.net.parameters(): p.data.mul_(0.9)"}),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_trainer_is_right_in_every_line(name: str) -> None:
    assert found(**RIGHT[name]) == {}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_line_costs_its_own_item_alone(name: str) -> None:
    item, lines = WRONG[name]
    complaints = found(**lines)
    complaints.pop("means", None)
    assert item in complaints
    assert not {other for other in complaints if other != item and item not in RESTS[other]}


def forged(events: list[str], noise: float = 0.0) -> dict[str, str]:
    """What is said of a trainer that does nothing, with a report of these events after each batch."""
    document, tensors = given.watched(lambda *parts: [None for _ in parts[3]], ConvNet, {"net": ConvNet()}, SEED)
    own = document["runs"][given.OWN]
    *asked, end = own["events"]
    said = [{"event": event, "gradients": True} for event in events]
    own["events"] = [each for event in asked for each in (event, *said)] + [end]
    for name in ("own.parameters", "own.gradients", "own.has"):
        tensors[name] = tensors[name][:1].expand(len(own["events"]), -1).clone()
    tensors["own.gradients"] += noise
    tensors["own.has"][:] = True
    return complaints_of({"runs": {given.OWN: own}}, tensors)


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("events", [[], ["forward", "loss", "backward", "step"], ["backward"], ["step"]])
def test_a_report_of_events_earns_nothing(events: list[str], noise: float) -> None:
    assert {"act11", "act12", "act13", "act14", "act15"} <= set(forged(events, noise))
