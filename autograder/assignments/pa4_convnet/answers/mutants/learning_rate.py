# %% mutant:
# about = "A rate far too small."
# fails = ["act16"]
# %% learning_rate
# - learning_rate = 0.01
learning_rate = 1e-7

# %% mutant:
# about = "A rate far too large."
# fails = ["act16"]
# %% learning_rate
# - learning_rate = 0.01
learning_rate = 30.0

# %% mutant:
# about = "Losses typed in."
# fails = ["act16"]
# %% learning_rate
# - losses = trainer.train(num_epochs)
losses = [0.5, 0.1, 0.05, 0.04, 0.03, 0.028, 0.025, 0.02, 0.018, 0.016][:num_epochs]

# %% mutant:
# about = "One epoch too many."
# fails = ["act16"]
# %% learning_rate
# - losses = trainer.train(num_epochs)
losses = trainer.train(num_epochs + 1)

# %% mutant:
# about = "One epoch too few."
# fails = ["act16"]
# %% learning_rate
# - losses = trainer.train(num_epochs)
losses = trainer.train(num_epochs - 1)

# %% mutant:
# about = "Adam in place of SGD."
# fails = ["act16"]
# %% learning_rate
# - learning_rate = 0.01
learning_rate = 0.001
# - optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
optim = torch.optim.Adam(net.parameters(), lr=learning_rate)

# %% mutant:
# about = "One parameter is left out of the optimizer."
# fails = ["act16"]
# %% learning_rate
# - optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
optim = torch.optim.SGD(list(net.parameters())[:-1], lr=learning_rate, momentum=0.9)

# %% mutant:
# about = "Another rate than learning_rate."
# fails = ["act16"]
# %% learning_rate
# - optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
optim = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)

# %% mutant:
# about = "SGD without momentum."
# fails = ["act16"]
# %% learning_rate
# - optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
optim = torch.optim.SGD(net.parameters(), lr=learning_rate)

# %% mutant:
# about = "Another kind of momentum."
# fails = ["act16"]
# %% learning_rate
# - optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9, nesterov=True)

# %% mutant:
# about = "With weight decay."
# fails = ["act16"]
# %% learning_rate
# - optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9, weight_decay=1e-3)

# %% mutant:
# about = "Trained on the test images."
# fails = ["act16"]
# %% learning_rate
# - trainer = Trainer(net, optim, loss_function, train_loader)
trainer = Trainer(net, optim, loss_function, test_loader)

# %% mutant:
# about = "A loader of its own."
# fails = ["act16"]
# %% learning_rate
# - learning_rate = 0.01
learning_rate = 0.01
train_loader = DataLoader(train_data, batch_size=8, shuffle=False)

# %% mutant:
# about = "Trained twice."
# fails = ["act16"]
# %% learning_rate
# - trainer = Trainer(net, optim, loss_function, train_loader)
trainer = Trainer(net, optim, loss_function, train_loader)
trainer.train(num_epochs)
