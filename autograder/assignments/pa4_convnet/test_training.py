"""Hidden tests of the real training run and of its curve, ACT16 and ACT17."""

import math
from typing import Any

import pytest

from autograder.assignment import Profile
from autograder.inside import draws
from autograder.judging import held_out
from autograder.judging.curves import Figures
from autograder.judging.given import GivenLoop
from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import require, up_to_an_error
from autograder.runs.evidence import Evidence

from . import reference

rests_on_network_and_loop = pytest.mark.needs(*(f"act{number:02d}" for number in (*range(1, 10), *range(11, 16))))
LAST_LOSS = Threshold("loss of the last epoch", below={"full": 0.03, "quick": 0.6, "proof": 2.0}, form=".4f")
PLOTTED = 10


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
def test_trained_as_given(losses: list[float], evidence: Evidence) -> None:
    """`net` is trained once on `train_loader`, by SGD with your `learning_rate` and momentum 0.9, as the cell was given."""
    found = evidence.record.found.get("training_calls")
    document = found.document if found is not None else {}
    # What was not seen is judged by what it led to, in the other tests; trials with other networks are no mistake.
    events = [event for event in document.get("events", []) if event["kept"]]
    for event in events:
        _require_given_optimizer(event, document["learning_rate"])
        require(
            event["loader"] in ("train_loader", None),
            f"trained on {event['loader']}",
            "train_loader",
            "the test images were learnt, or a loader was made anew",
        )
    epochs = [event["epochs"] for event in events]
    trained = sum(number or 0 for number in epochs)
    require(
        not events or trained == reference.EPOCHS or (document["error"] is not None and trained < reference.EPOCHS),
        f"{len(events)} calls of train on net, of {' and '.join(f'{number:g}' for number in epochs if number)} epochs",
        f"{reference.EPOCHS} epochs for num_epochs = {reference.EPOCHS}",
        "train was called twice on the same network, or for another number of epochs",
    )


def _require_given_optimizer(event: dict[str, Any], rate: float | None) -> None:
    if event["kind"] is None:
        return
    require(event["kind"] == "SGD", event["kind"], "SGD", "the given optimizer was replaced")
    require(
        event["own"],
        "an optimizer without some of net's parameters",
        "net.parameters()",
        "those of another network, or of one layer",
    )
    require(
        rate is None or all(math.isclose(one, rate, rel_tol=1e-6) for one in event["rates"]),
        f"an optimizer with learning rate {' and '.join(f'{one:g}' for one in event['rates'])}, learning_rate = {rate}",
        "lr=learning_rate",
        "another number stands at the optimizer",
    )
    wanted = dict.fromkeys(event["settings"], 0.0) | {"momentum": reference.MOMENTUM}
    other = [f"{name}={value}" for name, value in event["settings"].items() if value is None or value != wanted[name]]
    require(
        not other, f"SGD with {', '.join(other)}", f"momentum={reference.MOMENTUM} alone", "the given settings were changed"
    )


@pytest.fixture(scope="session")
@up_to_an_error("loss_plot")
def figures(evidence: Evidence) -> Figures:
    return Figures.of(evidence, "loss_plot", "loss_plot")


@pytest.fixture
def drawn(evidence: Evidence) -> list[float]:
    """The losses that the box drew for the plot."""
    return draws.losses(evidence.record.seed, PLOTTED)


@pytest.mark.item("act17", weight=2)
@up_to_an_error("loss_plot")
def test_all_losses_are_drawn(figures: Figures, drawn: list[float], evidence: Evidence) -> None:
    """The curve has one point for each loss."""
    figures.require_curve(drawn, f"the losses of a run of {PLOTTED} epochs")


@pytest.mark.item("act17", weight=1)
@up_to_an_error("loss_plot")
def test_epochs_are_the_x_axis(figures: Figures, drawn: list[float], evidence: Evidence) -> None:
    """The x axis counts epochs, and all points are within the limits of the axes."""
    figures.require_curve(drawn, "the losses").require_epochs((1, 0), "one step an epoch, from 1 (or 0)")


@pytest.mark.item("act17", weight=1)
@up_to_an_error("loss_plot")
def test_labels(figures: Figures, drawn: list[float], evidence: Evidence) -> None:
    """Both axes are labelled and the figure has a title."""
    figures.any_curve(drawn).require_labels("loss")
