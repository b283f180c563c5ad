# %% right: lazy
# about = "Lazy layers that find their sizes in the first pass."

# %% softmax_regression_code
input_size = 28 * 28
num_classes = 10

class MnistModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.LazyLinear(num_classes)
        self(torch.zeros(1, 1, 28, 28))

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

# %% cnn
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyConv2d(16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.LazyConv2d(32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        )
        self.out = nn.LazyLinear(10)
        self(torch.zeros(1, 1, 28, 28))

    def forward(self, x):
        x = self.net(x)
        return self.out(x), x

# %% cnn_v2
class CNN_v2(nn.Module):
    def __init__(self):
        super().__init__()
        def block(c, p):
            return [nn.LazyConv2d(c, 3, padding=p), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
        self.net = nn.Sequential(*block(32, 2), *block(64, 2), *block(128, 1), nn.Flatten())
        self.out = nn.LazyLinear(10)
        with torch.no_grad():
            self.eval()(torch.zeros(2, 1, 28, 28))
        self.train()

    def forward(self, x):
        x = self.net(x)
        return self.out(x), x
