# %% right: without_padding
# about = "No padding, one pool for both blocks, view; a loop without progress bars that prints means; GPU if there is one."

# %% mnist_cnn
class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 32, 3)
        self.conv3 = nn.Conv2d(32, 64, 3)
        self.conv4 = nn.Conv2d(64, 64, 3)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(1024, 256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv2(F.relu(self.conv1(x)))))
        x = self.pool(F.relu(self.conv4(F.relu(self.conv3(x)))))
        x = x.view(x.size(0), -1)
        return self.fc2(F.relu(self.fc1(x)))

# %% training_code
model, loss_history = None, []
set_seeds(seed)
begun = time.perf_counter()
model = MNIST_CNN()
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

training_seconds = time.perf_counter() - begun

# %% evaluation
model.eval()
shares = []
with torch.inference_mode():
    for images, labels in test_loader:
        _, predicted = torch.max(model(images.to(device)).data, 1)
        shares.append((predicted.cpu() == labels).float().mean())
test_accuracy = torch.stack(shares).mean().item()

# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = convolutions + learn_full(64 * 4 * 4, 256) + learn_full(256, 10)
