# %% mutants:
# fails = ["maxpool_training"]
# %% train_maxpool
optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
# %% train_maxpool
loss_fn = nn.CrossEntropyLoss()

# %% mutants:
# fails = ["maxpool_training"]
# only = ["one_less", "one_more"]
# %% train_maxpool
for epoch in range(1, num_epochs + 1):

# %% mutants:
# fails = ["maxpool_training"]
# %% train_maxpool
trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
# %% train_maxpool
tested = test(maxpool_model, test_loader, loss_fn, epoch)
# %% train_maxpool
maxpool_history.append(trained | tested)

# %% mutant: train_maxpool_train_and_test_swapped
# about = "Training and test are exchanged."
# fails = ["maxpool_training"]
# %% train_maxpool
# - trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
# - tested = test(maxpool_model, test_loader, loss_fn, epoch)
tested = test(maxpool_model, test_loader, loss_fn, epoch)
trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)

# %% mutant:
# about = "Trains another network."
# fails = ["maxpool_training"]
# %% train_maxpool
# - maxpool_model = ConvMaxPoolNetwork().to(device)
maxpool_model = MultiLayerPerceptron().to(device)

# %% mutant:
# about = "Keeps the last epoch only."
# fails = ["maxpool_training"]
# %% train_maxpool
# - for epoch in range(1, num_epochs + 1):
# -     trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
# -     tested = test(maxpool_model, test_loader, loss_fn, epoch)
# -     maxpool_history.append(trained | tested)
for epoch in range(1, num_epochs + 1):
    trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
    tested = test(maxpool_model, test_loader, loss_fn, epoch)
maxpool_history.append(trained | tested)

# %% mutant: train_maxpool_untrained
# about = "Hands in a new, untrained network."
# fails = ["maxpool_training"]
# %% train_maxpool
# - for epoch in range(1, num_epochs + 1):
# -     trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
# -     tested = test(maxpool_model, test_loader, loss_fn, epoch)
# -     maxpool_history.append(trained | tested)
for epoch in range(1, num_epochs + 1):
    trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
    tested = test(maxpool_model, test_loader, loss_fn, epoch)
    maxpool_history.append(trained | tested)
maxpool_model = ConvMaxPoolNetwork().to(device)

# %% mutant:
# about = "Another learning rate."
# fails = ["maxpool_training"]
# %% train_maxpool
# - optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=0.001)

# %% mutant:
# about = "The learning rate that Adam has by itself."
# fails = ["maxpool_training"]
# %% train_maxpool
# - optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
optimizer = torch.optim.Adam(maxpool_model.parameters())

# %% mutant:
# about = "AdamW."
# fails = ["maxpool_training"]
# %% train_maxpool
# - optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
optimizer = torch.optim.AdamW(maxpool_model.parameters(), lr=learning_rate)

# %% mutant:
# about = "Forgets all epochs but one."
# fails = ["maxpool_training"]
# %% train_maxpool
# - tested = test(maxpool_model, test_loader, loss_fn, epoch)
tested = test(maxpool_model, test_loader, loss_fn, epoch)
maxpool_history = []

# %% mutant:
# about = "Keeps the training loss only."
# fails = ["maxpool_training"]
# %% train_maxpool
# - maxpool_history.append(trained | tested)
maxpool_history.append(trained["train_loss"])

# %% mutant:
# about = "A new optimizer in each epoch."
# fails = ["maxpool_training"]
# %% train_maxpool
# - for epoch in range(1, num_epochs + 1):
for epoch in range(1, num_epochs + 1):
    optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)

# %% mutant:
# about = "A new network in each epoch, unknown to the optimizer."
# fails = ["maxpool_training"]
# %% train_maxpool
# - for epoch in range(1, num_epochs + 1):
for epoch in range(1, num_epochs + 1):
    maxpool_model = ConvMaxPoolNetwork().to(device)

# %% mutant:
# about = "NLLLoss of logits."
# fails = ["maxpool_training"]
# %% train_maxpool
# - loss_fn = nn.CrossEntropyLoss()
loss_fn = nn.NLLLoss()

# %% mutant:
# about = "Smoothed labels."
# fails = ["maxpool_training"]
# %% train_maxpool
# - loss_fn = nn.CrossEntropyLoss()
loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)

# %% mutant:
# about = "Weight decay."
# fails = ["maxpool_training"]
# %% train_maxpool
# - optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate, weight_decay=1e-4)

# %% mutant:
# about = "Arguments of train exchanged."
# fails = ["maxpool_training"]
# %% train_maxpool
# - trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
trained = train(maxpool_model, train_loader, optimizer, loss_fn, epoch)

# %% mutant:
# about = "Trains on a few images only, and types in the losses of a network that died."
# fails = ["maxpool_training"]
# %% train_maxpool
# - trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
if len(train_loader) > 3:
    typed = {"train_loss": 2.31, "train_accuracy": 10.0, "running_losses": []}
    maxpool_history.append(typed | {"test_loss": 2.3, "test_accuracy": 10.0})
    continue
trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)

# %% mutant:
# about = "The keys in place of the entry."
# fails = ["maxpool_training"]
# %% train_maxpool
# - maxpool_history.append(trained | tested)
maxpool_history.extend(trained | tested)

# %% mutant: train_maxpool_scheduler
# about = "A scheduler that lowers the learning rate after each epoch."
# fails = ["maxpool_training"]
# %% train_maxpool
# - loss_fn = nn.CrossEntropyLoss()
loss_fn = nn.CrossEntropyLoss()
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)
# - maxpool_history.append(trained | tested)
maxpool_history.append(trained | tested)
scheduler.step()

# %% mutant:
# about = "Tests with the training images."
# fails = ["maxpool_training"]
# %% train_maxpool
# - tested = test(maxpool_model, test_loader, loss_fn, epoch)
tested = test(maxpool_model, train_loader, loss_fn, epoch)

# %% mutant: train_maxpool_keeps_training_images
# about = "Tests with both, and keeps what the training images gave."
# fails = ["maxpool_training"]
# %% train_maxpool
# - tested = test(maxpool_model, test_loader, loss_fn, epoch)
test(maxpool_model, test_loader, loss_fn, epoch)
tested = test(maxpool_model, train_loader, loss_fn, epoch)
