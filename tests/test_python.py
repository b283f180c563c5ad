"""What lines of a cell give values to, whether they parse or not."""

import pytest

from autograder.notebooks.python import given, words

CELL = """
import numpy as np, torch.nn as nn
import matplotlib.pyplot
from torch.utils.data import (DataLoader, Dataset as Data)
@decorated
class ConvNet(nn.Module):
    def __init__(self):
        self.net = inner = 1
        hidden: int = 2

    def forward(self, x, key=3):
        return self.fc(x
def train(
    model,
    epochs=1,
):
    loss = 0
net, *rest = ConvNet(), 5
first = second = train(model, optim=1)
rate: float = 0.1  # decay = 2
for epoch, batch in loop:
    seen = epoch
    if seen == mistaken:
        pass
    count += 1
with open("x") as file:
    read = 1
plot(title="x")
table["row"] = 1
async def later(): pass
lambda y: y
"""


@pytest.mark.parametrize(
    "name",
    ["np", "nn", "matplotlib", "DataLoader", "Data", "ConvNet", "train", "net", "first", "second", "rate", "epoch", "batch",
     "seen", "file", "read", "later"],
)  # fmt: skip
def test_global_names_are_given_whatever_the_syntax(name: str) -> None:
    assert name in given(CELL)


@pytest.mark.parametrize(
    "name",
    ["self", "inner", "hidden", "forward", "key", "x", "loss", "model", "epochs", "optim", "decay", "mistaken", "plot",
     "title", "table", "row", "torch", "Dataset", "pyplot", "", "y", "float", "loop"],
)  # fmt: skip
def test_what_is_local_used_or_compared_is_not(name: str) -> None:
    assert name not in given(CELL)


@pytest.mark.parametrize("line", ["a" * 1_000_000, "a," * 500_000, "( " * 500_000, "= " * 500_000, "for " + " in" * 300_000])
def test_long_lines_take_no_time(line: str) -> None:
    assert "b" not in given("\n".join([line] * 20))


def test_the_lines_that_give_a_name_are_kept() -> None:
    assert given("net = None\nif ready:\n    net = Net(3)  # now\n") == {"net": ["net = None", "    net = Net(3)"]}
    assert words("net = Net(3).to(device_1)") == {"net", "Net", "to", "device_1"}
