# %% right: lazy_layers
# about = "Lazy layers that find their sizes in a first pass, add_module, average pooling over the whole map."

# %% conv_maxpool
class ConvMaxPoolNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for channels in (32, 64, 100):
            layers += [nn.LazyConv2d(channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))
        self.body(torch.zeros(1, 1, 28, 28))  # lets the lazy layers find their sizes

    def forward(self, x):
        return self.body(x)

# %% conv_batchnorm
class ConvBatchNormNetwork(nn.Module):
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
