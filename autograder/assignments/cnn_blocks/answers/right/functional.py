# %% right: functional
# about = "Own parameters and functional calls; clamp for ReLU, F.pad, reshape, @, einsum, batch norm with own buffers."
# example = true

# %% conv_maxpool
def tensor_of(*shape, fan_in):
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

# %% conv_batchnorm
class ConvBatchNormNetwork(nn.Module):
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
