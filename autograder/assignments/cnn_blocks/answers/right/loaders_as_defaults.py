# %% right: loaders_as_defaults
# about = "Trains by a function in a cell of its own, where the loaders are the defaults of parameters."

# %% below conv_batchnorm
def run(network, training=train_loader, testing=test_loader):
    adam, loss_fn = torch.optim.Adam(network.parameters(), lr=learning_rate), nn.CrossEntropyLoss()
    numbers = range(1, num_epochs + 1)
    return [train(network, training, loss_fn, adam, n) | test(network, testing, loss_fn, n) for n in numbers]

# %% train_maxpool
set_seeds(seed)
maxpool_model = ConvMaxPoolNetwork().to(device)
maxpool_history = run(maxpool_model)

# %% train_batchnorm
set_seeds(seed)
batchnorm_model = ConvBatchNormNetwork().to(device)
batchnorm_history = run(batchnorm_model)
