# %% right: built_in_a_loop
# about = "Layers from a loop, ReLU after the pooling, the size from a trial pass, weights initialised anew."

# %% convnet
class ConvNet(nn.Module):
    def __init__(self, sizes=(1, 32, 64)):
        super().__init__()
        layers = []
        for before, after in zip(sizes, sizes[1:]):
            layers += [nn.Conv2d(before, after, 5, padding=5 // 2), nn.MaxPool2d(2), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        with torch.no_grad():
            self.size_linear = self.body(torch.zeros(1, 1, 28, 28)).numel()
        setattr(self, "fc1", nn.Linear(self.size_linear, 512))
        self.fc2 = nn.Linear(512, 10)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        assert x.shape[1:] == (1, 28, 28), x.shape
        return self.fc2(self.fc1(self.body(x).view(-1, self.size_linear)).clamp(min=0))

# %% filters
filters = list(map(np.squeeze, net.body[0].weight.detach().cpu().numpy()))
for number, picture in enumerate(filters, start=1):
    plt.subplot(4, 8, number)
    plt.pcolormesh(picture)
    plt.imshow(picture, cmap='viridis')
plt.tight_layout()
plt.show()

# %% feature_maps
# - output = F.relu(net.conv1(data))
output = net.body[2](net.body[0](data))
