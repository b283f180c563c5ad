"""Right answers of pa4_convnet that keep code in files, or reach network and loaders by other ways than their names."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

from .right_answers import MODULE_LIST

IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"

LOOP = """%%writefile training_loop.py
import torch

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Trainer:
    def __init__(self, net, optim, loss_function, train_loader):
        self.net, self.optim, self.loss_function, self.train_loader = net, optim, loss_function, train_loader

    def train(self, epochs):
        self.net.train()
        return [self.epoch() for _ in range(epochs)]

    def epoch(self):
        total = 0.0
        for images, labels in self.train_loader:
            images, labels = images.to(device), labels.to(device)
            self.optim.zero_grad()
            loss = self.loss_function(self.net(images), labels)
            loss.backward()
            self.optim.step()
            total += loss.item() * len(labels)
        return total / len(self.train_loader.dataset)
"""

EVALUATE = """@torch.no_grad()
def evaluate(model, loader=test_loader):
    model.eval()
    wrong = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        wrong += (model(x).argmax(1) != y).sum().item()
    return wrong, len(loader.dataset)
"""

REPORT = "err, tot = evaluate({network})\naccuracy = 1 - err / tot\nprint(err, tot, accuracy)\n"

ELSEWHERE = [
    Answer(
        "right_network_in_a_file",
        "right",
        "Writes the network into a file, as in Colab, and imports it below.",
        cells={"convnet": f"%%writefile own_network.py\n{IMPORTS}{MODULE_LIST}"},
        edits=(
            ("filters", "net.conv1.weight", "net.blocks[0].weight"),
            ("feature_maps", "net.conv1(data)", "net.blocks[0](data)"),
        ),
        added=(("convnet", "from own_network import ConvNet"),),
    ),
    Answer(
        "right_loop_in_a_file",
        "right",
        "Writes the trainer into a file, reads it anew, and imports it.",
        cells={"trainer": LOOP},
        added=(
            (
                "trainer",
                "import importlib\nimport training_loop\nimportlib.reload(training_loop)\nfrom training_loop import *",
            ),
        ),
    ),
    Answer(
        "right_reached_through_the_trainer",
        "right",
        "Uses the network as an attribute of the trainer, in all cells after the training.",
        edits=(
            ("test_accuracy", "net.eval()", "trainer.net.eval()"),
            ("test_accuracy", "net(x)", "trainer.net(x)"),
            ("filters", "net.conv1", "trainer.net.conv1"),
            ("feature_maps", "net.conv1", "trainer.net.conv1"),
        ),
    ),
    Answer(
        "right_weights_from_a_file",
        "right",
        "Saves the weights after the training, and tests a new network that loads them.",
        edits=(
            (
                "learning_rate",
                "    losses = trainer.train(num_epochs)",
                "    losses = trainer.train(num_epochs)\n    torch.save(net.state_dict(), 'convnet.pt')",
            ),
            (
                "test_accuracy",
                "    net.eval()",
                "    best = ConvNet()\n    best.load_state_dict(torch.load('convnet.pt'))\n    best.to(device).eval()",
            ),
            ("test_accuracy", "net(x)", "best(x)"),
        ),
    ),
    Answer(
        "right_names_of_arguments",
        "right",
        "Names the arguments of network, loss function and backward pass; looks again at each batch after its step.",
        edits=(
            ("trainer", "self.net(images)", "self.net(x=images)"),
            ("trainer", "self.loss_function(output, labels)", "self.loss_function(input=output, target=labels)"),
            ("trainer", "loss.backward()", "loss.backward(retain_graph=False)"),
            (
                "trainer",
                "self.optim.step()",
                "self.optim.step()\n                right = (self.net(images).argmax(1) == labels).sum().item()",
            ),
        ),
    ),
    Answer(
        "right_best_weights_restored",
        "right",
        "Keeps the weights of the best epoch and restores them in the end; batches are loaded ahead.",
        edits=(
            ("trainer", "losses = []\n", "losses, best = [], None\n"),
            ("trainer", "tqdm(self.train_loader,", "tqdm(list(self.train_loader),"),
            (
                "trainer",
                "            losses.append(total_loss / seen)",
                "            losses.append(total_loss / seen)\n            if losses[-1] == min(losses):\n"
                "                best = {name: value.clone() for name, value in self.net.state_dict().items()}",
            ),
            ("trainer", "        return losses", "        self.net.load_state_dict(best)\n        return losses"),
        ),
    ),
    Answer(
        "right_loader_as_default",
        "right",
        "A function in a cell of its own counts the errors; the loader is the default of a parameter.",
        cells={"test_accuracy": REPORT.format(network="net")},
        added=(("loss_plot", EVALUATE),),
    ),
    Answer(
        "right_kept_in_a_closure",
        "right",
        "Network and loader in a dictionary, and bound to the function that counts.",
        cells={"test_accuracy": REPORT.format(network="").replace("evaluate", "parts['evaluate']")},
        added=(
            (
                "loss_plot",
                f"import functools\n{EVALUATE}\nparts = {{'net': net, 'evaluate': functools.partial(evaluate, net)}}",
            ),
        ),
    ),
    Answer(
        "right_libraries_of_colab",
        "right",
        "Imports libraries that Colab has and uses one of them for the curve.",
        edits=(
            (
                "trainer",
                "class Trainer:\n",
                "import cv2\nimport plotly.express as px\nimport seaborn as sns\n\n\nclass Trainer:\n",
            ),
            (
                "loss_plot",
                'ax.plot(epochs, losses, marker="o")',
                'sns.lineplot(x=list(epochs), y=losses, marker="o", ax=ax)',
            ),
        ),
    ),
]
