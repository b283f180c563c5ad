# %% right: helper_function
# about = "One function, in a cell of its own, trains both networks; F.cross_entropy; the number of the epoch in each entry."

# %% below show_shapes
def run(make, epochs=num_epochs):
    """Trains a new network; returns it and its history."""
    network = make().to(device)
    adam = torch.optim.Adam(network.parameters(), lr=1e-2)
    kept = []
    for epoch in range(epochs):
        entry = {"epoch": epoch + 1}
        entry.update(train(network, train_loader, F.cross_entropy, adam, epoch + 1))
        entry.update(test(network, test_loader, F.cross_entropy, epoch + 1))
        kept.append(entry)
    return network, kept

# %% train_maxpool
maxpool_model, maxpool_history = run(ConvMaxPoolNetwork)

# %% train_batchnorm
set_seeds(1)
batchnorm_model, batchnorm_history = run(ConvBatchNormNetwork)
