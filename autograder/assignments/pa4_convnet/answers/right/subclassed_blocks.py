# %% right: subclassed_blocks
# about = "Blocks as a class of their own, statements behind semicolons, a trainer as in many tutorials."

# %% convnet
class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.c = nn.Conv2d(i, o, 5, padding=2); self.a = nn.ReLU(); self.p = nn.MaxPool2d(2, 2)

    def forward(self, x): return self.p(self.a(self.c(x)))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.b1, self.b2 = Block(1, 32), Block(32, 64)
        self.size_linear = int(64 * (28 / 4) ** 2)
        self.fc1 = nn.Linear(self.size_linear, 512)
        self.fc2 = nn.Linear(512, 10)

    def forward(self, x):
        x = self.b2(self.b1(x)); x = torch.reshape(x, (-1, self.size_linear))
        x = self.fc1(x); x.relu_(); return self.fc2(x)

# %% trainer
class Trainer():
    def __init__(self, net=None, optim=None, loss_function=None, train_loader=None):
        self.net = net; self.optim = optim; self.loss_function = loss_function; self.train_loader = train_loader

    def train(self, epochs):
        losses = []
        for epoch in range(epochs):
            epoch_loss = 0.0; epoch_steps = 0
            for i, data in enumerate(self.train_loader, 0):
                X = data[0].to(device); y = data[1].to(device)
                self.optim.zero_grad()
                output = self.net.forward(X)
                loss = self.loss_function.forward(output, y)
                loss.backward(); self.optim.step()
                epoch_loss += loss.item(); epoch_steps += 1
            losses.append(epoch_loss / epoch_steps)
            print("epoch [%d]: loss %.3f" % (epoch+1, losses[-1]))
        return losses

# %% loss_plot
fig, ax = plt.subplots()
ax.plot(range(1, len(losses) + 1), losses); ax.set(xlabel='e', ylabel='l', title='t')
plt.show()

# %% test_accuracy
net.eval()
correct = tot = 0
with torch.inference_mode():
    for batch in test_loader:
        x, y = [t.to(device) for t in batch]
        correct += (net(x).argmax(-1) == y).float().sum().item(); tot += x.shape[0]
err = tot - correct
accuracy = correct / tot

# %% filters
filters = [w.detach().numpy() for w in net.b1.c.weight]
fig, ax = plt.subplots(4, 8)
for a, f in zip(ax.ravel(), filters):
    a.matshow(f.reshape(5, 5))
plt.show()

# %% feature_maps
feature_maps = {}
for d in range(10):
    data = examples[d].to(device)
    output = nn.ReLU()(net.b1.c(data))
    feature_maps[d] = output.detach()
