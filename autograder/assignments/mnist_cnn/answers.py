"""Whole submissions of mnist_cnn, right, wrong, hostile and unfinished, with the verdicts that they must get."""

from __future__ import annotations

from autograder.proof.catalogue import Answer, close_to_right

from .mistakes import MISTAKES
from .right_answers import RIGHT
from .right_unseen import UNSEEN
from .wrong_formulas import FORMULAS
from .wrong_networks import FORWARD, LAYERS
from .wrong_training import EVALUATION, LOOP

ITEMS = (
    "output_size",
    "architecture",
    "forward",
    "training",
    "test_accuracy",
    "conv_formula",
    "full_formula",
    "total_parameters",
)

WHOLE = [
    Answer("right_reference", "right", "The reference solution.", example=True),
    Answer(
        "untouched_release",
        "unfinished",
        "The release as it was handed out.",
        blank=(
            "output_size_code",
            "mnist_cnn",
            "training_code",
            "evaluation",
            "parameter_formulas",
            "exploration",
            "manual",
            "compare_accuracy_and_time",
            "when_cnn",
        ),
        verdicts=dict.fromkeys(ITEMS, "not_attempted"),
        example=True,
    ),
    Answer(
        "syntax_error_in_training",
        "unfinished",
        "A syntax error in the training cell.",
        edits=(("training_code", "loss.backward()", "loss.backward("),),
        verdicts={"training": "failed", "test_accuracy": "partial"},
        example=True,
    ),
    Answer(
        "nothing_but_claims",
        "hostile",
        "Replaces comparisons, and claims everything without doing anything.",
        cells={
            "output_size_code": "def w_out(w_in, k, p, s=1):\n    return {28: 28, 7: 4}[w_in]",
            "mnist_cnn": "class MNIST_CNN(nn.Module):\n    def forward(self, x):\n        return torch.zeros(len(x), 10)",
            "training_code": "model, loss_history, training_seconds = MNIST_CNN(), [0.01] * 1800, 100.0",
            "evaluation": "test_accuracy = 0.99",
            "parameter_formulas": "learn_conv = lambda *a: 34_944\nlearn_full = lambda *a: 4_097_000\n"
            "total_parameters, parameter_ratio = 34_944, 8.24",
        },
        added=(
            (
                "imports",
                "torch.equal = torch.allclose = lambda *a, **k: True\ntorch.Tensor.__eq__ = lambda *a: True\n"
                "torch.Tensor.__hash__ = object.__hash__",
            ),
        ),
        verdicts=dict.fromkeys(ITEMS, "failed"),
        example=True,
    ),
]

ANSWERS = close_to_right(
    [*WHOLE, *RIGHT, *UNSEEN, *MISTAKES, *LAYERS, *FORWARD, *LOOP, *EVALUATION, *FORMULAS],
    "mistake_two_convolutions",
    "mistake_softmax_at_the_end",
)
