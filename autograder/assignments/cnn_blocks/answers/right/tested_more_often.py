# %% right: tested_more_often
# about = "Tests the untrained network before the first epoch, and the training images after each."

# %% train_maxpool
set_seeds(seed)
maxpool_model, maxpool_history = ConvMaxPoolNetwork().to(device), []
optimizer, loss_fn = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate), nn.CrossEntropyLoss()
print("before training:", test(maxpool_model, test_loader, loss_fn, 0))
for epoch in range(1, num_epochs + 1):
    entry = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
    seen = test(maxpool_model, train_loader, loss_fn, epoch)
    entry |= test(maxpool_model, test_loader, loss_fn, epoch)
    print("accuracy on training images:", seen["test_accuracy"])
    maxpool_history.append(entry)
