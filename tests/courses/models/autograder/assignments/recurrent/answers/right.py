# %% right: reference
# about = "The reference solution."

# %% right: gru
# about = "A GRU that takes the steps first."

# %% network_code
class Latch(nn.Module):
    def __init__(self, size=16):
        super().__init__()
        self.gru, self.head = nn.GRU(1, size), nn.Linear(size, 2)

    def forward(self, x):
        _, last = self.gru(x.transpose(0, 1))
        return self.head(last[0])

# %% right: lstm
# about = "An LSTM."

# %% network_code
class Latch(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(input_size=1, hidden_size=16, batch_first=True)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1, :])

# %% right: cell
# about = "A cell in a loop."

# %% network_code
class Latch(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.RNNCell(1, 16)
        self.linear = nn.Linear(16, 2)

    def forward(self, sequences):
        hidden = torch.zeros(len(sequences), 16)
        for place in range(sequences.shape[1]):
            hidden = self.cell(sequences[:, place], hidden)
        return self.linear(hidden)

# %% right: own_step
# about = "One linear layer for input and hidden state."

# %% network_code
class Latch(nn.Module):
    def __init__(self):
        super().__init__()
        self.both, self.linear = nn.Linear(1 + 16, 16), nn.Linear(16, 2)

    def forward(self, sequences):
        hidden = sequences.new_zeros(sequences.size(0), 16)
        for inputs in sequences.split(1, dim=1):
            hidden = torch.tanh(self.both(torch.cat([inputs[:, 0], hidden], dim=1)))
        return self.linear(hidden)

# %% right: other_formula
# about = "The step by linear functions."
# %% step_code
def step(inputs, hidden, w_in, w_hidden, bias):
    return nn.functional.linear(inputs, w_in, bias).add(nn.functional.linear(hidden, w_hidden)).tanh()

# %% right: filled
# about = "States written into a tensor."
# %% unroll_code
def unroll(sequences, hidden, w_in, w_hidden, bias):
    states = torch.empty(*sequences.shape[:2], len(bias))
    for t in range(sequences.size(1)):
        states[:, t] = step(sequences[:, t], states[:, t - 1] if t else hidden, w_in, w_hidden, bias)
    return states

# %% right: clipped
# about = "Gradients clipped, another loop."

# %% train_code
def train(model, steps):
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
