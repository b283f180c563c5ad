"""Hidden tests of the trained networks, on real test images that never were where student code ran."""

import pytest

from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import Complaint
from autograder.runs.evidence import Evidence, NotShown

from . import judged

REGRESSION = Threshold("accuracy of the softmax regression", at_least={"full": 0.67, "quick": 0.35, "proof": 0.25})
CNN = Threshold("accuracy of CNN", at_least={"full": 0.86, "quick": 0.70, "proof": 0.2})
BEST = Threshold("accuracy of the best version", at_least={"full": 0.86, "quick": 0.70, "proof": 0.2})
GAIN = Threshold(
    "accuracy of the best version minus that of CNN", at_least={"full": 0.0001, "quick": -0.05, "proof": -0.4}, form="+.2%"
)


def _of(evidence: Evidence) -> str:
    return f"on {judged.COUNT[evidence.record.profile]:,} test images"


@pytest.mark.item("regression_accuracy")
@pytest.mark.needs("softmax_regression", "validation_epoch", "accuracy", "fit")
def test_regression(evidence: Evidence) -> None:
    """The trained softmax regression classifies enough of the real test images."""
    found = judged.accuracy(evidence, "regression", "fit_code")
    REGRESSION.require(
        found, evidence.record.profile, "the model is not trained, or with another learning rate", _of(evidence)
    )


@pytest.mark.item("cnn_accuracy")
@pytest.mark.needs("cnn_architecture", "cnn_forward", "cnn_loop")
def test_cnn(evidence: Evidence) -> None:
    """The trained CNN classifies enough of the real test images."""
    found = judged.accuracy(evidence, "cnn_trained", "train_cnn")
    CNN.require(found, evidence.record.profile, "the network is not trained as asked", _of(evidence))


@pytest.mark.item("improvement")
@pytest.mark.needs(
    "cnn_architecture", "cnn_forward", "cnn_loop", "cnn_accuracy", "v1_architecture", "v2_architecture", "v3_architecture"
)
def test_improvement(evidence: Evidence) -> None:
    """The best of the three versions beats the plain CNN on the real test images."""
    versions: dict[str, float] = {}
    reasons: list[str] = []
    for name in ("CNN_v1", "CNN_v2", "CNN_v3"):
        try:
            versions[name] = judged.accuracy(evidence, f"{name.lower()}_trained", f"train_{name.lower()}")
        except (Complaint, NotShown) as reason:
            reasons.append(f"{name}: {reason}")
    if not versions:
        raise Complaint("; ".join(reasons)[:600], "at least one trained version", "see their layers, and train")
    best = max(versions, key=lambda name: versions[name])
    profile, found = evidence.record.profile, versions[best]
    BEST.require(found, profile, f"{best} is not trained as asked", _of(evidence))
    plain = judged.accuracy(evidence, "cnn_trained", "train_cnn")
    cause = f"{best} {found:.2%}, CNN {plain:.2%}: an error in the layers, or in the training"
    GAIN.require(found - plain, profile, cause, _of(evidence))
