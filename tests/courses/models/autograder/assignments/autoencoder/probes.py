"""What is collected from an autoencoder notebook. Runs in the box after the cell that each probe names; knows no answer."""

from __future__ import annotations

import torch
from inside import draws, networks
from inside.probing import Evidence, Student, probe
from torch import nn

EPOCHS, BATCHES, LEARNING_RATE = 2, 3, 0.5


@probe(after="network")
def network(student: Student) -> Evidence:
    """The operations of one forward pass in training and in evaluation mode, and outputs for weights drawn now."""
    return networks.describe(student.namespace["Autoencoder"], student.seed)


@probe(after="train_code")
def training_loop(student: Student) -> Evidence:
    """What the student's ``train`` makes of a small linear model on inputs drawn now, with labels that are not used."""
    model = nn.Linear(6, 6, bias=False)
    model.weight.data = draws.normal(student.seed, 6, 6) / 3
    batches = [(draws.normal(student.seed + 1 + number, 5, 6), torch.zeros(5)) for number in range(BATCHES)]
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    losses = student.namespace["train"](model, batches, optimizer, EPOCHS)
    return Evidence({"losses": [float(loss) for loss in losses]}, {"weight": model.weight.detach()})


@probe(after="train_network")
def trained(student: Student) -> Evidence:
    """The trained network as a recorded program with its weights."""
    return networks.trained(student.namespace.get("model"), student.seed)
