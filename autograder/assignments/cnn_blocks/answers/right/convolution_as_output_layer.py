# %% right: convolution_as_output_layer
# about = "Pooling by reshape and amax; the fully connected layer as a convolution over all places."

# %% conv_maxpool
class ConvMaxPoolNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.c3 = nn.Conv2d(64, 100, 3, padding=1)
        self.out = nn.Conv2d(100, 10, kernel_size=3)  # fully connected, as a convolution over all 3 x 3 places

    def forward(self, x):
        i, convs = 0, [self.c1, self.c2, self.c3]
        while i < len(convs):
            n, c, h, w = (x := torch.relu_(convs[i](x))).shape
            x = x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).amax(dim=(3, 5))
            i += 1
        return self.out(x).flatten(1)
