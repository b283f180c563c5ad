# %% right: best_restored
# about = "Parameter groups, keywords, a second forward pass, a trial before; the best weights are restored at the end."

# %% fit_code
def evaluate(model, loader):
    with torch.no_grad():
        return model.validation_epoch_end([model.validation_step(batch=batch) for batch in loader])

def fit(epochs, lr, model, train_loader, val_loader, opt_func=torch.optim.SGD):
    optimizer = opt_func([{"params": [parameter]} for parameter in model.parameters()], lr=lr)
    history, best = [], None
    for epoch in range(epochs):
        for batch in train_loader:
            optimizer.zero_grad()
            model.training_step(batch=batch).backward()
            optimizer.step()
            model.training_step(batch).item()  # a look at the loss after the step
        history.append(evaluate(model, val_loader))
        model.epoch_end(epoch, history[-1])
        if best is None or history[-1]["val_loss"] <= best:
            best = history[-1]["val_loss"]
            torch.save(model.state_dict(), "best.pt")
    model.load_state_dict(torch.load("best.pt"))
    return history

trial = MnistModel().to(device)
fit(1, 0.01, trial, train_loader, val_loader)
model = MnistModel().to(device)
history = [evaluate(model, val_loader)]
first = num_epochs_regression // 2
for epochs in (first, num_epochs_regression - first):
    history += fit(epochs, 0.001, model, train_loader, val_loader)

# %% cnn_training
import copy

def train(num_epochs, cnn, loaders):
    adam = torch.optim.Adam([{"params": layer.parameters()} for layer in cnn.children()], lr=0.01)
    losses, best = [], (-1.0, None)
    for epoch in range(num_epochs):
        cnn.train()
        total, right = 0.0, 0
        for images, labels in loaders["train"]:
            adam.zero_grad()
            loss = F.cross_entropy(input=cnn(x=images)[0], target=labels)
            loss.backward()
            adam.step()
            total += loss.item() * len(labels)
            right += (cnn(images)[0].argmax(dim=1) == labels).sum().item()
        count = len(loaders["train"].dataset)
        losses.append(total / count)
        print(f"training accuracy {right / count:.3f}")
        share = evaluate_model(cnn, loaders["val"], "validation")
        if share > best[0]:
            best = share, copy.deepcopy(cnn.state_dict())
    cnn.load_state_dict(best[1])
    return losses

def evaluate_model(cnn, loader, name):
    network, right = copy.deepcopy(cnn).eval(), 0
    cnn.eval()
    with torch.no_grad():
        right = sum((network(images)[0].argmax(dim=1) == labels).sum().item() for images, labels in loader)
    print(name, right / len(loader.dataset))
    return right / len(loader.dataset)
