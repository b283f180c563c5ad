"""What is collected from a recurrent notebook. Runs in the box after the cell that each probe names; knows no answer."""

from __future__ import annotations

import torch
from inside import draws, networks
from inside.probing import Evidence, Student, probe

SHAPES = ((5, 3), (5, 4), (4, 3), (4, 4), (4,))  # inputs, hidden state, weights and bias
LENGTHS = (1, 5, 20)


def drawn(seed: int) -> list[torch.Tensor]:
    """Inputs, hidden state, weights and bias."""
    return [draws.normal(seed + place, *shape) for place, shape in enumerate(SHAPES)]


@probe(after="step_code")
def step(student: Student) -> Evidence:
    """The hidden state after a step from drawn numbers."""
    return Evidence({}, {"state": student.namespace["step"](*drawn(student.seed)).detach()})


@probe(after="unroll_code")
def unroll(student: Student) -> Evidence:
    """The hidden states after each of seven drawn inputs."""
    _, *rest = drawn(student.seed)
    return Evidence({}, {"states": student.namespace["unroll"](draws.normal(student.seed, 5, 7, 3), *rest).detach()})


@probe(after="network_code")
def network(student: Student) -> Evidence:
    """Shapes of the outputs for sequences of some lengths, and how much each input changes the output."""
    model = student.namespace["Latch"]().eval()
    shapes = [list(model(torch.zeros(3, length, 1)).shape) for length in LENGTHS]
    sequences = draws.normal(student.seed, 4, 9, 1).requires_grad_()
    (gradient,) = torch.autograd.grad(model(sequences)[:, 0].sum(), sequences)
    return Evidence({"shapes": shapes}, {"gradient": gradient[..., 0]})


@probe(after="train_network")
def trained(student: Student) -> Evidence:
    """The trained network as a recorded program with its weights, and its losses."""
    found = networks.trained(student.namespace.get("model"), student.seed, (networks.TRACE_IMAGES, 12, 1))
    found.document["losses"] = [float(loss) for loss in student.namespace["losses"]]
    return found
