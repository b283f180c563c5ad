# %% right: separate_layers
# about = "Layers under names of their own, one ReLU and one pooling for all, view, squeeze(-1) twice, tuple sizes."

# %% conv_maxpool
class ConvMaxPoolNetwork(nn.Module):
    def __init__(self):
        super(ConvMaxPoolNetwork, self).__init__()
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=32, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
        self.conv2 = nn.Conv2d(in_channels=32, out_channels=64, kernel_size=(3, 3), padding=1)
        self.conv3 = nn.Conv2d(in_channels=64, out_channels=100, kernel_size=3, padding='same')
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(kernel_size=(2, 2), stride=(2, 2))
        self.fc = nn.Linear(in_features=900, out_features=10)

    def forward(self, x):
        out = self.pool(self.relu(self.conv1(x)))
        out = self.pool(self.relu(self.conv2(out)))
        out = self.pool(self.relu(self.conv3(out)))
        out = out.view(-1, 100 * 3 * 3)
        return self.fc(out)

# %% conv_batchnorm
class ConvBatchNormNetwork(nn.Module):
    def __init__(self):
        super(ConvBatchNormNetwork, self).__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, stride=2, padding=1)
        self.bn1 = nn.BatchNorm2d(num_features=32)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 100, 3, 2, 1)
        self.bn3 = nn.BatchNorm2d(100)
        self.gap = nn.AdaptiveAvgPool2d(output_size=(1, 1))
        self.fc = nn.Linear(100, 10)

    def forward(self, x):
        x = self.bn1(F.relu(self.conv1(x)))
        x = self.bn2(F.relu(self.conv2(x)))
        x = self.bn3(F.relu(self.conv3(x)))
        x = self.gap(x).squeeze(-1).squeeze(-1)
        return self.fc(x)
