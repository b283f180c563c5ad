# %% right: padded_before
# about = "ZeroPad2d and F.pad before convolutions without padding."

# %% cnn
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.pad = nn.ZeroPad2d(2)
        self.c1, self.c2 = nn.Conv2d(1, 16, 5), nn.Conv2d(16, 32, 5)
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(self.pad(x))), 2)
        x = F.max_pool2d(F.relu(self.c2(F.pad(x, (2, 2, 2, 2)))), 2)
        x = x.flatten(1)
        return self.fc(x), x

# %% cnn_v2
class CNN_v2(nn.Module):
    def __init__(self):
        super().__init__()
        parts = []
        for a, b, p in ((1, 32, 2), (32, 64, 2), (64, 128, 1)):
            parts += [nn.ZeroPad2d(p), nn.Conv2d(a, b, 3), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
        self.parts, self.fc = nn.Sequential(*parts), nn.Linear(2048, 10)

    def forward(self, x):
        x = torch.flatten(self.parts(x), start_dim=1)
        return self.fc(x), x
