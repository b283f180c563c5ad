# %% right: blocks_as_classes
# about = "Blocks as classes, one of them a Sequential, type hints, mean over one dimension after the other."

# %% conv_maxpool
class ConvBlock(nn.Module):
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

# %% conv_batchnorm
class StridedBlock(nn.Sequential):
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
