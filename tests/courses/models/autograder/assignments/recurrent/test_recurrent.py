"""Hidden tests of all items: two formulas, a network judged by what it computes, and what its training made of it."""

import pytest
import torch
from torch import Tensor

from autograder.assignment import Profile
from autograder.inside import draws
from autograder.judging import held_out
from autograder.judging.diagnosis import diagnose, require_alike
from autograder.judging.thresholds import Threshold
from autograder.networks.comparison import close, require
from autograder.runs.evidence import Evidence

from . import reference

ACCURACY = Threshold("accuracy", at_least={"full": 0.97, "quick": 0.95, "proof": 0.8})
SHAPES = ((5, 3), (5, 4), (4, 3), (4, 4), (4,))
LENGTHS = (1, 5, 20)
NEW = 1_000  # sequences that decide the accuracy


def drawn(evidence: Evidence) -> list[Tensor]:
    """Inputs, hidden state, weights and bias, as the probes draw them."""
    return [draws.normal(evidence.record.seed + place, *shape) for place, shape in enumerate(SHAPES)]


def found_of(evidence: Evidence, probe: str, name: str, shape: tuple[int, ...]) -> Tensor:
    """What a function gave; a complaint where it has another shape."""
    evidence.document(probe, f"{probe}_code")
    found = evidence.tensor(probe, name)
    assert found is not None
    require(tuple(found.shape) == shape, f"shape {tuple(found.shape)}", f"shape {shape}", "stacked along another axis")
    return found


@pytest.mark.item("step")
def test_step(evidence: Evidence) -> None:
    """A step gives tanh(inputs @ w_in.T + hidden @ w_hidden.T + bias)."""
    inputs, hidden, w_in, w_hidden, bias = drawn(evidence)
    total = inputs @ w_in.T + hidden @ w_hidden.T + bias
    mistakes = {
        "no tanh": total,
        "the bias is missing": torch.tanh(total - bias),
        "the hidden state is not used": torch.tanh(inputs @ w_in.T + bias),
        "w_hidden is not transposed": torch.tanh(inputs @ w_in.T + hidden @ w_hidden + bias),
        "a sigmoid in place of tanh": torch.sigmoid(total),
    }
    require_alike(found_of(evidence, "step", "state", (5, 4)), torch.tanh(total), mistakes, "another formula")


@pytest.mark.item("unroll")
@pytest.mark.needs("step")
def test_unroll(evidence: Evidence) -> None:
    """Each step continues from the hidden state before it, and all states are returned."""
    _, *rest = drawn(evidence)
    sequences = draws.normal(evidence.record.seed, 5, 7, 3)
    wanted = reference.unroll(sequences, *rest)
    mistakes = {
        "each step starts from the first hidden state": torch.stack(
            [reference.step(inputs, *rest) for inputs in sequences.unbind(1)], 1
        ),
        "the sequence is read backwards": reference.unroll(sequences.flip(1), *rest),
        "the first hidden state is not used": reference.unroll(sequences, torch.zeros(5, 4), *rest[1:]),
    }
    found = found_of(evidence, "unroll", "states", (5, 7, 4))
    cause = diagnose(found, mistakes, "another order of the steps")
    require(close(found, wanted), "other hidden states", "those of the steps one after another", cause)


@pytest.mark.item("network")
def test_any_length(evidence: Evidence) -> None:
    """Sequences of any length give logits of shape (N, 2)."""
    shapes = evidence.document("network", "network_code")["shapes"]
    require(
        shapes == [[3, 2]] * len(LENGTHS),
        f"shapes {shapes}",
        "[3, 2] for each",
        "all states, not the last, or one length only",
    )


@pytest.mark.item("network")
def test_every_step_counts(evidence: Evidence) -> None:
    """What comes out depends on each step of the sequence."""
    evidence.document("network", "network_code")
    gradient = evidence.tensor("network", "gradient")
    assert gradient is not None
    require(tuple(gradient.shape) == (4, 9), f"shape {tuple(gradient.shape)}", "(4, 9)", "")
    without = [step + 1 for step in range(9) if not bool((gradient[:, step].abs() > 0).all())]
    require(
        not without, f"steps {without} change nothing", "all nine steps", "only some states are used, or none is carried on"
    )


@pytest.mark.item("training", weight=1)
@pytest.mark.needs("network")
def test_losses(evidence: Evidence, profile: Profile) -> None:
    """Each step has its loss."""
    found, steps = evidence.document("trained", "train_network")["losses"], profile.number("num_steps", 400)
    require(len(found) == steps, f"{len(found)} losses", f"{steps}", "a loop of another length, or not noted in each step")


@pytest.mark.item("training", weight=3)
@pytest.mark.needs("network")
def test_accuracy(evidence: Evidence) -> None:
    """Your trained network tells the last mark of sequences that it never saw."""
    sequences, labels = reference.marked(evidence.record.seed, NEW)
    found = held_out.mean(
        evidence,
        "trained",
        "train_network",
        inputs=sequences,
        targets=labels,
        figure=lambda outputs, targets: (outputs.argmax(1) == targets).float(),
    )
    ACCURACY.require(found, evidence.record.profile, "the network did not learn enough", f"of {NEW:,} sequences")
