"""Whole submissions of recurrent, right and wrong, and the items at which each of them is wrong."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import dropped, replaced

GRU = """class Latch(nn.Module):
    def __init__(self, size=16):
        super().__init__()
        self.gru, self.head = nn.GRU(1, size), nn.Linear(size, 2)

    def forward(self, x):
        _, last = self.gru(x.transpose(0, 1))
        return self.head(last[0])
"""

LSTM = """class Latch(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(input_size=1, hidden_size=16, batch_first=True)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1, :])
"""

CELL = """class Latch(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.RNNCell(1, 16)
        self.linear = nn.Linear(16, 2)

    def forward(self, sequences):
        hidden = torch.zeros(len(sequences), 16)
        for place in range(sequences.shape[1]):
            hidden = self.cell(sequences[:, place], hidden)
        return self.linear(hidden)
"""

OWN_STEP = """class Latch(nn.Module):
    def __init__(self):
        super().__init__()
        self.both, self.linear = nn.Linear(1 + 16, 16), nn.Linear(16, 2)

    def forward(self, sequences):
        hidden = sequences.new_zeros(sequences.size(0), 16)
        for inputs in sequences.split(1, dim=1):
            hidden = torch.tanh(self.both(torch.cat([inputs[:, 0], hidden], dim=1)))
        return self.linear(hidden)
"""

OTHER_FORMULA = """def step(inputs, hidden, w_in, w_hidden, bias):
    return nn.functional.linear(inputs, w_in, bias).add(nn.functional.linear(hidden, w_hidden)).tanh()
"""

FILLED = """def unroll(sequences, hidden, w_in, w_hidden, bias):
    states = torch.empty(*sequences.shape[:2], len(bias))
    for t in range(sequences.size(1)):
        states[:, t] = step(sequences[:, t], states[:, t - 1] if t else hidden, w_in, w_hidden, bias)
    return states
"""

CLIPPED = """def train(model, steps):
    criterion, history = nn.CrossEntropyLoss(), []
    adam = torch.optim.Adam(list(model.parameters()), learning_rate)
    model.train()
    while len(history) < steps:
        x, y = draw_sequences(count=batch_size)
        adam.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        history += [float(loss)]
    return history
"""

RIGHT = [
    Answer("right_reference", "right", "The reference solution."),
    Answer("right_gru", "right", "A GRU that takes the steps first.", cells={"network_code": GRU}),
    Answer("right_lstm", "right", "An LSTM.", cells={"network_code": LSTM}),
    Answer("right_cell", "right", "A cell in a loop.", cells={"network_code": CELL}),
    Answer("right_own_step", "right", "One linear layer for input and hidden state.", cells={"network_code": OWN_STEP}),
    Answer("right_other_formula", "right", "The step by linear functions.", cells={"step_code": OTHER_FORMULA}),
    Answer("right_filled", "right", "States written into a tensor.", cells={"unroll_code": FILLED}),
    Answer("right_clipped", "right", "Gradients clipped, another loop.", cells={"train_code": CLIPPED}),
]

WRONG = [
    replaced("step_code", " + bias", "", ["step"], "No bias."),
    replaced("step_code", "w_hidden.T", "w_hidden", ["step"], "The weights are not transposed."),
    replaced("step_code", "torch.tanh", "torch.sigmoid", ["step"], "A sigmoid."),
    replaced(
        "unroll_code",
        "hidden = step(inputs",
        "state = step(inputs",
        ["unroll"],
        "Each step starts anew.",
        also=[("unroll_code", "states.append(hidden)", "states.append(state)")],
    ),
    replaced("unroll_code", "sequences.unbind(dim=1)", "sequences.flip(1).unbind(dim=1)", ["unroll"], "Backwards."),
    replaced("unroll_code", "torch.stack(states, dim=1)", "torch.stack(states)", ["unroll"], "Steps first."),
    replaced("network_code", "states[:, -1]", "states", ["network"], "All states."),
    replaced("network_code", "states[:, -1]", "states[:, 0]", ["network"], "The first state."),
    replaced("network_code", "states[:, -1]", "states[-1]", ["network"], "The last sequence."),
    dropped("train_code", "loss.backward()", ["training"]),
    dropped("train_code", "optimizer.step()", ["training"]),
    replaced("train_code", "range(steps)", "range(5)", ["training"], "Five steps only."),
    replaced(
        "train_code",
        "labels = draw_sequences(batch_size)",
        "labels = draw_sequences(batch_size)\n        labels = 1 - labels",
        ["training"],
        "The labels exchanged.",
    ),
]

UNFINISHED = [
    Answer(
        "untouched_release",
        "unfinished",
        "The release as it was handed out.",
        blank=("step_code", "unroll_code", "network_code", "train_code", "manual", "explain"),
        verdicts=dict.fromkeys(("step", "unroll", "network", "training"), "not_attempted"),
    ),
]

ANSWERS = [*RIGHT, *WRONG, *UNFINISHED]
