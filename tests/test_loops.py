"""Training loops, right and wrong, are told apart by what they do."""

from collections.abc import Callable
from typing import Any

import pytest
import quick
import torch
from torch import nn

from autograder.inside import loop
from autograder.judging.loops import Watched, how_far, require_whole_passes
from autograder.networks.comparison import Complaint
from autograder.runs.evidence import CellError, CellRecord, Evidence, Found, Record

SEED = 5
Step = Callable[[nn.Module, Any, nn.Module, torch.Tensor, torch.Tensor], None]


def watched(step: Step, optimizer: Callable[..., Any] = torch.optim.Adam) -> Watched:
    """What is seen of two epochs of ``step`` with an optimizer that nobody instrumented."""
    seen = loop.Watch(SEED)
    with seen:
        optim = optimizer(seen.network.parameters(), lr=0.01)
        for _ in range(2):
            for images, labels in seen.batches:
                step(seen.network, optim, seen.loss, images, labels)
    document, tensors = seen.evidence([1.0, 0.5], None)
    record = Record(seed=SEED, profile="full", isolation="none", versions={})
    record.found["loop"] = Found(document=document)
    return Watched.of(Evidence(record, {f"loop/{name}": value for name, value in tensors.items()}), "loop", "cell")


def right(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    loss(net(images), labels).backward()
    optim.step()


def zero_after_step(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    loss(net(images), labels).backward()
    optim.step()
    net.zero_grad()


def gradients_set_to_none(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    for parameter in net.parameters():
        parameter.grad = None
    right_loss = nn.functional.cross_entropy(net(images), labels)
    right_loss.backward()
    optim.step()


def never_zeroed(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    loss(net(images), labels).backward()
    optim.step()


def zeroed_before_step(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    loss(net(images), labels).backward()
    optim.zero_grad()
    optim.step()


def with_closure(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    def closure() -> torch.Tensor:
        optim.zero_grad()
        value: torch.Tensor = loss(net(images), labels)
        value.backward()
        return value

    optim.step(closure)


def no_step(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    loss(net(images), labels).backward()


def no_backward(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    loss(net(images), labels)
    optim.step()


def other_loss(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    nn.functional.multi_margin_loss(net(images), labels).backward()
    optim.step()


def step_first(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.step()
    optim.zero_grad()
    loss(net(images), labels).backward()


def half_of_the_batch(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    right(net, optim, loss, images[:1], labels[:1])


def looks_too(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    right(net, optim, loss, images, labels)
    with torch.no_grad():
        net(images)


CHECKS = ("require_fresh_gradients", "require_forward", "require_backward", "require_step")


def clipped(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    loss(net(images), labels).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1e-3)
    optim.step()


def noisy_gradients(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    loss(net(images), labels).backward()
    for parameter in net.parameters():
        if parameter.grad is not None:
            parameter.grad += torch.randn_like(parameter)
    optim.step()


def backward_twice(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    value = loss(net(images), labels)
    value.backward(retain_graph=True)
    value.backward()
    optim.step()


def softmax_before(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    loss(net(images).softmax(1), labels).backward()
    optim.step()


def softmax_and_never_zeroed(
    net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor
) -> None:
    loss(net(images).softmax(1), labels).backward()
    optim.step()


def minus_the_loss(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    (-loss(net(images), labels)).backward()
    optim.step()


def backward_of_the_outputs(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optim.zero_grad()
    outputs = net(images)
    loss(outputs, labels)
    outputs.sum().backward()
    optim.step()


def wrong_loss_and_backward_of_the_outputs(
    net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor
) -> None:
    optim.zero_grad()
    outputs = net(images)
    loss(outputs.softmax(1), labels)
    outputs.sum().backward()
    optim.step()


def by_hand(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    parameters = list(net.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss(net(images), labels), parameters), strict=True):
        parameter.grad = gradient
    optim.step()


def second_update(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    right(net, optim, loss, images, labels)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter -= 0.01


Summed = Callable[[list[float], list[int]], float]


SEEDS = range(5 if quick.active else 50)


def trained(mean: Summed, step: str = "given", seed: int = SEED) -> Watched:
    """What is seen of two epochs whose losses were summed up by ``mean`` of a loop's own losses and numbers of images."""

    def train(net: nn.Module, optim: Any, loss: nn.Module, batches: loop.Batches, epochs: int) -> list[float]:
        means = []
        for _ in range(epochs):
            losses, sizes = [], []
            for images, labels in batches:
                optim.zero_grad()
                value = (nn.functional.cross_entropy if step == "plain" else loss)(net(images), labels)
                value.backward()
                if step != "none":
                    optim.step()
                losses, sizes = [*losses, value.item()], [*sizes, len(labels)]
            means.append(mean(losses, sizes))
        return means

    return of_a_loop(train, seed)


def of_a_loop(train: Callable[..., Any], seed: int) -> Watched:
    """What is seen of two epochs of a whole loop."""
    document, tensors = loop.watch(train, seed)
    record = Record(seed=seed, profile="full", isolation="none", versions={})
    record.found["loop"] = Found(document=document)
    return Watched.of(Evidence(record, {f"loop/{name}": value for name, value in tensors.items()}), "loop", "cell")


def over_images(losses: list[float], sizes: list[int]) -> float:
    return sum(loss * size for loss, size in zip(losses, sizes, strict=True)) / sum(sizes)


def over_batches(losses: list[float], sizes: list[int]) -> float:
    return sum(losses) / len(losses)


@pytest.mark.parametrize("step", ["given", "plain", "none"])
def test_mean_losses_are_those_of_the_loop_itself_whatever_the_seed(step: str) -> None:
    for seed in SEEDS:
        trained(over_images, step, seed).require_mean_losses()
        trained(over_images, step, seed).require_mean_losses(of_batches=True)
        trained(over_batches, step, seed).require_mean_losses(of_batches=True)


@pytest.mark.parametrize(
    ("mean", "why"),
    [
        (lambda losses, sizes: losses[-1], "the loss of the last batch"),
        (lambda losses, sizes: sum(losses), "the sum over the batches"),
        (lambda losses, sizes: sum(losses) / sum(sizes), "without their numbers of images"),
        (lambda losses, sizes: sum(losses) * sizes[0] / sum(sizes), "as if it were whole"),
        (lambda losses, sizes: over_images(losses, sizes) * sum(sizes), "the sum over the images"),
        (lambda losses, sizes: float("nan"), "another mean"),
    ],
)
def test_losses_that_are_no_means(mean: Summed, why: str) -> None:
    for seed in SEEDS:
        with pytest.raises(Complaint):
            trained(mean, seed=seed).require_mean_losses(of_batches=True)
    with pytest.raises(Complaint, match=why):
        trained(mean).require_mean_losses(of_batches=True)


def test_means_over_batches_are_told_where_images_are_asked_for() -> None:
    with pytest.raises(Complaint, match="the short last batch counts too much"):
        trained(over_batches).require_mean_losses()


def complaints(found: Watched) -> set[str]:
    """The checks that complain."""
    failed = set()
    for name in CHECKS:
        try:
            getattr(found, name)()
        except Complaint:
            failed.add(name)
    return failed


@pytest.mark.parametrize("step", [right, zero_after_step, gradients_set_to_none, with_closure, clipped, looks_too])
@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.SGD, torch.optim.AdamW])
def test_right_loops(step: Step, optimizer: Callable[..., Any]) -> None:
    assert complaints(watched(step, optimizer)) == set()


@pytest.mark.parametrize(
    ("step", "failed"),
    [
        (never_zeroed, {"require_fresh_gradients"}),
        (zeroed_before_step, {"require_fresh_gradients"}),
        (noisy_gradients, {"require_fresh_gradients"}),
        (no_step, {"require_step"}),
        (no_backward, {"require_backward"}),
        (other_loss, {"require_fresh_gradients"}),
        (step_first, {"require_step"}),
        (backward_twice, {"require_backward"}),
        (half_of_the_batch, {"require_forward", "require_fresh_gradients"}),
    ],
)
def test_wrong_loops(step: Step, failed: set[str]) -> None:
    assert complaints(watched(step)) == failed


def test_the_sign_of_a_gradient_of_nearly_nothing_says_nothing() -> None:
    """With this seed the loop diverges, until a gradient is nearly 0."""

    def train(net: nn.Module, optim: Any, loss: nn.Module, batches: loop.Batches, epochs: int) -> None:
        for images, labels in [batch for _ in range(epochs) for batch in batches]:
            never_zeroed(net, optim, loss, images, labels)

    found = of_a_loop(train, seed=1_963_925)
    found.require_backward_of_the_loss()
    with pytest.raises(Complaint):
        found.require_cleared_gradients()


def test_the_given_loss_function_is_told_from_another() -> None:
    watched(right).require_loss("")
    with pytest.raises(Complaint, match="the given loss function was called 0 times"):
        watched(gradients_set_to_none).require_loss("")


@pytest.mark.parametrize(
    ("step", "failed"),
    [
        (right, set()),
        (clipped, set()),
        (never_zeroed, {"require_cleared_gradients"}),
        (softmax_before, {"require_gradients_of_the_loss"}),
        (softmax_and_never_zeroed, {"require_gradients_of_the_loss", "require_cleared_gradients"}),
        (minus_the_loss, {"require_backward_of_the_loss"}),
        (backward_of_the_outputs, {"require_backward_of_the_loss"}),
        (wrong_loss_and_backward_of_the_outputs, {"require_gradients_of_the_loss"}),
        (other_loss, {"require_gradients_of_the_loss"}),
        (by_hand, set()),
        (backward_twice, set()),
        (zeroed_before_step, {"require_cleared_gradients"}),
    ],
)
def test_another_loss_and_gradients_that_pile_up_are_told_apart(step: Step, failed: set[str]) -> None:
    found = watched(step)
    complaining = set()
    for name, options in (
        ("require_gradients_of_the_loss", {"whatever_backward": True}),
        ("require_backward_of_the_loss", {}),
        ("require_cleared_gradients", {}),
    ):
        try:
            getattr(found, name)(**options)
        except Complaint:
            complaining.add(name)
    assert complaining == failed


@pytest.mark.parametrize("step", [right, clipped, with_closure, zero_after_step, never_zeroed, no_step])
def test_steps_of_the_optimizer_that_was_handed_over(step: Step) -> None:
    watched(step, torch.optim.SGD).require_steps_of_sgd("", rate=0.01, momentum=0.0)


@pytest.mark.parametrize(
    ("step", "optimizer", "seen"),
    [
        (right, torch.optim.Adam, "other steps|times as far"),
        (second_update, torch.optim.SGD, "other steps"),
    ],
)
def test_steps_of_another_optimizer(step: Step, optimizer: Callable[..., Any], seen: str) -> None:
    with pytest.raises(Complaint, match=seen):
        watched(step, optimizer).require_steps_of_sgd("", rate=0.01, momentum=0.0)


def test_forward_passes_without_gradients_alone_are_told_as_that() -> None:
    def forward_without_gradients(
        net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor
    ) -> None:
        optim.zero_grad()
        with torch.no_grad():
            loss(net(images), labels)

    with pytest.raises(Complaint, match=r"called 6 times, without gradients each time.*torch.no_grad"):
        watched(forward_without_gradients).require_forward()


def test_only_steps_of_an_optimizer_of_the_network_count() -> None:
    other = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)

    def steps_another(net: nn.Module, optim: Any, loss: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
        optim.zero_grad()
        loss(net(images), labels).backward()
        other.step()

    assert complaints(watched(steps_another)) == {"require_step"}


def test_another_number_of_epochs_is_told_once() -> None:
    found = watched(right)
    found.epochs = 3
    assert complaints(found) == {"require_forward"}
    with pytest.raises(Complaint, match="2 epochs in place of 3"):
        found.require_forward()


def test_another_loss_is_not_taken_for_gradients_of_earlier_batches() -> None:
    with pytest.raises(Complaint, match="after the first batch the gradient is another one"):
        watched(other_loss).require_fresh_gradients()


def run_with(passes: list[tuple[int, int]], stopped: bool = False) -> Evidence:
    error = CellError(ename="ValueError", evalue="") if stopped else None
    record = Record(seed=SEED, profile="full", isolation="none", versions={})
    record.cells["train"] = CellRecord(seconds=1.0, error=error, passes=passes)
    return Evidence(record)


def test_a_real_run_whose_passes_break_off() -> None:
    with pytest.raises(Complaint, match="stepped 51 times in a pass over 120 batches"):
        require_whole_passes(run_with([(120, 51)] * 10), ["train"], epochs=10)
    with pytest.raises(Complaint, match="stepped 60 times"):
        require_whole_passes(run_with([(120, 120)] * 4 + [(120, 60)] * 6), ["other", "train"], epochs=10)


@pytest.mark.parametrize("passes", [[], [(120, 120)] * 10, [(120, 118)] * 10, [(120, 2), *[(120, 120)] * 10], [(120, 1200)]])
def test_a_real_run_that_is_whole_or_not_seen(passes: list[tuple[int, int]]) -> None:
    require_whole_passes(run_with(passes), ["train"], epochs=10)


def test_a_real_run_that_an_error_ended_is_told_as_that() -> None:
    require_whole_passes(run_with([(120, 51)], stopped=True), ["train"], epochs=10)


def test_steps_in_the_same_direction_are_told_by_their_length() -> None:
    start, wanted = torch.zeros(3), torch.tensor([1.0, -2.0, 3.0])
    assert how_far(start, 10 * wanted, wanted) == "steps that lead 10 times as far"
    assert how_far(start, wanted.flip(0), wanted) == "other steps"
    assert how_far(start, start, wanted) == "parameters that do not move"
