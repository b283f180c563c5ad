# %% mutants:
# fails = ["training"]
# %% training_code
loss_function = nn.CrossEntropyLoss()
# %% training_code
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

# %% mutants:
# fails = ["training"]
# label = "epochs"
# only = ["one_less", "one_more"]
# %% training_code
for epoch in tqdm(range(num_epochs), desc="epochs"):

# %% mutants:
# fails = ["training"]
# label = "batches"
# only = ["other_data"]
# %% training_code
for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):

# %% mutant:
# about = "A loader of its own that does not shuffle."
# fails = ["training"]
# %% training_code
# - for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
for images, labels in tqdm(DataLoader(train_data, batch_size=batch_size), desc=f"epoch {epoch + 1}", leave=False):

# %% mutants:
# fails = ["training"]
# %% training_code
optimizer.zero_grad()
# %% training_code
loss.backward()
# %% training_code
optimizer.step()
# %% training_code
loss_history.append(loss.item())

# %% mutant: training_code_zero_grad_backward_swapped
# about = "`optimizer.zero_grad()` and `loss.backward()` are exchanged."
# fails = ["training"]
# %% training_code
# - optimizer.zero_grad()
# - loss.backward()
loss.backward()
optimizer.zero_grad()

# %% mutant: training_code_backward_step_swapped
# about = "`loss.backward()` and `optimizer.step()` are exchanged."
# fails = ["training"]
# %% training_code
# - loss.backward()
# - optimizer.step()
optimizer.step()
loss.backward()

# %% mutant: training_code_zero_grad_step_swapped
# about = "`optimizer.zero_grad()` and `optimizer.step()` are exchanged."
# fails = ["training"]
# %% training_code
# - optimizer.zero_grad()
# - loss.backward()
# - optimizer.step()
optimizer.step()
loss.backward()
optimizer.zero_grad()

# %% mutant:
# about = "Learning rate 0.01."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

# %% mutant:
# about = "Learning rate 0.0001."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.Adam(model.parameters(), lr=0.0001)

# %% mutant:
# about = "Learning rate 0.002."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)

# %% mutant:
# about = "Adagrad in place of Adam."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.001)

# %% mutant:
# about = "RMSprop in place of Adam."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)

# %% mutant:
# about = "NAdam in place of Adam."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.NAdam(model.parameters(), lr=0.001)

# %% mutant:
# about = "The parameters of another network."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.Adam(MNIST_CNN().parameters(), lr=0.001)

# %% mutant: training_code_scheduler
# about = "A scheduler that lowers the learning rate after each epoch."
# fails = ["training"]
# %% training_code
# - model.train()
model.train()
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1)
# - for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
# -     images, labels = images.to(device), labels.to(device)
# -     logits = model(images)
# -     loss = loss_function(logits, labels)
# -     optimizer.zero_grad()
# -     loss.backward()
# -     optimizer.step()
# -     loss_history.append(loss.item())
for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
    images, labels = images.to(device), labels.to(device)
    logits = model(images)
    loss = loss_function(logits, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss_history.append(loss.item())
scheduler.step()

# %% mutant:
# about = "Weight decay."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001, weight_decay=1e-2)

# %% mutant:
# about = "Arguments exchanged."
# fails = ["training"]
# %% training_code
# - loss = loss_function(logits, labels)
loss = loss_function(labels, logits)

# %% mutant:
# about = "A running mean."
# fails = ["training"]
# %% training_code
# - loss_history.append(loss.item())
loss_history.append((sum(loss_history) + loss.item()) / (len(loss_history) + 1))

# %% mutant:
# about = "A new network each time."
# fails = ["training"]
# %% training_code
# - logits = model(images)
logits = MNIST_CNN()(images)

# %% mutant:
# about = "Gradients are cleared once."
# fails = ["training"]
# %% training_code
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
optimizer.zero_grad()
# - optimizer.zero_grad()
# - loss.backward()
loss.backward()

# %% mutant:
# about = "Squared errors."
# fails = ["training"]
# %% training_code
# - loss = loss_function(logits, labels)
loss = F.mse_loss(logits, F.one_hot(labels, 10).float())

# %% mutant:
# about = "Labels of other images."
# fails = ["training"]
# %% training_code
# - loss = loss_function(logits, labels)
loss = loss_function(logits, labels.roll(1))

# %% mutant:
# about = "The wrong sign."
# fails = ["training"]
# %% training_code
# - loss = loss_function(logits, labels)
loss = -loss_function(logits, labels)

# %% mutant:
# about = "One step and one loss an epoch."
# fails = ["training"]
# %% training_code
# - for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
# -     images, labels = images.to(device), labels.to(device)
# -     logits = model(images)
# -     loss = loss_function(logits, labels)
# -     optimizer.zero_grad()
# -     loss.backward()
# -     optimizer.step()
# -     loss_history.append(loss.item())
for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
    images, labels = images.to(device), labels.to(device)
    logits = model(images)
    loss = loss_function(logits, labels)
    optimizer.zero_grad()
    loss.backward()
optimizer.step()
loss_history.append(loss.item())

# %% mutant:
# about = "One batch an epoch."
# fails = ["training"]
# %% training_code
# - optimizer.step()
optimizer.step()
break

# %% mutant:
# about = "In the end a step for large losses only."
# fails = ["training"]
# %% training_code
# - optimizer.step()
if len(loss_history) < 20 or loss.item() > 1.0:
    optimizer.step()

# %% mutant:
# about = "The last loss only."
# fails = ["training"]
# %% training_code
# - loss_history.append(loss.item())
loss_history = loss.item()

# %% mutant:
# about = "Epochs, not losses."
# fails = ["training"]
# %% training_code
# - loss_history.append(loss.item())
loss_history.append(epoch)

# %% mutant:
# about = "Ends with a new network."
# fails = ["training"]
# %% training_code
# - model = MNIST_CNN().to(device)
network = model = MNIST_CNN().to(device)
# - for epoch in tqdm(range(num_epochs), desc="epochs"):
# -     for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
# -         images, labels = images.to(device), labels.to(device)
# -         logits = model(images)
# -         loss = loss_function(logits, labels)
# -         optimizer.zero_grad()
# -         loss.backward()
# -         optimizer.step()
# -         loss_history.append(loss.item())
for epoch in tqdm(range(num_epochs), desc="epochs"):
    for images, labels in tqdm(train_loader, desc=f"epoch {epoch + 1}", leave=False):
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_history.append(loss.item())
model = MNIST_CNN().to(device)

# %% mutant:
# about = "Keeps tensors, not numbers."
# fails = ["training"]
# %% training_code
# - loss_history.append(loss.item())
loss_history.append(loss)

# %% mutant:
# about = "Trains a network under another name."
# fails = ["training"]
# %% training_code
# - model = MNIST_CNN().to(device)
model = MNIST_CNN().to(device)
network = MNIST_CNN().to(device)
# - optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
# - model.train()
optimizer = torch.optim.Adam(network.parameters(), lr=0.001)
network.train()
# - logits = model(images)
logits = network(images)
