# %% right: same_padding
# about = "padding='same', tuples, in-place ReLU, strides written out."

# %% cnn
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, (5, 5), stride=(1, 1), padding="same"), nn.ReLU(inplace=True), nn.MaxPool2d((2, 2), (2, 2)),
            nn.Conv2d(16, 32, (5, 5), padding="same"), nn.ReLU(inplace=True), nn.MaxPool2d((2, 2), stride=2),
            nn.Flatten(start_dim=1),
        )
        self.head = nn.Linear(in_features=32 * 7 * 7, out_features=10)

    def forward(self, x):
        flat = self.body(x)
        return self.head(flat), flat

# %% cnn_v1
class CNN_v1(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, (5, 5), padding="same"), nn.BatchNorm2d(32), nn.ReLU(inplace=True),
            nn.MaxPool2d((2, 2)), nn.Dropout(0.25, inplace=True),
            nn.Conv2d(32, 64, (5, 5), padding="same"), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
            nn.MaxPool2d((2, 2)), nn.Dropout(0.25),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64 * 7 * 7, 10))

    def forward(self, x):
        maps = self.body(x)
        return self.head(maps), maps.flatten(1)
