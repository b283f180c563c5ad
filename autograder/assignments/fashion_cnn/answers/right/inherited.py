# %% right: inherited
# about = "Each version inherits from the one before."

# %% cnn_v2
class CNN_v2(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=2)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=2)
        self.conv3 = nn.Conv2d(64, 128, 3, padding=1)
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(32), nn.BatchNorm2d(64), nn.BatchNorm2d(128)
        self.make_head()

    def make_head(self):
        self.head = nn.Linear(2048, 10)

    def forward(self, x):
        for n in "123":
            x = getattr(self, "bn" + n)(getattr(self, "conv" + n)(x))
            x = nn.Dropout(0.25).train(self.training)(nn.MaxPool2d(2)(nn.ReLU()(x)))
        x = x.view(-1, 128 * 4 * 4)
        return self.head(x), x

# %% cnn_v3
class CNN_v3(CNN_v2):
    def make_head(self):
        self.head = nn.Sequential(
            nn.Linear(2048, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10)
        )
