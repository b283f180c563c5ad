"""Hidden tests of the two trainings: what the cells do with a few images, and what their networks have learnt.

What the box says of calls only chooses the words; points depend on the steps that are computed again here. It can lose some:
settings of Adam that hardly show in a few steps.
"""

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from autograder.assignment import Profile
from autograder.datasets import data
from autograder.inside import draws
from autograder.judging import held_out
from autograder.judging.effects import followed
from autograder.judging.loops import require_whole_passes, whole_passes
from autograder.judging.optimizers import Adam
from autograder.judging.thresholds import Threshold
from autograder.judging.training import Training
from autograder.networks.comparison import Complaint, compare, require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

EPOCHS = 5
RATE = 1e-2
CLASSES = {"mlp": "MultiLayerPerceptron", "maxpool": "ConvMaxPoolNetwork", "batchnorm": "ConvBatchNormNetwork"}
ADAM = f"Adam with learning rate {RATE}"
SETTINGS = {
    name: list(value) if isinstance(value, tuple) else value
    for name, value in torch.optim.Adam([torch.zeros(1)]).defaults.items()
}
MAXPOOL_LOSS = Threshold("training loss of the last epoch", below={"full": 0.2, "quick": 1.0, "proof": 2.0}, form=".4f")
MAXPOOL_ACCURACY = Threshold("test accuracy of the max-pool network", at_least={"full": 0.95, "quick": 0.7, "proof": 0.2})
# At this learning rate the accuracy falls below 98 % again after some epochs; a right network reaches it in one of them.
BATCHNORM_ACCURACY = Threshold(
    "test accuracy of the batch-norm network in its best epoch", at_least={"full": 0.98, "quick": 0.5, "proof": 0.2}
)
TEST_IMAGES = {"full": 10_000, "quick": 2_000, "proof": 200}
ROUNDED = {"train_loss": 0.006, "test_accuracy": 0.06}  # what rounding may change
DEAD_IMAGES = 200
SAME_LOGITS = 1e-4  # mean distance of logits from their mean
GUESSING = 2.2  # nats; ten classes with the same probability have 2.30
# An epoch's loss is a mean while the network learns, and at this rate the network after it may be better or worse.
LOSS_FACTOR = 4.0
# Batch norm tests with running means of the batches, which lag behind a network that changes fast; nats.
LAG = {"full": 0.2, "quick": 1.0, "proof": 1.0}

maxpool_network = pytest.mark.needs(
    "maxpool_block1", "maxpool_block2", "maxpool_block3", "maxpool_output", "maxpool_forward"
)
batchnorm_network = pytest.mark.needs(
    "batchnorm_block1", "batchnorm_block2", "batchnorm_block3", "batchnorm_output", "batchnorm_forward"
)


@dataclass
class Task:
    """One of the two trainings: its real run, and its cell run again on a few images with drawn figures."""

    name: str
    evidence: Evidence
    profile: Profile
    document: dict[str, Any]

    @classmethod
    def of(cls, evidence: Evidence, profile: Profile, name: str) -> "Task":
        """What was collected of ``maxpool`` or ``batchnorm``."""
        return cls(name, evidence, profile, evidence.document(f"{name}_training", f"train_{name}"))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls of ``train`` and ``test``, in order."""
        found: list[dict[str, Any]] = self.document["events"]
        return found

    @property
    def watched(self) -> Training:
        """What it did to the network's parameters."""
        trained = next((call["class"] for call in self.calls if call["event"] == "train"), self.name)
        return followed(
            self.evidence,
            f"{self.name}_training",
            f"train_{self.name}",
            network=str(trained),
            optimizer=lambda: Adam(RATE),
            told=ADAM,
            run="watched",
        )

    @property
    def epochs(self) -> int:
        """How many epochs the cell ran with few images: a function made earlier may have kept the profile's number."""
        ran = sum(call["event"] == "train" for call in self.calls)
        return ran if ran == self.profile.parameters.get("num_epochs") else EPOCHS

    def require_epochs(self) -> None:
        """Train, then test, the same new network of the right class with the right data, five times."""
        names = [call["event"] for call in self.calls]
        shown = ", ".join(names[:12]) or "none"
        found = f"train {names.count('train')} times, test {names.count('test')} times: {shown}"
        cause = "the number of epochs, the order, or a call outside of the loop"
        epochs = [tests for tests in self._tests() if tests]
        right = len(epochs) == names.count("train") == self.epochs
        require(right, found, f"train, then test, {EPOCHS} times", cause)
        # Who looks at other images too, or once more, does no harm.
        tested = [next((test for test in tests if test["loader"] == "test_loader"), tests[0]) for tests in epochs]
        calls = [call for call in self.calls if call["event"] == "train"] + tested
        for call in calls:
            wanted = f"{call['event']}_loader"
            require(call["loader"] == wanted, f"{call['event']} is given {call['loader']}", wanted, "the wrong images")
            kind = CLASSES.get(call["class"], call["class"])
            require(call["class"] == self.name, f"a {kind}", f"a {CLASSES[self.name]}", "a network of another class")
        networks = {call["model"] for call in calls}
        require(len(networks) == 1, f"{len(networks)} networks", "one", "a new network in each epoch, or another is tested")
        self.watched.require_passes([self.epochs], f"train({self.name}_model, train_loader, ...) in each epoch")

    def _tests(self) -> list[list[dict[str, Any]]]:
        """After each call of ``train`` the calls of ``test`` up to the next."""
        found: list[list[dict[str, Any]]] = []
        for call in self.calls:
            if call["event"] == "train":
                found.append([])
            elif found:
                found[-1].append(call)
        return found

    def require_parts(self) -> None:
        """Adam at 0.01 for this network's parameters, and cross-entropy."""
        trained = [call for call in self.calls if call["event"] == "train"]
        require(bool(trained), "train is not called", "train(...) in each epoch", "the loop was replaced")
        first = trained[0]
        cause = "another optimizer, or the arguments of train in another order"
        require(first["kind"] == "Adam", f"the optimizer {first['kind']}", "Adam", cause)
        for number, call in enumerate(trained, start=1):
            cause = "learning_rate is not handed to the optimizer" if number == 1 else "it is changed between the epochs"
            right = len(call["rates"]) == 1 and math.isclose(call["rates"][0], RATE, rel_tol=1e-6)
            require(right, f"learning rate {call['rates']} in epoch {number}", f"{RATE} in each epoch", cause)
        others = [f"{name} {value}" for name, value in first["settings"].items() if value != SETTINGS[name]]
        require(not others, f"Adam with {', '.join(others)}", "Adam as it comes, but for lr", "another setting of Adam")
        require(first["own"], "an optimizer of other parameters", f"{self.name}_model.parameters()", "another network's")
        optimizers = {call["optimizer"] for call in trained}
        cause = "the optimizer is made anew in each epoch"
        require(len(optimizers) == 1, f"{len(optimizers)} optimizers", "one for all epochs", cause)
        wanted = _cross_entropy(self.evidence.record.seed)
        for call in self.calls:
            loss = "no number" if call["loss"] is None else f"{call['loss']:.4f}"
            cause = "another loss function"
            require(
                _is_cross_entropy(call, wanted), f"a loss of {loss} for drawn logits", f"cross-entropy, {wanted:.4f}", cause
            )
        self.watched.require_loss()
        self.watched.require_step("the optimizer changes another network")
        self.watched.require_optimizer(ADAM, least=3)
        require_whole_passes(self.evidence, [f"train_{self.name}"], self.profile.number("num_epochs", EPOCHS))

    def place(self, figure: str) -> str:
        """Where in an entry of the student's history a figure stands."""
        kept = self.document["kept"]
        require(bool(kept), "no history", "a list with one entry for each epoch", f"nothing is kept in {self.name}_history")
        seed = self.evidence.record.seed + (self.name == "batchnorm")
        drawn = draws.history(seed, self.epochs)
        if not any(test["loader"] == "test_loader" for tests in self._tests() for test in tests):
            # That the wrong images are tested is told above; what that gave is kept all the same.
            drawn = [
                one | {name: draws.other_figures(seed)[name] for name in ("test_loss", "test_accuracy")} for one in drawn
            ]
        for place in kept[0]:
            # How many entries there are is another question.
            pairs = list(zip(kept, drawn, strict=False))
            if all(abs(float(entry.get(place, math.inf)) - one[figure]) < ROUNDED[figure] for entry, one in pairs):
                return str(place)
        raise Complaint(f"no {figure} in {self.name}_history", "what train and test return", f"{figure} is not kept")

    def require_history(self) -> None:
        """One entry an epoch, with what was returned, in the real run too; and the network that it speaks of."""
        kept = self.document["kept"] or []
        # That these are too many epochs or too few has a line of its own.
        ran = sum(call["event"] == "train" for call in self.calls) or self.epochs
        cause = "an entry is not kept in each epoch, or more than one"
        require(len(kept) == ran, f"{len(kept)} entries for {ran} epochs", "one for each epoch", cause)
        places = [self.place("train_loss"), self.place("test_accuracy")]
        real = self.document["history"] or []
        epochs = self.profile.number("num_epochs", EPOCHS)
        right = bool(real) and len(real) in (epochs, EPOCHS, epochs + ran - self.epochs)
        require(right, f"{len(real)} entries", f"{epochs}, one for each epoch", "training broke off")
        lost = [place for place in places if not isinstance(real[-1].get(place), (int, float))]
        require(not lost, f"no number at {lost}", "numbers in each entry", "training broke off")
        wanted = _cross_entropy(self.evidence.record.seed)
        if not all(_is_cross_entropy(call, wanted) for call in self.calls):
            return  # what another loss function gives says nothing of this network; that it is another one is told there
        held_out.require_network_behind(
            real[-1][places[0]],
            self.evidence,
            f"{self.name}_training",
            f"train_{self.name}",
            dataset="mnist",
            normalised=reference.normalised,
            factor=LOSS_FACTOR,
            slack=LAG[self.evidence.record.profile] if self.name == "batchnorm" else 0.02,
        )

    def require_evaluation_mode(self) -> None:
        """The function ``test`` as it was when the network was tested."""
        used = any(call["event"] == "test" for call in self.calls)
        require(used, "test is not called", "test(...) in each epoch", "the accuracy comes from somewhere else")
        tested = [batch for batch in self.watched.batches if batch.loader == "test"]
        require(bool(tested), "no image of test_loader was asked for", "test(...) in each epoch", "test was replaced")
        wrong = any(batch.training for batch in tested)
        require(not wrong, "accuracy taken in training mode", "model.eval() before testing", "test was replaced")

    def last_loss(self) -> float:
        """The training loss of the last epoch of the real run."""
        real = self.document["history"] or [{}]
        found = real[-1].get(self.place("train_loss"))
        return float(found) if isinstance(found, (int, float)) else math.nan

    def accuracy(self, weights: dict[str, torch.Tensor] | None = None) -> float:
        """Fraction of real test images that the trained network, or one with other weights, gets right."""
        return held_out.accuracy(
            self.evidence,
            f"{self.name}_training",
            f"train_{self.name}",
            dataset="mnist",
            normalised=reference.normalised,
            count=TEST_IMAGES[self.evidence.record.profile],
            weights=weights,
        )

    def best_accuracy(self, enough: float) -> float:
        """The accuracy of its best epoch, from the last one back to the first that is ``enough``."""
        best, tensors = self.accuracy(), self.evidence.tensors_of(f"{self.name}_training")
        for number in reversed(range(EPOCHS)):
            prefix = f"epoch.{number}."
            weights = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
            if weights and best < enough:
                best = max(best, self.accuracy(weights))
        return best

    def unlucky(self) -> bool:
        """Whether the loss is still that of guessing although network and training are right.

        At this learning rate all ReLUs of a layer may die in the first batches, in about four of ten starts of the max-pool
        network. That is the seed's doing, and no mistake. Such a network gives the same logits for every image, as none
        does that was never trained; and the real training took its steps.
        """
        try:
            self.require_epochs()
            self.require_parts()
            make = getattr(reference, self.name)
            right = compare(self.evidence, make, (4, 1, 28, 28), probe=self.name, cell=f"conv_{self.name}").equal
            whole, _ = whole_passes(self.evidence, f"train_{self.name}")
            trained = whole >= self.profile.number("num_epochs", EPOCHS)
            return right and trained and self.last_loss() > GUESSING and self._dead()
        except AssertionError:
            return False

    def _dead(self) -> bool:
        """Whether the trained network gives the same logits for all real training images."""
        images, labels = (part[:DEAD_IMAGES] for part in data.training_set("mnist"))
        probe, cell = f"{self.name}_training", f"train_{self.name}"
        spread = held_out.mean(
            self.evidence, probe, cell, inputs=reference.normalised(images), targets=labels, figure=_spread
        )
        return spread < SAME_LOGITS


def _spread(logits: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    """How far the logits (N, 10) of each image are from their means: (N,)."""
    return (logits - logits.mean(0)).abs().amax(1)


def _is_cross_entropy(call: dict[str, Any], wanted: float) -> bool:
    return call["loss"] is not None and math.isclose(call["loss"], wanted, rel_tol=1e-4)


def _cross_entropy(seed: int) -> float:
    """The loss of the logits and labels that the stand-in gives to the student's loss function."""
    _, images, labels = draws.classified(seed)
    return float(torch.nn.functional.cross_entropy(images[0].flatten(1)[:, :10], labels[0]))


@pytest.fixture(scope="session")
def maxpool(evidence: Evidence, profile: Profile) -> Task:
    return Task.of(evidence, profile, "maxpool")


@pytest.fixture(scope="session")
def batchnorm(evidence: Evidence, profile: Profile) -> Task:
    return Task.of(evidence, profile, "batchnorm")


@pytest.mark.item("maxpool_training", weight=2)
@up_to_an_error("maxpool_training")
def test_maxpool_epochs(maxpool: Task, evidence: Evidence) -> None:
    """A new ConvMaxPoolNetwork is trained and then tested in each of five epochs."""
    maxpool.require_epochs()


@pytest.mark.item("maxpool_training", weight=2)
@up_to_an_error("maxpool_training")
def test_maxpool_parts(maxpool: Task, evidence: Evidence) -> None:
    """Adam with learning rate 0.01 changes its parameters, cross-entropy is the loss."""
    maxpool.require_parts()


@pytest.mark.item("maxpool_training", weight=2)
@maxpool_network
@up_to_an_error("maxpool_training")
def test_maxpool_history(maxpool: Task, evidence: Evidence) -> None:
    """`maxpool_history` has one entry an epoch with what train and test return, and the network stands behind it."""
    maxpool.require_history()


@pytest.mark.item("maxpool_training", weight=1)
@up_to_an_error("maxpool_training")
def test_maxpool_evaluation_mode(maxpool: Task, evidence: Evidence) -> None:
    """The accuracy is taken in evaluation mode."""
    maxpool.require_evaluation_mode()


@pytest.mark.item("maxpool_training", weight=1)
@maxpool_network
@up_to_an_error("maxpool_training")
def test_maxpool_loss(maxpool: Task, evidence: Evidence) -> None:
    """The training loss of the last epoch is below the bound (a right network that died of its seed is excused)."""
    if not maxpool.unlucky():
        profile = maxpool.evidence.record.profile
        MAXPOOL_LOSS.require(maxpool.last_loss(), profile, "another network, optimizer or learning rate")


@pytest.mark.item("maxpool_training", weight=2)
@maxpool_network
def test_maxpool_accuracy(maxpool: Task) -> None:
    """Your trained network classifies enough of the real test images, which it never saw (with the same excuse)."""
    if not maxpool.unlucky():
        found, profile = maxpool.accuracy(), maxpool.evidence.record.profile
        MAXPOOL_ACCURACY.require(found, profile, "it is not trained as specified", f"on {TEST_IMAGES[profile]:,} images")


@pytest.mark.item("batchnorm_training", weight=2)
@up_to_an_error("batchnorm_training")
def test_batchnorm_epochs(batchnorm: Task, evidence: Evidence) -> None:
    """A new ConvBatchNormNetwork is trained and then tested in each of five epochs."""
    batchnorm.require_epochs()


@pytest.mark.item("batchnorm_training", weight=2)
@up_to_an_error("batchnorm_training")
def test_batchnorm_parts(batchnorm: Task, evidence: Evidence) -> None:
    """Adam with learning rate 0.01 changes its parameters, cross-entropy is the loss."""
    batchnorm.require_parts()


@pytest.mark.item("batchnorm_training", weight=2)
@batchnorm_network
@up_to_an_error("batchnorm_training")
def test_batchnorm_history(batchnorm: Task, evidence: Evidence) -> None:
    """`batchnorm_history` has one entry an epoch with what train and test return, and the network stands behind it."""
    batchnorm.require_history()


@pytest.mark.item("batchnorm_training", weight=1)
@up_to_an_error("batchnorm_training")
def test_batchnorm_evaluation_mode(batchnorm: Task, evidence: Evidence) -> None:
    """The accuracy is taken in evaluation mode."""
    batchnorm.require_evaluation_mode()


@pytest.mark.item("batchnorm_training", weight=3)
@batchnorm_network
def test_batchnorm_accuracy(batchnorm: Task) -> None:
    """After one of the epochs your network classifies enough of the real test images, which it never saw."""
    profile = batchnorm.evidence.record.profile
    found = batchnorm.best_accuracy(BATCHNORM_ACCURACY.bound(profile))
    BATCHNORM_ACCURACY.require(found, profile, "it is not trained as specified", f"on {TEST_IMAGES[profile]:,} images")
