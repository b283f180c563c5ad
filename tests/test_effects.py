"""Training loops of real networks, in whatever style, are told apart by what they do to the parameters."""

import contextlib
import copy
import io
import queue
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from autograder.inside import draws, effects, networks
from autograder.judging.effects import followed
from autograder.judging.optimizers import Adam, Factory, Momentum
from autograder.judging.training import Training
from autograder.networks.comparison import Complaint
from autograder.runs.evidence import Evidence, Found, NotShown, Record

SEED, EPOCHS = 7, 3
Loss = Callable[[Tensor, Tensor], Tensor]
Loop = Callable[[Any, Any, DataLoader[Any]], Any]


class Network(nn.Module):
    """As a student writes it, with methods of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.Tanh())
        self.head = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(self.features(x))
        return found

    def fit(self, loader: Any, optimizer: Any, loss: Loss) -> None:
        for _ in range(EPOCHS):
            for images, labels in loader:
                optimizer.zero_grad()
                loss(self(images), labels).backward()
                optimizer.step()

    def fit_by_parts(self, loader: Any, optimizer: Any, loss: Loss) -> None:
        for _ in range(EPOCHS):
            for images, labels in loader:
                optimizer.zero_grad()
                features = self.features(images)
                loss(self.head(features), labels).backward()
                optimizer.step()


def sgd(network: Any) -> Any:
    return torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.5)


def adam(network: Any) -> Any:
    return torch.optim.Adam(network.parameters(), lr=0.01)


ASKED: dict[Any, tuple[Factory, str]] = {
    sgd: (lambda: Momentum(0.05, 0.5), "SGD with learning rate 0.05 and momentum 0.5"),
    adam: (lambda: Adam(0.01), "Adam with learning rate 0.01"),
}
HONEST: dict[str, tuple[Loop, Any]] = {}
DISHONEST: dict[str, tuple[Loop, str]] = {}


def honest(optimizer: Any = sgd) -> Callable[[Loop], Loop]:
    def register(loop: Loop) -> Loop:
        HONEST[loop.__name__] = (loop, optimizer)
        return loop

    return register


def dishonest(fault: str) -> Callable[[Loop], Loop]:
    def register(loop: Loop) -> Loop:
        DISHONEST[loop.__name__] = (loop, fault)
        return loop

    return register


def train(network: Any, loss: Any, loader: Any, optimizer: Any, epochs: int = EPOCHS) -> list[float]:
    losses = []
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            value = loss(network(images), labels)
            value.backward()
            optimizer.step()
            losses.append(value.item())
    return losses


@honest()
def plain(network: Any, loss: Any, loader: Any) -> Any:
    return train(network, loss, loader, sgd(network))


@honest(adam)
def cleared_after_the_step(network: Any, loss: Any, loader: Any) -> None:
    optimizer = adam(network)
    for _ in range(EPOCHS):
        for images, labels in loader:
            loss(network(images), labels).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)


@honest(adam)
def groups_by_layer(network: Any, loss: Any, loader: Any) -> None:
    groups = [{"params": network.features.parameters()}, {"params": network.head.parameters()}]
    train(network, loss, loader, torch.optim.Adam(groups, lr=0.01))


@honest()
def keywords_of_the_loss(network: Any, loss: Any, loader: Any) -> None:
    train(network, lambda a, b: loss(input=a, target=b), loader, sgd(network))


@honest()
def keyword_of_forward(network: Any, loss: Any, loader: Any) -> None:
    train(lambda images: network(x=images), loss, loader, sgd(network))


@honest()
def functional_loss(network: Any, loss: Any, loader: Any) -> None:
    train(network, functional.cross_entropy, loader, sgd(network))


@honest()
def method_of_the_class(network: Any, loss: Any, loader: Any) -> None:
    network.fit(loader, sgd(network), loss)


@honest()
def method_by_parts(network: Any, loss: Any, loader: Any) -> None:
    network.fit_by_parts(loader, sgd(network), loss)


@honest()
def closure(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for images, labels in loader:

            def once(images: Any = images, labels: Any = labels) -> Any:
                optimizer.zero_grad()
                value = loss(network(images), labels)
                value.backward()
                return value

            optimizer.step(once)


@honest()
def clipped_and_scheduled(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1.0)
    for _ in range(EPOCHS):
        for images, labels in loader:
            optimizer.zero_grad()
            loss(network(images), labels).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            optimizer.step()
        scheduler.step()


@honest()
def second_forward_pass(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for images, labels in loader:
            optimizer.zero_grad()
            loss(network(images), labels).backward()
            optimizer.step()
            (network(images).argmax(1) == labels).float().mean().item()


@honest()
def accuracy_after_each_epoch(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        train(network, loss, loader, optimizer, 1)
        with torch.no_grad():
            sum((network(images).argmax(1) == labels).sum() for images, labels in loader)


@honest()
def mixed_precision(network: Any, loss: Any, loader: Any) -> None:
    optimizer, scaler = sgd(network), torch.amp.GradScaler("cpu", init_scale=256.0)
    for _ in range(EPOCHS):
        for images, labels in loader:
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                value = loss(network(images), labels)
            scaler.scale(value).backward()
            scaler.step(optimizer)
            scaler.update()


@honest()
def compiled(network: Any, loss: Any, loader: Any) -> None:
    train(torch.compile(network, backend="eager", disable=True), loss, loader, sgd(network))


@honest()
def scripted(network: Any, loss: Any, loader: Any) -> None:
    train(torch.jit.script(network), loss, loader, sgd(network))


@honest()
def wrapped_for_devices(network: Any, loss: Any, loader: Any) -> None:
    wrapped = nn.DataParallel(network)
    train(wrapped, loss, loader, sgd(wrapped))


@honest()
def best_copy_restored(network: Any, loss: Any, loader: Any) -> None:
    train(network, loss, loader, sgd(network))
    best = copy.deepcopy(network)
    network.load_state_dict(copy.deepcopy(best.state_dict()))


@honest()
def earlier_ones_restored(network: Any, loss: Any, loader: Any) -> None:
    optimizer, kept = sgd(network), []
    for _ in range(EPOCHS):
        train(network, loss, loader, optimizer, 1)
        kept.append(copy.deepcopy(network.state_dict()))
    network.eval()
    network.load_state_dict(kept[0])


@honest()
def saved_and_loaded(network: Any, loss: Any, loader: Any) -> Any:
    train(network, loss, loader, sgd(network))
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    new = Network()
    new.load_state_dict(torch.load(file))


@honest()
def gradients_by_hand(network: Any, loss: Any, loader: Any) -> None:
    parameters = list(network.parameters())
    velocity = [torch.zeros_like(each) for each in parameters]
    for _ in range(EPOCHS):
        for images, labels in loader:
            gradients = torch.autograd.grad(loss(network(images), labels), parameters)
            with torch.no_grad():
                for parameter, gradient, moved in zip(parameters, gradients, velocity, strict=True):
                    moved.mul_(0.5).add_(gradient)
                    parameter -= 0.05 * moved


@honest()
def steps_by_hand(network: Any, loss: Any, loader: Any) -> None:
    velocity = [torch.zeros_like(each) for each in network.parameters()]
    for _ in range(EPOCHS):
        for images, labels in loader:
            network.zero_grad()
            loss(network(images), labels).backward()
            for parameter, moved in zip(network.parameters(), velocity, strict=True):
                moved.mul_(0.5).add_(parameter.grad)
                parameter.data.sub_(0.05 * moved)


@honest()
def functional_call(network: Any, loss: Any, loader: Any) -> None:
    train(lambda x: torch.func.functional_call(network, dict(network.named_parameters()), (x,)), loss, loader, sgd(network))


@honest()
def gradients_of_a_function(network: Any, loss: Any, loader: Any) -> None:
    own = {name: value.detach().clone() for name, value in network.named_parameters()}
    velocity = {name: torch.zeros_like(value) for name, value in own.items()}
    for _ in range(EPOCHS):
        for images, labels in loader:

            def value(weights: Any, images: Any = images, labels: Any = labels) -> Any:
                return loss(torch.func.functional_call(network, weights, (images,)), labels)

            gradients = torch.func.grad(value)(own)
            for name, gradient in gradients.items():
                velocity[name] = 0.5 * velocity[name] + gradient
                own[name] = own[name] - 0.05 * velocity[name]
            with torch.no_grad():
                for name, parameter in network.named_parameters():
                    parameter.copy_(own[name])


@honest()
def gradient_penalty_of_nothing(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for images, labels in loader:
            optimizer.zero_grad()
            value = loss(network(images), labels)
            gradients = torch.autograd.grad(value, list(network.parameters()), create_graph=True)
            (value + 0.0 * sum((each * each).sum() for each in gradients)).backward()
            optimizer.step()


@honest()
def gradients_at_the_images(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for images, labels in loader:
            images.requires_grad_()
            optimizer.zero_grad()
            loss(network(images), labels).backward()
            assert images.grad is not None
            optimizer.step()


@honest()
def hook_at_a_layer(network: Any, loss: Any, loader: Any) -> None:
    seen: list[int] = []
    hook = network.head.register_forward_hook(lambda *_: seen.append(1))
    train(network, loss, loader, sgd(network))
    hook.remove()
    assert seen


@honest()
def loader_of_its_own(network: Any, loss: Any, loader: Any) -> None:
    train(network, loss, DataLoader(loader.dataset, batch_size=loader.batch_size, shuffle=True), sgd(network))


@honest()
def batches_in_a_list(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        train(network, loss, list(loader), optimizer, 1)


@honest()
def batches_shuffled_after_a_look(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for epoch in range(EPOCHS):
        with torch.no_grad():
            sum((network(images).argmax(1) == labels).sum() for images, labels in loader)
        batches = list(loader)
        train(network, loss, [batches[(epoch + turn) % len(batches)] for turn in range(len(batches))], optimizer, 1)


@honest()
def batches_from_a_thread(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        waiting: queue.Queue[Any] = queue.Queue(1)
        threading.Thread(target=lambda to=waiting: ([to.put(each) for each in loader], to.put(None)), daemon=True).start()
        while (batch := waiting.get()) is not None:
            train(network, loss, [batch], optimizer, 1)


@honest()
def layers_looked_at(network: Any, loss: Any, loader: Any) -> None:
    assert isinstance(network, Network)
    assert network.head.weight.shape == (10, 12)
    assert [name for name, _ in network.named_children()] == ["features", "head"]
    train(network, loss, loader, sgd(network))


@honest()
def stopped_early_never(network: Any, loss: Any, loader: Any) -> None:
    optimizer, best = sgd(network), float("inf")
    for _ in range(EPOCHS):
        mean = sum(train(network, loss, loader, optimizer, 1)) / len(loader)
        if mean > 10 * best:
            break
        best = min(best, mean)


@honest()
def method_added_later(network: Any, loss: Any, loader: Any) -> None:
    network.learn = types.MethodType(lambda self, batch: loss(self(batch[0]), batch[1]), network)
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for batch in loader:
            optimizer.zero_grad()
            network.learn(batch).backward()
            optimizer.step()


@dishonest("backward")
def calls_without_gradients(network: Any, loss: Any, loader: Any) -> None:
    for _ in range(EPOCHS):
        for images, labels in loader:
            loss(network(images), labels)


@dishonest("loss")
def gradients_of_something_else(network: Any, loss: Any, loader: Any) -> None:
    train(network, lambda a, b: a.mean(), loader, sgd(network))


@dishonest("loss")
def softmax_before_the_loss(network: Any, loss: Any, loader: Any) -> None:
    train(network, lambda a, b: loss(a.softmax(1), b), loader, sgd(network))


@dishonest("cleared")
def never_cleared(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for images, labels in loader:
            loss(network(images), labels).backward()
            optimizer.step()


@dishonest("cleared")
def cleared_before_the_step(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for images, labels in loader:
            loss(network(images), labels).backward()
            optimizer.zero_grad()
            optimizer.step()


@dishonest("step")
def no_step(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for images, labels in loader:
            optimizer.zero_grad()
            loss(network(images), labels).backward()


@dishonest("step")
def step_before_backward(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        for images, labels in loader:
            optimizer.step()
            optimizer.zero_grad()
            loss(network(images), labels).backward()


@dishonest("optimizer")
def random_walk(network: Any, loss: Any, loader: Any) -> None:
    for _ in range(EPOCHS):
        for images, labels in loader:
            network.zero_grad()
            loss(network(images), labels).backward()
            with torch.no_grad():
                for parameter in network.parameters():
                    parameter.add_(0.01 * torch.randn_like(parameter))


@dishonest("optimizer")
def another_rate(network: Any, loss: Any, loader: Any) -> None:
    train(network, loss, loader, torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.5))


@dishonest("optimizer")
def another_momentum(network: Any, loss: Any, loader: Any) -> None:
    train(network, loss, loader, torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9))


@dishonest("optimizer")
def put_back_in_each_epoch(network: Any, loss: Any, loader: Any) -> None:
    first = copy.deepcopy(network.state_dict())
    for _ in range(EPOCHS):
        network.load_state_dict(first)
        train(network, loss, loader, sgd(network), 1)


@dishonest("mode")
def evaluation_mode_on_the_way(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        train(network, loss, loader, optimizer, 1)
        network.eval()


@dishonest("passes")
def one_batch_an_epoch(network: Any, loss: Any, loader: Any) -> None:
    optimizer = sgd(network)
    for _ in range(EPOCHS):
        train(network, loss, [next(iter(loader))], optimizer, 1)


@dishonest("passes")
def an_epoch_less(network: Any, loss: Any, loader: Any) -> None:
    train(network, loss, loader, sgd(network), EPOCHS - 1)


@dishonest("passes")
def only_where_it_is_not_watched(network: Any, loss: Any, loader: Any) -> None:
    if len(loader) > 10:
        train(network, loss, loader, sgd(network))


@contextlib.contextmanager
def watching(kind: type[nn.Module] = Network) -> Iterator[tuple[effects.Watch, Any]]:
    size, data = draws.lesson(SEED)
    with effects.Watch(SEED, data, size) as watch, effects.tracking(watch, kind) as made:
        yield watch, made


def followed_loop(loop: Loop, optimizer: Any = sgd, kind: type[nn.Module] = Network) -> Training:
    with watching(kind) as (watch, made):
        network = made()
        returned, problem = None, None
        try:
            returned = loop(network, nn.CrossEntropyLoss(), watch.loaders["train"])
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        document, tensors = watch.evidence(network)
    return judged(document | {"plain": False, "shape": [10], "problem": problem, "returned": returned}, tensors, optimizer)


def judged(
    document: dict[str, Any], tensors: dict[str, Tensor], optimizer: Any = sgd, described: Found | None = None
) -> Training:
    record = Record(seed=SEED, profile="full", isolation="none", versions={})
    if described is not None:
        record.found["class"] = described
    record.found["loop"] = Found(document=document)
    evidence = Evidence(record, {f"loop/{name}": value for name, value in tensors.items()})
    factory, told = ASKED[optimizer]
    return followed(evidence, "loop", "cell", network="class", optimizer=factory, told=told)


def complaints(training: Training) -> dict[str, str]:
    """What each kind of test says."""
    asked: dict[str, Callable[[], None]] = {
        "passes": lambda: training.require_passes((EPOCHS,), "network(images)"),
        "loss": training.require_loss,
        "cleared": lambda: training.require_cleared("zero_grad()"),
        "backward": lambda: training.require_backward("backward is missing"),
        "step": lambda: training.require_step("step is missing"),
        "optimizer": lambda: training.require_optimizer("SGD", 3),
        "mode": lambda: training.require_training_mode("train()"),
    }
    found = {}
    for name, ask in asked.items():
        try:
            ask()
        except Complaint as complaint:
            found[name] = str(complaint)
    return found


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_loop_is_right_in_every_respect(name: str) -> None:
    training = followed_loop(*HONEST[name])
    assert training.problem is None
    assert complaints(training) == {}


@pytest.mark.parametrize("name", DISHONEST)
def test_a_wrong_loop_is_found_where_it_is_wrong(name: str) -> None:
    loop, fault = DISHONEST[name]
    assert fault in complaints(followed_loop(loop))


class Normalised(nn.Sequential):
    """The gradients of its biases are nothing but rounding, since the normalisation takes biases away."""

    def __init__(self) -> None:
        parts = [part for _ in range(3) for part in (nn.Conv2d(1, 1, 5), nn.BatchNorm2d(1))]
        super().__init__(*parts, nn.Flatten(), nn.Linear(256, 10))


@pytest.mark.parametrize(("rate", "wrong"), [(0.01, set()), (0.005, {"optimizer"})])
def test_whole_steps_that_adam_makes_of_rounding_tell_nothing(rate: float, wrong: set[str]) -> None:
    def loop(network: Any, loss: Any, loader: Any) -> None:
        train(network, loss, loader, torch.optim.Adam(network.parameters(), lr=rate))

    assert complaints(followed_loop(loop, adam, Normalised)).keys() == wrong


@pytest.mark.parametrize(("kind", "rate", "wrong"), [("Adam", 0.01, set()), ("AdamW", 0.01, {"optimizer"})])
@pytest.mark.parametrize("model", [Network, Normalised])
def test_decay_too_small_for_the_length_of_a_step_shows(kind: str, rate: float, wrong: set[str], model: Any) -> None:
    def loop(network: Any, loss: Any, loader: Any) -> None:
        train(network, loss, loader, getattr(torch.optim, kind)(network.parameters(), lr=rate))

    assert complaints(followed_loop(loop, adam, model)).keys() == wrong


def test_losses_are_computed_at_the_parameters_that_each_batch_met() -> None:
    training = followed_loop(plain)
    assert training.losses() == pytest.approx(training.returned, rel=1e-4)


@pytest.mark.parametrize("forged", ["parameters", "gradients", "has"])
def test_rows_that_are_missing_or_of_another_size_prove_nothing(forged: str) -> None:
    with watching() as (watch, made):
        network = made()
        train(network, nn.CrossEntropyLoss(), watch.loaders["train"], sgd(network))
        document, tensors = watch.evidence(network)
    tensors[forged] = tensors[forged][:-1]
    with pytest.raises(Complaint, match="cannot be computed again"):
        judged(document | {"plain": False, "shape": [10], "problem": None}, tensors)


def test_events_without_effects_earn_nothing() -> None:
    """The words of the box alone, as an empty trainer with a probe of its own sends them."""
    with watching() as (watch, made):
        network = made()
        for _ in range(EPOCHS):
            for _ in watch.loaders["train"]:
                pass
        document, tensors = watch.evidence(network)
    events: list[Any] = []
    for event in document["events"][:-1]:
        events += [event, {"event": "backward"}, {"event": "step"}]
    events.append(document["events"][-1])
    rows = {name: tensors[name][:1].expand(len(events), -1).clone() for name in ("parameters", "gradients", "has")}
    rows["has"][:] = True
    found = complaints(judged(document | {"events": events, "plain": False, "shape": [10], "problem": None}, tensors | rows))
    assert {"loss", "step", "optimizer"} <= set(found)


def test_a_network_that_stops_before_its_first_batch_is_not_judged() -> None:
    with watching() as (watch, _):
        document, tensors = watch.evidence(None)
    with pytest.raises(NotShown):
        judged(document | {"plain": False, "shape": [10], "problem": "NameError: name 'x' is not defined"}, tensors)


@pytest.mark.parametrize("name", ["plain", "groups_by_layer", "gradients_by_hand", "batches_in_a_list"])
def test_the_same_loop_is_wrong_where_another_optimizer_is_asked_for(name: str) -> None:
    loop, own = HONEST[name]
    assert "optimizer" in complaints(followed_loop(loop, {sgd: adam, adam: sgd}[own]))


def described(network: nn.Module) -> Found:
    """What another probe says of the class."""
    return Found(document=networks.describe(lambda: network, SEED).document)


def test_a_network_of_other_layers_earns_nothing() -> None:
    with watching() as (watch, made):
        network = made()
        returned = train(network, nn.CrossEntropyLoss(), watch.loaders["train"], sgd(network))
        document, tensors = watch.evidence(network)
    document |= {"plain": False, "shape": [10], "problem": None, "returned": returned}
    deeper = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.Tanh(), nn.Linear(12, 12), nn.Linear(12, 10))
    assert complaints(judged(document, tensors, described=described(Network()))) == {}
    with pytest.raises(Complaint, match="other layers"):
        judged(document, tensors, described=described(deeper))
    with pytest.raises(Complaint, match="other layers"):
        judged(document | {"plain": True}, tensors, described=described(Network()))
    broken = nn.Sequential(nn.Flatten(), nn.Linear(5, 10))
    assert complaints(judged(document | {"plain": True}, tensors, described=described(broken))) == {}


def followed_of(handed_in: Callable[[Any, Any], Any]) -> dict[str, str]:
    """What is said where the second of two networks is trained, and ``handed_in`` says what the cell leaves as its model."""
    with watching() as (watch, made):
        first, second = made(), made()
        returned = train(second, nn.CrossEntropyLoss(), watch.loaders["train"], sgd(second))
        document, tensors = watch.evidence(handed_in(first, second))
    return complaints(judged(document | {"plain": False, "shape": [10], "problem": None, "returned": returned}, tensors))


def test_a_network_under_another_name_is_one_mistake() -> None:
    found = followed_of(lambda first, _: first)
    assert found.keys() == {"passes"}
    assert "never changes" in found["passes"]


def with_weights_of(one: nn.Module, other: nn.Module) -> nn.Module:
    one.load_state_dict(other.state_dict())
    return one


@pytest.mark.parametrize("handed_in", [lambda _, second: second, with_weights_of, lambda _, second: copy.deepcopy(second)])
def test_a_network_that_has_what_another_one_learnt_is_right(handed_in: Callable[[Any, Any], Any]) -> None:
    assert followed_of(handed_in) == {}


FORGED: dict[str, dict[str, Any]] = {
    "no events": {"events": None},
    "too many events": {"events": [{"event": "step"}] * 2_000},
    "images that are not there": {"events": [{"event": "batch", "loader": "train", "images": [10_000]}, {"event": "end"}]},
    "a loader of another name": {"events": [{"event": "batch", "loader": "answers", "images": [0]}]},
    "names that are none": {"names": [1, 2]},
    "parameters that are not there": {"names": ["other.weight"]},
    "programs in words": {"programs": {"6": "the right one"}},
    "no programs": {"programs": {}},
    "a size in words": {"programs": {"six": {"output": None, "nodes": []}}},
    "a program in words": {"programs": {"6": {"output": "right", "nodes": "right"}}},
    "a shape in words": {"shape": "right"},
    "plain in words": {"plain": "yes"},
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_report_that_the_box_does_not_write_earns_nothing(forged: str) -> None:
    with watching() as (watch, made):
        network = made()
        train(network, nn.CrossEntropyLoss(), watch.loaders["train"], sgd(network))
        document, tensors = watch.evidence(network)
    rows = {"events": len(FORGED[forged].get("events") or []) or len(document["events"])}["events"]
    for name in ("parameters", "gradients", "has"):
        tensors[name] = tensors[name][:1].expand(rows, -1) if "events" in FORGED[forged] else tensors[name]
    with pytest.raises(Complaint):
        judged(document | {"plain": False, "shape": [10], "problem": None} | FORGED[forged], tensors)


def evidence_of(loop: Loop, seen: Callable[[Any], None] = lambda _: None) -> tuple[dict[str, Any], dict[str, Tensor]]:
    with watching() as (watch, made):
        network = made()
        seen(network)
        returned = loop(network, nn.CrossEntropyLoss(), watch.loaders["train"])
        document, tensors = watch.evidence(network)
    return document | {"plain": False, "problem": None, "returned": returned, "shape": [10]}, tensors


def test_a_loop_without_end_is_ended() -> None:
    def endless(network: Any, loss: Any, loader: Any) -> None:
        while True:
            train(network, loss, loader, sgd(network), 1)

    training = followed_loop(endless)
    assert "more than 400 requests" in str(training.problem)
    assert "passes" not in complaints(training)


def on_the_way(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The whole weights of the first layer where a pass begins."""
    return {name: value for name, value in tensors.items() if name.startswith("state.") and name.endswith("1.weight")}


def test_parameters_after_each_epoch_are_known() -> None:
    states: list[dict[str, Tensor]] = []

    def epochs(network: Any, loss: Any, loader: Any) -> None:
        optimizer = sgd(network)
        for _ in range(EPOCHS):
            states.append(copy.deepcopy(network.state_dict()))
            train(network, loss, loader, optimizer, 1)

    training = judged(*evidence_of(epochs))
    batches = len(training.passes()[0])
    for epoch, state in enumerate(states):
        found = training.state(epoch * batches)
        assert all(torch.allclose(found[name], value, atol=1e-6) for name, value in state.items())


def test_parameters_after_steps_of_another_optimizer_are_known_when_a_pass_begins() -> None:
    training = judged(*evidence_of(HONEST["groups_by_layer"][0]))
    batches = len(training.passes()[0])
    assert training.unknown
    assert not training.state(batches - 1)
    assert training.state(batches)


@pytest.mark.parametrize("noise", [1e-7, 1e-6])
def test_rounding_on_another_machine_does_not_add_up(noise: float, monkeypatch: pytest.MonkeyPatch) -> None:
    document, tensors = evidence_of(plain)
    step = Momentum.steps

    def rounded(optimizer: Momentum, gradients: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: value * (1 + noise * torch.randn_like(value)) for name, value in step(optimizer, gradients).items()}

    monkeypatch.setattr(Momentum, "steps", rounded)
    assert complaints(judged(document, tensors)) == {}


def test_parameters_on_the_way_to_which_no_steps_lead_cost_the_optimizer() -> None:
    document, tensors = evidence_of(plain)
    weights = next(iter(on_the_way(tensors).values()))
    noted = effects.places({parameter: tensors[f"start.{parameter}"].numel() for parameter in document["names"]}, SEED)
    others = torch.ones(weights.numel(), dtype=torch.bool)
    others[noted["features.1.weight"]] = False
    weights.view(-1)[others] += 0.1
    assert "optimizer" in complaints(judged(document, tensors))


@pytest.mark.parametrize(
    "forged", [lambda weights: weights + 1, lambda weights: weights[:1], lambda weights: weights.flatten()]
)
def test_parameters_on_the_way_that_are_not_those_of_their_row_prove_nothing(forged: Callable[[Tensor], Tensor]) -> None:
    document, tensors = evidence_of(plain)
    name, weights = next(iter(on_the_way(tensors).items()))
    with pytest.raises(Complaint, match="cannot be computed again"):
        judged(document, tensors | {name: forged(weights)})


MEANS: dict[str, Callable[[list[float], list[int]], float]] = {
    "batches are averaged, not images": lambda losses, sizes: sum(losses) / len(losses),
    "counts as if it were whole": lambda losses, sizes: sum(losses) * max(sizes) / sum(sizes),
    "added without their numbers of images": lambda losses, sizes: sum(losses) / sum(sizes),
    "not divided by their number": lambda losses, sizes: sum(a * b for a, b in zip(losses, sizes, strict=True)),
    "the sum over the batches": lambda losses, sizes: sum(losses),
    "the loss of the last batch": lambda losses, sizes: losses[-1],
    "different losses": lambda losses, sizes: 7.0,
}


def with_means(mean: Callable[[list[float], list[int]], float]) -> Training:
    size, data = draws.lesson(SEED)
    sizes = [len(part) for part in data["train"][1].split(size)]

    def loop(network: Any, loss: Any, loader: Any) -> list[float]:
        optimizer = sgd(network)
        return [mean(train(network, loss, loader, optimizer, 1), sizes) for _ in range(EPOCHS)]

    return judged(*evidence_of(loop))


def test_mean_losses_over_images_are_right() -> None:
    right = with_means(lambda losses, sizes: sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes))
    right.require_mean_losses()
    with_means(MEANS["batches are averaged, not images"]).require_mean_losses(of_batches=True)


@pytest.mark.parametrize("why", MEANS)
def test_losses_that_are_no_means_are_told_by_their_cause(why: str) -> None:
    with pytest.raises(Complaint, match=why):
        with_means(MEANS[why]).require_mean_losses()


@pytest.mark.parametrize("returned", [None, [], [1.0] * (EPOCHS + 1), [None] * EPOCHS])
def test_losses_that_are_missing_are_none(returned: Any) -> None:
    document, tensors = evidence_of(plain)
    with pytest.raises(Complaint):
        judged(document | {"returned": returned}, tensors).require_mean_losses()
