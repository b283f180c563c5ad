"""Networks of fashion_cnn with lazy layers, padding in other places, and layers built in loops."""

from __future__ import annotations

from .right_styles import CIRCULATED

LAZY = {
    "softmax_regression_code": CIRCULATED["softmax_regression_code"].replace(
        "nn.Linear(input_size, num_classes)", "nn.LazyLinear(num_classes)\n        self(torch.zeros(1, 1, 28, 28))"
    ),
    "cnn": """class CNN(nn.Module):
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
""",
    "cnn_v2": """class CNN_v2(nn.Module):
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
""",
}


SAME_PADDING = {
    "cnn": """class CNN(nn.Module):
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
""",
    "cnn_v1": """class CNN_v1(nn.Module):
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
""",
}


INHERITED = {
    "cnn_v2": """class CNN_v2(nn.Module):
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
""",
    "cnn_v3": """class CNN_v3(CNN_v2):
    def make_head(self):
        self.head = nn.Sequential(
            nn.Linear(2048, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10)
        )
""",
}


PADDED_BEFORE = {
    "cnn": """class CNN(nn.Module):
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
""",
    "cnn_v2": """class CNN_v2(nn.Module):
    def __init__(self):
        super().__init__()
        parts = []
        for a, b, p in ((1, 32, 2), (32, 64, 2), (64, 128, 1)):
            parts += [nn.ZeroPad2d(p), nn.Conv2d(a, b, 3), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
        self.parts, self.fc = nn.Sequential(*parts), nn.Linear(2048, 10)

    def forward(self, x):
        x = torch.flatten(self.parts(x), start_dim=1)
        return self.fc(x), x
""",
}


IN_ONE_LIST = {
    "cnn": """from collections import OrderedDict

class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(OrderedDict([
            ("conv1", nn.Conv2d(1, 16, 5, padding=2)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(2)),
            ("conv2", nn.Conv2d(16, 32, 5, padding=2)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(2)),
            ("flat", nn.Flatten()), ("fc", nn.Linear(1568, 10)),
        ]))

    def forward(self, x):
        for name, layer in self.layers.named_children():
            if name == "fc":
                features = x
            x = layer(x)
        return x, features
""",
    "cnn_v2": """class CNN_v2(nn.Module):
    def __init__(self):
        super().__init__()
        c_in = 1
        for number, (c_out, padding) in enumerate([(32, 2), (64, 2), (128, 1)]):
            self.add_module(f"conv{number}", nn.Conv2d(c_in, c_out, kernel_size=3, padding=padding))
            setattr(self, f"bn{number}", nn.BatchNorm2d(c_out))
            c_in = c_out
        self.relu, self.pool, self.dropout = nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
        self.fc = nn.Linear(128 * 4 * 4, 10)

    def forward(self, x):
        for number in range(3):
            x = self.get_submodule(f"conv{number}")(x)
            x = self.dropout(self.pool(self.relu(self.get_submodule(f"bn{number}")(x))))
        flat = x.view(x.size(0), -1)
        return self.fc(flat), flat
""",
}
