# %% right: network_in_a_file
# about = "Writes the network into a file, as in Colab, and imports it below."

# %% convnet
%%writefile own_network.py
import torch
import torch.nn.functional as F
from torch import nn


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Conv2d(1, 32, 5, 1, 2), nn.Conv2d(32, 64, 5, 1, 2)])
        self.fc = nn.ModuleList([nn.Linear(3136, 512), nn.Linear(512, 10)])

    def forward(self, x):
        for conv in self.blocks:
            x = F.max_pool2d(F.relu(conv(x)), 2, 2)
        x = x.flatten(1)
        return self.fc[1](F.relu(self.fc[0](x)))

# %% below convnet
from own_network import ConvNet

# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0].detach().cpu().numpy() for weight in net.blocks[0].weight]

# %% feature_maps
# - output = F.relu(net.conv1(data))
output = F.relu(net.blocks[0](data))
