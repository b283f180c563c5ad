"""Hidden tests of the training: what the loop does with small batches, and what the real run left behind."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softmax

from autograder.assignment import Profile
from autograder.assignments.mnist_cnn import reference
from autograder.inside import draws
from autograder.judging import held_out
from autograder.judging.loops import Watched
from autograder.networks.comparison import Complaint, close, require
from autograder.runs.evidence import Evidence

EPOCHS, PUBLISHED_EPOCHS = 5, 3
PUBLISHED_IMAGES, PUBLISHED_BATCH = 60_000, 100
RATE, BETAS, EPSILON = 0.001, (0.9, 0.999), 1e-8
Batches = list[tuple[Tensor, Tensor]]
rests_on_the_network = pytest.mark.needs("architecture", "forward")


@pytest.fixture
def watched(evidence: Evidence) -> Watched:
    """The student's loop on the small batches, without forward passes that nothing is learnt from."""
    document = evidence.document("training_loop", "training_code")
    events = [str(event["event"]) for event in document["events"]]
    if document["problem"] and not events:
        why = evidence.why_missing("training_code", document["problem"])
        raise Complaint(why, "a loop that trains", "an error before the first batch")
    events = _learning(events)
    tensors = {name: value.float() for name, value in evidence.tensors_of("training_loop").items()}
    # Test images in place of training images have a line of their own; the rest is then judged with them.
    held_out_used = _first_images_are(events, tensors, _batches(evidence.record.seed + 1))
    batches = _batches(evidence.record.seed + held_out_used)
    # Three epochs, as published, may stand in the loop as a number.
    epochs = PUBLISHED_EPOCHS if events.count("forward") == PUBLISHED_EPOCHS * len(batches) else EPOCHS
    return Watched(events, tensors, document["problem"], document["returned"], batches, epochs)


def _batches(seed: int) -> Batches:
    """The small training batches that the box drew; those of the next seed are its test batches."""
    _, images, labels = draws.classified(seed)
    return list(zip(images, labels, strict=True))


def _first_images_are(events: list[str], tensors: dict[str, Tensor], batches: Batches) -> bool:
    first = tensors.get(f"{events.index('forward')}.images") if "forward" in events else None
    return first is not None and first.shape == batches[0][0].shape and torch.equal(first, batches[0][0])


def _learning(events: list[str]) -> list[str]:
    """The events, where forward passes without a backward pass of their own are renamed ``look``."""
    forwards = [place for place, event in enumerate(events) if event == "forward"]
    idle = {start for start, end in pairwise([*forwards, len(events)]) if "backward" not in events[start:end]}
    return events if len(idle) == len(forwards) else ["look" if n in idle else event for n, event in enumerate(events)]


def _forward(watched: Watched, place: int, batch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Weight (10, 784) at the forward pass ``place``, with gradients on; logits and labels of its batch."""
    images, labels = watched.batches[batch % len(watched.batches)]
    weight = watched.tensors[f"{place}.weight"].clone().requires_grad_()
    return weight, images.flatten(1) @ weight.t() + watched.tensors[f"{place}.bias"], labels


def _first_gradient_is_right(watched: Watched) -> bool:
    forwards, backwards = watched.where("forward"), watched.where("backward")
    if not forwards or not backwards:
        return False
    weight, logits, labels = _forward(watched, forwards[0], 0)
    (wanted,) = torch.autograd.grad(cross_entropy(logits, labels), [weight])
    found = watched.tensors.get(f"{backwards[0]}.grad")
    return found is not None and _same(found, wanted)


def _same(found: Tensor, wanted: Tensor) -> bool:
    return found.shape == wanted.shape and close(found / wanted.abs().max(), wanted / wanted.abs().max())


@pytest.mark.item("training", weight=2)
def test_forward(watched: Watched, evidence: Evidence) -> None:
    """A new MNIST_CNN sees each batch of train_loader once in each epoch."""
    held_out_used = _first_images_are(watched.events, watched.tensors, _batches(evidence.record.seed + 1))
    require(not held_out_used, "images of test_loader", "those of train_loader", "the held-out images are learnt")
    watched.require_forward("model(images)")


@pytest.mark.item("training", weight=3)
def test_cross_entropy(watched: Watched) -> None:
    """What is minimised is the cross-entropy of logits and labels."""
    if _first_gradient_is_right(watched):
        return
    forwards, backwards = watched.where("forward"), watched.where("backward")
    require(bool(forwards), "the network was not called", "the loss of its logits", "the loop is missing")
    weight, logits, labels = _forward(watched, forwards[0], 0)
    if not backwards:
        # A missing backward pass has a line of its own; then the losses that were kept tell.
        kept = (watched.returned or [None])[0]
        right = kept is not None and math.isclose(kept, float(cross_entropy(logits, labels)), rel_tol=0.01)
        require(right, f"no gradient, and a first loss {kept}", "a gradient of cross-entropy", "backward is missing")
        return
    others = {
        "a softmax before cross-entropy, which applies one itself": cross_entropy(softmax(logits, 1), labels),
        "a softmax over the batch": cross_entropy(softmax(logits, 0), labels),
        "the sum over the batch in place of its mean": cross_entropy(logits, labels, reduction="sum"),
        "nll_loss of logits, which expects logarithms of probabilities": -logits.gather(1, labels[:, None]).mean(),
        "the sign of the loss": -cross_entropy(logits, labels),
    }
    found = watched.tensors[f"{backwards[0]}.grad"]
    causes = [why for why, loss in others.items() if _same(found, torch.autograd.grad(loss, [weight], retain_graph=True)[0])]
    cause = (causes or ["another loss function, or other labels"])[0]
    raise Complaint("other gradients in the first batch", "those of cross-entropy", cause)


@pytest.mark.item("training", weight=3)
def test_gradients_are_cleared(watched: Watched) -> None:
    """Each step uses the gradients of its own batch alone."""
    if not watched.where("backward") or _first_gradient_is_right(watched):
        watched.require_fresh_gradients("optimizer.zero_grad()")


@pytest.mark.item("training", weight=3)
def test_backward(watched: Watched) -> None:
    """Each batch has one backward pass."""
    watched.require_backward("backward is missing, or the loss does not depend on model")


@pytest.mark.item("training", weight=3)
def test_step(watched: Watched) -> None:
    """The optimizer changes the parameters of model once a batch, after the backward pass."""
    weights = [watched.tensors[f"{place}.weight"] for place in watched.where("forward")] + [watched.tensors["final.weight"]]
    by_hand = len(weights) > 1 and not watched.count("step") and all(not torch.equal(a, b) for a, b in pairwise(weights))
    if not by_hand:
        watched.require_step(
            "step() is missing, stands outside of the loop, or the optimizer has another network's parameters"
        )


@pytest.mark.item("training", weight=3)
def test_adam(watched: Watched) -> None:
    """The optimizer is Adam with learning rate 0.001."""
    count = len(watched.batches)
    forwards, backwards = watched.where("forward")[: count + 1], watched.where("backward")[:count]
    require(
        len(forwards) > count and len(backwards) >= count,
        "no complete epoch of steps",
        f"{count} steps an epoch",
        "forward, backward or step is missing",
    )
    weights = [watched.tensors[f"{place}.weight"] for place in forwards]
    gradients = [watched.tensors[f"{place}.grad"] for place in backwards]
    moved = weights[-1] - weights[0]
    require(bool(moved.any()), "parameters that do not move", "steps of Adam", "no step, or no gradients at the step")
    first, wanted = _adam(gradients[:1]), _adam(gradients)
    factor = float((weights[1] - weights[0]).abs().median() / first.abs().median())
    same_kind = _same(weights[1] - weights[0], first * factor)
    require(
        float((moved - wanted).abs().mean()) <= 0.05 * RATE,
        f"parameters move by {RATE * factor:.2g} in the first step",
        f"{RATE}, as Adam's first step does at learning rate {RATE}",
        f"learning rate {RATE * factor:.2g}"
        if same_kind and not 0.9 < factor < 1.1
        else "another optimizer, or other settings",
    )


def _adam(gradients: list[Tensor]) -> Tensor:
    """The sum of Adam's steps with these gradients (Kingma and Ba 2015, algorithm 1)."""
    mean, square, moved = (torch.zeros_like(gradients[0]) for _ in range(3))
    for number, gradient in enumerate(gradients, 1):
        mean = BETAS[0] * mean + (1 - BETAS[0]) * gradient
        square = BETAS[1] * square + (1 - BETAS[1]) * gradient.square()
        moved -= RATE * (mean / (1 - BETAS[0] ** number)) / ((square / (1 - BETAS[1] ** number)).sqrt() + EPSILON)
    return moved


@pytest.mark.item("training", weight=1)
def test_losses_are_kept(watched: Watched) -> None:
    """`loss_history` has the loss of each batch, in order."""
    found = watched.returned
    require(isinstance(found, list), "no list loss_history", "a list of numbers", "the name, or append is missing")
    assert isinstance(found, list)
    batches = []
    for number, place in enumerate(watched.where("forward")):
        _, logits, labels = _forward(watched, place, number)
        batches.append(float(cross_entropy(logits, labels)))
    size = len(watched.batches)
    epochs = [sum(batches[start : start + size]) / size for start in range(0, len(batches), size)]
    # One number for each epoch, its mean, is another reading of "history", and as good a record.
    right = [len(found) == len(wanted) and _near(found, wanted, slack) for wanted, slack in ((batches, 0.01), (epochs, 0.1))]
    require(bool(batches), f"{len(found)} numbers", "one loss for each batch", "model is not trained in this cell")
    require(
        any(right),
        f"{len(found)} numbers, the first {found[0] if found else None}",
        f"{len(batches)} numbers, the first {batches[0]:.4f}",
        "nothing is appended, it is appended outside of the loop, or something else than the loss",
    )


def _near(found: list[float | None], wanted: list[float], slack: float) -> bool:
    pairs = zip(found, wanted, strict=True)
    return all(a is not None and math.isclose(a, b, rel_tol=slack, abs_tol=1e-4) for a, b in pairs)


@pytest.mark.item("training", weight=2)
@rests_on_the_network
def test_losses_of_the_real_run(evidence: Evidence, profile: Profile) -> None:
    """The trained `model` has about the loss that its `loss_history` ends with."""
    found = evidence.document("training", "training_code").get("loss_history")
    error = evidence.record.cells.get("training_code")
    if error is not None and error.error is not None:
        raise Complaint(evidence.why_missing("training_code", None), "a training that runs to its end", "see its error")
    require(bool(found), "no losses", "a list of losses", "the training did not run")
    assert isinstance(found, list)
    require(None not in found, "losses that are not finite", "finite losses", "the training diverged")
    epochs = int(profile.parameters.get("num_epochs", PUBLISHED_EPOCHS))
    images = int(profile.parameters.get("num_train_images", PUBLISHED_IMAGES))
    size = math.ceil(images / int(profile.parameters.get("batch_size", PUBLISHED_BATCH)))
    lengths = [number * per for number in (epochs, PUBLISHED_EPOCHS) for per in (size, 1)]
    require(
        len(found) in lengths,
        f"{len(found)} losses",
        f"{epochs * size} of {epochs} epochs",
        "epochs or batches are left out",
    )
    last = found[-size:] if len(found) >= size else found[-1:]
    held_out.require_network_behind(
        sum(last) / len(last), evidence, "training", "training_code", dataset="mnist", normalised=reference.normalised
    )
