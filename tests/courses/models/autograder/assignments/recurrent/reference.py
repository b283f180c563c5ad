"""What is right in recurrent: a step, its repetition, and which mark of a sequence comes last."""

from __future__ import annotations

import torch
from torch import Tensor


def step(inputs: Tensor, hidden: Tensor, w_in: Tensor, w_hidden: Tensor, bias: Tensor) -> Tensor:
    """The hidden state (N, H) after inputs (N, D); ``w_in`` (H, D), ``w_hidden`` (H, H), ``bias`` (H,)."""
    return torch.tanh(inputs @ w_in.T + hidden @ w_hidden.T + bias)


def unroll(sequences: Tensor, hidden: Tensor, w_in: Tensor, w_hidden: Tensor, bias: Tensor) -> Tensor:
    """The hidden states (N, T, H) after each step of sequences (N, T, D)."""
    states = []
    for inputs in sequences.unbind(1):
        hidden = step(inputs, hidden, w_in, w_hidden, bias)
        states.append(hidden)
    return torch.stack(states, 1)


def marked(seed: int, count: int, length: int = 12) -> tuple[Tensor, Tensor]:
    """Sequences (count, length, 1) of marks -1 and 1 among zeros, and labels (count,): whether the last mark is 1."""
    generator = torch.Generator().manual_seed(seed)
    marks = torch.randint(0, 2, (count, length), generator=generator) * 2 - 1
    there = torch.rand(count, length, generator=generator) < 0.27
    there[:, 0] = True
    last = (there * torch.arange(1, length + 1)).argmax(1)
    return (marks * there).float().unsqueeze(2), (marks[torch.arange(count), last] > 0).long()
