# %% right: loop_over_layers
# about = "A loop over a ModuleList without padding, sizes from w_out, own initial weights; lambdas and numbers filled in."

# %% mnist_cnn
class MNIST_CNN(nn.Module):
    # 四个卷积层, 两个池化层, 两个全连接层
    def __init__(self, channels=(1, 32, 32, 64, 64), padding=0):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=padding) for a, b in zip(channels[:-1], channels[1:])
        )
        size = 28
        for number in range(1, 5):
            size = w_out(size, 3, padding)
            if number % 2 == 0:
                size = size // 2
        self.hidden = nn.Linear(size * size * channels[-1], 256)
        self.logits = nn.Linear(256, 10)
        for conv in self.convs:
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")

    def forward(self, x):
        for number, conv in enumerate(self.convs, start=1):
            x = F.relu(conv(x))
            if number % 2 == 0:
                x = F.max_pool2d(x, 2)
        x = F.relu(self.hidden(torch.flatten(x, 1)))
        return self.logits(x)

# %% parameter_formulas
learn_conv = lambda w, h, d, k: k * (1 + w * h * d)
learn_full = lambda n, m: m * (n + 1)
total_parameters, parameter_ratio = 329_962, 3.12
