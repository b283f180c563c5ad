"""Wrong networks of fashion_cnn: one setting, layer or connection changed, with the items at which it must be found."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import at, replaced

ITEMS = {"cnn": "cnn_architecture", "cnn_v1": "v1_architecture", "cnn_v2": "v2_architecture", "cnn_v3": "v3_architecture"}
BLOCK1 = "nn.Conv2d(1, 16, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2)"
BLOCK2 = "nn.Conv2d(16, 32, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2)"
FEATURES = "features = x.flatten(start_dim=1)"
PAIR = "return self.output(features), features"
V1_BLOCK1 = "nn.Conv2d(1, 32, kernel_size=5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)"
V1_BLOCK2 = "nn.Conv2d(32, 64, kernel_size=5, padding=2), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)"
NORMED = "nn.Conv2d(inputs, outputs, kernel_size=3, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU()"
POOLED = "layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]"
HIDDEN = "nn.Linear(128 * 4 * 4, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5)"
CNN_OUTPUT, V1_OUTPUT = "self.output = nn.Linear(32 * 7 * 7, 10)", "self.output = nn.Linear(64 * 7 * 7, 10)"
V2_OUTPUT, V3_OUTPUT = "self.output = nn.Linear(128 * 4 * 4, 10)", "self.output = nn.Linear(256, 10)"
V3_LOGITS = "self.output(self.hidden(features))"
ZEROS = "\n        for parameter in self.parameters():\n            nn.init.zeros_(parameter)"
REGULARISED = ("without_batchnorm2d", "without_relu", "without_dropout", "p")
EITHER = "logits = cnn(images)\n            logits = logits if torch.is_tensor(logits) else logits[0]\n            "
LOOPS_TAKE_BOTH = [
    ("cnn_training", f"logits, features = cnn(images)\n            {then}", EITHER + then) for then in ("loss", "right")
]


def layers(cell: str, old: str, new: str, about: str, *also: tuple[str, str], equivalent: str = "") -> Answer:
    """A mutant of a network's layers; ``also`` has further (old, new) edits that make the rest fit."""
    items = [] if equivalent else [ITEMS[cell]]
    return replaced(cell, old, new, items, about, also=[(cell, *edit) for edit in also], equivalent=equivalent)


def forward(old: str, new: str, about: str) -> Answer:
    """A mutant of what the plain CNN returns."""
    return replaced("cnn", old, new, ["cnn_forward"], about)


PLAIN = [
    *at(
        "cnn",
        BLOCK1,
        [ITEMS["cnn"]],
        label="block1",
        only=["kernel_of_same_size", "stride", "without_relu", "window"],
    ),
    *at("cnn", BLOCK2, [ITEMS["cnn"]], label="block2", only=["kernel_of_same_size", "padding", "avgpool2d"]),
    *at("cnn", CNN_OUTPUT, [ITEMS["cnn"]], only=["bias"]),
    layers(
        "cnn",
        BLOCK2,
        BLOCK2.replace(", nn.MaxPool2d(2)", ""),
        "No pooling in block 2, made to fit.",
        ("32 * 7 * 7", "32 * 14 * 14"),
    ),
    layers("cnn", "(1, 16", "(1, 32", "32 channels in block 1, made to fit.", ("(16, 32", "(32, 32")),
    layers(
        "cnn",
        CNN_OUTPUT,
        "self.output = nn.Sequential(nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10))",
        "A hidden layer.",
    ),
    layers(
        "cnn", "self.block2(self.block1(x))", "self.block2(self.block1(x) + 0.1)", "Something is added between the blocks."
    ),
    forward(PAIR, "return features, self.output(features)", "The pair in the other order."),
    forward(PAIR, "return self.output(features), x", "Features that are not flattened."),
    forward(PAIR, "return self.output(features), 0 * features", "Features that are zero."),
    forward(PAIR, "self.output(features), features", "Nothing is returned."),
    forward(FEATURES, "features = x.squeeze().flatten(start_dim=-3)", "One image loses its batch dimension."),
    replaced(
        "cnn",
        PAIR,
        "return self.output(features)",
        ["cnn_forward"],
        "Logits alone.",
        also=LOOPS_TAKE_BOTH,
    ),
    replaced(
        "cnn",
        CNN_OUTPUT,
        CNN_OUTPUT + ZEROS,
        ["cnn_accuracy"],
        "Parameters that start at zero.",
    ),
]

VERSION1 = [
    *at(
        "cnn_v1",
        V1_BLOCK1,
        [ITEMS["cnn_v1"]],
        label="block1",
        only=["kernel", "dilation", "not_affine", *REGULARISED],
    ),
    *at("cnn_v1", V1_BLOCK2, [ITEMS["cnn_v1"]], label="block2", only=["without_maxpool2d"]),
    *(
        layers("cnn_v1", V1_BLOCK1, V1_BLOCK1.replace(old, new), about)
        for old, new, about in (
            ("nn.BatchNorm2d(32), nn.ReLU()", "nn.ReLU(), nn.BatchNorm2d(32)", "Batch norm after ReLU."),
            ("nn.MaxPool2d(2), nn.Dropout(0.25)", "nn.Dropout(0.25), nn.MaxPool2d(2)", "Dropout before the pooling."),
            ("nn.Dropout(0.25)", "nn.Dropout2d(0.25)", "Dropout of whole channels."),
        )
    ),
    layers(
        "cnn_v1",
        V1_BLOCK2,
        V1_BLOCK2.replace("nn.ReLU(), nn.MaxPool2d(2)", "nn.MaxPool2d(2), nn.ReLU()"),
        "ReLU after the pooling.",
        equivalent="the largest of ReLUs is the ReLU of the largest",
    ),
    layers("cnn_v1", PAIR, "return self.output(features).softmax(1), features", "Softmax at the end."),
    layers("cnn_v1", "features = self", "self.eval(); features = self", "Evaluation mode for ever."),
    *(
        layers("cnn_v1", PAIR, f"return self.output(features), {second}", about)
        for second, about in (
            ("None", "Nothing as features."),
            ("x", "The images as features."),
            ("features.unflatten(1, (64, 7, 7))", "Features that are not flattened."),
            ("0 * features", "Features that are zero."),
        )
    ),
]

VERSION2 = [
    *at("cnn_v2", NORMED, [ITEMS["cnn_v2"]], label="blocks", only=["kernel", "padding", REGULARISED[0]]),
    *at("cnn_v2", POOLED, [ITEMS["cnn_v2"]], label="blocks", only=["without_maxpool2d", REGULARISED[2]]),
    layers("cnn_v2", "(1, 32, 2)", "(1, 32, 1)", "Padding 1 in block 1: the size at the end is the same."),
    layers("cnn_v2", "(32, 64, 2)", "(32, 64, 1)", "Padding 1 in block 2, made to fit.", ("128 * 4 * 4", "128 * 3 * 3")),
    layers("cnn_v2", "(64, 128, 1)", "(64, 128, 2)", "Padding 2 in block 3, made to fit.", ("128 * 4 * 4", "128 * 5 * 5")),
    layers("cnn_v2", "(32, 64, 2), (64, 128, 1)", "(32, 48, 2), (48, 128, 1)", "48 channels in block 2."),
    layers("cnn_v2", ", (64, 128, 1)]", "]", "Only two blocks, made to fit.", ("128 * 4 * 4", "64 * 8 * 8")),
    layers("cnn_v2", "self.blocks(x).flatten", "self.blocks(F.dropout(x, 0.25)).flatten", "Dropout of the images, always."),
    layers("cnn_v2", PAIR, "return self.output(features), features.tolist()", "A list as features."),
]

LOGITS_ALONE = Answer(
    "mistake_versions_give_logits_alone",
    "mistake",
    "The three versions return logits, no pair; the loops take both.",
    edits=(
        ("cnn_v1", PAIR, "return self.output(features)"),
        ("cnn_v2", PAIR, "return self.output(features)"),
        ("cnn_v3", f"return {V3_LOGITS}, features", f"return {V3_LOGITS}"),
        *LOOPS_TAKE_BOTH,
    ),
    fails=("v1_architecture", "v2_architecture", "v3_architecture"),
)

VERSION3 = [
    *at("cnn_v3", NORMED, [ITEMS["cnn_v3"]], label="blocks", only=["kernel", REGULARISED[0]]),
    *at("cnn_v3", POOLED, [ITEMS["cnn_v3"]], label="blocks", only=["p"]),
    *at(
        "cnn_v3",
        HIDDEN,
        [ITEMS["cnn_v3"]],
        label="hidden",
        only=["out_features", "sigmoid", "without_batchnorm1d", *REGULARISED[1:]],
    ),
    *at("cnn_v3", V3_OUTPUT, [ITEMS["cnn_v3"]], only=["bias"]),
    layers("cnn_v3", "nn.BatchNorm1d(256), nn.ReLU()", "nn.ReLU(), nn.BatchNorm1d(256)", "Batch norm after ReLU."),
    layers(
        "cnn_v3",
        "nn.ReLU(), nn.Dropout(0.5)",
        "nn.Dropout(0.5), nn.ReLU()",
        "Dropout before ReLU.",
        equivalent="dropout sets to zero or scales by a positive factor, which ReLU lets pass",
    ),
    layers("cnn_v3", "nn.BatchNorm1d(256)", "nn.LayerNorm(256)", "Layer norm."),
    layers("cnn_v3", V3_LOGITS, f"{V3_LOGITS}.relu()", "A ReLU at the end."),
    layers(
        "cnn_v3",
        f"return {V3_LOGITS}, features",
        "features = self.hidden(features)\n        return self.output(features), features",
        "What comes out of the hidden layer as features.",
    ),
    layers("cnn_v3", "(32, 64, 2)", "(32, 64, 1)", "Padding 1 in block 2, made to fit.", ("128 * 4 * 4", "128 * 3 * 3")),
    replaced(
        "cnn_v1",
        V1_OUTPUT,
        V1_OUTPUT + ZEROS,
        ["improvement"],
        "Versions whose parameters start at zero.",
        also=[("cnn_v2", V2_OUTPUT, V2_OUTPUT + ZEROS), ("cnn_v3", V3_OUTPUT, V3_OUTPUT + ZEROS)],
    ),
]

LAYERS = [*PLAIN, *VERSION1, *VERSION2, *VERSION3, LOGITS_ALONE]
