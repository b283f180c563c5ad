# %% right: class_of_sequential
# about = "ConvNet is itself a Sequential with names; tuples for sizes; no forward of its own."

# %% convnet
from collections import OrderedDict


class ConvNet(nn.Sequential):
    size_linear = 3136

    def __init__(self):
        super().__init__(OrderedDict([
            ("conv1", nn.Conv2d(in_channels=1, out_channels=32, kernel_size=(5, 5), padding="same")),
            ("relu1", nn.ReLU(True)), ("pool1", nn.MaxPool2d((2, 2), (2, 2))),
            ("conv2", nn.Conv2d(32, 64, (5, 5), (1, 1), (2, 2))), ("relu2", nn.ReLU(True)), ("pool2", nn.MaxPool2d(2)),
            ("flatten", nn.Flatten(start_dim=1, end_dim=-1)),
            ("fc1", nn.Linear(self.size_linear, 512)), ("relu3", nn.ReLU()), ("fc2", nn.Linear(512, 10)),
        ]))

# %% trainer
class Trainer:
    """Trains `net` on the batches of `train_loader`."""

    def __init__(self, net: nn.Module, optim: torch.optim.Optimizer, loss_function, train_loader: DataLoader):
        vars(self).update(net=net, optim=optim, loss_function=loss_function, train_loader=train_loader)

    def batches(self):
        for images, labels in self.train_loader:
            yield images.to(device, non_blocking=True), labels.to(device, non_blocking=True)

    def train_epoch(self):
        self.net.train(True)
        sums = torch.zeros(2)
        with torch.enable_grad():
            for images, labels in self.batches():
                loss = self.loss_function(self.net(images), labels)
                self.net.zero_grad()
                loss.backward()
                self.optim.step()
                sums += torch.tensor([loss.item() * images.size(0), images.size(0)])
        return (sums[0] / sums[1]).item()

    def train(self, epochs):
        return [self.train_epoch() for _ in tqdm(range(epochs), file=sys.stderr)]

# %% loss_plot
# - ax.plot(epochs, losses, marker="o")
ax.semilogy(np.arange(1, 1 + len(losses)), np.array(losses))

# %% test_accuracy
def evaluate(model, loader):
    model.train(False); e = n = 0
    for x, y in loader:
        x, y = x.to(device, non_blocking=True), y.to(device)
        e += int(torch.count_nonzero(model(x).topk(1)[1].squeeze(1) - y)); n += len(x)
    return e, n
err, tot = evaluate(net, test_loader)
accuracy = 1 - err/tot
