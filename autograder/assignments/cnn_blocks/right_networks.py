"""Right answers of cnn_blocks with networks in the ways students write: each must earn every autograded point."""

from __future__ import annotations

from autograder.proof.catalogue import Answer

SEPARATE_MAXPOOL = """class ConvMaxPoolNetwork(nn.Module):
    def __init__(self):
        super(ConvMaxPoolNetwork, self).__init__()
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=32, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
        self.conv2 = nn.Conv2d(in_channels=32, out_channels=64, kernel_size=(3, 3), padding=1)
        self.conv3 = nn.Conv2d(in_channels=64, out_channels=100, kernel_size=3, padding='same')
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(kernel_size=(2, 2), stride=(2, 2))
        self.fc = nn.Linear(in_features=900, out_features=10)

    def forward(self, x):
        out = self.pool(self.relu(self.conv1(x)))
        out = self.pool(self.relu(self.conv2(out)))
        out = self.pool(self.relu(self.conv3(out)))
        out = out.view(-1, 100 * 3 * 3)
        return self.fc(out)
"""

SEPARATE_BATCHNORM = """class ConvBatchNormNetwork(nn.Module):
    def __init__(self):
        super(ConvBatchNormNetwork, self).__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, stride=2, padding=1)
        self.bn1 = nn.BatchNorm2d(num_features=32)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 100, 3, 2, 1)
        self.bn3 = nn.BatchNorm2d(100)
        self.gap = nn.AdaptiveAvgPool2d(output_size=(1, 1))
        self.fc = nn.Linear(100, 10)

    def forward(self, x):
        x = self.bn1(F.relu(self.conv1(x)))
        x = self.bn2(F.relu(self.conv2(x)))
        x = self.bn3(F.relu(self.conv3(x)))
        x = self.gap(x).squeeze(-1).squeeze(-1)
        return self.fc(x)
"""

FUNCTIONAL_MAXPOOL = '''def tensor_of(*shape, fan_in):
    """Uniform, as PyTorch's own layers begin."""
    return nn.Parameter(torch.empty(*shape).uniform_(-fan_in ** -0.5, fan_in ** -0.5))


class ConvMaxPoolNetwork(nn.Module):
    """Only parameters and functions, no layer modules."""

    def __init__(self):
        super().__init__()
        self.w1, self.b1 = tensor_of(32, 1, 3, 3, fan_in=9), tensor_of(32, fan_in=9)
        self.w2, self.b2 = tensor_of(64, 32, 3, 3, fan_in=288), tensor_of(64, fan_in=288)
        self.w3, self.b3 = tensor_of(100, 64, 3, 3, fan_in=576), tensor_of(100, fan_in=576)
        self.w, self.b = tensor_of(900, 10, fan_in=900), tensor_of(10, fan_in=900)

    def forward(self, x):
        x = F.max_pool2d(F.conv2d(x, self.w1, self.b1, padding=1), 2).clamp(min=0)
        x = F.max_pool2d(F.conv2d(x, self.w2, self.b2, padding="same").relu(), 2, 2)
        x = torch.max_pool2d(torch.relu(F.conv2d(F.pad(x, (1, 1, 1, 1)), self.w3, self.b3)), 2)
        return x.reshape(len(x), -1) @ self.w + self.b
'''

FUNCTIONAL_BATCHNORM = """class ConvBatchNormNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [1, 32, 64, 100]
        self.weights = nn.ParameterList(tensor_of(o, i, 3, 3, fan_in=9 * i) for i, o in zip(sizes, sizes[1:]))
        self.biases = nn.ParameterList(tensor_of(o, fan_in=9 * i) for i, o in zip(sizes, sizes[1:]))
        self.scales = nn.ParameterList(torch.ones(o) for o in sizes[1:])
        self.shifts = nn.ParameterList(torch.zeros(o) for o in sizes[1:])
        for number, size in enumerate(sizes[1:]):
            self.register_buffer(f"mean{number}", torch.zeros(size))
            self.register_buffer(f"var{number}", torch.ones(size))
        self.w, self.b = tensor_of(10, 100, fan_in=100), tensor_of(10, fan_in=100)

    def forward(self, x):
        for k in range(3):
            x = F.conv2d(x, self.weights[k], self.biases[k], stride=2, padding=1).clamp_min(0.0)
            mean, var = getattr(self, f"mean{k}"), getattr(self, f"var{k}")
            x = F.batch_norm(x, mean, var, self.scales[k], self.shifts[k], training=self.training)
        return torch.einsum("nc,kc->nk", x.mean(dim=(2, 3)), self.w) + self.b
"""

LIST_MAXPOOL = """class ConvMaxPoolNetwork(nn.Module):
    def __init__(self, channels=(1, 32, 64, 100), classes=10):
        super().__init__()
        self.convs = nn.ModuleList()
        for before, after in zip(channels[:-1], channels[1:]):
            self.convs.append(nn.Conv2d(before, after, kernel_size=3, padding=1))
        self.classifier = nn.Linear(channels[-1] * 3 ** 2, classes)

    def forward(self, images):
        features = images
        for conv in self.convs:
            features = F.max_pool2d(F.relu(conv(features)), kernel_size=2, stride=2)
        return self.classifier(features.flatten(start_dim=1))
"""

LIST_BATCHNORM = """class ConvBatchNormNetwork(nn.Module):
    def __init__(self, channels=(1, 32, 64, 100), classes=10):
        super().__init__()
        self.parts = nn.ModuleDict()
        for k in range(1, len(channels)):
            self.parts[f"conv_{k}"] = nn.Conv2d(channels[k - 1], channels[k], 3, stride=2, padding=1)
            self.parts[f"norm_{k}"] = nn.BatchNorm2d(channels[k])
        self.classifier = nn.Linear(channels[-1], classes)

    def forward(self, images):
        features = images
        for k in range(1, 4):
            features = self.parts[f"norm_{k}"](torch.relu(self.parts[f"conv_{k}"](features)))
        features = F.adaptive_avg_pool2d(features, 1)
        return self.classifier(features[:, :, 0, 0])
"""

BLOCKS_MAXPOOL = """class ConvBlock(nn.Module):
    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding='same')
        self.act = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(self.act(self.conv(x)))


class ConvMaxPoolNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(ConvBlock(1, 32), ConvBlock(32, 64), ConvBlock(64, 100))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(900, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x))
"""

BLOCKS_BATCHNORM = """class StridedBlock(nn.Sequential):
    def __init__(self, cin: int, cout: int) -> None:
        super().__init__(nn.Conv2d(cin, cout, 3, 2, 1), nn.ReLU(inplace=True), nn.BatchNorm2d(cout))


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean(-1).mean(-1)


class ConvBatchNormNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            StridedBlock(1, 32), StridedBlock(32, 64), StridedBlock(64, 100), GlobalAverage(), nn.Linear(100, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)
"""

LAZY_MAXPOOL = """class ConvMaxPoolNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for channels in (32, 64, 100):
            layers += [nn.LazyConv2d(channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))
        self.body(torch.zeros(1, 1, 28, 28))  # lets the lazy layers find their sizes

    def forward(self, x):
        return self.body(x)
"""

LAZY_BATCHNORM = """class ConvBatchNormNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        for number, channels in enumerate((32, 64, 100), start=1):
            self.add_module(f"block{number}", nn.Sequential(
                nn.LazyConv2d(channels, 3, stride=2, padding=1), nn.ReLU(), nn.LazyBatchNorm2d()))
        self.out = nn.LazyLinear(10)
        with torch.no_grad():
            self.eval()(torch.zeros(2, 1, 28, 28))
        self.train()

    def forward(self, x):
        for number in (1, 2, 3):
            x = getattr(self, f"block{number}")(x)
        return self.out(F.avg_pool2d(x, kernel_size=x.shape[-2:]).squeeze(3).squeeze(2))
"""

INHERITED_MAXPOOL = """from collections import OrderedDict


class ConvMaxPoolNetwork(nn.Sequential):
    def __init__(self):
        super().__init__(OrderedDict([
            ("conv1", nn.Conv2d(1, 32, 3, padding="same")), ("pool1", nn.MaxPool2d(2)), ("relu1", nn.ReLU()),
            ("conv2", nn.Conv2d(32, 64, 3, padding="same")), ("pool2", nn.MaxPool2d(2)), ("relu2", nn.ReLU()),
            ("conv3", nn.Conv2d(64, 100, 3, padding="same")), ("pool3", nn.MaxPool2d(2)), ("relu3", nn.ReLU()),
            ("flatten", nn.Flatten()), ("output", nn.Linear(100 * 3 * 3, 10)),
        ]))
"""

INHERITED_BATCHNORM = """class Body(nn.Module):
    def make(self, cin, cout):
        return nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(cin, cout, (3, 3), (2, 2)), nn.ReLU(), nn.BatchNorm2d(cout))


class ConvBatchNormNetwork(Body):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(*[self.make(i, o) for i, o in [(1, 32), (32, 64), (64, 100)]])
        self.average = nn.AvgPool2d(4)
        self.linear = nn.Linear(100, 10)

    def forward(self, x):
        batch = x.shape[0]
        x = self.average(self.blocks(x)).reshape(batch, 100)
        logits = self.linear(x)
        assert logits.shape == (batch, 10), "ten logits an image"
        return logits
"""

MASKED_MAXPOOL = """class ConvMaxPoolNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [(1, 32), (32, 64), (64, 100)]
        for k, (i, o) in enumerate(sizes):
            setattr(self, f'conv{k}', nn.Conv2d(i, o, 3, padding=1))
        self.last = nn.Linear(900, 10)

    def forward(self, x):
        for k in range(3):
            x = getattr(self, f'conv{k}')(x)
            x = torch.maximum(x, torch.zeros_like(x))
            x = nn.MaxPool2d(2, 2)(x)
        return F.linear(x.permute(0, 1, 2, 3).contiguous().view(x.size(0), -1), self.last.weight, self.last.bias)
"""

NETWORKS = [
    Answer("right_reference", "right", "The reference solution.", example=True),
    Answer(
        "right_separate_layers",
        "right",
        "Layers under names of their own, one ReLU and one pooling for all, view, squeeze(-1) twice, tuple sizes.",
        cells={"conv_maxpool": SEPARATE_MAXPOOL, "conv_batchnorm": SEPARATE_BATCHNORM},
    ),
    Answer(
        "right_functional",
        "right",
        "Own parameters and functional calls; clamp for ReLU, F.pad, reshape, @, einsum, batch norm with own buffers.",
        cells={"conv_maxpool": FUNCTIONAL_MAXPOOL, "conv_batchnorm": FUNCTIONAL_BATCHNORM},
        example=True,
    ),
    Answer(
        "right_module_list",
        "right",
        "ModuleList and ModuleDict in loops, sizes as arguments of the class, [:, :, 0, 0].",
        cells={"conv_maxpool": LIST_MAXPOOL, "conv_batchnorm": LIST_BATCHNORM},
    ),
    Answer(
        "right_blocks_as_classes",
        "right",
        "Blocks as classes, one of them a Sequential, type hints, mean over one dimension after the other.",
        cells={"conv_maxpool": BLOCKS_MAXPOOL, "conv_batchnorm": BLOCKS_BATCHNORM},
    ),
    Answer(
        "right_lazy_layers",
        "right",
        "Lazy layers that find their sizes in a first pass, add_module, average pooling over the whole map.",
        cells={"conv_maxpool": LAZY_MAXPOOL, "conv_batchnorm": LAZY_BATCHNORM},
    ),
    Answer(
        "right_inherited",
        "right",
        "The network is a Sequential itself, with ReLU after the pooling; zero padding as a layer; AvgPool2d(4); an assert.",
        cells={"conv_maxpool": INHERITED_MAXPOOL, "conv_batchnorm": INHERITED_BATCHNORM},
    ),
    Answer(
        "right_setattr_and_maximum",
        "right",
        "setattr in a loop, ReLU as a maximum with zeros, a pooling layer made in forward, F.linear.",
        cells={"conv_maxpool": MASKED_MAXPOOL},
        edits=(("conv_batchnorm", "x = torch.flatten(x, start_dim=1)", "x = x.squeeze(3).squeeze(2)"),),
    ),
]
