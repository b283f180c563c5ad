# %% right: networks_in_files
# about = "Writes its networks into files, and imports them below."

# %% conv_maxpool
%%writefile pooling.py
import torch
import torch.nn.functional as F
from torch import nn


class ConvMaxPoolNetwork(nn.Module):
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

# %% below conv_maxpool
from pooling import ConvMaxPoolNetwork

# %% conv_batchnorm
%%writefile normalising.py
import torch
import torch.nn.functional as F
from torch import nn


class ConvBatchNormNetwork(nn.Module):
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

# %% below conv_batchnorm
from normalising import *
