# %% right: variables_named_as_the_graders
# about = "Loops over variables called name, cell, seconds, student: a cell that is run again is handed all of them."

# %% train_maxpool
set_seeds(seed)
maxpool_model, maxpool_history = ConvMaxPoolNetwork().to(device), []
optimizer, loss_fn = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate), nn.CrossEntropyLoss()
for cell in range(num_epochs):
    student = train(maxpool_model, train_loader, loss_fn, optimizer, cell + 1)
    seconds = test(maxpool_model, test_loader, loss_fn, cell + 1)
    maxpool_history.append(student | seconds)

# %% summaries
summaries = {}
for name, cls in {"mlp": MultiLayerPerceptron, "max": ConvMaxPoolNetwork, "bn": ConvBatchNormNetwork}.items():
    summaries[name] = summary(cls().to(device), input_size=(batch_size, 1, 28, 28), verbose=1)
mlp_summary, maxpool_summary, batchnorm_summary = summaries.values()
self, replaced, choices = None, {}, []
