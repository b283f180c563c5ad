# %% right: other_names
# about = "Layers by add_module, other names, ReLU as clamp, maximum and threshold, a method for the features."

# %% output_size_code
def w_out(w_in, k, p, s=1):
    with torch.no_grad():
        return nn.Conv2d(1, 1, (1, k), padding=(0, p), stride=(1, s))(torch.zeros(1, 1, 1, w_in)).shape[-1]

# %% mnist_cnn
class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.add_module("c1", nn.Conv2d(in_channels=1, out_channels=32, kernel_size=(3, 3), padding=(1, 1)))
        self.add_module("c2", nn.Conv2d(in_channels=32, out_channels=32, kernel_size=(3, 3), padding=(1, 1)))
        self.add_module("c3", nn.Conv2d(in_channels=32, out_channels=64, kernel_size=(3, 3), padding=(1, 1)))
        self.add_module("c4", nn.Conv2d(in_channels=64, out_channels=64, kernel_size=(3, 3), padding=(1, 1)))
        self.d1, self.d2 = nn.Linear(in_features=64 * 7 * 7, out_features=256), nn.Linear(256, 10)
        self.p = nn.MaxPool2d(2, stride=2)
        self.debug = False

    def features(self, x):
        x = self.p(self.c2(self.c1(x).clamp(min=0)).clamp_min(0))
        x = self.p(torch.maximum(self.c4(F.relu(self.c3(x), inplace=True)), torch.zeros(())))
        if self.debug:
            print(x.shape)
        return x

    def forward(self, x):
        n = x.shape[0]
        features = self.features(x).contiguous().view(n, 64 * 7 * 7)
        return self.d2(F.threshold(self.d1(features), 0, 0))
