# %% right: history_of_pairs
# about = "Histories of pairs, five epochs written out, summaries of the trained networks, counts computed."

# %% train_maxpool
maxpool_model = ConvMaxPoolNetwork().to(device)
loss_fn, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(maxpool_model.parameters(), learning_rate)
maxpool_history = [
    (train(maxpool_model, train_loader, loss_fn, optimizer, e), test(maxpool_model, test_loader, loss_fn, e))
    for e in range(1, 6)
]

# %% train_batchnorm
batchnorm_model = ConvBatchNormNetwork().to(device)
loss_fn, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(batchnorm_model.parameters(), learning_rate)
batchnorm_history = [
    (train(batchnorm_model, train_loader, loss_fn, optimizer, e), test(batchnorm_model, test_loader, loss_fn, e))
    for e in range(1, 6)
]

# %% summaries
batch, _ = next(iter(train_loader))
mlp = MultiLayerPerceptron().to(device)
mlp_summary = summary(mlp, input_data=batch, col_names=("input_size", "output_size", "num_params"), depth=2)
maxpool_summary = summary(maxpool_model.cpu(), (1, 1, 28, 28), device="cpu")
batchnorm_summary = summary(batchnorm_model, input_size=[64, 1, 28, 28], verbose=1)
print(mlp_summary); print(maxpool_summary.total_params, batchnorm_summary.total_params)

# %% results_table_code
results = [{"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16,
            "epoch_5_test_accuracy": 95.38, "parameters": 784 * 100 + 100 + 100 * 10 + 10}]
for model, pairs in ((maxpool_model, maxpool_history), (batchnorm_model, batchnorm_history)):
    (first, _), (last, tested) = pairs[0], pairs[-1]
    results += [{
        "model": type(model).__name__, "epoch_1_train_loss": first["train_loss"], "epoch_5_train_loss": last["train_loss"],
        "epoch_5_test_accuracy": tested["test_accuracy"], "parameters": sum(p.numel() for p in model.parameters())}]
pd.DataFrame(results)
