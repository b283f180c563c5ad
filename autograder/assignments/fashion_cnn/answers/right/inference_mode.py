# %% right: inference_mode
# about = "inference_mode, generators and set_grad_enabled."

# %% accuracy_code
def accuracy(outputs, labels):
    guesses = outputs.topk(1).indices.view(-1)
    return 1 - (guesses != labels).double().mean()

# %% fit_code
def evaluate(model, loader):
    model.eval()
    results = []
    with torch.inference_mode():
        for images, labels in loader:
            results.append(model.validation_step((images, labels)))
        return model.validation_epoch_end(results)


def fit(epochs, lr, model, train_loader, val_loader, opt_func=torch.optim.SGD):
    optimizer, history = opt_func(model.parameters(), lr=lr), []
    for epoch in range(1, epochs + 1):
        model.train()
        for batch in tqdm(train_loader, disable=True):
            optimizer.zero_grad()
            model.training_step(batch).backward()
            optimizer.step()
        history += [evaluate(model, val_loader)]
        model.epoch_end(epoch, history[-1])
    return history


set_seeds(seed)
model = MnistModel()
model = model.to(device)
before = evaluate(model, loaders["val"])
print("untrained:", before)
history = [before, *fit(epochs=num_epochs_regression, lr=0.001, model=model, train_loader=loaders["train"],
                        val_loader=loaders["val"], opt_func=torch.optim.SGD)]
