# %% right: setattr_and_maximum
# about = "setattr in a loop, ReLU as a maximum with zeros, a pooling layer made in forward, F.linear."

# %% conv_maxpool
class ConvMaxPoolNetwork(nn.Module):
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

# %% conv_batchnorm
# - x = torch.flatten(x, start_dim=1)  # -> N x 100
x = x.squeeze(3).squeeze(2)  # -> N x 100
