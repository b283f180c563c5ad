"""The training and the accuracy of mnist_cnn in the styles in which students write them."""

RUN_HEAD = "model, loss_history = None, []\nset_seeds(seed)\nbegun = time.perf_counter()\n"
RUN_TAIL = "\ntraining_seconds = time.perf_counter() - begun\n"

PLAIN_LOOP = (
    RUN_HEAD
    + """model = MNIST_CNN()
if torch.cuda.is_available():
    model = model.cuda()
criterion = nn.CrossEntropyLoss()
optim = torch.optim.Adam(model.parameters())
for epoch in range(num_epochs):
    running = 0.0
    for i, data in enumerate(train_loader, 0):
        inputs, targets = data
        inputs, targets = inputs.to(device), targets.to(device)
        optim.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optim.step()
        running += loss.item()
        loss_history.append(loss.item())
    print(f"Epoch {epoch + 1}/{num_epochs}, mean loss {running / len(train_loader):.4f}")
"""
    + RUN_TAIL
)

HELPERS = (
    """def train_step(net, optimiser, x, y):
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


"""
    + RUN_HEAD
    + """model = MNIST_CNN().to(device)
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
"""
    + RUN_TAIL
)

PER_EPOCH = (
    RUN_HEAD
    + """from tqdm import trange
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
    loss_history.append(total / seen)
"""
    + RUN_TAIL
)

CLOSURE = (
    RUN_HEAD
    + """model = MNIST_CNN().to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(num_epochs):
    for images, labels in train_loader:
        def closure():
            optimizer.zero_grad()
            targets = F.one_hot(labels.to(device), num_classes=10).float()
            loss = F.cross_entropy(model(images.to(device)), targets)
            loss.backward()
            return loss

        loss_history.append(optimizer.step(closure).item())
loss_history = np.array(loss_history)
"""
    + RUN_TAIL
)

TRIED_BEFORE = (
    RUN_HEAD
    + """trial = MNIST_CNN().to(device)
trial_optimizer = torch.optim.Adam(trial.parameters(), lr=0.1)
for number, (images, labels) in enumerate(train_loader):
    trial_optimizer.zero_grad()
    F.cross_entropy(trial(images.to(device)), labels.to(device)).backward()
    trial_optimizer.step()
    if number == 1:  # two batches, to see that the shapes fit
        break
model = MNIST_CNN().to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(num_epochs):
    for images, labels in train_loader:
        loss = F.cross_entropy(model(images.to(device)), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_history.append(loss.item())
"""
    + RUN_TAIL
)

TENSORS = (
    RUN_HEAD
    + """from torchinfo import summary
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
        loss_history.append(loss.detach().cpu())
        bar.set_description(f"{epoch}: {loss:.3f}")
    model.eval()
    with torch.inference_mode():
        print("held out:", np.mean([(model(x.to(device)).argmax(1).cpu() == y).float().mean() for x, y in test_loader]))
"""
    + RUN_TAIL
)

MEAN_OF_BATCHES = """model.eval()
shares = []
with torch.inference_mode():
    for images, labels in test_loader:
        _, predicted = torch.max(model(images.to(device)).data, 1)
        shares.append((predicted.cpu() == labels).float().mean())
test_accuracy = torch.stack(shares).mean().item()
"""

ALL_AT_ONCE = """@torch.no_grad()
def predictions(net, loader):
    net.train(False)
    return torch.cat([net(x.to(device)).softmax(1).argmax(1).cpu() for x, _ in loader])


truth = torch.cat([y for _, y in test_loader])
test_accuracy = np.mean(predictions(model, test_loader).numpy() == truth.numpy())
"""

COUNTED = """correct = total = 0
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
"""

OWN_LOADER = """errors = 0
model.eval()
torch.set_grad_enabled(False)
for x, y in DataLoader(test_data, batch_size=250):
    errors += torch.count_nonzero(model(x.to(device)).argsort(dim=1)[:, -1] - y.to(device))
torch.set_grad_enabled(True)
test_accuracy = 1 - errors / len(test_data)
"""

NUMBER_FIXED = """model.eval()
n_correct = 0
with torch.no_grad():
    for images, labels in test_loader:
        n_correct += model(images.to(device)).argmax(dim=1).eq(labels.to(device)).sum()
test_accuracy = float(n_correct) / 10000
"""

WHOLE_TENSOR = """model.eval()
x = test_data.data.unsqueeze(1).float() / 255
with torch.no_grad():
    guesses = torch.cat([model(part.to(device)).argmax(1).cpu() for part in x.split(100)])
test_accuracy = (guesses == test_data.targets).double().mean().item()
"""
