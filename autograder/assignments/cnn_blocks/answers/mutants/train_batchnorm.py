# %% mutants:
# fails = ["batchnorm_training"]
# %% train_batchnorm
optimizer = torch.optim.Adam(batchnorm_model.parameters(), lr=learning_rate)
# %% train_batchnorm
loss_fn = nn.CrossEntropyLoss()

# %% mutants:
# fails = ["batchnorm_training"]
# only = ["one_less", "one_more"]
# %% train_batchnorm
for epoch in range(1, num_epochs + 1):

# %% mutants:
# fails = ["batchnorm_training"]
# %% train_batchnorm
trained = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)
# %% train_batchnorm
tested = test(batchnorm_model, test_loader, loss_fn, epoch)
# %% train_batchnorm
batchnorm_history.append(trained | tested)

# %% mutant: train_batchnorm_train_and_test_swapped
# about = "Training and test are exchanged."
# fails = ["batchnorm_training"]
# %% train_batchnorm
# - trained = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)
# - tested = test(batchnorm_model, test_loader, loss_fn, epoch)
tested = test(batchnorm_model, test_loader, loss_fn, epoch)
trained = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)

# %% mutant:
# about = "Trains another network."
# fails = ["batchnorm_training"]
# %% train_batchnorm
# - batchnorm_model = ConvBatchNormNetwork().to(device)
batchnorm_model = MultiLayerPerceptron().to(device)

# %% mutant:
# about = "Keeps the last epoch only."
# fails = ["batchnorm_training"]
# %% train_batchnorm
# - for epoch in range(1, num_epochs + 1):
# -     trained = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)
# -     tested = test(batchnorm_model, test_loader, loss_fn, epoch)
# -     batchnorm_history.append(trained | tested)
for epoch in range(1, num_epochs + 1):
    trained = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)
    tested = test(batchnorm_model, test_loader, loss_fn, epoch)
batchnorm_history.append(trained | tested)

# %% mutant: train_batchnorm_untrained
# about = "Hands in a new, untrained network."
# fails = ["batchnorm_training"]
# %% train_batchnorm
# - for epoch in range(1, num_epochs + 1):
# -     trained = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)
# -     tested = test(batchnorm_model, test_loader, loss_fn, epoch)
# -     batchnorm_history.append(trained | tested)
for epoch in range(1, num_epochs + 1):
    trained = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)
    tested = test(batchnorm_model, test_loader, loss_fn, epoch)
    batchnorm_history.append(trained | tested)
batchnorm_model = ConvBatchNormNetwork().to(device)

# %% mutant:
# about = "The optimizer changes the other network."
# fails = ["batchnorm_training"]
# %% train_batchnorm
# - optimizer = torch.optim.Adam(batchnorm_model.parameters(), lr=learning_rate)
optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
