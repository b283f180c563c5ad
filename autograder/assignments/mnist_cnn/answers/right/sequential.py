# %% right: sequential
# about = "One Sequential with 'same' padding, tuples and in-place ReLU; floor of a division; helper functions in the loop."

# %% output_size_code
import math
def w_out(w_in, k, p, s=1):
    return math.floor((w_in - k + 2 * p) / s) + 1

# %% mnist_cnn
class MNIST_CNN(nn.Module):
    def __init__(self):
        super(MNIST_CNN, self).__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 32, (3, 3), padding="same"), nn.ReLU(inplace=True),
            nn.Conv2d(32, 32, (3, 3), padding="same"), nn.ReLU(inplace=True),
            nn.MaxPool2d((2, 2)),
            nn.Conv2d(32, 64, (3, 3), padding="same"), nn.ReLU(inplace=True),
            nn.Conv2d(64, 64, (3, 3), padding="same"), nn.ReLU(inplace=True),
            nn.MaxPool2d((2, 2)),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 256), nn.ReLU(inplace=True),
            nn.Linear(256, 10),
        )

    def forward(self, x):
        return self.net(x)

# %% training_code
def train_step(net, optimiser, x, y):
    net.train()
    y_hat = net(x)
    batch_loss = F.cross_entropy(y_hat, y)
    batch_loss.backward()
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return float(batch_loss)


def share_right(net, loader):
    net.eval()
    with torch.no_grad():
        right = sum((net(x.to(device)).argmax(1) == y.to(device)).sum().item() for x, y in loader)
    return right / len(loader.dataset)


model, loss_history = None, []
set_seeds(seed)
begun = time.perf_counter()
model = MNIST_CNN().to(device)
optimiser = torch.optim.Adam(params=model.parameters(), lr=1e-3, betas=(0.9, 0.999))
epoch_bar = tqdm(total=num_epochs, desc="epochs")
epoch = 0
while epoch < num_epochs:
    with tqdm(total=len(train_loader), leave=False) as bar:
        for x, y in train_loader:
            loss_history += [train_step(model, optimiser, x.to(device), y.to(device))]
            bar.update()
    epoch += 1
    epoch_bar.update()
    epoch_bar.set_postfix(held_out=share_right(model, test_loader))
epoch_bar.close()

training_seconds = time.perf_counter() - begun

# %% evaluation
@torch.no_grad()
def predictions(net, loader):
    net.train(False)
    return torch.cat([net(x.to(device)).softmax(1).argmax(1).cpu() for x, _ in loader])


truth = torch.cat([y for _, y in test_loader])
test_accuracy = np.mean(predictions(model, test_loader).numpy() == truth.numpy())
