# %% right: circulated
# about = "As in exercises that circulate: reshape, torch.max, criterion, conv1 as a Sequential; means weighted, as asked."
# example = true

# %% softmax_regression_code
input_size = 28 * 28
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

# %% softmax_probabilities_code
for images, labels in train_loader:
    outputs = model(images)
    break
probs = F.softmax(outputs, dim=1)
max_probs, preds = torch.max(probs, dim=1)

# %% accuracy_code
def accuracy(outputs, labels):
    _, preds = torch.max(outputs, dim=1)
    return torch.tensor(torch.sum(preds == labels).item() / len(preds))

# %% fit_code
@torch.no_grad()
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

# %% regression_curves_code
accuracies = [r['val_acc'] for r in history]
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

# %% predict_image_code
def predict_image(img, model):
    xb = img.unsqueeze(0)
    yb = model(xb)
    _, preds  = torch.max(yb, dim=1)
    return preds[0].item()

# %% cnn
class CNN(nn.Module):
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

# %% cnn_training
from torch import optim
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

# %% cnn_v1
class CNN_v1(nn.Module):
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
