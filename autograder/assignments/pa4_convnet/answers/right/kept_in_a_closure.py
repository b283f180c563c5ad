# %% right: kept_in_a_closure
# about = "Network and loader in a dictionary, and bound to the function that counts."

# %% below loss_plot
import functools
@torch.no_grad()
def evaluate(model, loader=test_loader):
    model.eval()
    wrong = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        wrong += (model(x).argmax(1) != y).sum().item()
    return wrong, len(loader.dataset)

parts = {'net': net, 'evaluate': functools.partial(evaluate, net)}

# %% test_accuracy
err, tot = parts['evaluate']()
accuracy = 1 - err / tot
print(err, tot, accuracy)
