"""Hidden tests of the training: what the loop does with small batches, and what the real run left behind."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softmax

from autograder.assignment import Profile
from autograder.inside import draws
from autograder.judging import held_out
from autograder.judging.loops import Watched, require_whole_passes
from autograder.networks.comparison import Complaint, close, require
from autograder.runs.evidence import Evidence

from . import reference

EPOCHS, PUBLISHED_EPOCHS = 5, 3
PUBLISHED_IMAGES, PUBLISHED_BATCH = 60_000, 100
RATE, BETAS, EPSILON = 0.001, (0.9, 0.999), 1e-8
SAME_STEP = 5e-4  # of the learning rate; float32 gives 1e-5, a weight decay of 0.01 several times as much
CROSS_ENTROPY = "cross-entropy"
Batches = list[tuple[Tensor, Tensor]]
rests_on_the_network = pytest.mark.needs("architecture", "forward")


@pytest.fixture
def watched(evidence: Evidence) -> Watched:
    """The student's loop on the small batches, without forward passes that nothing is learnt from."""
    document = evidence.document("training_loop", "training_code")
    events = [str(event["event"]) for event in document["events"]]
    if document["problem"] and not events:
        raise evidence.not_shown("training_code", document["problem"])
    events = _learning(events)
    tensors = {name: value.float() for name, value in evidence.tensors_of("training_loop").items()}
    # Test images in place of training images, or a loader of one's own, have a line of their own; the rest is then judged
    # with these.
    seed = evidence.record.seed
    others = [_batches(seed + 1), _unshuffled(seed)]
    batches = next((other for other in others if _first_images_are(events, tensors, other)), _batches(seed))
    # Three epochs, as published, may stand in the loop as a number.
    epochs = PUBLISHED_EPOCHS if events.count("forward") == PUBLISHED_EPOCHS * len(batches) else EPOCHS
    return Watched(events, tensors, document["problem"], document["returned"], batches, epochs)


def _batches(seed: int) -> Batches:
    """The small training batches that the box drew; those of the next seed are its test batches."""
    _, images, labels = draws.classified(seed)
    return list(zip(images, labels, strict=True))


def _unshuffled(seed: int) -> Batches:
    """The batches of a loader over ``train_data`` that does not shuffle: the box handed that out in the other order."""
    _, images, labels = draws.classified(seed)
    parts = (torch.split(torch.cat(part).flip(0), len(images[0])) for part in (images, labels))
    return list(zip(*parts, strict=True))


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


def _losses(logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Cross-entropy, and what students take in its place, named as a cause."""
    return {
        CROSS_ENTROPY: cross_entropy(logits, labels),
        "a softmax before cross-entropy, which applies one itself": cross_entropy(softmax(logits, 1), labels),
        "a softmax over the batch": cross_entropy(softmax(logits, 0), labels),
        "the sum over the batch in place of its mean": cross_entropy(logits, labels, reduction="sum"),
        "nll_loss of logits, which expects logarithms of probabilities": -logits.gather(1, labels[:, None]).mean(),
        "the sign of the loss": -cross_entropy(logits, labels),
    }


def _first_loss(watched: Watched) -> str | None:
    """Which loss the first gradient is that of; None for none of these."""
    forwards, backwards = watched.where("forward"), watched.where("backward")
    if not forwards or not backwards:
        return None
    weight, logits, labels = _forward(watched, forwards[0], 0)
    found = watched.tensors[f"{backwards[0]}.grad"]
    losses = _losses(logits, labels)
    gradients = {name: torch.autograd.grad(loss, [weight], retain_graph=True)[0] for name, loss in losses.items()}
    return next((name for name, gradient in gradients.items() if _same(found, gradient)), None)


def _own_loss(watched: Watched) -> str:
    """The loss that is minimised: where it is another one, that is told once."""
    return _first_loss(watched) or CROSS_ENTROPY


def _stopped(watched: Watched) -> str:
    return f" (the loop stopped with {watched.problem})" if watched.problem else ""


def _same(found: Tensor, wanted: Tensor) -> bool:
    return found.shape == wanted.shape and close(found / wanted.abs().max(), wanted / wanted.abs().max())


@pytest.mark.item("training", weight=2)
def test_forward(watched: Watched, evidence: Evidence) -> None:
    """A new MNIST_CNN sees each batch of train_loader once in each epoch."""
    held_out_used = _first_images_are(watched.events, watched.tensors, _batches(evidence.record.seed + 1))
    require(not held_out_used, "images of test_loader", "those of train_loader", "the held-out images are learnt")
    in_order = _first_images_are(watched.events, watched.tensors, _unshuffled(evidence.record.seed))
    cause = "a loader of your own that does not shuffle: each epoch then has the same batches"
    require(not in_order, "images in the order of train_data", "the batches of train_loader", cause)
    watched.require_forward("model(images)")


@pytest.mark.item("training", weight=3)
def test_cross_entropy(watched: Watched) -> None:
    """What is minimised is the cross-entropy of logits and labels."""
    found = _first_loss(watched)
    if found == CROSS_ENTROPY:
        return
    forwards, backwards = watched.where("forward"), watched.where("backward")
    require(bool(forwards), "the network was not called", "the loss of its logits", "the loop is missing")
    _, logits, labels = _forward(watched, forwards[0], 0)
    if not backwards:
        # A missing backward pass has a line of its own; then the losses that were kept tell.
        kept = (watched.returned or [None])[0]
        right = kept is not None and math.isclose(kept, float(cross_entropy(logits, labels)), rel_tol=0.01)
        seen = f"no gradient, and {'no loss' if kept is None else f'a first loss of {kept:.4f}'}{_stopped(watched)}"
        cause = "the loop stops before it: see the error, and the order of the loss function's arguments"
        if not watched.problem:
            cause = "backward is missing"
        elif "does not require grad" in watched.problem:
            cause = "the loss does not depend on the logits"
        require(right, seen, "a gradient of cross-entropy", cause)
        return
    cause = found or "another loss function, or other labels"
    raise Complaint("other gradients in the first batch", "those of cross-entropy", cause)


@pytest.mark.item("training", weight=3)
def test_gradients_are_cleared(watched: Watched) -> None:
    """Each step uses the gradients of its own batch alone."""
    if not watched.where("backward") or _first_loss(watched) == CROSS_ENTROPY:
        watched.require_fresh_gradients("optimizer.zero_grad()")


@pytest.mark.item("training", weight=3)
def test_backward(watched: Watched) -> None:
    """Each batch has one backward pass."""
    watched.require_backward("backward is missing, or the loss does not depend on model")


@pytest.mark.item("training", weight=3)
def test_step(watched: Watched, evidence: Evidence, profile: Profile) -> None:
    """The optimizer changes the parameters of model once a batch, after the backward pass."""
    weights = [watched.tensors[f"{place}.weight"] for place in watched.where("forward")] + [watched.tensors["final.weight"]]
    by_hand = len(weights) > 1 and not watched.count("step") and all(not torch.equal(a, b) for a, b in pairwise(weights))
    if not by_hand:
        watched.require_step(
            "step() is missing, stands outside of the loop, or the optimizer has another network's parameters"
        )
    require_whole_passes(evidence, ["training_code"], profile.number("num_epochs", PUBLISHED_EPOCHS))


@pytest.mark.item("training", weight=3)
def test_adam(watched: Watched) -> None:
    """The optimizer is Adam with learning rate 0.001, from the first step to the last."""
    count, steps = len(watched.batches), _steps(watched)
    require(
        len(steps) >= count,
        f"no complete epoch of steps{_stopped(watched)}",
        f"{count} steps an epoch",
        "forward, backward or step is missing",
    )
    require(
        any(bool(moved.any()) for moved, _ in steps[:count]),
        "parameters that do not move",
        "steps of Adam",
        "no step, or no gradients at the step",
    )
    for number, ((moved, _), wanted) in enumerate(zip(steps, _adam([gradient for _, gradient in steps]), strict=True), 1):
        away = float((moved - wanted).abs().mean()) / RATE
        if away <= SAME_STEP:
            continue
        found, right = float(moved.norm()), float(wanted.norm())  # of a median, pixels that are always black make 0
        factor = found / right if right else 0.0
        raise Complaint(
            f"step {number} moves the parameters by {found:.2g}, {away:.1%} of the learning rate away from Adam's step",
            f"{right:.2g}, as Adam's step {number} does at learning rate {RATE}",
            _adam_cause(number, factor, _same(moved, wanted * factor)),
        )


def _steps(watched: Watched) -> list[tuple[Tensor, Tensor]]:
    """What each batch moved the weight by, and with which gradient; up to the first batch without a gradient."""
    forwards = watched.where("forward")
    weights = [watched.tensors[f"{place}.weight"] for place in forwards] + [watched.tensors["final.weight"]]
    found = []
    for number, (start, end) in enumerate(pairwise([*forwards, len(watched.events)])):
        # That of the step, if there is one, for gradients may be clipped before it.
        places = [place for event in ("step", "backward") for place in watched.where(event) if start < place < end]
        gradients = [watched.tensors[f"{place}.grad"] for place in places if f"{place}.grad" in watched.tensors]
        if not gradients:
            break
        found.append((weights[number + 1] - weights[number], gradients[0]))
    return found


def _adam_cause(step: int, factor: float, same_direction: bool) -> str:
    if same_direction and not 0.9 < factor < 1.1:
        return f"learning rate {RATE * factor:.2g}" if step == 1 else "the learning rate is changed on the way (a scheduler)"
    if step == 1:
        return "another optimizer, or other settings (weight_decay, betas)"
    return "another optimizer, other settings (weight_decay, betas), or one made anew for each batch or epoch"


def _adam(gradients: list[Tensor]) -> list[Tensor]:
    """Adam's steps with these gradients (Kingma and Ba 2015, algorithm 1)."""
    mean, square = (torch.zeros_like(gradients[0]) for _ in range(2))
    steps = []
    for number, gradient in enumerate(gradients, 1):
        mean = BETAS[0] * mean + (1 - BETAS[0]) * gradient
        square = BETAS[1] * square + (1 - BETAS[1]) * gradient.square()
        steps.append(-RATE * (mean / (1 - BETAS[0] ** number)) / ((square / (1 - BETAS[1] ** number)).sqrt() + EPSILON))
    return steps


@pytest.mark.item("training", weight=1)
def test_losses_are_kept(watched: Watched) -> None:
    """`loss_history` has the loss of each batch, in order."""
    found = watched.returned
    require(isinstance(found, list), "no list loss_history", "a list of numbers", "the name, or append is missing")
    assert isinstance(found, list)
    batches = []
    own = _own_loss(watched)
    for number, place in enumerate(watched.where("forward")):
        _, logits, labels = _forward(watched, place, number)
        batches.append(float(_losses(logits, labels)[own]))
    size = len(watched.batches)
    epochs = [sum(batches[start : start + size]) / size for start in range(0, len(batches), size)]
    # One number for each epoch, its mean, is another reading of "history", and as good a record.
    right = [len(found) == len(wanted) and _near(found, wanted, slack) for wanted, slack in ((batches, 0.01), (epochs, 0.1))]
    require(bool(batches), f"{len(found)} numbers", "one loss for each batch", "model is not trained in this cell")
    differs = [
        place for place, pair in enumerate(zip(found, batches, strict=False)) if not _near([pair[0]], [pair[1]], 0.01)
    ]
    first = min([*differs, len(found), len(batches)])
    require(
        any(right),
        f"{len(found)} numbers, {_entry(found, first)}{_stopped(watched)}",
        f"{len(batches)} numbers, {_entry(batches, first)}",
        _kept_cause(found, batches, size),
    )


def _entry(numbers: list[float | None] | list[float], place: int) -> str:
    value = numbers[place] if place < len(numbers) else None
    return f"{value:.4f} for batch {place + 1}" if value is not None else f"none for batch {place + 1}"


def _kept_cause(found: list[float | None], batches: list[float], size: int) -> str:
    sums = [sum(batches[start : start + size]) for start in range(0, len(batches), size)]
    so_far = [sum(batches[: place + 1]) / (place + 1) for place in range(len(batches))]
    kinds = {
        "the sums over the epochs, not divided by the number of batches": sums,
        "the last epoch alone: the list is emptied in each epoch": batches[-size:],
        "the last batch of each epoch: append stands outside of the loop over batches": batches[size - 1 :: size],
        "the mean of all losses so far, not the loss of the batch": so_far,
    }
    fitting = (cause for cause, kind in kinds.items() if 0 < len(kind) == len(found) and _near(found, kind, 0.01))
    return next(fitting, "nothing is appended, it is appended outside of the loop, or something else than the loss")


def _near(found: list[float | None], wanted: list[float], slack: float) -> bool:
    pairs = zip(found, wanted, strict=True)
    return all(a is not None and math.isclose(a, b, rel_tol=slack, abs_tol=1e-4) for a, b in pairs)


@pytest.mark.item("training", weight=2)
@rests_on_the_network
def test_losses_of_the_real_run(evidence: Evidence, profile: Profile) -> None:
    """The trained `model` has about the loss that its `loss_history` ends with."""
    found = evidence.document("training", "training_code").get("loss_history")
    if evidence.record.failed("training_code"):
        raise evidence.not_shown("training_code")
    require(bool(found), "no losses", "a list of losses", "the training did not run")
    assert isinstance(found, list)
    cause = "the training diverged, or something else than numbers is kept"
    require(None not in found, "entries that are no finite numbers", "finite losses", cause)
    epochs = profile.number("num_epochs", PUBLISHED_EPOCHS)
    images = profile.number("num_train_images", PUBLISHED_IMAGES)
    size = math.ceil(images / profile.number("batch_size", PUBLISHED_BATCH))
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
