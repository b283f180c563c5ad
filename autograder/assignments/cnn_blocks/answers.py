"""Whole submissions of cnn_blocks, right, wrong, hostile and unfinished, with the verdicts that they must get."""

from __future__ import annotations

import re

from autograder.outcomes import Verdict
from autograder.proof.catalogue import Answer, close_to_right

from .right_answers import RIGHT
from .right_networks import NETWORKS
from .right_unseen import UNSEEN
from .wrong_answers import BLOCKS, FLATTEN, FORWARD, MAX3, NORM1, NORM2, NORM3, TRAINING
from .wrong_tables import COUNTS, TABLE

MAXPOOL = [f"maxpool_{part}" for part in ("block1", "block2", "block3", "output", "forward")]
BATCHNORM = [f"batchnorm_{part}" for part in ("block1", "block2", "block3", "output", "forward", "single_image")]
REST = ["maxpool_training", "batchnorm_training", "parameter_counts", "results_table"]
OLD, NEW = re.compile(r"nn.ReLU\(\), (nn.BatchNorm2d\(\d+\))"), r"\1, nn.ReLU()"


TEST_IN_TRAINING_MODE = """def test(model, test_loader, loss_fn, epoch):
    total, correct, seen = 0.0, 0, 0
    for images, labels in test_loader:
        logits = model(images.to(device))
        total += loss_fn(logits, labels.to(device)).item() * len(labels)
        correct += (logits.argmax(1).cpu() == labels).sum().item()
        seen += len(labels)
    return {"test_loss": total / seen, "test_accuracy": 100 * correct / seen}
"""

OWN_ACCURACY = """correct = 0
    for images, labels in test_loader:
        correct += (batchnorm_model(images.to(device)).argmax(1).cpu() == labels).sum().item()
    tested = {"test_loss": 0.0, "test_accuracy": 100 * correct / len(test_loader.dataset)}
"""

FROM_ANOTHER_RUN = """results = [
    {"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16, "epoch_5_test_accuracy": 95.38,
     "parameters": 79510},
    {"model": "ConvMaxPoolNetwork", "epoch_1_train_loss": 0.24, "epoch_5_train_loss": 0.11, "epoch_5_test_accuracy": 97.02,
     "parameters": 85526},
    {"model": "ConvBatchNormNetwork", "epoch_1_train_loss": 0.17, "epoch_5_train_loss": 0.03, "epoch_5_test_accuracy": 98.70,
     "parameters": 77918},
]
pd.DataFrame(results)
"""

EMPTY = """keys = ["epoch_1_train_loss", "epoch_5_train_loss", "epoch_5_test_accuracy", "parameters"]
results = [
    {"model": name} | dict.fromkeys(keys) for name in ("MultiLayerPerceptron", "ConvMaxPoolNetwork", "ConvBatchNormNetwork")
]
pd.DataFrame(results)
"""

MISTAKES = [
    Answer(
        "mistake_third_block_taken_for_3x3",
        "mistake",
        "Takes the third batch-norm block's 4 x 4 for 3 x 3 and flattens 900 values in place of averaging.",
        edits=(
            ("conv_batchnorm", "self.pool = nn.AdaptiveAvgPool2d(1)", "self.pool = nn.Identity()"),
            ("conv_batchnorm", "nn.Linear(100, 10)", "nn.Linear(100 * 3 * 3, 10)"),
        ),
        fails=("batchnorm_output",),
    ),
    Answer(
        "mistake_average_over_3x3",
        "mistake",
        "Averages over 3 x 3 of the 4 x 4 values, which runs, and leaves a row and a column out.",
        edits=(("conv_batchnorm", "nn.AdaptiveAvgPool2d(1)", "nn.AvgPool2d(3)"),),
        fails=("batchnorm_output",),
    ),
    Answer(
        "mistake_bare_squeeze",
        "mistake",
        "squeeze without a dimension loses the batch of one image.",
        edits=(("conv_batchnorm", FLATTEN, "x = x.squeeze()"),),
        fails=("batchnorm_single_image",),
    ),
    Answer(
        "mistake_blocks_all_numbered_1",
        "mistake",
        "Comments call all three blocks the first.",
        edits=(
            ("conv_maxpool", "# -> N x 64 x 7 x 7", "# block 1"),
            ("conv_maxpool", "# -> N x 100 x 3 x 3", "# block 1"),
        ),
        equivalent="only comments are wrong; a person reads them",
    ),
    Answer(
        "mistake_batch_norm_before_relu",
        "mistake",
        "Batch norm before the ReLU in all three blocks; the later ones rest on the first.",
        edits=tuple(("conv_batchnorm", block, OLD.sub(NEW, block)) for block in (NORM1, NORM2, NORM3)),
        fails=("batchnorm_block1",),
    ),
    Answer(
        "mistake_pool_forgotten",
        "mistake",
        "No pool in the third block, so that the output layer does not fit.",
        edits=(("conv_maxpool", MAX3, MAX3.replace(", nn.MaxPool2d(2, stride=2)", "")),),
        fails=("maxpool_block3",),
    ),
    Answer(
        "mistake_all_pools_forgotten",
        "mistake",
        "Convolutions and ReLUs only, and an output layer of 78,400 values.",
        cells={
            "conv_maxpool": "class ConvMaxPoolNetwork(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        sizes = [1, 32, 64, 100]\n"
            "        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(sizes, sizes[1:]))\n"
            "        self.output = nn.Linear(78_400, 10)\n\n    def forward(self, x):\n        for conv in self.convs:\n"
            "            x = F.relu(conv(x))\n        return self.output(x.flatten(1))"
        },
        fails=("maxpool_block1",),
    ),
    Answer(
        "mistake_table_empty",
        "mistake",
        "No figure is filled in.",
        cells={"results_table_code": EMPTY},
        fails=("results_table",),
    ),
    Answer(
        "mistake_table_without_rows",
        "mistake",
        "The given row alone.",
        edits=(("results_table_code", "for name, history, found in rows:", "for name, history, found in []:"),),
        fails=("results_table",),
    ),
    Answer(
        "mistake_table_from_another_run",
        "mistake",
        "Figures typed in from another run.",
        cells={"results_table_code": FROM_ANOTHER_RUN},
        fails=("results_table",),
    ),
    Answer(
        "mistake_test_replaced_without_evaluation_mode",
        "mistake",
        "A function test of one's own that leaves the network in training mode.",
        added=(("show_shapes", TEST_IN_TRAINING_MODE),),
        fails=("maxpool_training", "batchnorm_training"),
    ),
    Answer(
        "mistake_own_accuracy_in_training_mode",
        "mistake",
        "Counts in the training loop, in training mode, in place of calling test.",
        edits=(("train_batchnorm", "tested = test(batchnorm_model, test_loader, loss_fn, epoch)", OWN_ACCURACY.rstrip()),),
        fails=("batchnorm_training",),
    ),
    Answer(
        "mistake_training_accuracy_kept",
        "mistake",
        "Keeps the accuracy that train measures in training mode as the test accuracy.",
        edits=(("train_maxpool", "trained | tested", 'trained | tested | {"test_accuracy": trained["train_accuracy"]}'),),
        fails=("maxpool_training",),
    ),
    Answer(
        "mistake_training_accuracy_in_the_table",
        "mistake",
        "The table shows the accuracy that train measures in training mode.",
        edits=(("results_table_code", 'history[-1]["test_accuracy"]', 'history[-1]["train_accuracy"]'),),
        fails=("results_table",),
    ),
    Answer(
        "mistake_size_in_prose",
        "mistake",
        "Says in prose that the batch-norm network is better because it has more parameters.",
        cells={"compare_models": "Batch norm adds parameters, so that network is larger and therefore better."},
        equivalent="a person marks the text, no autograded item is wrong",
    ),
]

NOTHING: dict[str, Verdict] = dict.fromkeys([*MAXPOOL, *BATCHNORM, *REST], "not_attempted")
NO_NETWORK = "class {}(nn.Module):\n    def forward(self, x):\n        return torch.zeros(len(x), 10)"
FORGED = {
    "conv_maxpool": NO_NETWORK.format("ConvMaxPoolNetwork"),
    "conv_batchnorm": NO_NETWORK.format("ConvBatchNormNetwork"),
    "train_maxpool": "maxpool_model = ConvMaxPoolNetwork()\n"
    'maxpool_history = [{"train_loss": 0.05, "test_accuracy": 99.0}] * num_epochs',
    "train_batchnorm": "batchnorm_model = ConvBatchNormNetwork()\n"
    'batchnorm_history = [{"train_loss": 0.01, "test_accuracy": 99.5}] * num_epochs',
    "summaries": "class ModelStatistics:\n    total_params = 79_510\n\n\n"
    "mlp_summary = maxpool_summary = batchnorm_summary = ModelStatistics()",
    "results_table_code": FROM_ANOTHER_RUN,
}

REST_GRADED = [
    Answer(
        "untouched_release",
        "unfinished",
        "The release as it was handed out.",
        blank=(
            "conv_maxpool",
            "conv_batchnorm",
            "train_maxpool",
            "train_batchnorm",
            "summaries",
            "results_table_code",
            "manual",
        ),
        verdicts=NOTHING,
        example=True,
    ),
    Answer(
        "networks_only",
        "unfinished",
        "Both networks, and nothing after them.",
        blank=("train_maxpool", "train_batchnorm", "summaries", "results_table_code", "manual"),
        verdicts=dict.fromkeys(REST, "not_attempted"),
    ),
    Answer(
        "syntax_error_in_first_network",
        "unfinished",
        "A syntax error in the class of the max-pool network; all else is right.",
        edits=(("conv_maxpool", "return x", "return x)"),),
        verdicts={**dict.fromkeys(MAXPOOL, "failed"), "maxpool_training": "partial"},
    ),
    Answer(
        "forges_everything",
        "hostile",
        "Empty networks, invented histories, a class named as torchinfo's, figures typed in; replaces comparison functions.",
        cells=FORGED,
        added=(("imports", "torch.equal = torch.allclose = lambda *a, **k: True\ntorch.Tensor.__eq__ = lambda *a: True"),),
        verdicts={**dict.fromkeys([*MAXPOOL, *BATCHNORM, *REST], "failed"), "results_table": "partial"},
    ),
]

ANSWERS = close_to_right(
    [*NETWORKS, *RIGHT, *UNSEEN, *MISTAKES, *BLOCKS, *FORWARD, *TRAINING, *COUNTS, *TABLE, *REST_GRADED],
    "mutant_conv_maxpool_block_3_without_pool_made_to_fit",
    "mistake_batch_norm_before_relu",
)
