# %% right: history_of_columns
# about = "Histories as dictionaries of lists, epochs from 0, the table's numbers as texts, printed."

# %% train_maxpool
maxpool_model = ConvMaxPoolNetwork()
maxpool_model.to(device)
optimizer = torch.optim.Adam([{"params": maxpool_model.parameters()}], lr=1e-2)
maxpool_history = {"loss": [], "accuracy": []}
for epoch in range(5):
    maxpool_history["loss"].append(train(maxpool_model, train_loader, nn.CrossEntropyLoss(), optimizer, epoch)["train_loss"])
    maxpool_history["accuracy"].append(test(maxpool_model, test_loader, nn.CrossEntropyLoss(), epoch)["test_accuracy"])

# %% train_batchnorm
batchnorm_model = ConvBatchNormNetwork()
batchnorm_model.to(device)
optimizer = torch.optim.Adam([{"params": batchnorm_model.parameters()}], lr=1e-2)
batchnorm_history = {"loss": [], "accuracy": []}
for epoch in range(5):
    batchnorm_history["loss"].append(train(batchnorm_model, train_loader, nn.CrossEntropyLoss(), optimizer, epoch)["train_loss"])
    batchnorm_history["accuracy"].append(test(batchnorm_model, test_loader, nn.CrossEntropyLoss(), epoch)["test_accuracy"])

# %% results_table_code
def row(name, history, found):
    return dict(
        model=name,
        epoch_1_train_loss=f"{history['loss'][0]:.2f}",
        epoch_5_train_loss=f"{history['loss'][-1]:.2f}",
        epoch_5_test_accuracy=f"{history['accuracy'][-1]:.1f} %",
        parameters=f"{found.total_params:,}",
    )


given = dict(model="MultiLayerPerceptron", epoch_1_train_loss=0.28, epoch_5_train_loss=0.16, epoch_5_test_accuracy=95.38)
results = [given | {"parameters": "79,510"}, row("max pooling", maxpool_history, maxpool_summary),
           row("batch norm", batchnorm_history, batchnorm_summary)]
print(pd.DataFrame(results).to_string(index=False))
