# %% right: prefetched
# about = "A thread loads the next batches; closures, a scheduler that changes nothing, cross-entropy written out."

# %% fit_code
from queue import Queue
from threading import Thread

def ahead(loader):
    batches = Queue(2)

    def load():
        for batch in loader:
            batches.put(batch)
        batches.put(None)

    Thread(target=load, daemon=True).start()
    while (batch := batches.get()) is not None:
        yield batch

def evaluate(model, loader):
    with torch.no_grad():
        return model.validation_epoch_end([model.validation_step(batch) for batch in ahead(loader)])

def fit(epochs, lr, model, train_loader, val_loader, opt_func=torch.optim.SGD):
    optimizer, history = opt_func(model.parameters(), lr), []
    for epoch in range(epochs):
        for batch in ahead(train_loader):
            loss = model.training_step(batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        history.append(evaluate(model, val_loader))
        model.epoch_end(epoch, history[-1])
    return history

model = MnistModel().to(device)
history = [evaluate(model, val_loader)] + fit(num_epochs_regression, 0.001, model, train_loader, val_loader)

# %% cnn_training
from queue import Queue
from threading import Thread

def ahead(loader):
    batches = Queue(2)

    def load():
        for batch in loader:
            batches.put(batch)
        batches.put(None)

    Thread(target=load, daemon=True).start()
    while (batch := batches.get()) is not None:
        yield batch

def train(num_epochs, cnn, loaders):
    adam, losses = torch.optim.Adam(cnn.parameters(), lr=0.01), []
    kept = torch.optim.lr_scheduler.LambdaLR(adam, lambda epoch: 1.0)
    for epoch in range(num_epochs):
        cnn.train()
        sums = torch.zeros(2)
        for images, labels in ahead(loaders["train"]):
            def closure():
                adam.zero_grad()
                loss = -(F.log_softmax(cnn(images)[0], dim=1) * F.one_hot(labels, 10)).sum(dim=1).mean()
                loss.backward()
                return loss
            sums += torch.tensor([float(adam.step(closure)) * len(labels), len(labels)])
        kept.step()
        losses.append(float(sums[0] / sums[1]))
    return losses

@torch.no_grad()
def evaluate_model(cnn, loader, name):
    cnn.eval()
    pairs = [(cnn(images)[0].argmax(dim=1), labels) for images, labels in loader]
    guesses, labels = (torch.cat(part) for part in zip(*pairs))
    print(name, share := (guesses == labels).float().mean().item())
    return share
