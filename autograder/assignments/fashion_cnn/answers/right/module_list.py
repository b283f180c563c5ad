# %% right: module_list
# about = "ModuleLists, and a loop over the layers in forward."

# %% cnn
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(1, 16, 5, padding=2), nn.Conv2d(16, 32, 5, padding=2)])
        self.pool = nn.MaxPool2d(2, 2)
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        for conv in self.convs:
            x = self.pool(F.relu(conv(x)))
        feats = torch.flatten(x, 1)
        return self.fc(feats), feats

# %% cnn_v1
class CNN_v1(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(1, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(n) for n in (32, 64)])
        self.pool, self.drop = nn.MaxPool2d(2), nn.Dropout(0.25)
        self.fc = nn.Linear(3136, 10)

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            x = self.drop(self.pool(F.relu(norm(conv(x)))))
        return self.fc(x.reshape(x.shape[0], -1)), x.reshape(x.shape[0], -1)

# %% cnn_v3
class CNN_v3(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [1, 32, 64, 128]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=p) for a, b, p in zip(sizes, sizes[1:], (2, 2, 1)))
        self.norms = nn.ModuleDict({f"bn{n}": nn.BatchNorm2d(n) for n in sizes[1:]})
        self.fc1, self.bn, self.fc2 = nn.Linear(2048, 256), nn.BatchNorm1d(256), nn.Linear(256, 10)

    def forward(self, x):
        for conv in self.convs:
            x = F.max_pool2d(F.relu(self.norms[f"bn{conv.out_channels}"](conv(x))), 2)
            x = F.dropout(x, p=0.25, training=self.training)
        x = x.flatten(1)
        hidden = F.dropout(F.relu(self.bn(self.fc1(x))), training=self.training)  # 0.5 is the default
        return self.fc2(hidden), x
