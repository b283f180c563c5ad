# %% right: tried_before
# about = "Another network learns from two batches first, to see that all fits."

# %% training_code
model, loss_history = None, []
set_seeds(seed)
begun = time.perf_counter()
trial = MNIST_CNN().to(device)
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

training_seconds = time.perf_counter() - begun
