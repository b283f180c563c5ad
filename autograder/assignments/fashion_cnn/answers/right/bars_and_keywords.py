# %% right: bars_and_keywords
# about = "Bars and error bars as curves; the optimizer made with keywords; while loops with iter and next."

# %% fit_code
@torch.inference_mode()
def evaluate(model, loader):
    model.eval()
    ergebnisse = []
    for paket in loader:
        ergebnisse.append(model.validation_step(paket))
    return model.validation_epoch_end(ergebnisse)


def fit(epochs, lr, model, train_loader, val_loader, opt_func=torch.optim.SGD):
    """Train; return the results on val_loader after each epoch, a list of dictionaries."""
    history = []
    optimizer = opt_func(params=model.parameters(), lr=lr)
    epoch = 0
    while epoch < epochs:
        model.train()
        pakete = iter(train_loader)
        while True:
            try:
                paket = next(pakete)
            except StopIteration:
                break
            optimizer.zero_grad(set_to_none=False)
            verlust = model.training_step(paket)
            verlust.backward()
            optimizer.step()
        history.append(evaluate(model, val_loader))
        epoch += 1
        model.epoch_end(epoch, history[-1])
    return history


set_seeds(seed)
model = MnistModel()
model.to(device)
history = [evaluate(model, val_loader)]
history.extend(fit(num_epochs_regression, lr=1e-3, model=model, train_loader=train_loader, val_loader=val_loader))

# %% regression_curves_code
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
x = list(range(len(history)))
left.bar(x, [float(h["val_acc"]) for h in history])
right.errorbar(x, [float(h["val_loss"]) for h in history], yerr=0.01, fmt="o-")
for ax, what in ((left, "accuracy"), (right, "loss")):
    ax.set(xlabel="epoch", ylabel=f"validation {what}", title=f"Softmax regression: {what}")
plt.show()
