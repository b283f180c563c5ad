"""Whole submissions of autoencoder, right and wrong, and the items at which each of them is wrong."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import dropped, replaced

SEQUENTIAL = """class Autoencoder(nn.Sequential):
    def __init__(self):
        sizes = [784, 64, 16]
        steps = [nn.Flatten(), nn.Linear(784, 64), nn.ReLU(inplace=True), nn.Linear(64, 16)]
        steps += [nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, sizes[0]), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))]
        super().__init__(*steps)
"""

FUNCTIONAL = """class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = nn.Linear(784, 64), nn.Linear(64, 16), nn.Linear(16, 64), nn.Linear(64, 784)

    def encode(self, x):
        return self.b(torch.clamp(self.a(x.view(len(x), -1)), min=0))

    def forward(self, x):
        return self.d(self.c(self.encode(x)).relu()).sigmoid().view(x.shape)
"""

OTHER_LOOP = """def train(model, loader, optimizer, epochs):
    criterion = nn.MSELoss()

    def one_epoch():
        history = []
        for batch in loader:
            optimizer.zero_grad(set_to_none=True)
            error = criterion(model(batch[0]), batch[0])
            error.backward()
            optimizer.step()
            history.append(float(error))
        return sum(history) / len(history)

    return [one_epoch() for _ in range(epochs)]
"""

BY_HAND = """def train(model, loader, optimizer, epochs):
    losses = []
    for epoch in range(epochs):
        running = 0
        for x, _ in loader:
            loss = (x - model(x)).pow(2).mean()
            loss.backward()
            optimizer.step()
            model.zero_grad()
            running += loss.detach()
        losses.append((running / len(loader)).item())
    return losses
"""

RIGHT = [
    Answer("right_reference", "right", "The reference solution."),
    Answer("right_sequential", "right", "One Sequential.", cells={"network": SEQUENTIAL}),
    Answer("right_functional", "right", "Four layers, functions between them.", cells={"network": FUNCTIONAL}),
    Answer(
        "right_other_loop", "right", "A function for each epoch, the loss as a module.", cells={"train_code": OTHER_LOOP}
    ),
    Answer("right_by_hand", "right", "The error by hand, gradients cleared after the step.", cells={"train_code": BY_HAND}),
]

WRONG = [
    replaced(
        "network",
        "nn.Linear(64, 16))",
        "nn.Linear(64, 8))",
        ["layers"],
        "Eight numbers in place of 16.",
        also=[("network", "nn.Linear(16, 64)", "nn.Linear(8, 64)")],
    ),
    replaced("network", "nn.Linear(784, 64), nn.ReLU(), ", "nn.Linear(784, 64), ", ["layers"], "No ReLU in the encoder."),
    replaced("network", "nn.Linear(16, 64), nn.ReLU(), ", "nn.Linear(16, 64), ", ["layers"], "No ReLU in the decoder."),
    replaced("network", "nn.Linear(64, 16))", "nn.Linear(64, 16), nn.ReLU())", ["forward"], "A ReLU over the 16 numbers."),
    replaced(
        "network",
        "torch.sigmoid(self.decoder(self.encoder(pictures)))",
        "self.decoder(self.encoder(pictures))",
        ["forward"],
        "No sigmoid.",
    ),
    replaced("network", "torch.sigmoid", "torch.tanh", ["forward"], "A tanh in place of the sigmoid."),
    replaced(
        "network",
        ".reshape(-1, 1, 28, 28)",
        "",
        ["forward"],
        "Not reshaped to pictures.",
        also=[
            (
                "train_code",
                "mse_loss(model(pictures), pictures)",
                "mse_loss(model(pictures), pictures.reshape(model(pictures).shape))",
            )
        ],
    ),
    dropped("train_code", "optimizer.zero_grad()", ["training"]),
    dropped("train_code", "loss.backward()", ["training"]),
    dropped("train_code", "optimizer.step()", ["training"]),
    replaced("train_code", "mse_loss", "l1_loss", ["training"], "Absolute errors."),
    replaced("train_code", "total / len(loader)", "total", ["training"], "The sum of the losses."),
    replaced("train_code", "range(epochs)", "range(1)", ["training"], "One epoch only."),
]

UNFINISHED = [
    Answer(
        "untouched_release",
        "unfinished",
        "The release as it was handed out.",
        blank=("network", "train_code", "manual", "explain"),
        verdicts=dict.fromkeys(("layers", "forward", "training"), "not_attempted"),
    ),
]

ANSWERS = [*RIGHT, *WRONG, *UNFINISHED]
