# %% right: code_in_files
# about = "Writes its network and its functions into files, and imports them below."

# %% output_size_code
%%writefile sizes.py
def w_out(w_in, k, p, s=1):
    return (w_in - k + 2 * p) // s + 1

# %% below output_size_code
from sizes import w_out

# %% mnist_cnn
%%writefile own_cnn.py
import torch
import torch.nn.functional as F
from torch import nn


class MNIST_CNN(nn.Module):
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


@torch.no_grad()
def share_of_right(network, loader):
    network.eval()
    device = next(network.parameters()).device
    right = [(network(x.to(device)).argmax(1) == y.to(device)).sum().item() for x, y in loader]
    return sum(right) / len(loader.dataset)

# %% below mnist_cnn
from own_cnn import MNIST_CNN

# %% evaluation
import own_cnn
test_accuracy = own_cnn.share_of_right(model, test_loader)
