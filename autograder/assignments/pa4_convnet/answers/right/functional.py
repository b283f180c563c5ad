# %% right: functional
# about = "No layer modules at all: parameters and functions."
# example = true

# %% convnet
def filled(*shape, fan_in):
    bound = fan_in ** -0.5
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))


class ConvNet(nn.Module):
    """Only parameters of its own and functions, no layer modules."""

    def __init__(self):
        super().__init__()
        self.w1, self.b1 = filled(32, 1, 5, 5, fan_in=25), filled(32, fan_in=25)
        self.w2, self.b2 = filled(64, 32, 5, 5, fan_in=800), filled(64, fan_in=800)
        self.w3, self.b3 = filled(3136, 512, fan_in=3136), filled(512, fan_in=3136)
        self.w4, self.b4 = filled(10, 512, fan_in=512), filled(10, fan_in=512)

    def forward(self, x):
        x = F.max_pool2d(F.conv2d(x, self.w1, self.b1, padding=2), 2).clamp(min=0)
        x = F.max_pool2d(torch.relu(F.conv2d(x, self.w2, self.b2, padding=2)), 2)
        x = x.view(len(x), -1)
        x = torch.relu(x @ self.w3 + self.b3)
        return F.linear(x, self.w4, self.b4)

# %% test_accuracy
# - err += (yh != y).sum().item()
err += len(y) - int(torch.eq(yh, y).sum())

# %% filters
filters = [f.numpy() for f in net.w1.detach().cpu()[:, 0]]
for f in filters:
    plt.figure(figsize=(1, 1))
    plt.imshow(f, cmap='gray')
    plt.show()

# %% feature_maps
# - output = F.relu(net.conv1(data))
output = torch.relu(F.conv2d(data, net.w1, net.b1, padding=2))
