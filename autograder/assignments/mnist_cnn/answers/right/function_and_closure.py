# %% right: function_and_closure
# about = "A function that builds the network, a closure for the optimizer, labels as one-hot rows, losses in an array."

# %% mnist_cnn
def block(a, b):
    return [nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]


def MNIST_CNN():
    return nn.Sequential(*block(1, 32), *block(32, 64), nn.Flatten(), nn.Linear(3136, 256), nn.ReLU(), nn.Linear(256, 10))

# %% training_code
model, loss_history = None, []
set_seeds(seed)
begun = time.perf_counter()
model = MNIST_CNN().to(device)
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

training_seconds = time.perf_counter() - begun
