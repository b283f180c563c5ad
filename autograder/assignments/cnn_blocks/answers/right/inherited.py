# %% right: inherited
# about = "The network is a Sequential, with ReLU after the pooling; zero padding as a layer; AvgPool2d(4); an assert."

# %% conv_maxpool
from collections import OrderedDict


class ConvMaxPoolNetwork(nn.Sequential):
    def __init__(self):
        super().__init__(OrderedDict([
            ("conv1", nn.Conv2d(1, 32, 3, padding="same")), ("pool1", nn.MaxPool2d(2)), ("relu1", nn.ReLU()),
            ("conv2", nn.Conv2d(32, 64, 3, padding="same")), ("pool2", nn.MaxPool2d(2)), ("relu2", nn.ReLU()),
            ("conv3", nn.Conv2d(64, 100, 3, padding="same")), ("pool3", nn.MaxPool2d(2)), ("relu3", nn.ReLU()),
            ("flatten", nn.Flatten()), ("output", nn.Linear(100 * 3 * 3, 10)),
        ]))

# %% conv_batchnorm
class Body(nn.Module):
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
