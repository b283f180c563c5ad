# %% right: in_one_list
# about = "Layers by a function, an OrderedDict, add_module and setattr."

# %% cnn
from collections import OrderedDict

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

# %% cnn_v2
class CNN_v2(nn.Module):
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
