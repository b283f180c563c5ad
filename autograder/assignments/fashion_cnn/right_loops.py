"""Training, evaluation and curves of fashion_cnn, written in other ways."""

from __future__ import annotations

MOVED_TO_DEVICE = {
    "cnn_training": """gpu_or_cpu = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")


def train(num_epochs, cnn, loaders):
    cnn = cnn.to(device)
    opt = torch.optim.Adam(params=cnn.parameters(), lr=0.01, betas=(0.9, 0.999))
    history = []
    for ep in range(num_epochs):
        cnn.train()
        losses, sizes = [], []
        for data in loaders["train"]:
            inputs, targets = data[0].to(device), data[1].to(device)
            opt.zero_grad()
            outputs, _ = cnn(inputs)
            loss = F.cross_entropy(outputs, targets)
            loss.backward()
            opt.step()
            losses.append(loss.item())
            sizes.append(inputs.shape[0])
        history.append(float(np.average(losses, weights=sizes)))
    return history


def evaluate_model(cnn, loader, name):
    cnn.to(device).eval()
    hits = 0
    with torch.no_grad():
        for inputs, targets in loader:
            inputs, targets = inputs.to(device), targets.to(device)
            hits += torch.sum(torch.argmax(cnn(inputs)[0], dim=1) == targets)
    share = hits.item() / len(loader.dataset)
    print("%s: %.4f" % (name, share))
    return share
""",
    "predict_image_code": "def predict_image(img, model):\n    img = img.to(device)\n    model = model.to(device)\n"
    "    return model(torch.stack([img])).detach().cpu().numpy().argmax(axis=1)[0].item()",
}


OTHER_KEYS = {
    "softmax_regression_code": """class MnistModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    def forward(self, images):
        return self.net(images)

    def loss_of(self, images, labels):
        return nn.CrossEntropyLoss()(self.forward(images), labels)

    def training_step(self, batch):
        return self.loss_of(*batch)

    def validation_step(self, batch):
        images, labels = batch
        return {"val_loss": self.loss_of(images, labels), "val_acc": accuracy(self(images), labels),
                "weight": torch.tensor(float(len(labels)))}

    def validation_epoch_end(self, outputs):
        weights = torch.stack([out["weight"] for out in outputs])
        def mean(key):
            return torch.dot(torch.stack([out[key].float().cpu() for out in outputs]), weights) / weights.sum()
        return {"val_loss": mean("val_loss"), "val_acc": mean("val_acc"), "images": int(weights.sum())}

    def epoch_end(self, epoch, result):
        print(f"{epoch=} {result['val_loss'].item():.3f} {result['val_acc'].item():.3f}")
""",
    "regression_curves_code": """fig, axs = plt.subplots(nrows=2, figsize=(6, 7))
for ax, key, what in zip(axs, ["val_acc", "val_loss"], ["accuracy", "loss"]):
    ax.plot(np.arange(0, len(history)), [entry[key].item() for entry in history], "r--o", label=what)
    ax.set_xlabel("epochs")
    ax.set_ylabel(what)
    ax.legend()
    ax.set_title(f"Validation {what}, FashionMNIST")
fig.tight_layout()
""",
}


EVALUATE_INFERENCE = {
    "fit_code": """def evaluate(model, loader):
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
""",
    "accuracy_code": "def accuracy(outputs, labels):\n    guesses = outputs.topk(1).indices.view(-1)\n"
    "    return 1 - (guesses != labels).double().mean()",
}


TRAIN_WITH_PARTS = {
    "cnn_training": """def train(num_epochs, cnn, loaders):
    criterion, adam = nn.CrossEntropyLoss(), torch.optim.Adam(list(cnn.parameters()), 0.01)
    losses = []
    for _ in range(num_epochs):
        cnn.train()
        total = 0.0
        for images, labels in loaders["train"]:
            for parameter in cnn.parameters():
                parameter.grad = None
            loss = criterion(cnn(images)[0], labels)
            torch.autograd.backward(loss)
            adam.step()
            total += loss.item() * images.size(0)
        with torch.no_grad():
            cnn.eval()
            images, labels = next(iter(loaders["val"]))
            print("validation loss of a batch:", criterion(cnn(images)[0], labels).item())
        losses.append(total / sum(len(labels) for _, labels in loaders["train"]))
    return losses


def evaluate_model(cnn, loader, name):
    cnn.eval()
    guesses, answers = [], []
    for images, labels in loader:
        guesses.append(cnn(images)[0].detach().argmax(dim=1).cpu().numpy())
        answers.append(labels.cpu().numpy())
    result = np.mean(np.concatenate(guesses) == np.concatenate(answers))
    print(f"Model {name}: {result:.2%}")
    return result


evaluate_model = torch.no_grad()(evaluate_model)
""",
}


CURVES_ON_TWO_FIGURES = {
    "regression_curves_code": """epoch = list(range(0, len(history)))
plt.figure()
plt.scatter(epoch, [100 * h["val_acc"] for h in history])
plt.xlabel("epoch"); plt.ylabel("accuracy in %")
plt.suptitle("Softmax regression on Fashion MNIST")
plt.show()
plt.figure()
plt.semilogy(epoch, [h["val_loss"] for h in history], marker="s")
plt.gca().set(xlabel="epoch", ylabel="cross-entropy", title="MnistModel: validation loss")
plt.grid(True)
plt.show()
""",
}
