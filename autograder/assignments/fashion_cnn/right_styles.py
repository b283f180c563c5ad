"""Answer cells of fashion_cnn as exercises that circulate have them, with type hints, or step by step."""

from __future__ import annotations

CIRCULATED = {
    "softmax_regression_code": """input_size = 28 * 28
num_classes = 10

class MnistModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(input_size, num_classes)

    def forward(self, xb):
        xb = xb.reshape(-1, 784)
        out = self.linear(xb)
        return out

    def training_step(self, batch):
        images, labels = batch
        out = self(images)                  # Generate predictions
        loss = F.cross_entropy(out, labels) # Calculate loss
        return loss

    def validation_step(self, batch):
        images, labels = batch
        out = self(images)
        loss = F.cross_entropy(out, labels)
        acc = accuracy(out, labels)
        return {'val_loss': loss.detach(), 'val_acc': acc, 'num_images': images.size(0)}

    def validation_epoch_end(self, outputs):
        sizes = torch.tensor([float(x['num_images']) for x in outputs])
        batch_losses = torch.stack([x['val_loss'].cpu() for x in outputs])
        batch_accs = torch.stack([x['val_acc'].cpu() for x in outputs])
        epoch_loss = (batch_losses * sizes).sum() / sizes.sum()
        epoch_acc = (batch_accs * sizes).sum() / sizes.sum()
        return {'val_loss': epoch_loss.item(), 'val_acc': epoch_acc.item()}

    def epoch_end(self, epoch, result):
        print("Epoch [{}], val_loss: {:.4f}, val_acc: {:.4f}".format(epoch, result['val_loss'], result['val_acc']))
""",
    "softmax_probabilities_code": "for images, labels in train_loader:\n    outputs = model(images)\n    break\n"
    "probs = F.softmax(outputs, dim=1)\nmax_probs, preds = torch.max(probs, dim=1)",
    "accuracy_code": "def accuracy(outputs, labels):\n    _, preds = torch.max(outputs, dim=1)\n"
    "    return torch.tensor(torch.sum(preds == labels).item() / len(preds))",
    "fit_code": """@torch.no_grad()
def evaluate(model, val_loader):
    outputs = [model.validation_step(batch) for batch in val_loader]
    return model.validation_epoch_end(outputs)

def fit(epochs, lr, model, train_loader, val_loader, opt_func=torch.optim.SGD):
    optimizer = opt_func(model.parameters(), lr)
    history = []
    for epoch in range(epochs):
        # Training Phase
        for batch in train_loader:
            loss = model.training_step(batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        # Validation phase
        result = evaluate(model, val_loader)
        model.epoch_end(epoch, result)
        history.append(result)
    return history

model = MnistModel().to(device)
result0 = evaluate(model, val_loader)
history1 = fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history = [result0] + history1
""",
    "regression_curves_code": """accuracies = [r['val_acc'] for r in history]
plt.plot(accuracies, '-x')
plt.xlabel('epoch')
plt.ylabel('accuracy')
plt.title('Accuracy vs. No. of epochs')
plt.show()
plt.plot([r['val_loss'] for r in history], '-o')
plt.xlabel('epoch')
plt.ylabel('loss')
plt.title('Loss vs. No. of epochs')
plt.show()
""",
    "predict_image_code": "def predict_image(img, model):\n    xb = img.unsqueeze(0)\n    yb = model(xb)\n"
    "    _, preds  = torch.max(yb, dim=1)\n    return preds[0].item()",
    "cnn": """class CNN(nn.Module):
    def __init__(self):
        super(CNN, self).__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(in_channels=1, out_channels=16, kernel_size=5, stride=1, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2),
        )
        self.conv2 = nn.Sequential(
            nn.Conv2d(16, 32, 5, 1, 2),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        # fully connected layer, output 10 classes
        self.out = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = self.conv2(x)
        # flatten the output of conv2 to (batch_size, 32 * 7 * 7)
        x = x.view(x.size(0), -1)
        output = self.out(x)
        return output, x
""",
    "cnn_training": """from torch import optim
from torch.autograd import Variable

loss_func = nn.CrossEntropyLoss()

def train(num_epochs, cnn, loaders):
    optimizer = optim.Adam(cnn.parameters(), lr=0.01)
    cnn.train()
    total_step = len(loaders['train'])
    means = []
    for epoch in range(num_epochs):
        running = 0.
        for i, (images, labels) in enumerate(loaders['train']):
            b_x = Variable(images)
            b_y = Variable(labels)
            output = cnn(b_x)[0]
            loss = loss_func(output, b_y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running += loss.item() * b_x.size(0)
            if (i+1) % 100 == 0:
                print('Epoch [{}/{}], Step [{}/{}], Loss: {:.4f}'.format(
                    epoch + 1, num_epochs, i + 1, total_step, loss.item()))
        means.append(running / len(loaders['train'].dataset))
    return means

def evaluate_model(cnn, loader, name):
    cnn.eval()
    correct = total = 0
    with torch.no_grad():
        for images, labels in loader:
            test_output, last_layer = cnn(images)
            pred_y = torch.max(test_output, 1)[1].data.squeeze()
            correct += (pred_y == labels).sum().item()
            total += float(labels.size(0))
    print('Test Accuracy of %s on the %d test images: %.4f' % (name, total, correct / total))
    return correct / total
""",
    "cnn_v1": """class CNN_v1(nn.Module):
    def __init__(self):
        super(CNN_v1, self).__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(1, 32, 5, 1, 2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25))
        self.conv2 = nn.Sequential(
            nn.Conv2d(32, 64, 5, 1, 2), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(p=0.25))
        self.out = nn.Linear(64 * 7 * 7, 10)

    def forward(self, x):
        x = self.conv2(self.conv1(x))
        x = x.view(x.size(0), -1)
        return self.out(x), x
""",
}


STEP_BY_STEP = {
    "accuracy_code": "def accuracy(outputs, labels):\n    richtig = 0\n    for zeile, klasse in zip(outputs, labels):\n"
    "        if int(torch.argmax(zeile)) == int(klasse):\n            richtig = richtig + 1\n"
    "    return torch.tensor(richtig / len(labels))  # Anteil der richtigen Vorhersagen",
    "cnn": """class CNN(nn.Module):
    # Faltungsnetz mit zwei Bloecken
    def __init__(self):
        super().__init__()
        self.faltung_eins = nn.Conv2d(1, 16, 5, 1, 2)
        self.faltung_zwei = nn.Conv2d(16, 32, 5, 1, 2)
        self.ausgabe = nn.Linear(1568, 10)

    def forward(self, bild):
        x = self.faltung_eins(bild)
        x = F.max_pool2d(x, 2, 2)
        x = F.relu(x)        # erst das Maximum, dann ReLU: dasselbe
        x = self.faltung_zwei(x)
        x = F.max_pool2d(x, 2, 2)
        x = F.relu(x)
        merkmale = x.contiguous().view(-1, 1568)
        y = self.ausgabe(merkmale)
        return (y, merkmale)
""",
    "cnn_training": """def train(num_epochs, cnn, loaders):
    # jede Epoche: alle Stapel, dann der mittlere Verlust
    optimierer = torch.optim.Adam(cnn.parameters(), lr=1e-2)
    verluste = []
    for epoche in range(num_epochs):
        cnn.train()
        summe, anzahl = 0, 0
        for x, y in loaders['train']:
            cnn.zero_grad()
            ausgabe, merkmale = cnn(x)
            verlust = nn.CrossEntropyLoss(reduction='mean')(ausgabe, y)
            verlust.backward()
            optimierer.step()
            summe = summe + float(verlust.detach()) * y.shape[0]
            anzahl = anzahl + y.shape[0]
        verluste.append(summe / anzahl)
        print('Epoche', epoche + 1, 'Verlust', verluste[-1])
    return verluste


def evaluate_model(cnn, loader, name):
    cnn.train(False)
    treffer, alle = [], 0
    for x, y in loader:
        with torch.no_grad():
            ausgabe = cnn(x)[0]
        treffer.append(int(torch.eq(ausgabe.argmax(1), y).sum()))
        alle += y.numel()
    genauigkeit = sum(treffer) / alle
    print(name, 'Genauigkeit:', genauigkeit)
    return genauigkeit
""",
}


HINTED = {
    "softmax_probabilities_code": "def as_probabilities(logits: torch.Tensor) -> torch.Tensor:\n"
    '    """Softmax of each row."""\n    return torch.nn.Softmax(dim=-1)(logits)\n\n\n'
    "probs: torch.Tensor = as_probabilities(outputs)",
    "predict_image_code": "def predict_image(img: torch.Tensor, model: nn.Module) -> int:\n"
    '    """Class of one image."""\n    model.eval()\n    with torch.inference_mode():\n'
    "        return int(model(img[None].to(device)).softmax(dim=1).max(dim=1).indices)",
    "cnn": '''Pair = tuple[torch.Tensor, torch.Tensor]


def conv_relu_pool(inputs: int, outputs: int, kernel: int = 5) -> nn.Sequential:
    """Convolution that keeps the size, ReLU, pooling that halves it."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.ReLU(), nn.MaxPool2d(2))


class CNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem: nn.Module = nn.Sequential(conv_relu_pool(1, 16), conv_relu_pool(16, 32))
        self.head: nn.Linear = nn.Linear(1568, 10, bias=True)

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, 28, 28) -> (N, 1568)."""
        return self.stem(x).reshape(len(x), -1)

    def forward(self, x: torch.Tensor) -> Pair:
        features = self.forward_features(x)
        return self.head(features), features
''',
    "cnn_training": '''def one_epoch(network: nn.Module, loader, optimizer: torch.optim.Optimizer) -> float:
    """Mean loss per image."""
    total, count = torch.zeros(()), 0
    for images, labels in tqdm(loader, leave=False):
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(network(images)[0], labels, reduction="sum")
        (loss / len(labels)).backward()
        optimizer.step()
        total, count = total + loss.detach().cpu(), count + len(labels)
    return (total / count).item()


def train(num_epochs: int, cnn: nn.Module, loaders: dict) -> list[float]:
    optimizer = torch.optim.Adam([{"params": cnn.parameters(), "lr": 0.01}])
    cnn.train()
    return [one_epoch(cnn, loaders["train"], optimizer) for _ in range(num_epochs)]


def evaluate_model(cnn: nn.Module, loader, name: str) -> float:
    """Fraction of right predictions, in evaluation mode."""
    was_training = cnn.training
    cnn.eval()
    with torch.inference_mode():
        hits = torch.cat([cnn(images)[0].argmax(1) == labels for images, labels in loader])
    cnn.train(was_training)
    print(f"accuracy of {name} = {100 * hits.float().mean():.2f} %")
    return hits.float().mean().item()
''',
}
