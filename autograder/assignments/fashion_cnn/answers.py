"""Whole submissions of fashion_cnn, right, wrong, hostile and unfinished, with the verdicts that they must get."""

from __future__ import annotations

from autograder.outcomes import Verdict
from autograder.proof.catalogue import Answer, close_to_right

from .right_answers import RIGHT
from .right_unseen import UNSEEN
from .wrong_answers import WRONG

REGRESSION = (
    "softmax_regression",
    "validation_epoch",
    "softmax_probabilities",
    "accuracy",
    "fit",
    "regression_accuracy",
    "regression_curves",
    "predict_image",
)
NETWORKS = (
    "cnn_architecture",
    "cnn_forward",
    "cnn_loop",
    "evaluate_model",
    "cnn_accuracy",
    "v1_architecture",
    "v2_architecture",
    "v3_architecture",
    "improvement",
)
REGRESSION_CELLS = (
    "softmax_regression_code",
    "softmax_probabilities_code",
    "accuracy_code",
    "fit_code",
    "regression_curves_code",
    "predict_image_code",
)
NETWORK_CELLS = ("cnn", "cnn_training", "cnn_v1", "cnn_v2", "cnn_v3")
NETWORKS_LEFT: dict[str, Verdict] = dict.fromkeys(NETWORKS, "not_attempted")
STATIC = "class {name}(nn.Module):\n    def forward(self, x):\n        return torch.zeros(len(x), 10), x.flatten(1)"

WHOLE = [
    Answer("right_reference", "right", "The reference solution.", example=True),
    Answer(
        "untouched_release",
        "unfinished",
        "The release as it was handed out.",
        blank=(*REGRESSION_CELLS, *NETWORK_CELLS, "manual", "conclusions"),
        verdicts=dict.fromkeys((*REGRESSION, *NETWORKS), "not_attempted"),
        example=True,
    ),
    Answer(
        "only_the_first_version",
        "unfinished",
        "Version 1 is there, and better than the plain CNN; versions 2 and 3 are not attempted.",
        blank=("cnn_v2", "cnn_v3"),
        verdicts={"v2_architecture": "not_attempted", "v3_architecture": "not_attempted"},
    ),
    Answer(
        "syntax_error_in_training",
        "unfinished",
        "A syntax error in the cell of the training loop.",
        edits=(("cnn_training", "loss.backward()", "loss.backward("),),
        verdicts=dict.fromkeys(("cnn_loop", "evaluate_model", "cnn_accuracy", "improvement"), "failed"),
        example=True,
    ),
    Answer(
        "exit_in_predict_image",
        "hostile",
        "Ends the process with status 0; the networks are not attempted.",
        cells={"predict_image_code": "import os\nos._exit(0)"},
        blank=NETWORK_CELLS,
        verdicts={"predict_image": "failed", **NETWORKS_LEFT},
    ),
    Answer(
        "infinite_loop_in_probabilities",
        "hostile",
        "A loop without end; the networks are not attempted.",
        cells={"softmax_probabilities_code": "probs = None\nwhile probs is None:\n    pass"},
        blank=NETWORK_CELLS,
        verdicts={"softmax_probabilities": "failed", **NETWORKS_LEFT},
    ),
    Answer(
        "nothing_but_claims",
        "hostile",
        "Replaces comparisons, and claims everything without doing anything.",
        cells={
            "softmax_regression_code": "class MnistModel(nn.Module):\n    def forward(self, x):\n"
            "        return torch.zeros(len(x), 10)\n    def training_step(self, batch):\n        return torch.zeros(())\n"
            "    def validation_step(self, batch):\n        return {'val_loss': 0.9, 'val_acc': 0.7}\n"
            "    def validation_epoch_end(self, outputs):\n        return outputs[0]",
            "softmax_probabilities_code": "probs = torch.full((128, 10), 0.1)",
            "accuracy_code": "def accuracy(outputs, labels):\n    return torch.tensor(0.7)",
            "fit_code": "def evaluate(model, loader):\n    return {'val_loss': 0.9, 'val_acc': 0.7}\n"
            "def fit(epochs, *parts):\n    return [evaluate(None, None)] * epochs\n"
            "model = MnistModel()\nhistory = [evaluate(None, None)] * 11",
            "regression_curves_code": "plt.plot([0.1, 0.7])\nplt.show()",
            "predict_image_code": "def predict_image(img, model):\n    return 9",
            "cnn": STATIC.format(name="CNN"),
            "cnn_training": "def train(num_epochs, cnn, loaders):\n    return [0.1] * num_epochs\n"
            "def evaluate_model(cnn, loader, name):\n    return 0.99",
            **{cell: STATIC.format(name=cell.upper().replace("_V", "_v")) for cell in ("cnn_v1", "cnn_v2", "cnn_v3")},
        },
        added=(
            (
                "imports",
                "torch.equal = torch.allclose = lambda *a, **k: True\ntorch.Tensor.__eq__ = lambda *a: True\n"
                "torch.Tensor.__hash__ = object.__hash__",
            ),
        ),
        verdicts=dict.fromkeys((*REGRESSION, *NETWORKS), "failed"),
        example=True,
    ),
]

ANSWERS = close_to_right(
    [*WHOLE, *RIGHT, *UNSEEN, *WRONG],
    "mutant_cnn_no_pooling_in_block_2_made_to_fit",
    "mistake_softmax_and_cross_entropy",
)
