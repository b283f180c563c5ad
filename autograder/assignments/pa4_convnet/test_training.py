"""Hidden tests of the real training run and of its curve, ACT16 and ACT17."""

import math
from collections.abc import Callable

import pytest

from autograder.assignment import Profile
from autograder.inside import draws
from autograder.judging import held_out
from autograder.judging.curves import Figures
from autograder.judging.effects import followed, multiplied
from autograder.judging.given import GivenLoop
from autograder.judging.optimizers import Momentum
from autograder.judging.table import table
from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

rests_on_network_and_loop = pytest.mark.needs(*(f"act{number:02d}" for number in (*range(1, 10), *range(11, 16))))
LAST_LOSS = Threshold("loss of the last epoch", below={"full": 0.03, "quick": 0.6, "proof": 2.0}, form=".4f")
PLOTTED, TRAINED, SMALL = 10, 4, 0.05  # epochs, and the factor of the loss, as in the probes


@pytest.fixture(scope="session")
def losses(evidence: Evidence) -> list[float]:
    found = evidence.document("training", "learning_rate").get("losses")
    if not found and evidence.record.failed("learning_rate"):
        raise evidence.not_shown("learning_rate")
    require(bool(found), "no losses", "the mean loss of each epoch", "ACT16 is open, or the training did not run")
    assert isinstance(found, list)
    values = [math.nan if value is None else value for value in found]
    # Losses that no trained network stands behind are a text, not evidence: they earn nothing.
    held_out.require_network_behind(
        values[-1], evidence, "training", "learning_rate", dataset="mnist", normalised=reference.normalised
    )
    return values


@pytest.mark.item("act16", weight=1)
@rests_on_network_and_loop
def test_one_loss_an_epoch(losses: list[float], profile: Profile) -> None:
    """`losses` has one number for each epoch."""
    epochs = profile.number("num_epochs", reference.EPOCHS)
    require(
        len(losses) in (epochs, reference.EPOCHS),
        f"{len(losses)} losses",
        f"{epochs}, one for each epoch",
        "a loss is appended for each batch, or the number of epochs was changed",
    )


@pytest.mark.item("act16", weight=1)
@rests_on_network_and_loop
def test_mean_of_the_epoch(evidence: Evidence, losses: list[float]) -> None:
    """Each of them is the mean loss of its epoch."""
    # Means over batches and means over images differ when the last batch is short; both are right.
    GivenLoop(evidence, "trainer", "trainer", "network").require_mean_losses()


@pytest.mark.item("act16", weight=2)
@rests_on_network_and_loop
def test_last_loss(losses: list[float], evidence: Evidence) -> None:
    """The mean loss of the last epoch is below the bound."""
    rate = evidence.document("training", "learning_rate").get("learning_rate")
    LAST_LOSS.require(
        losses[-1], evidence.record.profile, "learning rate too small or too large", f"at learning rate {rate}"
    )


@pytest.mark.item("act16", weight=1)
@rests_on_network_and_loop
@pytest.mark.usefixtures("losses")  # of the real run, which must have come to its end
def test_trained_as_given(evidence: Evidence) -> None:
    """`net` is trained once on `train_loader`, by SGD with your `learning_rate` and momentum 0.9, as the cell was given."""
    where = ("training_again", "learning_rate")
    rate = evidence.document(*where).get("learning_rate")
    require(isinstance(rate, float), f"learning_rate = {rate}", "a number", "ACT16 is open")
    assert isinstance(rate, float)
    told = f"SGD with learning rate {rate:g} and momentum {reference.MOMENTUM}"
    training = followed(
        evidence, *where, network="network", optimizer=lambda: Momentum(rate, reference.MOMENTUM), told=told,
        losses=multiplied(SMALL, "the loss", "another loss"),
    )  # fmt: skip
    training.require_passes((TRAINED, reference.EPOCHS), "trainer.train(num_epochs)")
    training.require_optimizer(told, least=3)


@pytest.fixture(scope="session")
@up_to_an_error("loss_plot")
def figures(evidence: Evidence) -> Figures:
    return Figures.of(evidence, "loss_plot", "loss_plot")


@pytest.fixture
def drawn(evidence: Evidence) -> list[float]:
    """The losses that the box drew for the plot."""
    return draws.losses(evidence.record.seed, PLOTTED)


@table(
    ("act17", 2, "The curve has one point for each loss.",
     lambda figures, drawn: figures.require_curve(drawn, f"the losses of a run of {PLOTTED} epochs")),
    ("act17", 1, "The x axis counts epochs, and all points are within the limits of the axes.",
     lambda figures, drawn: figures.require_curve(drawn, "the losses").require_epochs((1,), "one step an epoch, from 1")),
    ("act17", 1, "Both axes are labelled and the figure has a title.",
     lambda figures, drawn: figures.any_curve(drawn).require_labels("loss")),
)  # fmt: skip
@up_to_an_error("loss_plot")
def test_curve(
    figures: Figures, drawn: list[float], required: Callable[[Figures, list[float]], None], evidence: Evidence
) -> None:
    required(figures, drawn)
