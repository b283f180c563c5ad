"""Whole submissions of pa4_convnet, right, wrong, hostile and unfinished, with the verdicts that they must get."""

from __future__ import annotations

from dataclasses import replace

from autograder.outcomes import Verdict
from autograder.proof.catalogue import Answer

from . import right_answers, right_elsewhere, wrong_answers

AFTER_TRAINING_LEFT = ("learning_rate",)
UNTRAINED: dict[str, Verdict] = {"act16": "not_attempted", "act19": "partial"}

SEQUENTIAL = """class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding="same"), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, (5, 5), padding="same"), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(64 * 7 * 7, 512), nn.ReLU(), nn.Linear(512, 10))

    def forward(self, x):
        return self.classifier(self.features(x))
"""

FUNCTIONAL = '''def filled(*shape, fan_in):
    bound = fan_in ** -0.5
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))


class ConvNet(nn.Module):
    """Only parameters of its own and functions, no layer modules."""

    def __init__(self):
        super().__init__()
        self.w1, self.b1 = filled(32, 1, 5, 5, fan_in=25), filled(32, fan_in=25)
        self.w2, self.b2 = filled(64, 32, 5, 5, fan_in=800), filled(64, fan_in=800)
        self.w3, self.b3 = filled(3136, 512, fan_in=3136), filled(512, fan_in=3136)
        self.w4, self.b4 = filled(10, 512, fan_in=512), filled(10, fan_in=512)

    def forward(self, x):
        x = F.max_pool2d(F.conv2d(x, self.w1, self.b1, padding=2), 2).clamp(min=0)
        x = F.max_pool2d(torch.relu(F.conv2d(x, self.w2, self.b2, padding=2)), 2)
        x = x.view(len(x), -1)
        x = torch.relu(x @ self.w3 + self.b3)
        return F.linear(x, self.w4, self.b4)
'''

OTHER_TRAINER = """class Trainer:
    def __init__(self, net, optim, loss_function, train_loader):
        self.network = net
        self.optimiser = optim
        self.criterion = loss_function
        self.loader = train_loader

    def _step(self, x, y):
        loss = self.criterion(self.network(x), y)
        for p in self.network.parameters():
            p.grad = None
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def train(self, epochs):
        self.network.train()
        means = []
        for epoch in range(epochs):
            batch_losses = [self._step(x.to(device), y.to(device)) for x, y in self.loader]
            means.append(sum(batch_losses) / len(batch_losses))
            print(f"Epoche {epoch + 1}: mittlerer Verlust {means[-1]:.4f}")  # Kommentar auf Deutsch
        return means
"""

OTHER_NAMES = """class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first_conv = nn.Conv2d(in_channels=1, out_channels=32, kernel_size=(5, 5), stride=1, padding=(2, 2))
        self.second_conv = nn.LazyConv2d(64, 5, padding=2)
        self.pool = nn.MaxPool2d(2, stride=2)
        self.hidden = nn.LazyLinear(512)
        self.output_layer = nn.Linear(512, 10)
        self(torch.zeros(1, 1, 28, 28))  # lets the lazy layers find their sizes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for conv in (self.first_conv, self.second_conv):
            x = torch.relu(self.pool(conv(x)))
        hidden = self.hidden(x.reshape(x.size(0), -1)).relu()
        return self.output_layer(hidden)
"""

PLOT_HEAD = 'epochs = range(1, len(losses) + 1)\nax.plot(epochs, losses, marker="o")\nax.set_xticks(epochs)\n'

RIGHT = [
    Answer("right_reference", "right", "The reference solution.", example=True),
    Answer(
        "right_sequential",
        "right",
        "The network as two Sequential blocks, 'same' padding, in-place ReLU.",
        cells={
            "convnet": SEQUENTIAL,
            "network_graph": "x, _ = next(iter(train_loader))\ny = net(x)\n"
            "graph = make_dot(torch.mean(y), dict(net.named_parameters()))\ngraph",
            "loss_plot": "plt.figure()\nplt.plot(np.arange(len(losses)) + 1, losses)\nplt.xlabel('Epoch')\n"
            "plt.ylabel('Loss')\nplt.title('Loss per epoch')\nplt.show()",
            "filters": "filters = net.features[0].weight.data.cpu().squeeze(1).numpy()\n"
            "for i in range(32):\n    plt.subplot(4, 8, i + 1)\n    plt.imshow(filters[i])\nplt.show()",
        },
        edits=(("feature_maps", "F.relu(net.conv1(data))", "net.features[:2](data)"),),
        example=True,
        slow=True,
    ),
    Answer(
        "right_functional",
        "right",
        "No layer modules at all: parameters and functions.",
        cells={
            "convnet": FUNCTIONAL,
            "filters": "filters = [f.numpy() for f in net.w1.detach().cpu()[:, 0]]\n"
            "for f in filters:\n    plt.figure(figsize=(1, 1))\n    plt.imshow(f, cmap='gray')\n    plt.show()",
        },
        edits=(
            (
                "feature_maps",
                "F.relu(net.conv1(data))",
                "torch.relu(F.conv2d(data, net.w1, net.b1, padding=2))",
            ),
            ("test_accuracy", "err += (yh != y).sum().item()", "err += len(y) - int(torch.eq(yh, y).sum())"),
        ),
        example=True,
    ),
    Answer(
        "right_other_names",
        "right",
        "Lazy layers, other attribute names, one pool for both blocks, a trainer of its own shape.",
        cells={"convnet": OTHER_NAMES, "trainer": OTHER_TRAINER},
        edits=(
            ("filters", "net.conv1.weight", "net.first_conv.weight"),
            ("feature_maps", "F.relu(net.conv1(data))", "net.first_conv(data).clamp_min(0)"),
            (
                "test_accuracy",
                "err += (yh != y).sum().item()",
                "err += sum(int(a) != int(b) for a, b in zip(yh, y))",
            ),
        ),
    ),
    Answer(
        "right_with_warnings",
        "right",
        "Right, but noisy: warnings and text on stderr, extra cells.",
        added=(
            (
                "imports",
                "import warnings\nwarnings.warn('this library is old')\nprint('note to self', file=sys.stderr)",
            ),
            ("act16", "print('losses again:', losses)\nlosses"),
        ),
        edits=(("test_accuracy", "net.eval()", "net.eval()\n    warnings.warn('testing now')"),),
        example=True,
        slow=True,
    ),
]

PROSE = "no autograded item is wrong: a person marks this text"
MISTAKES = [
    Answer(
        "mistake_errors_counted_in_batches",
        "mistake",
        "Counts a batch with an error as one error.",
        edits=(("test_accuracy", "err += (yh != y).sum().item()", "err += not torch.equal(y, yh)"),),
        fails=("act19",),
        verdicts={"act19": "partial"},
        example=True,
    ),
    Answer(
        "mistake_plot_of_num_epochs",
        "mistake",
        "Plots the number of epochs, not the losses.",
        edits=(("loss_plot", PLOT_HEAD, 'ax.plot(num_epochs, marker="o")\n'),),
        fails=("act17",),
        verdicts={"act17": "partial"},
    ),
    Answer(
        "mistake_x_axis_cut",
        "mistake",
        "Limits the x axis to 0.5, so that no epoch is visible.",
        edits=(("loss_plot", "ax.set_xticks(epochs)", "ax.set_xlim(0, 0.5)"),),
        fails=("act17",),
        verdicts={"act17": "partial"},
    ),
    Answer(
        "mistake_feature_maps_without_relu",
        "mistake",
        "Shows the convolution without its ReLU.",
        edits=(("feature_maps", "F.relu(net.conv1(data))", "net.conv1(data)"),),
        fails=("act23",),
        verdicts={"act23": "partial"},
    ),
    Answer(
        "mistake_global_loss",
        "mistake",
        "The trainer uses the notebook's loss function in place of its own.",
        edits=(("trainer", "loss = self.loss_function(output, labels)", "loss = loss_function(output, labels)"),),
        fails=("act13",),
        verdicts={"act13": "failed"},
        example=True,
        slow=True,
    ),
    Answer(
        "mistake_loss_appended_per_batch",
        "mistake",
        "Appends the epoch's loss once for each batch.",
        edits=(
            (
                "trainer",
                "            losses.append(total_loss / seen)",
                "                losses.append(total_loss / seen)",
            ),
        ),
        fails=("act16",),
        verdicts={"act16": "partial"},
    ),
    Answer(
        "mistake_gradients_never_zeroed",
        "mistake",
        "Never sets the gradients to zero.",
        edits=(("trainer", "self.optim.zero_grad()", "pass"),),
        fails=("act11",),
        verdicts={"act11": "failed", "act16": "partial", "act19": "partial"},
        close=True,
        example=True,
        slow=True,
    ),
    Answer(
        "mistake_relu_after_fc2",
        "mistake",
        "Puts a ReLU after the last layer.",
        edits=(("convnet", "x = self.fc2(x)", "x = F.relu(self.fc2(x))"),),
        # Without negative logits the training stays far above the bound.
        fails=("act09",),
        verdicts={"act09": "partial", "act16": "partial", "act19": "partial"},
        close=True,
        example=True,
        slow=True,
    ),
    Answer(
        "mistake_accuracy_in_training_mode",
        "mistake",
        "Tests the network in training mode.",
        edits=(("test_accuracy", "net.eval()", "net.train()"),),
        fails=("act19",),
        verdicts={"act19": "partial"},
    ),
    Answer(
        "mistake_conv2_has_64x5x5_weights",
        "mistake",
        "Says in prose that conv2 has 64x5x5 weights.",
        equivalent=PROSE,
        cells={"act24": "conv2 has 64 x 5 x 5 = 1,600 weights, so the ConvNet is small and learns faster."},
    ),
    Answer(
        "mistake_networks_of_the_same_size",
        "mistake",
        "Says in prose that both networks are about the same size.",
        equivalent=PROSE,
        cells={"act24": "Both networks have about the same size, so only the architecture makes the difference."},
    ),
]

REST_GRADED = [
    Answer(
        "untouched_release",
        "unfinished",
        "The release as it was handed out.",
        blank=(
            "convnet",
            "network_graph",
            "trainer",
            "learning_rate",
            "loss_plot",
            "test_accuracy",
            "filters",
            "feature_maps",
            "manual",
            "act20",
            "act21_text",
            "act22",
            "act24",
        ),
        verdicts={f"act{number:02d}": "not_attempted" for number in (*range(1, 20), 21, 23)},
        example=True,
    ),
    Answer(
        "half_right",
        "unfinished",
        "About half of the points: a ReLU forgotten, two mistakes in the trainer, and later tasks not attempted.",
        edits=(
            ("convnet", "self.pool2(F.relu(self.conv2(x)))", "self.pool2(self.conv2(x))"),
            ("trainer", "self.optim.zero_grad()", "pass"),
            ("trainer", "loss = self.loss_function(output, labels)", "loss = loss_function(output, labels)"),
        ),
        blank=("network_graph", "learning_rate", "loss_plot", "filters", "feature_maps", "act22", "act24"),
        verdicts={
            **{f"act{number}": "not_attempted" for number in (10, 16, 17, 21, 23)},
            **{"act07": "partial", "act11": "failed", "act13": "failed", "act19": "partial"},
        },
        example=True,
    ),
    Answer(
        "syntax_error_in_trainer",
        "unfinished",
        "A syntax error in the trainer's cell.",
        edits=(("trainer", "loss.backward()", "loss.backward("),),
        verdicts={
            **{f"act{number}": "failed" for number in (11, 12, 13, 14, 15, 16)},
            "act19": "partial",
        },
        example=True,
    ),
    Answer(
        "infinite_loop_in_graph",
        "hostile",
        "A loop without end in the graph's cell; no training.",
        cells={"network_graph": "graph = None\nwhile graph is None:\n    pass"},
        blank=AFTER_TRAINING_LEFT,
        verdicts={"act10": "failed", **UNTRAINED},
        example=True,
        slow=True,
    ),
    Answer(
        "exit_in_graph",
        "hostile",
        "Ends the process with status 0 in the graph's cell; no training.",
        cells={"network_graph": "import os\nos._exit(0)"},
        blank=AFTER_TRAINING_LEFT,
        verdicts={"act10": "failed", **UNTRAINED},
        example=True,
        slow=True,
    ),
    Answer(
        "prints_100_megabytes",
        "hostile",
        "Prints 100 MB in the graph's cell; no training.",
        edits=(("network_graph", "graph = None\n", "graph = None\nprint('x' * 100_000_000)\n"),),
        blank=AFTER_TRAINING_LEFT,
        verdicts=UNTRAINED,
    ),
    Answer(
        "replaces_equal_and_assert",
        "hostile",
        "Replaces torch.equal and friends, strips assert statements, and answers nothing right.",
        cells={
            "convnet": "class ConvNet(nn.Module):\n    def forward(self, x):\n        return torch.zeros(len(x), 10)",
            "network_graph": "graph = make_dot(torch.ones(1, requires_grad=True).mean())",
            "trainer": "class Trainer:\n    def __init__(self, *parts):\n        pass\n    def train(self, epochs):\n"
            "        return [0.01] * epochs",
            "learning_rate": "learning_rate, losses, net = 0.01, [0.01] * num_epochs, ConvNet()",
            "loss_plot": "plt.plot([0.01] * 10)\nplt.show()",
            "test_accuracy": "err, tot, accuracy = 0, 10_000, 1.0",
            "filters": "filters = np.zeros((32, 5, 5))",
            "feature_maps": "output = torch.zeros(1, 32, 28, 28)\nfeature_maps = {d: output for d in range(10)}",
        },
        added=(
            (
                "imports",
                "import ast, builtins\n"
                "torch.equal = torch.allclose = lambda *a, **k: True\n"
                "torch.Tensor.__eq__ = lambda *a: True\n"
                "class Strip(ast.NodeTransformer):\n"
                "    def visit_Assert(self, node):\n"
                "        return ast.Pass()\n"
                "get_ipython().ast_transformers.append(Strip())",
            ),
        ),
        verdicts={
            **{f"act{number:02d}": "failed" for number in (*range(1, 20), 21, 23)},
        },
        example=True,
    ),
]

WHOLE = [replace(answer, whole=True) for answer in (*RIGHT, *MISTAKES, *REST_GRADED)]
ANSWERS = [*WHOLE, *right_answers.RIGHT, *right_elsewhere.ELSEWHERE, *wrong_answers.WRONG]
