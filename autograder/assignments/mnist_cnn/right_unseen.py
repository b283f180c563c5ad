"""Right answers of mnist_cnn that lost points when they were first tried, and styles that nobody had tried before."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

from .right_networks import SEQUENTIAL
from .right_training import RUN_HEAD, RUN_TAIL

SCALED = (
    RUN_HEAD
    + """from collections import deque
import statistics
model = MNIST_CNN().to(device)
scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
verlust_funktion, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)
fenster = deque(maxlen=50)
for name in range(num_epochs):
    pakete = iter(train_loader)
    while (paket := next(pakete, None)) is not None:
        bilder, ziffern = (teil.to(device) for teil in paket)
        optimizer.zero_grad(set_to_none=False)
        verlust = verlust_funktion(model(bilder), ziffern)
        scaler.scale(verlust).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        fenster.append(float(verlust.detach()))
        loss_history.append(fenster[-1])
    print(f"Epoche {name + 1}: {statistics.mean(fenster):.3f}")
    del pakete, paket
"""
    + RUN_TAIL
)

CONFUSIONS = """model.eval()
matrix = np.zeros((10, 10), dtype=int)
with torch.no_grad():
    for x, y in test_loader:
        np.add.at(matrix, (y.numpy(), model(x.to(device)).cpu().numpy().argmax(axis=-1)), 1)
test_accuracy = np.trace(matrix) / matrix.sum()
"""

RECURSIVE = """def w_out(w_in, k, p, s=1):
    rest = w_in + 2 * p - k
    return 1 if rest < s else 1 + w_out(w_in - s, k, p, s)
"""

ASKED_OF_LAYERS = """from torchinfo import summary

def learn_conv(w, h, d, k):
    return sum(p.numel() for p in nn.Conv2d(d, k, kernel_size=(h, w)).parameters())

def learn_full(n, m):
    return sum(map(torch.numel, nn.Linear(n, m).parameters()))

total_parameters = summary(MNIST_CNN(), (1, 1, 28, 28), verbose=0).total_params
parameter_ratio = total_parameters / 105681
"""

TRAINER = """class Trainer:
    def __init__(self, net, loader, lr=1e-3):
        self.net, self.loader = net.to(device), loader
        self.opt = torch.optim.Adam(self.net.parameters(), lr=lr)
        self.losses: list[float] = []

    def __call__(self, epochs):
        for _ in range(epochs):
            self.net.train()
            for x, y in self.loader:
                self.opt.zero_grad()
                loss = F.cross_entropy(self.net(x.to(device)), y.to(device))
                loss.backward()
                self.opt.step()
                self.losses.append(loss.item())
        return self
"""

IN_A_FILE = """

@torch.no_grad()
def share_of_right(network, loader):
    network.eval()
    device = next(network.parameters()).device
    right = [(network(x.to(device)).argmax(1) == y.to(device)).sum().item() for x, y in loader]
    return sum(right) / len(loader.dataset)
"""

DEFAULTS = """def share_of_right(network=model, *, loader=test_loader):
    with torch.no_grad():
        network.eval()
        return float(torch.cat([network(x.to(device)).argmax(1) == y.to(device) for x, y in loader]).float().mean())
"""

UNSEEN = [
    Answer(
        "right_code_in_files",
        "right",
        "Writes its network and its functions into files, and imports them below.",
        cells={
            "output_size_code": "%%writefile sizes.py\ndef w_out(w_in, k, p, s=1):\n    return (w_in - k + 2 * p) // s + 1",
            "mnist_cnn": "%%writefile own_cnn.py\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
            + SEQUENTIAL
            + IN_A_FILE,
            "evaluation": "import own_cnn\ntest_accuracy = own_cnn.share_of_right(model, test_loader)",
        },
        added=(("output_size_code", "from sizes import w_out"), ("mnist_cnn", "from own_cnn import MNIST_CNN")),
    ),
    Answer(
        "right_defaults",
        "right",
        "A function in a cell of its own, where network and loader are the defaults of its parameters.",
        cells={"evaluation": "test_accuracy = share_of_right()"},
        added=(("loss_curve", DEFAULTS),),
    ),
    Answer(
        "right_clipped_and_scaled",
        "right",
        "Clipped gradients, a scaler that is off on the CPU, iter and next, a confusion matrix, recursion.",
        cells={
            "training_code": SCALED,
            "evaluation": CONFUSIONS,
            "output_size_code": RECURSIVE,
            "parameter_formulas": ASKED_OF_LAYERS,
        },
    ),
    Answer(
        "right_trainer_class",
        "right",
        "A class, in a cell of its own, that trains a network and keeps its losses.",
        added=(("print_shapes", TRAINER),),
        cells={
            "training_code": f"{RUN_HEAD}trainer = Trainer(MNIST_CNN(), train_loader)(num_epochs)\n"
            f"model, loss_history = trainer.net, trainer.losses{RUN_TAIL}"
        },
    ),
    Answer(
        "right_groups_by_layer",
        "right",
        "An optimizer with a group for each layer; a second forward pass; all batches of an epoch in a list.",
        edits=(
            (
                "training_code",
                "torch.optim.Adam(model.parameters(), lr=0.001)",
                "torch.optim.Adam([{'params': layer.parameters()} for layer in model.children()], lr=0.001)",
            ),
            ("training_code", "tqdm(train_loader,", "tqdm(list(train_loader),"),
            (
                "training_code",
                "optimizer.step()\n",
                "optimizer.step()\n        right = (model(images).argmax(dim=1) == labels).sum().item()\n",
            ),
        ),
    ),
    Answer(
        "right_weights_from_a_file",
        "right",
        "Saves the weights after the training, and loads them into a new network in the accuracy cell.",
        edits=(
            ("training_code", "training_seconds =", "torch.save(model.state_dict(), 'own.pt')\ntraining_seconds ="),
            (
                "evaluation",
                "model.eval()",
                "best = MNIST_CNN().to(device)\nbest.load_state_dict(torch.load('own.pt'))\nbest.eval()",
            ),
            ("evaluation", "model(images)", "best(images)"),
        ),
    ),
    Answer(
        "right_weights_loaded_back",
        "right",
        "Loads the weights back into the network itself, and sets evaluation mode at the end of the training alone.",
        edits=(
            (
                "training_code",
                "training_seconds =",
                "model.eval()\ntorch.save(model.state_dict(), 'own.pt')\ntraining_seconds =",
            ),
            ("evaluation", "model.eval()", "print(model.load_state_dict(torch.load('own.pt')))"),
        ),
    ),
    Answer(
        "right_looks_at_layers",
        "right",
        "Prints a layer before the training, its gradient within, and another layer before the evaluation.",
        edits=(
            ("training_code", "model.train()\n", "model.train()\nprint(model.conv1)\n"),
            (
                "training_code",
                "loss.backward()\n",
                "loss.backward()\n        if not loss_history:\n            print(model.conv1.weight.grad.norm())\n",
            ),
            ("evaluation", "model.eval()", "model.eval()\nprint(model.fc2, model.fc2.weight.shape)"),
        ),
    ),
    Answer(
        "right_errors_below",
        "right",
        "Lines below right answers that stop with an error: what was done by then counts.",
        edits=(
            (
                "evaluation",
                "test_accuracy = correct / len(test_data)",
                "test_accuracy = correct / len(test_data)\nprint(test_accuracy.item())",
            ),
        ),
    ),
]
