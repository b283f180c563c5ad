"""Right answers of cnn_blocks that lost points when they were first tried, and styles that nobody had tried before."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

from .right_networks import LIST_BATCHNORM, LIST_MAXPOOL

NAMES_OF_THE_GRADER = """set_seeds(seed)
maxpool_model, maxpool_history = ConvMaxPoolNetwork().to(device), []
optimizer, loss_fn = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate), nn.CrossEntropyLoss()
for cell in range(num_epochs):
    student = train(maxpool_model, train_loader, loss_fn, optimizer, cell + 1)
    seconds = test(maxpool_model, test_loader, loss_fn, cell + 1)
    maxpool_history.append(student | seconds)
"""

SUMMARIES_IN_A_LOOP = """summaries = {}
for name, cls in {"mlp": MultiLayerPerceptron, "max": ConvMaxPoolNetwork, "bn": ConvBatchNormNetwork}.items():
    summaries[name] = summary(cls().to(device), input_size=(batch_size, 1, 28, 28), verbose=1)
mlp_summary, maxpool_summary, batchnorm_summary = summaries.values()
self, replaced, choices = None, {}, []
"""

CHAINED = """set_seeds(seed)
from collections import ChainMap
batchnorm_model = ConvBatchNormNetwork().to(device)
opt = torch.optim.Adam((p for p in batchnorm_model.parameters()), lr=learning_rate)
batchnorm_history = [
    ChainMap(
        train(batchnorm_model, train_loader, F.cross_entropy, opt, e + 1),
        test(batchnorm_model, test_loader, F.cross_entropy, e + 1),
    )
    for e in range(num_epochs)
]
"""

CONVOLUTION_AT_THE_END = """class ConvMaxPoolNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.c3 = nn.Conv2d(64, 100, 3, padding=1)
        self.out = nn.Conv2d(100, 10, kernel_size=3)  # fully connected, as a convolution over all 3 x 3 places

    def forward(self, x):
        i, convs = 0, [self.c1, self.c2, self.c3]
        while i < len(convs):
            n, c, h, w = (x := torch.relu_(convs[i](x))).shape
            x = x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).amax(dim=(3, 5))
            i += 1
        return self.out(x).flatten(1)
"""

TESTED_MORE_OFTEN = """set_seeds(seed)
maxpool_model, maxpool_history = ConvMaxPoolNetwork().to(device), []
optimizer, loss_fn = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate), nn.CrossEntropyLoss()
print("before training:", test(maxpool_model, test_loader, loss_fn, 0))
for epoch in range(1, num_epochs + 1):
    entry = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
    seen = test(maxpool_model, train_loader, loss_fn, epoch)
    entry |= test(maxpool_model, test_loader, loss_fn, epoch)
    print("accuracy on training images:", seen["test_accuracy"])
    maxpool_history.append(entry)
"""

IN_A_FILE = "%%writefile {name}.py\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n{network}"

DEFAULTS = """def run(network, training=train_loader, testing=test_loader):
    adam, loss_fn = torch.optim.Adam(network.parameters(), lr=learning_rate), nn.CrossEntropyLoss()
    numbers = range(1, num_epochs + 1)
    return [train(network, training, loss_fn, adam, n) | test(network, testing, loss_fn, n) for n in numbers]
"""

RUN = "set_seeds(seed)\n{name}_model = {kind}().to(device)\n{name}_history = run({name}_model)\n"

UNSEEN = [
    Answer(
        "right_networks_in_files",
        "right",
        "Writes its networks into files, and imports them below.",
        cells={
            "conv_maxpool": IN_A_FILE.format(name="pooling", network=LIST_MAXPOOL),
            "conv_batchnorm": IN_A_FILE.format(name="normalising", network=LIST_BATCHNORM),
        },
        added=(
            ("conv_maxpool", "from pooling import ConvMaxPoolNetwork"),
            ("conv_batchnorm", "from normalising import *"),
        ),
    ),
    Answer(
        "right_loaders_as_defaults",
        "right",
        "Trains by a function in a cell of its own, where the loaders are the defaults of parameters.",
        cells={
            "train_maxpool": RUN.format(name="maxpool", kind="ConvMaxPoolNetwork"),
            "train_batchnorm": RUN.format(name="batchnorm", kind="ConvBatchNormNetwork"),
        },
        added=(("conv_batchnorm", DEFAULTS),),
    ),
    Answer(
        "right_variables_named_as_the_graders",
        "right",
        "Loops over variables called name, cell, seconds, student: a cell that is run again is handed all of them.",
        cells={"train_maxpool": NAMES_OF_THE_GRADER, "summaries": SUMMARIES_IN_A_LOOP},
    ),
    Answer(
        "right_chained_dictionaries",
        "right",
        "Entries of the history that are mappings, not dictionaries; parameters from a generator.",
        cells={"train_batchnorm": CHAINED},
    ),
    Answer(
        "right_convolution_as_output_layer",
        "right",
        "Pooling by reshape and amax; the fully connected layer as a convolution over all places.",
        cells={"conv_maxpool": CONVOLUTION_AT_THE_END},
    ),
    Answer(
        "right_tested_more_often",
        "right",
        "Tests the untrained network before the first epoch, and the training images after each.",
        cells={"train_maxpool": TESTED_MORE_OFTEN},
    ),
    Answer(
        "right_clamped_to_infinity",
        "right",
        "ReLU as a Hardtanh between zero and infinity, a number that JSON does not have.",
        edits=(("conv_maxpool", '64, 3, padding="same"), nn.ReLU()', '64, 3, padding="same"), nn.Hardtanh(0.0, math.inf)'),),
    ),
    Answer(
        "right_errors_below",
        "right",
        "Lines below right answers that stop with an error: what was done by then counts.",
        edits=(
            (
                "train_maxpool",
                "    maxpool_history.append(trained | tested)",
                "    maxpool_history.append(trained | tested)\nprint(maxpool_history[-1]['loss'])",
            ),
            ("summaries", "    print(found)", "    print(found)\nprint(mlp_summary.parameters)"),
            ("results_table_code", "display(pd.DataFrame(results))", "display(pd.DataFrame(results))\nresults.head()"),
        ),
    ),
]
