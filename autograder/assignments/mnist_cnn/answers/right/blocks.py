# %% right: blocks
# about = "A block class in a ModuleList, type hints; losses kept as tensors, nll_loss of log_softmax; formulas by loops."

# %% mnist_cnn
class ConvBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=1, padding=1)
        self.second = nn.Conv2d(out_channels, out_channels, kernel_size=3, stride=1, padding=1)
        self.act = nn.ReLU()
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(self.act(self.second(self.act(self.first(x)))))


class MNIST_CNN(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([ConvBlock(1, 32), ConvBlock(32, 64)])
        size = w_out(w_out(28, 2, 0, 2), 2, 0, 2)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64 * size**2, 256), nn.ReLU(), nn.Linear(256, num_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(x)

# %% training_code
model, loss_history = None, []
set_seeds(seed)
begun = time.perf_counter()
from torchinfo import summary
summary(MNIST_CNN(), (100, 1, 28, 28), device="cpu")
model = MNIST_CNN()
model.to(device)
opt = torch.optim.Adam([{"params": model.parameters(), "lr": 0.001}])
for epoch in tqdm(range(1, num_epochs + 1)):
    model.train()
    bar = tqdm(train_loader)
    for images, labels in bar:
        images = images.reshape(-1, 1, 28, 28).to(device)
        log_probabilities = F.log_softmax(model(images), dim=-1)
        loss = F.nll_loss(log_probabilities, labels.to(device))
        for parameter in model.parameters():
            parameter.grad = None
        loss.backward()
        opt.step()
        loss_history.append(float(loss.detach().cpu()))
        bar.set_description(f"{epoch}: {loss:.3f}")
    model.eval()
    with torch.inference_mode():
        print("held out:", np.mean([(model(x.to(device)).argmax(1).cpu() == y).float().mean() for x, y in test_loader]))

training_seconds = time.perf_counter() - begun

# %% evaluation
errors = 0
model.eval()
torch.set_grad_enabled(False)
for x, y in DataLoader(test_data, batch_size=250):
    errors += torch.count_nonzero(model(x.to(device)).argsort(dim=1)[:, -1] - y.to(device))
torch.set_grad_enabled(True)
test_accuracy = 1 - errors / len(test_data)

# %% parameter_formulas
def learn_conv(w, h, d, k):
    weights = 0
    for _ in range(k):
        weights += w * h * d  # one filter
        weights += 1  # its bias
    return weights


def learn_full(n, m):
    return n * m + m


total_parameters = sum(p.numel() for p in MNIST_CNN().parameters() if p.requires_grad)
parameter_ratio = round(total_parameters / 105681, 2)
