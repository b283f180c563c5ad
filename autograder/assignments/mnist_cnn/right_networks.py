"""The network of mnist_cnn in the styles in which students write it: all compute the same function."""

UNPADDED = """class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 32, 3)
        self.conv3 = nn.Conv2d(32, 64, 3)
        self.conv4 = nn.Conv2d(64, 64, 3)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(1024, 256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv2(F.relu(self.conv1(x)))))
        x = self.pool(F.relu(self.conv4(F.relu(self.conv3(x)))))
        x = x.view(x.size(0), -1)
        return self.fc2(F.relu(self.fc1(x)))
"""

SEQUENTIAL = """class MNIST_CNN(nn.Module):
    def __init__(self):
        super(MNIST_CNN, self).__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 32, (3, 3), padding="same"), nn.ReLU(inplace=True),
            nn.Conv2d(32, 32, (3, 3), padding="same"), nn.ReLU(inplace=True),
            nn.MaxPool2d((2, 2)),
            nn.Conv2d(32, 64, (3, 3), padding="same"), nn.ReLU(inplace=True),
            nn.Conv2d(64, 64, (3, 3), padding="same"), nn.ReLU(inplace=True),
            nn.MaxPool2d((2, 2)),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 256), nn.ReLU(inplace=True),
            nn.Linear(256, 10),
        )

    def forward(self, x):
        return self.net(x)
"""

FUNCTIONAL = '''def weights(*shape):
    """Weights and biases of a layer, as PyTorch's own layers draw them."""
    bound = math.prod(shape[1:]) ** -0.5
    weight, bias = torch.empty(shape), torch.empty(shape[0])
    return tuple(nn.Parameter(tensor.uniform_(-bound, bound)) for tensor in (weight, bias))


class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1, self.b1 = weights(32, 1, 3, 3)
        self.w2, self.b2 = weights(32, 32, 3, 3)
        self.w3, self.b3 = weights(64, 32, 3, 3)
        self.w4, self.b4 = weights(64, 64, 3, 3)
        self.w5, self.b5 = weights(256, 3136)
        self.w6, self.b6 = weights(10, 256)

    def forward(self, x):
        x = torch.relu(F.conv2d(x, self.w1, self.b1, padding=1))
        x = torch.relu(F.conv2d(x, self.w2, self.b2, padding=1))
        x = F.max_pool2d(x, 2)
        x = torch.relu(F.conv2d(x, self.w3, self.b3, padding=1))
        x = torch.relu(F.conv2d(x, self.w4, self.b4, padding=1))
        x = F.max_pool2d(x, 2).reshape(len(x), -1)
        x = torch.relu(x @ self.w5.T + self.b5)
        return F.linear(x, self.w6, self.b6)
'''

BLOCKS = """class ConvBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=1, padding=1)
        self.second = nn.Conv2d(out_channels, out_channels, kernel_size=3, stride=1, padding=1)
        self.act = nn.ReLU()
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(self.act(self.second(self.act(self.first(x)))))


class MNIST_CNN(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([ConvBlock(1, 32), ConvBlock(32, 64)])
        size = w_out(w_out(28, 2, 0, 2), 2, 0, 2)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64 * size**2, 256), nn.ReLU(), nn.Linear(256, num_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(x)
"""

LAZY = """class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        for nummer, kanaele in enumerate([32, 32, 64, 64], 1):
            setattr(self, f"faltung{nummer}", nn.LazyConv2d(kanaele, 3, padding=1))
        self.verdeckt, self.ausgabe = nn.LazyLinear(256), nn.LazyLinear(10)
        self(torch.zeros(1, 1, 28, 28))  # damit die Schichten ihre Größen kennen

    def forward(self, bilder):
        h = self.faltung1(bilder).relu()
        h = F.max_pool2d(self.faltung2(h), kernel_size=2, stride=2).relu_()
        h = self.faltung3(h).relu()
        h = F.max_pool2d(self.faltung4(h).relu(), (2, 2))
        return self.ausgabe(self.verdeckt(h.flatten(1)).relu())
"""

LOOP = """class MNIST_CNN(nn.Module):
    # 四个卷积层, 两个池化层, 两个全连接层
    def __init__(self, channels=(1, 32, 32, 64, 64), padding=0):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=padding) for a, b in zip(channels[:-1], channels[1:])
        )
        size = 28
        for number in range(1, 5):
            size = w_out(size, 3, padding)
            if number % 2 == 0:
                size = size // 2
        self.hidden = nn.Linear(size * size * channels[-1], 256)
        self.logits = nn.Linear(256, 10)
        for conv in self.convs:
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")

    def forward(self, x):
        for number, conv in enumerate(self.convs, start=1):
            x = F.relu(conv(x))
            if number % 2 == 0:
                x = F.max_pool2d(x, 2)
        x = F.relu(self.hidden(torch.flatten(x, 1)))
        return self.logits(x)
"""

SUBCLASS = """from collections import OrderedDict


class MNIST_CNN(nn.Sequential):
    def __init__(self):
        layers, channels = OrderedDict(), 1
        for block, width in enumerate((32, 64)):
            for half in "ab":
                layers[f"pad{block}{half}"] = nn.ZeroPad2d(1)
                layers[f"conv{block}{half}"] = nn.Conv2d(channels, width, 3)
                layers[f"relu{block}{half}"] = nn.ReLU()
                channels = width
            layers[f"pool{block}"] = nn.MaxPool2d(2, 2)
        layers |= {"flat": nn.Flatten(), "fc1": nn.Linear(3136, 256), "relu": nn.ReLU(), "fc2": nn.Linear(256, 10)}
        super().__init__(layers)
"""

NAMES = """class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.add_module("c1", nn.Conv2d(in_channels=1, out_channels=32, kernel_size=(3, 3), padding=(1, 1)))
        self.add_module("c2", nn.Conv2d(in_channels=32, out_channels=32, kernel_size=(3, 3), padding=(1, 1)))
        self.add_module("c3", nn.Conv2d(in_channels=32, out_channels=64, kernel_size=(3, 3), padding=(1, 1)))
        self.add_module("c4", nn.Conv2d(in_channels=64, out_channels=64, kernel_size=(3, 3), padding=(1, 1)))
        self.d1, self.d2 = nn.Linear(in_features=64 * 7 * 7, out_features=256), nn.Linear(256, 10)
        self.p = nn.MaxPool2d(2, stride=2)
        self.debug = False

    def features(self, x):
        x = self.p(self.c2(self.c1(x).clamp(min=0)).clamp_min(0))
        x = self.p(torch.maximum(self.c4(F.relu(self.c3(x), inplace=True)), torch.zeros(())))
        if self.debug:
            print(x.shape)
        return x

    def forward(self, x):
        n = x.shape[0]
        features = self.features(x).contiguous().view(n, 64 * 7 * 7)
        return self.d2(F.threshold(self.d1(features), 0, 0))
"""

FUNCTION = """def block(a, b):
    return [nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]


def MNIST_CNN():
    return nn.Sequential(*block(1, 32), *block(32, 64), nn.Flatten(), nn.Linear(3136, 256), nn.ReLU(), nn.Linear(256, 10))
"""
