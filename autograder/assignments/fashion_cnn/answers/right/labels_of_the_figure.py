# %% right: labels_of_the_figure
# about = "Steps and stems; one x label for both axes; meters, clipped gradients, validation within train."

# %% regression_curves_code
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
left.step(range(len(history)), [100 * float(h["val_acc"]) for h in history], where="mid")
right.stem(range(len(history)), [float(h["val_loss"]) for h in history])
left.set_ylabel("accuracy (%)")
right.set_ylabel("loss")
fig.supxlabel("epoch")
fig.suptitle("Softmax regression on Fashion-MNIST, validation images")
plt.show()

# %% cnn_training
from collections import namedtuple
from dataclasses import dataclass

@dataclass
class Meter:
    total: float = 0.0
    n: int = 0

    def add(self, value, n):
        self.total, self.n = self.total + value * n, self.n + n

def one_step(net, opt, x, y):
    opt.zero_grad()
    loss = F.nll_loss(F.log_softmax(net(x)[0], dim=1), y)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    opt.step()
    return loss.item()

def train(num_epochs, cnn, loaders):
    losses = []
    adam = torch.optim.Adam(cnn.parameters(), 0.01)
    for epoch in range(num_epochs):
        cnn.train()
        meter = Meter()
        for x, y in loaders["train"]:
            meter.add(one_step(cnn, adam, x.to(device), y.to(device)), len(x))
        losses += [meter.total / meter.n]
        evaluate_model(cnn, loaders["val"], "validation")
    return losses

@torch.no_grad()
def evaluate_model(cnn, loader, name):
    cnn.eval()
    hits = sum(int(cnn(x)[0].max(1).indices.eq(y).sum()) for x, y in loader)
    n = sum(len(y) for _, y in loader)
    print(f"{name:>10s}: {hits / n:.2%}")
    return hits / n
