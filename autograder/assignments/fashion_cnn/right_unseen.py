"""Right answers of fashion_cnn that lost points when they were first tried, and styles that nobody had tried before."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

AXES = "fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))\n"

BARS = (
    AXES
    + """x = list(range(len(history)))
left.bar(x, [float(h["val_acc"]) for h in history])
right.errorbar(x, [float(h["val_loss"]) for h in history], yerr=0.01, fmt="o-")
for ax, what in ((left, "accuracy"), (right, "loss")):
    ax.set(xlabel="epoch", ylabel=f"validation {what}", title=f"Softmax regression: {what}")
plt.show()
"""
)

LABELS_OF_THE_FIGURE = (
    AXES
    + """left.step(range(len(history)), [100 * float(h["val_acc"]) for h in history], where="mid")
right.stem(range(len(history)), [float(h["val_loss"]) for h in history])
left.set_ylabel("accuracy (%)")
right.set_ylabel("loss")
fig.supxlabel("epoch")
fig.suptitle("Softmax regression on Fashion-MNIST, validation images")
plt.show()
"""
)

KEYWORDS = '''@torch.inference_mode()
def evaluate(model, loader):
    model.eval()
    ergebnisse = []
    for paket in loader:
        ergebnisse.append(model.validation_step(paket))
    return model.validation_epoch_end(ergebnisse)


def fit(epochs, lr, model, train_loader, val_loader, opt_func=torch.optim.SGD):
    """Train; return the results on val_loader after each epoch, a list of dictionaries."""
    history = []
    optimizer = opt_func(params=model.parameters(), lr=lr)
    epoch = 0
    while epoch < epochs:
        model.train()
        pakete = iter(train_loader)
        while True:
            try:
                paket = next(pakete)
            except StopIteration:
                break
            optimizer.zero_grad(set_to_none=False)
            verlust = model.training_step(paket)
            verlust.backward()
            optimizer.step()
        history.append(evaluate(model, val_loader))
        epoch += 1
        model.epoch_end(epoch, history[-1])
    return history


set_seeds(seed)
model = MnistModel()
model.to(device)
history = [evaluate(model, val_loader)]
history.extend(fit(num_epochs_regression, lr=1e-3, model=model, train_loader=train_loader, val_loader=val_loader))
'''

METERS = """from collections import namedtuple
from dataclasses import dataclass

@dataclass
class Meter:
    total: float = 0.0
    n: int = 0

    def add(self, value, n):
        self.total, self.n = self.total + value * n, self.n + n

def one_step(net, opt, x, y):
    opt.zero_grad()
    loss = F.nll_loss(F.log_softmax(net(x)[0], dim=1), y)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    opt.step()
    return loss.item()

def train(num_epochs, cnn, loaders):
    losses = []
    adam = torch.optim.Adam(cnn.parameters(), 0.01)
    for epoch in range(num_epochs):
        cnn.train()
        meter = Meter()
        for x, y in loaders["train"]:
            meter.add(one_step(cnn, adam, x.to(device), y.to(device)), len(x))
        losses += [meter.total / meter.n]
        evaluate_model(cnn, loaders["val"], "validation")
    return losses

@torch.no_grad()
def evaluate_model(cnn, loader, name):
    cnn.eval()
    hits = sum(int(cnn(x)[0].max(1).indices.eq(y).sum()) for x, y in loader)
    n = sum(len(y) for _, y in loader)
    print(f"{name:>10s}: {hits / n:.2%}")
    return hits / n
"""

BEST_RESTORED = """import copy

def train(num_epochs, cnn, loaders):
    adam = torch.optim.Adam([{"params": layer.parameters()} for layer in cnn.children()], lr=0.01)
    losses, best = [], (-1.0, None)
    for epoch in range(num_epochs):
        cnn.train()
        total, right = 0.0, 0
        for images, labels in loaders["train"]:
            adam.zero_grad()
            loss = F.cross_entropy(input=cnn(x=images)[0], target=labels)
            loss.backward()
            adam.step()
            total += loss.item() * len(labels)
            right += (cnn(images)[0].argmax(dim=1) == labels).sum().item()
        count = len(loaders["train"].dataset)
        losses.append(total / count)
        print(f"training accuracy {right / count:.3f}")
        share = evaluate_model(cnn, loaders["val"], "validation")
        if share > best[0]:
            best = share, copy.deepcopy(cnn.state_dict())
    cnn.load_state_dict(best[1])
    return losses

def evaluate_model(cnn, loader, name):
    network, right = copy.deepcopy(cnn).eval(), 0
    cnn.eval()
    with torch.no_grad():
        right = sum((network(images)[0].argmax(dim=1) == labels).sum().item() for images, labels in loader)
    print(name, right / len(loader.dataset))
    return right / len(loader.dataset)
"""

GROUPS_AND_A_FILE = """def evaluate(model, loader):
    with torch.no_grad():
        return model.validation_epoch_end([model.validation_step(batch=batch) for batch in loader])

def fit(epochs, lr, model, train_loader, val_loader, opt_func=torch.optim.SGD):
    optimizer = opt_func([{"params": [parameter]} for parameter in model.parameters()], lr=lr)
    history, best = [], None
    for epoch in range(epochs):
        for batch in train_loader:
            optimizer.zero_grad()
            model.training_step(batch=batch).backward()
            optimizer.step()
            model.training_step(batch).item()  # a look at the loss after the step
        history.append(evaluate(model, val_loader))
        model.epoch_end(epoch, history[-1])
        if best is None or history[-1]["val_loss"] <= best:
            best = history[-1]["val_loss"]
            torch.save(model.state_dict(), "best.pt")
    model.load_state_dict(torch.load("best.pt"))
    return history

trial = MnistModel().to(device)
fit(1, 0.01, trial, train_loader, val_loader)
model = MnistModel().to(device)
history = [evaluate(model, val_loader)]
first = num_epochs_regression // 2
for epochs in (first, num_epochs_regression - first):
    history += fit(epochs, 0.001, model, train_loader, val_loader)
"""

AHEAD = """from queue import Queue
from threading import Thread

def ahead(loader):
    batches = Queue(2)

    def load():
        for batch in loader:
            batches.put(batch)
        batches.put(None)

    Thread(target=load, daemon=True).start()
    while (batch := batches.get()) is not None:
        yield batch

"""

PREFETCHED_FIT = (
    AHEAD
    + """def evaluate(model, loader):
    with torch.no_grad():
        return model.validation_epoch_end([model.validation_step(batch) for batch in ahead(loader)])

def fit(epochs, lr, model, train_loader, val_loader, opt_func=torch.optim.SGD):
    optimizer, history = opt_func(model.parameters(), lr), []
    for epoch in range(epochs):
        for batch in ahead(train_loader):
            loss = model.training_step(batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        history.append(evaluate(model, val_loader))
        model.epoch_end(epoch, history[-1])
    return history

model = MnistModel().to(device)
history = [evaluate(model, val_loader)] + fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
"""
)

CLOSURES = (
    AHEAD
    + """def train(num_epochs, cnn, loaders):
    adam, losses = torch.optim.Adam(cnn.parameters(), lr=0.01), []
    kept = torch.optim.lr_scheduler.LambdaLR(adam, lambda epoch: 1.0)
    for epoch in range(num_epochs):
        cnn.train()
        sums = torch.zeros(2)
        for images, labels in ahead(loaders["train"]):
            def closure():
                adam.zero_grad()
                loss = -(F.log_softmax(cnn(images)[0], dim=1) * F.one_hot(labels, 10)).sum(dim=1).mean()
                loss.backward()
                return loss
            sums += torch.tensor([float(adam.step(closure)) * len(labels), len(labels)])
        kept.step()
        losses.append(float(sums[0] / sums[1]))
    return losses

@torch.no_grad()
def evaluate_model(cnn, loader, name):
    cnn.eval()
    pairs = [(cnn(images)[0].argmax(dim=1), labels) for images, labels in loader]
    guesses, labels = (torch.cat(part) for part in zip(*pairs))
    print(name, share := (guesses == labels).float().mean().item())
    return share
"""
)

REGRESSION_FILE = """%%writefile regression.py
import torch.nn.functional as F
from torch import nn


def accuracy(outputs, labels):
    return (outputs.argmax(dim=1) == labels).float().mean()


class MnistModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(28 * 28, 10)

    def forward(self, images):
        return self.linear(images.flatten(start_dim=1))

    def training_step(self, batch):
        images, labels = batch
        return F.cross_entropy(self(images), labels)

    def validation_step(self, batch):
        images, labels = batch
        logits = self(images)
        return {
            "val_loss": F.cross_entropy(logits, labels), "val_acc": accuracy(logits, labels), "num_images": len(labels)
        }

    def validation_epoch_end(self, outputs):
        total = sum(output["num_images"] for output in outputs)
        return {
            name: sum(float(output[name]) * output["num_images"] for output in outputs) / total
            for name in ("val_loss", "val_acc")
        }

    def epoch_end(self, epoch, result):
        print(f"epoch {epoch}: val_loss {result['val_loss']:.4f}, val_acc {result['val_acc']:.4f}")
"""

CNN_FILE = """%%writefile networks_of_mine.py
from torch import nn


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for before, after in ((1, 16), (16, 32)):
            layers += [nn.Conv2d(before, after, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        self.blocks, self.output = nn.Sequential(*layers, nn.Flatten()), nn.Linear(1568, 10)

    def forward(self, x):
        features = self.blocks(x)
        return self.output(features), features
"""

UNSEEN = [
    Answer(
        "right_code_in_files",
        "right",
        "Writes models, with the function that they use, into files, and imports them below.",
        cells={
            "softmax_regression_code": REGRESSION_FILE,
            "accuracy_code": "from regression import accuracy",
            "cnn": CNN_FILE,
        },
        added=(
            ("softmax_regression_code", "from regression import MnistModel"),
            ("cnn", "from networks_of_mine import CNN"),
        ),
    ),
    Answer(
        "right_bars_and_keywords",
        "right",
        "Bars and error bars as curves; the optimizer made with keywords; while loops with iter and next.",
        cells={"fit_code": KEYWORDS, "regression_curves_code": BARS},
    ),
    Answer(
        "right_labels_of_the_figure",
        "right",
        "Steps and stems; one x label for both axes; meters, clipped gradients, validation within train.",
        cells={"regression_curves_code": LABELS_OF_THE_FIGURE, "cnn_training": METERS},
    ),
    Answer(
        "right_looks_at_layers",
        "right",
        "Prints layers of the networks, and their gradients, in every function that gets one.",
        edits=(
            ("softmax_probabilities_code", "probs = F", "print(model.linear)\nprobs = F"),
            ("fit_code", "    with torch.no_grad():\n", "    print(model.linear.weight.shape)\n    with torch.no_grad():\n"),
            ("fit_code", "    history = []\n", "    history = []\n    print(model.linear)\n"),
            ("predict_image_code", "    with torch", "    print(model.linear)\n    with torch"),
            ("cnn_training", "    cnn.train()\n", "    cnn.train()\n    print(cnn.output)\n"),
            (
                "cnn_training",
                "loss.backward()\n",
                "loss.backward()\n            if seen == 0:\n                print(cnn.output.weight.grad.norm())\n",
            ),
            ("cnn_training", "    cnn.eval()\n", "    cnn.eval()\n    print(cnn.output.bias.mean())\n"),
        ),
    ),
    Answer(
        "right_best_restored",
        "right",
        "Parameter groups, keywords, a second forward pass, a trial before; the best weights are restored at the end.",
        cells={"fit_code": GROUPS_AND_A_FILE, "cnn_training": BEST_RESTORED},
    ),
    Answer(
        "right_prefetched",
        "right",
        "A thread loads the next batches; closures, a scheduler that changes nothing, cross-entropy written out.",
        cells={"fit_code": PREFETCHED_FIT, "cnn_training": CLOSURES},
    ),
    Answer(
        "right_errors_below",
        "right",
        "Lines below right answers that stop with an error: what was done by then counts.",
        edits=(
            (
                "softmax_probabilities_code",
                "probs = F.softmax(outputs, dim=1)",
                "probs = F.softmax(outputs, dim=1)\nprobs.sums()",
            ),
            (
                "fit_code",
                "0.001, model, train_loader, val_loader)",
                "0.001, model, train_loader, val_loader)\nprint(history[-1]['accuracy'])",
            ),
            (
                "regression_curves_code",
                'right.set(xlabel="epoch", ylabel="validation loss", title="Loss on Fashion-MNIST")',
                'right.set(xlabel="epoch", ylabel="validation loss", title="Loss on Fashion-MNIST")\nright.grids()',
            ),
        ),
    ),
]
