# %% right: chained_dictionaries
# about = "Entries of the history that are mappings, not dictionaries; parameters from a generator."

# %% train_batchnorm
set_seeds(seed)
from collections import ChainMap
batchnorm_model = ConvBatchNormNetwork().to(device)
opt = torch.optim.Adam((p for p in batchnorm_model.parameters()), lr=learning_rate)
batchnorm_history = [
    ChainMap(
        train(batchnorm_model, train_loader, F.cross_entropy, opt, e + 1),
        test(batchnorm_model, test_loader, F.cross_entropy, e + 1),
    )
    for e in range(num_epochs)
]
