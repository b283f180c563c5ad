"""Networks of fashion_cnn without layer modules, with lists of them, or with classes of their own."""

from __future__ import annotations

FUNCTIONAL_BASE = '''class Own(nn.Module):
    """Only parameters and buffers of its own."""

    def conv(self, name, inputs, outputs, kernel, norm=True):
        bound = (inputs * kernel * kernel) ** -0.5
        self.weight(name, (outputs, inputs, kernel, kernel), bound)
        if norm:
            self.norm(name, outputs)

    def weight(self, name, shape, bound):
        setattr(self, name + "_w", nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))
        setattr(self, name + "_b", nn.Parameter(torch.empty(shape[0]).uniform_(-bound, bound)))

    def norm(self, name, size):
        setattr(self, name + "_g", nn.Parameter(torch.ones(size)))
        setattr(self, name + "_s", nn.Parameter(torch.zeros(size)))
        self.register_buffer(name + "_m", torch.zeros(size))
        self.register_buffer(name + "_v", torch.ones(size))

    def normed(self, x, name):
        g, s, m, v = (getattr(self, name + end) for end in ("_g", "_s", "_m", "_v"))
        return F.batch_norm(x, m, v, g, s, training=self.training)

    def block(self, x, name, padding):
        x = F.conv2d(x, getattr(self, name + "_w"), getattr(self, name + "_b"), padding=padding)
        return F.dropout(F.max_pool2d(F.relu(self.normed(x, name)), 2), 0.25, self.training)


'''


FUNCTIONAL_V2 = """class CNN_v2(Own):
    def __init__(self):
        super().__init__()
        self.conv("c1", 1, 32, 3)
        self.conv("c2", 32, 64, 3)
        self.conv("c3", 64, 128, 3)
        self.weight("out", (10, 2048), 0.02)

    def forward(self, x):
        x = self.block(self.block(self.block(x, "c1", 2), "c2", 2), "c3", 1).flatten(1)
        return x @ self.out_w.t() + self.out_b, x
"""


FUNCTIONAL = {
    "softmax_regression_code": """class MnistModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(784, 10) / 28)
        self.bias = nn.Parameter(torch.zeros(10))

    def forward(self, x):
        return torch.matmul(x.view(len(x), -1), self.weight) + self.bias

    def training_step(self, batch):
        x, y = batch
        return -self(x).log_softmax(1)[torch.arange(len(y)), y].mean()

    def validation_step(self, batch):
        x, y = batch
        z = self(x)
        return dict(val_loss=F.nll_loss(F.log_softmax(z, -1), y).item(), val_acc=accuracy(z, y).item(), num_images=len(y))

    def validation_epoch_end(self, outputs):
        n = np.array([o["num_images"] for o in outputs])
        return {k: float(np.average([o[k] for o in outputs], weights=n)) for k in ("val_loss", "val_acc")}

    def epoch_end(self, epoch, result):
        print(epoch, result)
""",
    "softmax_probabilities_code": "exps = torch.exp(outputs - outputs.max(dim=1, keepdim=True).values)\n"
    "probs = exps / exps.sum(dim=1, keepdim=True)",
    "accuracy_code": "def accuracy(outputs, labels):\n"
    "    return torch.eq(outputs.argmax(-1), labels).to(torch.float32).mean()",
    "predict_image_code": "def predict_image(img, model):\n    scores = model(img.view(1, 1, 28, 28)).squeeze().tolist()\n"
    "    return scores.index(max(scores))",
    "cnn": FUNCTIONAL_BASE
    + """class CNN(Own):
    def __init__(self):
        super().__init__()
        self.conv("c1", 1, 16, 5, norm=False)
        self.conv("c2", 16, 32, 5, norm=False)
        self.weight("out", (10, 1568), 0.025)

    def forward(self, x):
        x = F.max_pool2d(F.conv2d(x, self.c1_w, self.c1_b, padding=2).clamp(min=0), 2)
        x = torch.relu(F.max_pool2d(F.conv2d(x, self.c2_w, self.c2_b, padding=2), 2)).flatten(1)
        return F.linear(x, self.out_w, self.out_b), x
""",
    "cnn_v1": """class CNN_v1(Own):
    def __init__(self):
        super().__init__()
        self.conv("c1", 1, 32, 5)
        self.conv("c2", 32, 64, 5)
        self.weight("out", (10, 3136), 0.018)

    def forward(self, x):
        x = self.block(self.block(x, "c1", 2), "c2", 2).flatten(1)
        return F.linear(x, self.out_w, self.out_b), x
""",
    "cnn_v2": FUNCTIONAL_V2,
    "cnn_v3": FUNCTIONAL_V2.replace("CNN_v2", "CNN_v3")
    .replace(
        'self.weight("out", (10, 2048), 0.02)',
        'self.weight("hid", (256, 2048), 0.02)\n        self.norm("hid", 256)\n        self.weight("out", (10, 256), 0.06)',
    )
    .replace(
        "return x @ self.out_w.t() + self.out_b, x",
        'h = F.relu(self.normed(F.linear(x, self.hid_w, self.hid_b), "hid"))\n'
        "        h = F.dropout(h, p=0.5, training=self.training)\n        return F.linear(h, self.out_w, self.out_b), x",
    ),
}


MODULE_LIST = {
    "cnn": """class CNN(nn.Module):
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
""",
    "cnn_v1": """class CNN_v1(nn.Module):
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
""",
    "cnn_v3": """class CNN_v3(nn.Module):
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
""",
}


BLOCK_CLASSES = {
    "cnn": """class ConvBlock(nn.Module):
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
""",
    **{
        name: f"""class {title}(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential({blocks}, nn.Flatten())
        self.classifier = {classifier}

    def forward(self, images):
        features = self.features(images)
        return self.classifier(features), features
"""
        for name, title, blocks, classifier in (
            ("cnn_v1", "CNN_v1", "ConvBlock(1, 32, 5, 2), ConvBlock(32, 64, 5, 2)", "nn.Linear(3136, 10)"),
            (
                "cnn_v2",
                "CNN_v2",
                "ConvBlock(1, 32, 3, 2), ConvBlock(32, 64, 3, 2), ConvBlock(64, 128, 3, 1)",
                "nn.Linear(2048, 10)",
            ),
            (
                "cnn_v3",
                "CNN_v3",
                "ConvBlock(1, 32, 3, 2), ConvBlock(32, 64, 3, 2), ConvBlock(64, 128, 3, 1)",
                "nn.Sequential(nn.Linear(2048, 256), nn.BatchNorm1d(256), nn.ReLU(True), nn.Dropout(), nn.Linear(256, 10))",
            ),
        )
    },
}
