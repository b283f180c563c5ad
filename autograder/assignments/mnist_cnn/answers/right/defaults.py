# %% right: defaults
# about = "A function in a cell of its own, where network and loader are the defaults of its parameters."

# %% below loss_curve
def share_of_right(network=model, *, loader=test_loader):
    with torch.no_grad():
        network.eval()
        return float(torch.cat([network(x.to(device)).argmax(1) == y.to(device) for x, y in loader]).float().mean())

# %% evaluation
test_accuracy = share_of_right()
