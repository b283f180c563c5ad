# %% right: block_classes
# about = "A block as a class of its own, used by all networks."

# %% cnn
class ConvBlock(nn.Module):
    def __init__(self, c_in, c_out, k, p, regularised=True):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, k, padding=p)
        self.norm = nn.BatchNorm2d(c_out) if regularised else nn.Identity()
        self.drop = nn.Dropout(0.25) if regularised else nn.Identity()

    def forward(self, x):
        return self.drop(F.max_pool2d(F.relu(self.norm(self.conv(x))), kernel_size=2, stride=2))


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(ConvBlock(1, 16, 5, 2, False), ConvBlock(16, 32, 5, 2, False), nn.Flatten())
        self.classifier = nn.Linear(1568, 10)

    def forward(self, images):
        features = self.features(images)
        return self.classifier(features), features

# %% cnn_v1
class CNN_v1(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(ConvBlock(1, 32, 5, 2), ConvBlock(32, 64, 5, 2), nn.Flatten())
        self.classifier = nn.Linear(3136, 10)

    def forward(self, images):
        features = self.features(images)
        return self.classifier(features), features

# %% cnn_v2
class CNN_v2(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(ConvBlock(1, 32, 3, 2), ConvBlock(32, 64, 3, 2), ConvBlock(64, 128, 3, 1), nn.Flatten())
        self.classifier = nn.Linear(2048, 10)

    def forward(self, images):
        features = self.features(images)
        return self.classifier(features), features

# %% cnn_v3
class CNN_v3(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(ConvBlock(1, 32, 3, 2), ConvBlock(32, 64, 3, 2), ConvBlock(64, 128, 3, 1), nn.Flatten())
        self.classifier = nn.Sequential(nn.Linear(2048, 256), nn.BatchNorm1d(256), nn.ReLU(True), nn.Dropout(), nn.Linear(256, 10))

    def forward(self, images):
        features = self.features(images)
        return self.classifier(features), features
