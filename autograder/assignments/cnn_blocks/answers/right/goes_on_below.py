# %% right: goes_on_below
# about = "Answers that end in cells of its own: a helper of a class, a training loop, summaries, rows of the table."

# %% conv_maxpool
# - self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))
self.block2 = nn.Sequential(convolution(32, 64), nn.ReLU(), nn.MaxPool2d(2, stride=2))

# %% below conv_maxpool
def convolution(n, m):
    return nn.Conv2d(n, m, 3, padding="same")

# %% below conv_batchnorm
print(ConvBatchNormNetwork())
broken =

# %% train_batchnorm
set_seeds(seed)
batchnorm_model, batchnorm_history = ConvBatchNormNetwork().to(device), []
optimizer = torch.optim.Adam(batchnorm_model.parameters(), lr=learning_rate)
loss_fn = nn.CrossEntropyLoss()

# %% below train_batchnorm
batchnorm_model(torch.zeros(2, 3))

# %% below train_batchnorm
def an_epoch(epoch):
    told = train(batchnorm_model, train_loader, loss_fn, optimizer, epoch)
    batchnorm_history.append(told | test(batchnorm_model, test_loader, loss_fn, epoch))


for epoch in range(1, num_epochs + 1):
    an_epoch(epoch)

# %% summaries
mlp_summary = summary(MultiLayerPerceptron(), input_size=(64, 1, 28, 28))
print(mlp_summary)

# %% below summaries
maxpool_summary, batchnorm_summary = (
    summary(kind(), input_size=(64, 1, 28, 28)) for kind in (ConvMaxPoolNetwork, ConvBatchNormNetwork)
)

# %% results_table_code
results = [
    {"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16,
     "epoch_5_test_accuracy": 95.38, "parameters": None},
]
results[0]["parameters"] = mlp_summary.total_params
names = ["ConvMaxPoolNetwork", "ConvBatchNormNetwork"]

# %% below results_table_code
histories, counts = [maxpool_history, batchnorm_history], [maxpool_summary, batchnorm_summary]
for name, history, count in zip(names, histories, counts):
    losses = [epoch["train_loss"] for epoch in history]
    results.append({"model": name, "epoch_1_train_loss": losses[0], "epoch_5_train_loss": losses[-1],
                    "epoch_5_test_accuracy": history[-1]["test_accuracy"], "parameters": count.total_params})
pd.DataFrame(results)
