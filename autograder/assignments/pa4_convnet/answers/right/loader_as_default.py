# %% right: loader_as_default
# about = "A function in a cell of its own counts the errors; the loader is the default of a parameter."

# %% below loss_plot
@torch.no_grad()
def evaluate(model, loader=test_loader):
    model.eval()
    wrong = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        wrong += (model(x).argmax(1) != y).sum().item()
    return wrong, len(loader.dataset)

# %% test_accuracy
err, tot = evaluate(net)
accuracy = 1 - err / tot
print(err, tot, accuracy)
