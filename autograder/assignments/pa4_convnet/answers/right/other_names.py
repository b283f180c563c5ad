# %% right: other_names
# about = "Lazy layers, other attribute names, one pool for both blocks, a trainer of its own shape."
# whole = true

# %% convnet
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first_conv = nn.Conv2d(in_channels=1, out_channels=32, kernel_size=(5, 5), stride=1, padding=(2, 2))
        self.second_conv = nn.LazyConv2d(64, 5, padding=2)
        self.pool = nn.MaxPool2d(2, stride=2)
        self.hidden = nn.LazyLinear(512)
        self.output_layer = nn.Linear(512, 10)
        self(torch.zeros(1, 1, 28, 28))  # lets the lazy layers find their sizes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for conv in (self.first_conv, self.second_conv):
            x = torch.relu(self.pool(conv(x)))
        hidden = self.hidden(x.reshape(x.size(0), -1)).relu()
        return self.output_layer(hidden)

# %% trainer
class Trainer:
    def __init__(self, net, optim, loss_function, train_loader):
        self.network = net
        self.optimiser = optim
        self.criterion = loss_function
        self.loader = train_loader

    def _step(self, x, y):
        loss = self.criterion(self.network(x), y)
        for p in self.network.parameters():
            p.grad = None
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def train(self, epochs):
        self.network.train()
        means = []
        for epoch in range(epochs):
            batch_losses = [self._step(x.to(device), y.to(device)) for x, y in self.loader]
            means.append(sum(batch_losses) / len(batch_losses))
            print(f"Epoche {epoch + 1}: mittlerer Verlust {means[-1]:.4f}")  # Kommentar auf Deutsch
        return means

# %% test_accuracy
# - err += (yh != y).sum().item()
err += sum(int(a) != int(b) for a, b in zip(yh, y))

# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0].detach().cpu().numpy() for weight in net.first_conv.weight]

# %% feature_maps
# - output = F.relu(net.conv1(data))
output = net.first_conv(data).clamp_min(0)
