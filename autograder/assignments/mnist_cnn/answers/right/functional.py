# %% right: functional
# about = "No layer modules: parameters and functions. One loss an epoch, and three epochs written as a number."

# %% mnist_cnn
def weights(*shape):
    """Weights and biases of a layer, as PyTorch's own layers draw them."""
    bound = math.prod(shape[1:]) ** -0.5
    weight, bias = torch.empty(shape), torch.empty(shape[0])
    return tuple(nn.Parameter(tensor.uniform_(-bound, bound)) for tensor in (weight, bias))


class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1, self.b1 = weights(32, 1, 3, 3)
        self.w2, self.b2 = weights(32, 32, 3, 3)
        self.w3, self.b3 = weights(64, 32, 3, 3)
        self.w4, self.b4 = weights(64, 64, 3, 3)
        self.w5, self.b5 = weights(256, 3136)
        self.w6, self.b6 = weights(10, 256)

    def forward(self, x):
        x = torch.relu(F.conv2d(x, self.w1, self.b1, padding=1))
        x = torch.relu(F.conv2d(x, self.w2, self.b2, padding=1))
        x = F.max_pool2d(x, 2)
        x = torch.relu(F.conv2d(x, self.w3, self.b3, padding=1))
        x = torch.relu(F.conv2d(x, self.w4, self.b4, padding=1))
        x = F.max_pool2d(x, 2).reshape(len(x), -1)
        x = torch.relu(x @ self.w5.T + self.b5)
        return F.linear(x, self.w6, self.b6)

# %% training_code
model, loss_history = None, []
set_seeds(seed)
begun = time.perf_counter()
from tqdm import trange
model = MNIST_CNN().to(device)
loss_fn, opt = torch.nn.CrossEntropyLoss(reduction="mean"), torch.optim.Adam(list(model.parameters()), 0.001)
for epoch in trange(3):
    total, seen = 0.0, 0
    for images, labels in tqdm(train_loader):
        opt.zero_grad()
        loss = loss_fn(model(images.to(device)), labels.to(device))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1e9)
        opt.step()
        total, seen = total + loss.item() * len(images), seen + len(images)
        loss_history.append(loss.item())

training_seconds = time.perf_counter() - begun

# %% evaluation
correct = total = 0
was_training = model.training
model.eval()
with torch.set_grad_enabled(False):
    for batch in tqdm(test_loader):
        x, y = (part.to(device) for part in batch)
        out = model(x)
        for row, digit in zip(out, y):
            correct += int(row.topk(1).indices == digit)
        total += y.shape[0]
model.train(was_training)
test_accuracy = correct / total
