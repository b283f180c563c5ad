"""Hidden tests of the training loop and of what it made of the network: the item training."""

import pytest
from torch import Tensor

from autograder.datasets import data
from autograder.judging import held_out
from autograder.judging.diagnosis import alike, diagnose
from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import close, require
from autograder.runs.evidence import Evidence

from . import reference

ERROR = Threshold("mean squared error", below={"full": 0.03, "quick": 0.05, "proof": 0.1}, form=".4f")
TEST_IMAGES = {"full": 2_000, "quick": 1_000, "proof": 500}


@pytest.mark.item("training", weight=2)
def test_weights(evidence: Evidence) -> None:
    """After two epochs on a small problem, a model has the weights that gradient descent gives it."""
    evidence.document("training_loop", "train_code")
    seed, found = evidence.record.seed, evidence.tensor("training_loop", "weight")
    wanted, _ = reference.after_training(seed)
    mistakes = {
        "no gradient was computed, or the optimizer took no step": reference.after_training(seed, epochs=0)[0],
        "gradients are never cleared": reference.after_training(seed, cleared=False)[0],
        "one epoch only": reference.after_training(seed, epochs=1)[0],
    }
    assert found is not None
    cause = diagnose(found, mistakes, "another loss, or steps elsewhere")
    require(close(found, wanted), "other weights", "those of gradient descent on the mean squared error", cause)


@pytest.mark.item("training", weight=1)
def test_losses(evidence: Evidence) -> None:
    """It returns the mean loss of each epoch."""
    found = evidence.document("training_loop", "train_code")["losses"]
    _, wanted = reference.after_training(evidence.record.seed)
    require(len(found) == len(wanted), f"{len(found)} losses", f"{len(wanted)}, one for each epoch", "appended elsewhere")
    summed = {"the sum over the batches, not the mean": [reference.BATCHES * loss for loss in wanted]}
    require(alike(found, wanted), f"losses {found}", f"{wanted}", diagnose(found, summed, "a mean over something else"))


def squared_error(outputs: Tensor, pictures: Tensor) -> Tensor:
    """Mean squared error of each picture, (N,)."""
    return ((outputs - pictures) ** 2).flatten(1).mean(1)


@pytest.mark.item("training", weight=1)
@pytest.mark.needs("layers", "forward")
def test_error(evidence: Evidence) -> None:
    """Your trained network draws pictures that it never saw."""
    profile = evidence.record.profile
    pictures = data.test_set("mnist")[0][: TEST_IMAGES[profile]].unsqueeze(1).float() / 255
    found = held_out.mean(evidence, "trained", "train_network", inputs=pictures, targets=pictures, figure=squared_error)
    ERROR.require(found, profile, "the network did not learn enough; see the other lines", f"of {len(pictures):,} pictures")
