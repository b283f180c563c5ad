# %% right: reference
# about = "The reference solution."

# %% right: sequential
# about = "One Sequential."
# %% network
class Autoencoder(nn.Sequential):
    def __init__(self):
        sizes = [784, 64, 16]
        steps = [nn.Flatten(), nn.Linear(784, 64), nn.ReLU(inplace=True), nn.Linear(64, 16)]
        steps += [nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, sizes[0]), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))]
        super().__init__(*steps)

# %% right: functional
# about = "Four layers, functions between them."

# %% network
class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = nn.Linear(784, 64), nn.Linear(64, 16), nn.Linear(16, 64), nn.Linear(64, 784)

    def encode(self, x):
        return self.b(torch.clamp(self.a(x.view(len(x), -1)), min=0))

    def forward(self, x):
        return self.d(self.c(self.encode(x)).relu()).sigmoid().view(x.shape)

# %% right: other_loop
# about = "A function for each epoch, the loss as a module."

# %% train_code
def train(model, loader, optimizer, epochs):
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

# %% right: by_hand
# about = "The error by hand, gradients cleared after the step."

# %% train_code
def train(model, loader, optimizer, epochs):
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
